"""What stored runs of this machine say of tests that were not run."""

from pathlib import Path

import msgspec
import pytest

from llmscope.core.spec import Cell
from llmscope.runs import foretold, store
from llmscope.runs.ceilings import CeilingStore
from llmscope.runs.foretold import learn
from tests.unit.runs.stored import MACHINE, copy_measured, write_run

LONGER = Cell("bundled", "pp", device="cpu", dtype="float32", seq=256)


def test_a_length_that_was_not_measured_is_foretold_from_those_that_were(tmp_path: Path) -> None:
    copy_measured(tmp_path, MACHINE)
    learnt = learn(tmp_path, MACHINE, CeilingStore(None))
    assert {row.model for row in learnt.rows} == {"bundled", "arch:smollm2-135m"}  # not those of the machine itself
    found = learnt.foretell(LONGER)
    assert found is not None and found.low < found.value < found.high and found.unit == "tok/s"
    assert " to " in found.span and found.span.endswith("tok/s")


def test_other_machines_other_devices_and_damage_tell_nothing(tmp_path: Path) -> None:
    write_run(tmp_path)
    damaged = write_run(tmp_path, 1)
    (damaged / "manifest.json").write_text("{")
    assert not learn(tmp_path, MACHINE | {"cpu": "another"}, CeilingStore(None)).rows
    assert not learn(tmp_path / "none", MACHINE, CeilingStore(None)).rows
    learnt = learn(tmp_path, MACHINE, CeilingStore(None))
    assert len(learnt.rows) == 2 and learnt.ceilings == {"cpu": None}
    assert learnt.foretell(msgspec.structs.replace(LONGER, device="cuda:0")) is None


def test_tests_that_do_not_count_tell_nothing(tmp_path: Path) -> None:
    write_run(tmp_path, verdict="failed")
    assert not learn(tmp_path, MACHINE, CeilingStore(None)).rows


def test_many_runs_of_others_hide_none_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foretold, "MOST_RUNS", 1)
    write_run(tmp_path)
    own = write_run(tmp_path, 1)
    other = write_run(tmp_path / "other")
    text = (other / store.MANIFEST).read_text().replace("AMD EPYC", "another")
    for name in ("2026-11-30_000000", "vllm-serve-1", "vllm-serve-2"):
        other.rename(tmp_path / name)
        (tmp_path / name / store.MANIFEST).write_text(text)
        other = write_run(tmp_path / "other")
    assert {row.run for row in learn(tmp_path, MACHINE, CeilingStore(None)).rows} == {own.name}


def test_rows_say_how_many_threads_their_run_was_asked_for(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    manifest = store.read_manifest(folder)[0]
    spec = msgspec.structs.replace(manifest.started.spec, threads=3)
    asked = msgspec.structs.replace(manifest, started=msgspec.structs.replace(manifest.started, spec=spec))
    (folder / store.MANIFEST).write_bytes(msgspec.json.encode(asked))
    assert [row.options for row in learn(tmp_path, MACHINE, CeilingStore(None)).rows] == [{"threads": 3}] * 2
