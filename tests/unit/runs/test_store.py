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


def test_a_damaged_line_loses_only_itself(folder: Path) -> None:
    lines = (folder / store.EVENTS).read_bytes().split(b"\n")
    lines[1] = b"\x00garbage"
    (folder / store.EVENTS).write_bytes(b"\n".join(lines))
    run = store.read_run(folder)
    assert run.rows[0] == ROW and run.warnings == ("line 2 of events.jsonl is damaged",)


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


def test_ids_do_not_collide(tmp_path: Path) -> None:
    utc = "2026-11-21T18:40:12+00:00"
    for expected in ("2026-11-21_184012", "2026-11-21_184012-2", "2026-11-21_184012-3"):
        assert store.new_run_id(tmp_path, utc) == expected
        (tmp_path / expected).mkdir()


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
