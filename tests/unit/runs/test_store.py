"""Runs on disk: whole, torn, damaged, newer, on a full disk."""

import errno
from pathlib import Path

import pytest

from llmscope.core import events
from llmscope.core.errors import BadInput
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, RunSpec
from llmscope.runs import store
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


def test_ids_do_not_collide(tmp_path: Path) -> None:
    utc = "2026-11-21T18:40:12+00:00"
    for expected in ("2026-11-21_184012", "2026-11-21_184012-2", "2026-11-21_184012-3"):
        assert store.new_run_id(tmp_path, utc) == expected
        (tmp_path / expected).mkdir()
    assert store.new_run_id(tmp_path / "not there", utc) == "2026-11-21_184012"


def test_a_folder_that_cannot_be_listed_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert store.new_run_id(tmp_path, "2026-11-21T18:40:12+00:00") == "2026-11-21_184012"


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
    assert "cannot be saved" in (run.save_in(blocked, "llmscope") or "")
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
