"""The index of runs: made from the folders, in step with them, and never needed."""

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from llmscope.core.errors import BadInput
from llmscope.core.spec import Cell
from llmscope.runs import entry as entries
from llmscope.runs import folders, index, owner, store
from llmscope.runs.entry import Entry, matches, read_entry
from llmscope.runs.index import Index
from tests.unit.runs.stored import write_run

GPU = (Cell("arch:gpt2", "tg", device="cuda:0", dtype="bfloat16"),)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "data" / "runs"


@pytest.fixture
def opened(runs: Path) -> Iterator[list[Index]]:
    made: list[Index] = []
    yield made
    for one in made:
        one.close()


def listed(runs: Path) -> list[Entry]:
    """Return what a new index of the folder lists, which must not need memory."""
    here = Index(runs)
    try:
        here.refresh()
        assert not here.note
        return here.entries()
    finally:
        here.close()


def test_runs_are_listed_latest_first_with_what_they_measured(runs: Path) -> None:
    write_run(runs)
    write_run(runs, 3, cells=GPU)
    new, old = listed(runs)
    assert (new.id, old.id) == ("2026-11-21_184300", "2026-11-21_184000")
    assert (new.models, new.device, new.dtypes) == (("arch:gpt2",), "RTX 4070 Laptop", ("bfloat16",))
    assert (old.device, old.status, old.seconds, old.planned) == ("AMD EPYC", "done", 2.0, ("pp512", "tg128"))
    tested = old.test("tg128")
    assert tested is not None and tested.median is not None and tested.unit == "tok/s" and tested.counted
    assert old.test("gen128") is None and old.at.timestamp() == 1795286400


def test_of_tests_of_one_id_the_first_that_stands_is_taken(runs: Path) -> None:
    cells = tuple(Cell("bundled", "gen", device="cpu", dtype="float32", seq=seq) for seq in (16, 32, 64))
    folder = write_run(runs, cells=cells)
    result = json.loads((folder / store.RESULT).read_text())
    result["rows"][0] |= {"verdict": "failed", "median": None, "low": None, "high": None}
    (folder / store.RESULT).write_text(json.dumps(result))
    entry, = listed(runs)
    tested = entry.test("gen128")
    assert tested is not None and tested.apart == "sequence 32" and len(entry.alike("gen128")) == 3


def test_other_threads_and_more_answers_are_other_settings(runs: Path) -> None:
    folder = write_run(runs)
    result = json.loads((folder / store.RESULT).read_text())
    same = []
    for extra in ({"threads": 2}, {"threads": 1}, {"threads": 2, "sequences": 4}):
        result["rows"][0]["extra"] = extra
        (folder / store.RESULT).write_text(json.dumps(result))
        same.append(read_entry(runs, folder.name).tests[0].same)
    assert len(set(same)) == 3


def test_without_any_run_nothing_is_made(runs: Path) -> None:
    assert listed(runs) == [] and not runs.parent.exists()


def test_the_second_look_reads_only_what_changed(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = write_run(runs), write_run(runs, 1)
    listed(runs)
    read: list[str] = []
    monkeypatch.setattr(index, "read_entry", lambda runs, run: read.append(run) or read_entry(runs, run))
    assert len(listed(runs)) == 2 and not read
    third = write_run(runs, 2)
    (second / store.RESULT).write_bytes((second / store.RESULT).read_bytes() + b" ")
    shutil.rmtree(first)
    assert [e.id for e in listed(runs)] == [third.name, second.name]
    assert sorted(read) == [second.name, third.name]




def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5000])


