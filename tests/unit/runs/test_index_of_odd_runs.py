"""Runs that were cut off, damaged, foreign or are none: what the list says of them."""

from pathlib import Path

import pytest

from llmscope.core.errors import BadInput
from llmscope.core.spec import Cell
from llmscope.runs import folders, owner, store
from tests.unit.runs.stored import listed, write_run


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


@pytest.mark.parametrize("machine", [{}, {"cpu": 7}, {"gpus": "none"}, {"gpus": [None]}, {"gpus": [{"name": ["x"]}]}])
def test_a_machine_that_tells_nonsense_is_listed(runs: Path, machine: dict[str, object],
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.runs.stored.MACHINE", machine)
    write_run(runs, cells=(Cell("arch:gpt2", "tg", device="cuda:0", dtype="bfloat16"),))
    write_run(runs, 1)
    assert {e.status for e in listed(runs)} == {"done"} and all(e.device for e in listed(runs))
