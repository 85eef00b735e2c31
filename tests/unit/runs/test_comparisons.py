"""Stored runs as references: only those on a GPU of the list, of a test that is predicted, the latest of each."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from llmscope import paths
from llmscope.core.spec import Cell
from llmscope.core.units import GIB
from llmscope.paths import resources
from llmscope.runs.comparisons import comparisons, stored_references
from tests.unit.runs import stored
from tests.unit.runs.stored import write_run

MODEL = "arch:smollm2-135m"
L4 = {"cpu": "AMD EPYC", "gpus": [{"name": "NVIDIA L4", "memory_bytes": int(22.5 * GIB)}]}


def cell(workload: Any, **settings: Any) -> Cell:
    return Cell(MODEL, workload, **({"device": "cuda:0", "dtype": "bfloat16"} | settings))


@pytest.fixture
def on_l4(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MACHINE", L4)


@pytest.mark.usefixtures("on_l4")
def test_a_run_on_a_listed_gpu_stands_beside_what_is_predicted(tmp_path: Path) -> None:
    run = write_run(tmp_path, cells=(cell("pp"), cell("tg", batch=4, depth=256)))
    reading, writing = comparisons(tmp_path)[:2]
    assert (reading.what, reading.hardware_id, reading.context, reading.batch) == ("reading", "l4", 512, 1)
    assert (writing.what, writing.context, writing.batch) == ("writing", 256 + 64, 4)
    assert reading.predicted_tok_s is not None and writing.predicted_tok_s is not None
    assert writing.source == f"llmscope 0.1.0, eager, run {run.name}" and writing.place is not None
    assert len(comparisons(tmp_path)) == 2 + 19  # and what others measured


@pytest.mark.usefixtures("on_l4")
def test_runs_that_come_with_llmscope_follow_ones_own(tmp_path: Path) -> None:
    shipped = write_run(paths.sample_runs_folder(), 0, cells=(cell("pp"), cell("tg")))
    own = write_run(tmp_path, 1, cells=(cell("tg"),))
    assert [one.source.rpartition(" ")[2] for one in comparisons(tmp_path)[:2]] == [own.name, shipped.name]


@pytest.mark.usefixtures("on_l4")
def test_of_a_test_measured_twice_the_last_is_taken(tmp_path: Path) -> None:
    write_run(tmp_path, 0, cells=(cell("tg"),))
    last = write_run(tmp_path, 1, cells=(cell("tg"), cell("tg", batch=2)))
    assert [reference.source.rpartition(" ")[2] for reference in stored_references(tmp_path)] == [last.name] * 2


@pytest.mark.usefixtures("on_l4")
@pytest.mark.parametrize("of", [
    cell("gen"), cell("train"), cell("pp", batch=2), cell("tg", dtype="amp"), cell("tg", backend="int8"),
    cell("tg", device="cpu", dtype="float32"), cell("tg", device="cuda:1")])
def test_what_is_not_predicted_is_no_reference(tmp_path: Path, of: Cell) -> None:
    write_run(tmp_path, cells=(of,))
    assert stored_references(tmp_path) == []


@pytest.mark.usefixtures("on_l4")
def test_a_folder_that_a_run_names_is_not_looked_at(tmp_path: Path) -> None:
    write_run(tmp_path, cells=(replace(cell("tg"), model=str(resources() / "bundled_model")),))
    assert stored_references(tmp_path) == []


@pytest.mark.usefixtures("on_l4")
@pytest.mark.parametrize("verdict", ["failed", "invalid", "cancelled"])
def test_what_does_not_count_is_no_reference(tmp_path: Path, verdict: str) -> None:
    write_run(tmp_path, cells=(cell("tg"),), verdict=verdict)
    assert stored_references(tmp_path) == []


def test_runs_on_other_machines_and_damaged_ones_are_passed_over(tmp_path: Path) -> None:
    write_run(tmp_path, cells=(cell("tg"),))  # on a GPU whose memory is not told
    (tmp_path / "2026-11-20_101010").mkdir()
    (tmp_path / "2026-11-20_101010" / "manifest.json").write_text("{")
    assert stored_references(tmp_path) == [] == stored_references(tmp_path / "none")