def overwrite_page(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[4096:8192] = b"\xa5" * 4096
    file.write_bytes(whole)


def text(file: Path) -> None:
    file.write_text("this is no database at all, " * 100)


def another_program(file: Path) -> None:
    file.unlink()
    db = sqlite3.connect(file)
    db.execute("CREATE TABLE bookmarks (url TEXT)")
    db.commit()
    db.close()


def without_table(file: Path) -> None:
    db = sqlite3.connect(file)
    db.execute("DROP TABLE runs")
    db.execute("CREATE TABLE runs (id TEXT)")
    db.commit()
    db.close()


@pytest.mark.parametrize("damage", [cut, overwrite_page, text, another_program, without_table])
def test_a_damaged_index_is_kept_aside_and_made_anew(runs: Path, damage: object) -> None:
    for number in range(40):
        write_run(runs, number)
    before = listed(runs)
    file = runs.parent / index.FILE
    for _ in range(2):
        damage(file)  # type: ignore[operator]
        damaged = file.read_bytes()
        assert listed(runs) == before
        assert (runs.parent / "index.sqlite.damaged").read_bytes() == damaged
    assert sorted(p.name for p in runs.parent.iterdir()) == ["index.sqlite", "index.sqlite.damaged", "runs"]


@pytest.mark.parametrize("change", ["PRAGMA user_version = 0", "PRAGMA user_version = 99", "DELETE FROM runs",
                                    "UPDATE runs SET entry = x'7b', stamp = stamp"])
def test_an_index_of_another_version_or_with_less_in_it_is_filled_again(runs: Path, change: str) -> None:
    write_run(runs)
    before = listed(runs)
    db = sqlite3.connect(runs.parent / index.FILE)
    db.execute(change)
    db.commit()
    db.close()
    Index(runs).close()
    here = Index(runs)
    here.entries()
    here.refresh()
    assert here.entries() == before and not here.note
    here.close()


def test_a_missing_index_is_made_from_the_folders(runs: Path) -> None:
    write_run(runs)
    before = listed(runs)
    (runs.parent / index.FILE).unlink()
    assert listed(runs) == before and len(before) == 1


def test_a_run_cut_off_by_power_loss_is_interrupted_with_its_finished_tests(runs: Path) -> None:
    folder = write_run(runs, status=None)
    whole = (folder / store.EVENTS).read_bytes()
    (folder / store.EVENTS).write_bytes(whole + b'{"seq":9,"event":"cell_en')
    (folder / owner.OWNER).write_bytes(b'{"pid":4194303,"began_s":12.0}')  # what it wrote before the power went
    run, = listed(runs)
    assert run.status == "interrupted" and run.reason == "the last event was cut off"
    assert [(t.test, t.verdict) for t in run.tests] == [("pp512", "valid"), ("tg128", "interrupted")]


def test_a_run_that_another_window_writes_goes_on_and_is_listed_as_done_later(runs: Path) -> None:
    folder = write_run(runs)
    result = (folder / store.RESULT).read_bytes()
    (folder / store.RESULT).unlink()
    owner.claim(folder)
    run, = listed(runs)
    assert (run.status, run.can_open, run.tests) == ("running", False, ())
    with (folder / store.EVENTS).open("ab") as file:
        file.write(b"\n")
    assert listed(runs)[0].status == "running"
    store.write_atomically(folder / store.RESULT, result)
    owner.release(folder)
    assert listed(runs)[0].status == "done"


@pytest.mark.parametrize(("content", "why"), [
    (b"", "manifest.json is damaged"), (b"[]", "manifest.json is damaged"), (b"\xff\xfe", "manifest.json is damaged"),
    (b'{"schema":1,"started":' + b"[" * 99_999, "manifest.json is damaged"),
    (b'{"schema":"x\\ny"}', "manifest.json is damaged"), (None, "No such file")])
def test_a_run_that_cannot_be_read_is_listed_with_the_reason_in_one_line(
        runs: Path, content: bytes | None, why: str) -> None:
    folder, good = write_run(runs), write_run(runs, 1)
    (folder / store.MANIFEST).unlink()
    if content is not None:
        (folder / store.MANIFEST).write_bytes(content)
    first, damaged = listed(runs)
    assert first.id == good.name and (damaged.id, damaged.status) == (folder.name, "damaged")
    assert damaged.reason.startswith(why) and damaged.reason.isprintable()
    assert damaged.at_s == pytest.approx(1795286400)


def test_a_result_that_is_too_large_or_a_bomb_leaves_the_finished_tests(
        runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_run(runs)
    (folder / store.RESULT).write_bytes(b'{"schema":1,"ended":{"t_ns":1},"rows":[{"extra":' + b'{"a":' * 99_999)
    run, = listed(runs)
    assert run.status == "interrupted" and run.tests[0].verdict == "valid" and "result.json is damaged" in run.reason
    with (folder / store.RESULT).open("wb") as file:
        file.truncate(store.RESULT_LIMIT_BYTES + 1)
    run, = listed(runs)
    assert run.tests[0].verdict == "valid" and "larger than 64 MB" in run.reason


def test_a_run_of_a_newer_program_is_listed_and_left_alone(runs: Path) -> None:
    folder = write_run(runs)
    manifest = (folder / store.MANIFEST).read_bytes().replace(b'"schema": 1', b'"schema": 7', 1)
    (folder / store.MANIFEST).write_bytes(manifest.replace(b'"seed"', b'"dice"'))
    run, = listed(runs)
    assert run.status == "newer" and "schema 7" in run.reason
    with pytest.raises(BadInput, match="newer llmscope"):
        folders.delete(runs, folder.name)
    assert folder.is_dir()


def test_folders_that_are_no_runs_are_not_listed(runs: Path, tmp_path: Path) -> None:
    write_run(runs)
    (runs / "claimed").mkdir()
    owner.claim(runs / "claimed")
    for name in ("empty", ".deleted-old", "bad\nname"):
        (runs / name).mkdir()
    (runs / ".deleted-old" / store.MANIFEST).write_text("{}")
    (runs / "bad\nname" / store.MANIFEST).write_text("{}")
    (runs / "a file").write_text("")
    (runs / "link").symlink_to(write_run(tmp_path / "elsewhere"))
    assert len(listed(runs)) == 1


@pytest.mark.parametrize("name", ["", ".", "..", "../data", "a/b", "/etc", "a\\b", "C:x", "\0", "link", "nothing",
                                  "a file"])
def test_a_name_that_is_no_run_is_never_followed(runs: Path, tmp_path: Path, name: str) -> None:
    write_run(runs)
    elsewhere = write_run(tmp_path / "elsewhere")
    (runs / "link").symlink_to(elsewhere)
    (runs / "a file").write_text("")
    with pytest.raises(folders.GoneRun, match="runs list"):
        folders.delete(runs, name)
    assert elsewhere.is_dir() and len(list(runs.iterdir())) == 3


def test_what_a_link_within_a_deleted_run_points_to_stays(runs: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "mine").write_text("")
    folder = write_run(runs)
    (folder / "link").symlink_to(kept)
    folders.delete(runs, folder.name)
    assert (kept / "mine").exists() and not list(runs.iterdir())


def test_a_run_that_goes_on_is_not_deleted(runs: Path) -> None:
    folder = write_run(runs, status=None)
    owner.claim(folder)
    with pytest.raises(BadInput, match="goes on: stop it"):
        folders.delete(runs, folder.name)
    owner.release(folder)
    folders.delete(runs, folder.name)
    assert not folder.exists()


def test_one_window_deletes_what_the_other_shows(runs: Path, opened: list[Index]) -> None:
    folder = write_run(runs)
    opened += [Index(runs), Index(runs)]
    for window in opened:
        window.refresh()
    opened[0].delete(folder.name)
    assert opened[1].entries() == []  # the index is shared
    with pytest.raises(folders.GoneRun):
        opened[1].delete(folder.name)
    assert not opened[1].refresh() and not opened[1].note


def test_a_system_that_refuses_to_delete_is_said_in_one_line(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_run(runs)

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(BadInput, match="cannot be deleted \\(Read-only file system\\)"):
        folders.delete(runs, folder.name)
    assert store.read_run(folder).status == "done"


def test_while_another_program_holds_the_index_runs_are_read_from_their_folders(
        runs: Path, opened: list[Index], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "BUSY_S", 0.05)
    write_run(runs)
    listed(runs)
    write_run(runs, 1)
    opened.append(Index(runs))
    other = sqlite3.connect(runs.parent / index.FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    opened.append(Index(runs))
    for window in opened:
        window.refresh()
        assert [e.id for e in window.entries()] == ["2026-11-21_184100", "2026-11-21_184000"]
        assert window.note == "Another llmscope holds the list of runs: it was read from their folders."
    other.execute("ROLLBACK")
    other.close()
    assert len(listed(runs)) == 2


LOOK = """
import sys
from pathlib import Path
from llmscope.runs.index import Index
index = Index(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(10):
    index.refresh()
print(len(index.entries()), index.note)
"""


def test_two_programs_that_look_at_the_same_time_list_the_same(runs: Path) -> None:
    for number in range(300):
        write_run(runs, number)
    looks = [subprocess.Popen([sys.executable, "-c", LOOK, str(runs)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) for _ in range(2)]
    for look in looks:
        assert look.stdout is not None and look.stdout.readline() == "ready\n"
    said = []
    for look in looks:
        assert look.stdin is not None
        look.stdin.write("\n")
        look.stdin.flush()
    for look in looks:
        said.append(look.communicate(timeout=60)[0].strip())
    assert said == ["300", "300"]
    assert len(listed(runs)) == 300


def refusing(monkeypatch: pytest.MonkeyPatch, code: int, words: str) -> None:
    """Let every write of an index in a file fail as on such a disk."""
    change = Index._change

    def refuse(self: Index, *what: object) -> None:
        if self._db.execute("PRAGMA database_list").fetchone()[2]:
            error = sqlite3.OperationalError(words)
            error.sqlite_errorcode = code
            raise error
        change(self, *what)  # type: ignore[arg-type]

    monkeypatch.setattr(Index, "_change", refuse)


@pytest.mark.parametrize(("code", "words"), [
    (sqlite3.SQLITE_FULL, "database or disk is full"),
    (sqlite3.SQLITE_READONLY, "attempt to write a readonly database"),
    (sqlite3.SQLITE_IOERR, "disk I/O error")])
def test_on_a_full_or_read_only_disk_runs_are_listed_from_memory(
        runs: Path, opened: list[Index], monkeypatch: pytest.MonkeyPatch, code: int, words: str) -> None:
    write_run(runs)
    listed(runs)
    write_run(runs, 1)
    refusing(monkeypatch, code, words)
    opened.append(Index(runs))
    assert opened[0].refresh() and len(opened[0].entries()) == 2
    assert words in opened[0].note and "read from their folders" in opened[0].note and "\n" not in opened[0].note
    assert not opened[0].refresh()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may write everywhere")
def test_a_data_folder_that_may_not_be_written_lists_its_runs(runs: Path, opened: list[Index]) -> None:
    folder = write_run(runs)
    for locked in (runs, runs.parent):
        locked.chmod(0o500)
    try:
        opened.append(Index(runs))
        opened[0].refresh()
        assert len(opened[0].entries()) == 1 and "cannot be kept" in opened[0].note
        with pytest.raises(BadInput, match="cannot be deleted"):
            folders.delete(runs, folder.name)
    finally:
        for locked in (runs.parent, runs):
            locked.chmod(0o700)


def test_an_index_that_is_a_folder_is_not_needed(runs: Path, opened: list[Index]) -> None:
    write_run(runs)
    (runs.parent / index.FILE).mkdir()
    opened.append(Index(runs))
    opened[0].refresh()
    assert len(opened[0].entries()) == 1 and "cannot be kept" in opened[0].note


def test_runs_that_cannot_be_looked_through_leave_the_index_as_it_was(
        runs: Path, opened: list[Index], monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(runs)
    listed(runs)

    def refuse(_: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(folders, "stamps", refuse)
    opened.append(Index(runs))
    assert not opened[0].refresh() and len(opened[0].entries()) == 1 and "Input/output error" in opened[0].note


def test_reading_can_be_ended_and_goes_on_where_it_was(runs: Path, opened: list[Index],
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "CHUNK", 2)
    for number in range(5):
        write_run(runs, number)
    opened.append(Index(runs))
    said: list[tuple[int, int]] = []
    opened[0].refresh(lambda done, of: said.append((done, of)) or False)  # type: ignore[func-returns-value]
    assert said == [(2, 5)] and [e.id[-4:] for e in opened[0].entries()] == ["4400", "4300"]
    opened[0].refresh(lambda done, of: said.append((done, of)) or True)  # type: ignore[func-returns-value]
    assert said[1:] == [(2, 3), (3, 3)] and len(opened[0].entries()) == 5


@pytest.mark.parametrize("words", ["gpt2", "RTX laptop", "bf16", "bfloat16", "TG128 cuda", "21 nov", "2026-11", "done",
                                   "steady", "4070 gpt bf16 steady", "quick", ""])
def test_a_search_finds_all_words_in_any_order(runs: Path, words: str) -> None:
    write_run(runs, cells=GPU)
    text = listed(runs)[0].words
    assert matches(text, words.lower().split())
    assert not matches(text, [*words.lower().split(), "qwen"])
    assert entries.title("/home/me/models/Qwen2.5/") == "Qwen2.5" and entries.title("arch:none") == "none"


@pytest.mark.parametrize("machine", [{}, {"cpu": 7}, {"gpus": "none"}, {"gpus": [None]}, {"gpus": [{"name": ["x"]}]}])
def test_a_machine_that_tells_nonsense_is_listed(runs: Path, machine: dict[str, object],
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.runs.stored.MACHINE", machine)
    write_run(runs, cells=GPU)
    write_run(runs, 1)
    assert {e.status for e in listed(runs)} == {"done"} and all(e.device for e in listed(runs))


def test_a_run_that_was_put_away_is_in_no_list_and_can_be_brought_back(runs: Path, opened: list[Index]) -> None:
    folder = write_run(runs)
    opened += [Index(runs), Index(runs)]
    for window in opened:
        window.refresh()
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    folders.put_away(runs, folder.name)
    for window in opened:
        window.refresh()
        assert window.entries() == []
    folders.bring_back(runs, folder.name)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before and len(listed(runs)) == 1
    with pytest.raises(BadInput, match="cannot be brought back"):
        folders.bring_back(runs, folder.name)


def test_what_another_window_put_away_stays_until_that_can_no_longer_want_it(runs: Path) -> None:
    first, second = write_run(runs), write_run(runs, 1)
    folders.put_away(runs, first.name)
    folders.delete(runs, second.name)
    away = runs / f".deleted-{first.name}"
    assert [path.name for path in runs.iterdir()] == [away.name]
    os.utime(away, (away.stat().st_mtime - 61,) * 2)
    folders.sweep(runs)
    assert not list(runs.iterdir())


def test_a_run_is_not_brought_back_over_another_of_its_name(runs: Path) -> None:
    folder = write_run(runs)
    folders.put_away(runs, folder.name)
    again = write_run(runs)
    assert again == folder
    with pytest.raises(BadInput, match="cannot be brought back"):
        folders.bring_back(runs, folder.name)
    folders.remove(runs, folder.name)
    assert [path.name for path in runs.iterdir()] == [folder.name]
