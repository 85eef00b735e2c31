"""Runs on disk: whole, torn, damaged, newer, on a full disk."""

import errno
import os
from pathlib import Path

import pytest

from llmscope.core import events
from llmscope.core.errors import BadInput
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, RunSpec
from llmscope.runs import owner, store, untrusted
from llmscope.runs.active import ActiveRun

CELLS = (Cell("bundled", "pp", device="cpu", dtype="float32"), Cell("bundled", "tg", device="cpu", dtype="float32"))
STARTED = events.RunStarted(t_ns=5, run="r1", utc="2026-01-01T00:00:00+00:00", spec=RunSpec(CELLS), machine={},
                            versions={"torch": "2"})
ROW = make_row("r1", CELLS[0], STARTED.spec.sampling, [0.1] * 8, "valid")
ENDED = events.CellEnded(t_ns=9, cell=0, row=ROW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    writer = store.RunWriter(tmp_path / "r1", store.Manifest(store.SCHEMA, "llmscope", STARTED))
    for event in (STARTED, events.Note(t_ns=6, text="a\nb"), ENDED):
        writer.write(event)
    writer.close()
    return tmp_path / "r1"


def test_a_run_without_a_result_was_interrupted_and_keeps_its_finished_tests(folder: Path) -> None:
    run = store.read_run(folder)
    assert run.status == "interrupted" and run.rows[0] == ROW
    assert run.rows[1].verdict == "interrupted" and run.rows[1].median is None


def test_a_torn_last_line_is_dropped_with_a_warning(folder: Path) -> None:
    whole = (folder / store.EVENTS).read_bytes()
    for cut in range(len(whole) - 60, len(whole) - 1, 7):
        (folder / store.EVENTS).write_bytes(whole[:cut])
        run = store.read_run(folder)
        assert run.warnings == ("the last event was cut off",) and run.rows[0].verdict == "interrupted"


@pytest.mark.parametrize("damage", [
    b"\x00garbage", b'{"seq":1,"event":"note","t_ns":6,"text":"\xff"}',
    b'{"seq":1,"event":"sample","parts":' + b"[" * 99_999])
def test_a_damaged_line_loses_only_itself(folder: Path, damage: bytes) -> None:
    lines = (folder / store.EVENTS).read_bytes().split(b"\n")
    lines[1] = damage
    (folder / store.EVENTS).write_bytes(b"\n".join(lines))
    run = store.read_run(folder)
    assert run.rows[0] == ROW and run.warnings == ("line 2 of events.jsonl is damaged",)


def finish(folder: Path) -> store.Result:
    result = store.Result(store.SCHEMA, events.RunEnded(t_ns=10, status="done", seconds=1.0), (ROW, ROW))
    store.write_atomically(folder / store.RESULT, store.msgspec.json.encode(result))
    return result


def test_a_finished_run_is_read_from_its_result_alone(folder: Path) -> None:
    result = finish(folder)
    (folder / store.EVENTS).write_bytes(b"garbage")
    run = store.read_run(folder)
    assert (run.status, run.rows, run.warnings, run.read_only) == ("done", result.rows, (), False)


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema":1}', b"\xff", b"[" * 99_999])
def test_a_damaged_result_is_left_out_and_the_events_stand(folder: Path, content: bytes) -> None:
    (folder / store.RESULT).write_bytes(content)
    run = store.read_run(folder)
    assert run.rows[0] == ROW and run.status == "interrupted"
    assert len(run.warnings) == 1 and store.RESULT in run.warnings[0]


def test_a_run_whose_events_are_gone_has_a_row_for_each_planned_test(folder: Path) -> None:
    (folder / store.EVENTS).unlink()
    run = store.read_run(folder)
    assert [row.verdict for row in run.rows] == ["interrupted"] * 2 and "cannot be read" in run.warnings[0]


def test_events_reach_the_disk_when_a_test_ends_and_not_while_one_is_timed(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = store.RunWriter(tmp_path / "r", store.Manifest(store.SCHEMA, "llmscope", STARTED))
    forced: list[int] = []
    monkeypatch.setattr(store.os, "fsync", forced.append)
    for event in (STARTED, events.CellStarted(t_ns=1, cell=0), events.Sample(t_ns=1, cell=0, index=0, seconds=1)):
        writer.write(event)
    assert not forced
    writer.write(ENDED)
    writer.write(events.RunEnded(t_ns=1, status="done", seconds=1))
    assert len(forced) == 2
    writer.close()


def test_events_carry_their_number(folder: Path) -> None:
    lines = (folder / store.EVENTS).read_bytes().splitlines()
    assert [line.split(b",")[0] for line in lines] == [b'{"seq":0', b'{"seq":1', b'{"seq":2']


def test_a_newer_schema_is_read_only(folder: Path) -> None:
    manifest = folder / store.MANIFEST
    manifest.write_bytes(manifest.read_bytes().replace(b'"schema": 1', b'"schema": 99', 1))
    assert store.read_run(folder).read_only


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff\xfe"])
def test_a_folder_without_a_run_is_bad_input(tmp_path: Path, content: bytes) -> None:
    (tmp_path / store.MANIFEST).write_bytes(content)
    with pytest.raises(BadInput, match="no readable run"):
        store.read_run(tmp_path)


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "result.json"
    store.write_atomically(target, b"old")

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "power cut")

    monkeypatch.setattr(store.os, "fsync", fail)
    with pytest.raises(OSError, match="power cut"):
        store.write_atomically(target, b"new")
    assert target.read_bytes() == b"old"


def test_a_write_that_ends_before_its_last_step_leaves_no_half_file(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", power_cut)
    with pytest.raises(KeyboardInterrupt):
        store.write_atomically(tmp_path / "result.json", b"new")
    assert not (tmp_path / "result.json").exists()


def test_an_id_is_taken_at_once_so_that_two_programs_never_share_one(tmp_path: Path) -> None:
    utc = "2026-11-21T18:40:12+00:00"
    ids = [store.new_run_id(tmp_path / "runs", utc) for _ in range(3)]
    assert ids == ["2026-11-21_184012", "2026-11-21_184012-2", "2026-11-21_184012-3"]
    assert all((tmp_path / "runs" / name).is_dir() for name in ids)


def test_a_folder_that_takes_no_run_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("")
    assert store.new_run_id(tmp_path / "a file", "2026-11-21T18:40:12+00:00") == "2026-11-21_184012"


def test_a_run_is_never_written_over_another(folder: Path) -> None:
    with pytest.raises(FileExistsError, match="there is a run of this name"):
        store.RunWriter(folder, store.Manifest(store.SCHEMA, "llmscope", STARTED))


def test_a_run_whose_process_lives_goes_on_and_is_not_interrupted(folder: Path) -> None:
    owner.claim(folder)
    run = store.read_run(folder)
    assert run.status == "running" and run.rows == (ROW,)
    owner.release(folder)
    assert store.read_run(folder).status == "interrupted"


@pytest.mark.parametrize("content", [
    b"", b"{}", b"garbage", b'{"pid":-4,"began_s":0}', b'{"pid":1e300,"began_s":0}',
    b'{"pid":PID,"began_s":12}',
    b'{"pid":99999999999999999999,"began_s":1}', b'{"pid":4194303,"began_s":1}'])
def test_a_process_that_is_gone_or_another_one_runs_nothing(folder: Path, content: bytes) -> None:
    (folder / owner.OWNER).write_bytes(content.replace(b"PID", b"%d" % os.getpid()))
    assert not owner.is_running(folder) and store.read_run(folder).status == "interrupted"


def test_the_writer_owns_the_run_until_its_result_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = store.RunWriter(tmp_path / "r", store.Manifest(store.SCHEMA, "llmscope", STARTED))
    assert owner.is_running(tmp_path / "r")
    owned_while_written: list[bool] = []
    monkeypatch.setattr(store, "write_atomically",
                        lambda file, _: owned_while_written.append(owner.is_running(file.parent)))
    writer.finish(store.Result(store.SCHEMA, events.RunEnded(t_ns=1, status="done", seconds=1), ()))
    assert owned_while_written == [True] and not (tmp_path / "r" / owner.OWNER).exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among its files")
def test_files_that_are_too_large_or_no_files_are_refused_unread(folder: Path) -> None:
    with pytest.raises(ValueError, match="larger than"):
        untrusted.read_bytes(folder / store.MANIFEST, 10)
    (folder / store.EVENTS).unlink()
    os.mkfifo(folder / store.EVENTS)  # reading it would wait for ever
    assert "not a plain file" in store.read_run(folder).warnings[0]
    (folder / store.MANIFEST).unlink()
    os.mkfifo(folder / store.MANIFEST)
    with pytest.raises(store.NoRun, match="not a file"):
        store.read_run(folder)


def test_a_manifest_nested_without_end_is_bad_input(folder: Path) -> None:
    manifest = folder / store.MANIFEST
    manifest.write_bytes(b'{"schema":1,"started":' + b"[" * 99_999)
    with pytest.raises(store.NoRun, match="is damaged"):
        store.read_run(folder)


def test_many_damaged_lines_are_counted_and_not_all_named(folder: Path) -> None:
    with (folder / store.EVENTS).open("ab") as file:
        file.write(b"garbage\n" * 5000)
    run = store.read_run(folder)
    assert run.rows[0] == ROW
    assert len(run.warnings) == untrusted.WARNINGS_LIMIT + 1
    assert run.warnings[-1] == f"{5000 - untrusted.WARNINGS_LIMIT:,} more lines of events.jsonl are damaged"


def test_a_plan_of_a_newer_program_that_is_not_understood_is_told_from_a_damaged_one(folder: Path) -> None:
    manifest = folder / store.MANIFEST
    newer = manifest.read_bytes().replace(b'"schema": 1', b'"schema": 2', 1)
    manifest.write_bytes(newer.replace(b'"workload": "pp"', b'"workload": "new"'))
    with pytest.raises(store.NewerRun, match="schema 2"):
        store.read_run(folder)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_disk_that_is_really_full_is_said_once_and_raises_nothing(tmp_path: Path) -> None:
    run = ActiveRun(STARTED)
    assert run.save_in(tmp_path, "llmscope") is None and run._writer is not None
    run._writer.close()
    run._writer._events = Path("/dev/full").open("ab")  # noqa: SIM115  the run closes it
    assert run.write(events.Note(t_ns=1, text="small enough to wait")) is None
    assert "No space left" in (run.write(ENDED) or "") and run.write(ENDED) is None
    run.keep_log("nobody reads this")
    run.end_cell(0, ROW)
    run.finish(run.end())


def test_a_disk_that_refuses_is_said_and_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("")
    run = ActiveRun(STARTED)
    assert (run.save_in(blocked, "llmscope") or "").endswith("Its results are shown, not kept.")
    assert run.write(ENDED) is None
    run.end()

    run = ActiveRun(STARTED)
    assert run.save_in(tmp_path, "llmscope") is None

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store.RunWriter, "write", full)
    assert "No space left" in (run.write(ENDED) or "")
    assert run.write(ENDED) is None
    run.end_cell(0, ROW)
    run.finish(run.end())
    assert store.read_run(tmp_path / "r1").status == "interrupted"


def test_a_result_that_the_disk_refuses_is_said_and_the_finished_tests_stand(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ActiveRun(STARTED)
    assert run.save_in(tmp_path, "llmscope") is None
    run.write(events.CellEnded(t_ns=1, cell=0, row=ROW))
    run.end_cell(0, ROW)
    ended = run.end()
    assert run.write(ended) is None

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "write_atomically", full)
    assert run.finish(ended) == "Saving the run stopped: No space left on device. What was saved before is safe."
    assert run.finish(ended) is None
    stored = store.read_run(tmp_path / "r1")
    assert stored.status == "interrupted" and stored.rows[0] == ROW


def test_a_space_that_does_not_break_is_kept_and_what_steers_a_terminal_is_not() -> None:
    assert untrusted.inert("8\u00a0GiB") == "8\u00a0GiB"
    assert untrusted.inert({"prompt": "a\n\u00a0b", "reason": "a\n\x1b[2J"}) == {
        "prompt": "a\n\u00a0b", "reason": "a??[2J"}
