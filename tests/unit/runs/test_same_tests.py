"""The tests of a reference run, as they are measured on this machine."""

import msgspec
import pytest

from llmscope.core.events import Device, DtypeProbe
from llmscope.core.spec import QUICK_LIMIT_S, Cell, RunSpec, machine_cells
from llmscope.core.units import GIB, NBSP
from llmscope.models.catalog import resolve
from llmscope.runs.same_tests import closest, same_tests

CPU = Device("cpu", "AMD EPYC", "cpu", 16 * GIB, (DtypeProbe("float32", True),))
GPU = Device("cuda:0", "NVIDIA GeForce RTX 4070", "cuda", 8 * GIB, (DtypeProbe("float32", True),))
CELLS = (Cell("bundled", "gen", "cpu", "float32"), Cell("arch:smollm2-135m", "pp", "cpu", "float32", threads=4),
         Cell("arch:smollm2-135m", "tok", "cpu", "float32"))
QUICK = RunSpec((*CELLS, *machine_cells("cpu")), accuracy="standard", preset="quick", prompt="Hamlet", threads=8,
                seed=7)


def test_the_same_tests_are_run_quickly_without_ceilings_and_with_this_machine_s_threads() -> None:
    found = same_tests(QUICK, CPU, resolve, 8 * GIB)
    assert found.spec == RunSpec((CELLS[0], msgspec.structs.replace(CELLS[1], threads=None), CELLS[2]),
                                 accuracy="quick", prompt="Hamlet", seed=7, time_limit_s=QUICK_LIMIT_S)
    assert found.left_out == {}


def test_on_a_gpu_its_own_work_stays_with_the_cpu() -> None:
    spec = same_tests(QUICK, GPU, resolve, None).spec
    assert spec is not None and [cell.device for cell in spec.cells] == ["cuda:0", "cuda:0", "cpu"]


def test_what_cannot_work_or_does_not_fit_is_left_out_with_the_reason() -> None:
    cells = (*CELLS[:2], Cell("/gone", "pp", "cpu", "float32"), Cell("bundled", "tg", "cpu", "float16"))
    found = same_tests(RunSpec(cells), CPU, resolve, 200 * 1024**2)
    assert found.spec is not None and found.spec.cells == CELLS[:1]
    assert [(cell.test, why.partition(":")[0]) for cell, why in found.left_out.items()] == [
        ("pp512", f"Needs about 0.57{NBSP}GiB, 0.20{NBSP}GiB is free"),
        ("pp512", "There is no model '/gone'. Use bundled, arch"),
        ("tg128", "float16 does not work on AMD EPYC. Use float32.")]


def test_where_nothing_can_be_run_there_is_no_run() -> None:
    found = same_tests(RunSpec((Cell("bundled", "gen", "cpu", "bfloat16"),)), CPU, resolve, None)
    assert found.spec is None and list(found.left_out.values()) == ["bfloat16 does not work on AMD EPYC. Use float32."]
    assert same_tests(RunSpec(machine_cells("cpu")), CPU, resolve, None).spec is None


@pytest.mark.parametrize(("device", "place"), [("cpu", 1), ("cuda:1", 0), ("mps", 0)])
def test_the_closest_reference_ran_on_the_same_kind_of_device(device: str, place: int) -> None:
    assert closest(["cuda:0", "cpu", "cpu"], device) == place
