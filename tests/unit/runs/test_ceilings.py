from pathlib import Path
from typing import Any

import msgspec
import pytest

from llmscope.analysis.ceilings import Ceiling, Ceilings
from llmscope.core.errors import BadInput
from llmscope.core.events import CellStarted, Device, DtypeProbe, RunStarted
from llmscope.core.rows import make_row
from llmscope.core.spec import MACHINE, Cell, RunSpec, Sampling, machine_cells, preset_cells
from llmscope.runs.active import ActiveRun
from llmscope.runs.ceilings import FILE, CeilingStore, fingerprint
from llmscope.runs.resolve import resolve, with_ceilings

MIB = 1024**2
EPYC: dict[str, Any] = {"cpu": "EPYC", "cores": 2, "gpus": []}
FOUND = Ceilings("cpu", "2026", "r", {"torch": "2"}, {"float32": Ceiling("gemm512-f32", 0.15, "TFLOPS")},
                 {n * MIB: Ceiling(f"membw-read {n}MiB", 34.0, "GB/s") for n in (64, 128)})
CPU = Device("cpu", "CPU", "cpu", 2**34, (DtypeProbe("float32", True), DtypeProbe("bfloat16", False)))
CUDA = Device("cuda:0", "H100", "cuda", 2**36, (DtypeProbe("float32", True), DtypeProbe("bfloat16", True)))


def test_ceilings_are_found_again_on_the_same_machine_and_device_only(tmp_path: Path) -> None:
    CeilingStore(tmp_path / FILE).put(EPYC, FOUND)
    again = CeilingStore(tmp_path / FILE)
    assert again.get(EPYC | {"memory_bytes": 1}, "cpu") == FOUND
    assert again.get(EPYC, "cuda:0") is None and again.get(EPYC | {"cores": 4}, "cpu") is None
    assert fingerprint(EPYC) != fingerprint(EPYC | {"gpus": [{"name": "H100"}]})
    assert fingerprint(EPYC) != fingerprint(EPYC | {"cpu_details": "avx512_bf16"})
    assert fingerprint(EPYC) == fingerprint(EPYC | {"cpu_details": ""})  # where it cannot be read, as before


@pytest.mark.parametrize("gpus", [["H100"], {"name": "H100"}, 3, "H100", None])
def test_what_others_say_of_gpus_in_another_form_tells_of_none(gpus: Any) -> None:
    assert fingerprint(EPYC | {"gpus": gpus}) == fingerprint(EPYC)


def test_a_run_that_is_not_saved_knows_the_ceilings_and_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / FILE
    CeilingStore(file).put(EPYC, FOUND)
    before = file.read_bytes()
    copy = CeilingStore.copy_of(file)
    assert copy.get(EPYC, "cpu") == CeilingStore(file).get(EPYC, "cpu") is not None
    copy.put(EPYC, msgspec.structs.replace(FOUND, utc="2027-01-01T00:00:00+00:00"))
    assert file.read_bytes() == before
    assert CeilingStore.copy_of(tmp_path / "none").get(EPYC, "cpu") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"schema":9,"machines":{}}', b"\xff", b'{"machines":' * 9999])
def test_a_damaged_file_holds_none_and_is_written_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    store = CeilingStore(tmp_path / FILE)
    assert store.get(EPYC, "cpu") is None
    store.put(EPYC, FOUND)
    assert CeilingStore(tmp_path / FILE).get(EPYC, "cpu") == FOUND


def test_a_disk_that_refuses_leaves_them_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = CeilingStore(tmp_path / "file" / FILE)
    assert store.put(EPYC, FOUND) == FOUND and store.get(EPYC, "cpu") == FOUND


def test_only_a_quick_run_without_them_ends_with_the_ceilings(tmp_path: Path) -> None:
    store = CeilingStore(None)
    quick = resolve(RunSpec(preset_cells("quick", "bundled"), preset="quick"), (CPU,))
    longer = with_ceilings(quick, (CPU,), store, EPYC, FOUND.versions)
    assert longer.cells[:3] == quick.cells and {cell.model for cell in longer.cells[3:]} == {MACHINE}
    assert with_ceilings(longer, (CPU,), store, EPYC, FOUND.versions) == longer
    assert with_ceilings(resolve(RunSpec(quick.cells), (CPU,)), (CPU,), store, EPYC, {}).cells == quick.cells
    store.put(EPYC, FOUND)
    assert with_ceilings(quick, (CPU,), store, EPYC, FOUND.versions) == quick
    assert with_ceilings(quick, (CPU,), store, EPYC, {"torch": "3"}) != quick


def test_a_device_gets_the_tests_it_is_fit_for() -> None:
    on_cpu = [cell.test for cell in resolve(RunSpec(machine_cells()), (CPU,)).cells]
    assert "gemm2048-f32" in on_cpu and "gemm1024-bf16" in on_cpu
    assert not {"gemm2048-bf16", "gemm8192-f32", "gemm512-f16", "h2d 256MiB"} & set(on_cpu)
    on_card = {cell.test: cell.device for cell in resolve(RunSpec(machine_cells()), (CPU, CUDA)).cells}
    assert on_card["gemm8192-bf16"] == on_card["h2d 256MiB"] == "cuda:0" and on_card["disk-read 256MiB"] == "cpu"
    assert "gemm256-f32" not in on_card
    with pytest.raises(BadInput, match="choose other tests or an accelerator"):
        resolve(RunSpec(machine_cells("cpu", ("h2d", "d2h"))), (CPU,))


def test_a_run_keeps_its_ceilings_and_judges_its_earlier_rows_by_them() -> None:
    reading = (Cell(MACHINE, "membw-read", "cpu", "float32", size=size * MIB) for size in (64, 128))
    cells = (Cell("bundled", "tg", "cpu", "float32", new=1), *reading)
    started = RunStarted(t_ns=0, run="r", utc="2026", spec=RunSpec(cells), machine=EPYC, versions={"torch": "2"})
    store = CeilingStore(None)
    run = ActiveRun(started, store)
    extra = {"bytes_moved": 10**9, "parameters": 20 * MIB, "seconds": 0.1}
    for index, (cell, seconds) in enumerate(zip(cells, (0.1, 0.003, 0.006), strict=True)):
        run.hear(CellStarted(t_ns=0, cell=index))
        row = make_row("r", cell, Sampling(), [seconds] * 10, "valid", None, extra if not index else None)
        run.end_cell(index, run.judged(index, row))
    assert "not measured yet" in run.rows[0].extra["not_checked"]
    (cell_index, row), = run.judged_again()
    assert cell_index == 0 and row.extra["limit"]["bound"] == "memory bandwidth" and run.rows[0] == row
    assert (found := store.get(EPYC, "cpu")) is not None and set(found.memory) == {64 * MIB, 128 * MIB}
    assert not list(run.judged_again())


def test_ceilings_of_fewer_threads_are_not_the_machines() -> None:
    cell = Cell(MACHINE, "gemm", "cpu", "float32", size=512)
    started = RunStarted(t_ns=0, run="r", utc="2026", spec=RunSpec((cell,), threads=1), machine=EPYC, versions={})
    store = CeilingStore(None)
    run = ActiveRun(started, store)
    run.hear(CellStarted(t_ns=0, cell=0))
    run.end_cell(0, make_row("r", cell, Sampling(), [0.1] * 10, "valid"))
    assert not list(run.judged_again()) and store.get(EPYC, "cpu") is None
