"""What stored runs of this machine say of tests that were not run."""

from pathlib import Path
from shutil import copytree

import msgspec
import pytest

from llmscope.core.spec import Cell
from llmscope.paths import sample_runs_folder
from llmscope.runs.ceilings import CeilingStore
from llmscope.runs.foretold import learn
from llmscope.runs.store import read_manifest
from tests.unit.runs.stored import MACHINE, write_run

LONGER = Cell("bundled", "pp", device="cpu", dtype="float32", seq=256)


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """A folder of runs with one that was really measured."""
    (shipped,) = (folder for folder in sample_runs_folder().iterdir() if folder.is_dir())
    copytree(shipped, tmp_path / "runs" / shipped.name)
    return tmp_path / "runs"


def test_a_length_that_was_not_measured_is_foretold_from_those_that_were(measured: Path) -> None:
    machine = read_manifest(next(measured.iterdir()))[0].started.machine
    learnt = learn(measured, machine, CeilingStore(None))
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
