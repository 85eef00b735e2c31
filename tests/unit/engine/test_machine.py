import mmap
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from llmscope.core import events
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import BadInput
from llmscope.core.rows import make_row
from llmscope.core.spec import MACHINE, Cell, Sampling
from llmscope.core.stopping import StoppingRule
from llmscope.engine import blocks, conditions
from llmscope.engine.blocks import Blocks
from llmscope.engine.checks import NotTrustworthy
from llmscope.engine.measuring import Measured, measure
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Stopwatch
from llmscope.engine.workloads import machine, make_of_machine

CPU = torch.device("cpu")
MIB = 1024**2
_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
HUGE_PAGES = _PAGES.read_text() if _PAGES.exists() else "[never]"


def made(workload: str, size: int, dtype: str = "float32") -> Any:
    cell = Cell(MACHINE, workload, "cpu", dtype, size=size)  # type: ignore[arg-type]
    return make_of_machine(cell, Blocks(CPU, (cell,), 0), Meter(lambda event: None))


def measured(workload: str, size: int, dtype: str = "float32") -> tuple[Measured, list[events.Event]]:
    heard: list[events.Event] = []
    cell = Cell(MACHINE, workload, "cpu", dtype, size=size)  # type: ignore[arg-type]
    meter = Meter(heard.append)
    work = make_of_machine(cell, Blocks(CPU, (cell,), 0), meter)
    return measure(work, DEFINITIONS[workload], StoppingRule("quick", 0.3, 0.1), meter, CPU, 0.05), heard


def test_the_value_counts_every_repetition_of_the_work() -> None:
    found, heard = measured("gemm", 64)
    repeats = found.extra["repeats"]
    assert repeats > 1 and found.work == 2 * 64**3 * repeats
    row = make_row("r", Cell(MACHINE, "gemm", "cpu", "float32", size=64), Sampling(), found.times, "valid", None,
                   found.extra, found.work)
    assert row.test == "gemm64-f32" and row.unit == "TFLOPS" and row.options == {"size": 64}
    assert row.median == pytest.approx(2 * 64**3 * repeats / found.extra["seconds"] / 1e12)
    assert {e.work for e in heard if isinstance(e, events.Sample)} == {found.work}


@pytest.mark.parametrize("workload", ["gemm", "dense"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_product_that_is_wrong_is_not_counted(workload: str, dtype: str) -> None:
    product = made(workload, 32, dtype)
    product.prepare()
    product.run(Stopwatch(CPU))
    assert product.finish() == {}
    product._y = product._y.clone()
    product._y[0, 0] += 1.0
    with pytest.raises(NotTrustworthy, match="a product is wrong"):
        product.finish()


def test_a_product_is_of_normal_numbers_in_the_layout_of_a_models_layers() -> None:
    product = made("gemm", 64)
    assert abs(float(product._x.mean())) < 0.2 and 0.8 < float(product._x.std()) < 1.2
    product.prepare()
    product.run(Stopwatch(CPU))
    assert torch.allclose(product._y, product._x @ product._weight.T)


def test_a_copy_that_did_not_arrive_is_not_counted() -> None:
    copy = made("membw-copy", MIB)
    copy.prepare()
    copy.run(Stopwatch(CPU))
    assert copy.finish() == {} and torch.equal(copy._to, copy._from)
    assert 2 * copy._to.nbytes == MIB and copy.work == MIB * copy._repeats
    copy._to[-1] += 1
    with pytest.raises(NotTrustworthy, match="differs"):
        copy.finish()


def test_reading_touches_the_whole_block() -> None:
    read = made("membw-read", MIB)
    assert read._block.nbytes == MIB and len(read._block.unique()) > MIB // 8 - 10
    assert made("membw-read", 32 * MIB)._block.nbytes == 32 * MIB


def large_pages_kib(block: torch.Tensor) -> int:
    """Return what of the mapping that holds a block lies in large pages, as the kernel says."""
    inside, address = False, block.data_ptr()
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first = line.split()[0]
        if not first.endswith(":"):
            start, _, end = first.partition("-")
            inside = int(start, 16) <= address < int(end, 16)
        elif inside and first == "AnonHugePages:":
            return int(line.split()[1])
    raise AssertionError("no mapping holds the block")


@pytest.mark.skipif(not hasattr(mmap, "MADV_HUGEPAGE") or "[never]" in HUGE_PAGES, reason="no large pages here")
@pytest.mark.parametrize("workload", ["membw-read", "membw-copy"])
def test_the_block_lies_in_large_pages(workload: str) -> None:
    memory = made(workload, 8 * MIB)
    assert memory._block.data_ptr() % (2 * MIB) == 0 and large_pages_kib(memory._block) >= 8 * 1024


def test_a_kernel_without_large_pages_gives_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks.mmap, "MADV_HUGEPAGE", 9999, raising=False)
    assert made("membw-read", MIB)._block.nbytes == MIB


def test_a_transfer_needs_an_accelerator() -> None:
    with pytest.raises(BadInput, match="accelerator"):
        made("h2d", MIB)


@pytest.mark.skipif(conditions.bytes_read_from_disk() is None, reason="this system does not say what came from disk")
def test_the_disk_is_read_and_not_the_page_cache(own_data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = made("disk-read", 9 * MIB)
    for _ in range(2):
        disk.prepare()
        disk.run(Stopwatch(CPU))
        disk.finish()
    summary = disk.summary()
    if summary["read_share"] == 0:
        pytest.skip("the data folder lies in memory")
    assert summary["read_share"] >= 0.95 and "warning" not in summary
    monkeypatch.setattr(os, "posix_fadvise", lambda *_: None)
    disk.prepare()
    disk.run(Stopwatch(CPU))
    disk.finish()
    assert disk.summary()["warning"].startswith("mixed")
    assert not list(own_data_folder.iterdir())  # the file has no name: nothing of it is left behind


def test_a_file_that_is_cut_short_is_not_counted() -> None:
    disk = made("disk-read", MIB)
    disk._file.truncate(MIB // 2)
    disk.prepare()
    disk.run(Stopwatch(CPU))
    with pytest.raises(NotTrustworthy, match="bytes were read"):
        disk.finish()


def test_short_work_is_repeated_until_the_clock_can_time_it(monkeypatch: pytest.MonkeyPatch) -> None:
    product = made("gemm", 32)
    monkeypatch.setattr(product, "_timed_s", lambda way: machine.BLOCK_S / 40)
    product.prepare()
    assert product._repeats == 40
    slow = made("gemm", 32)
    monkeypatch.setattr(slow, "_timed_s", lambda way: 1.0)
    slow.prepare()
    assert slow._repeats == 1


@pytest.mark.parametrize("fastest", ["torch", "memmove"])
def test_of_several_ways_to_copy_the_fastest_is_taken_and_copies_all(
        monkeypatch: pytest.MonkeyPatch, fastest: str) -> None:
    copy = made("membw-copy", MIB + 16)
    repeats = round(machine.BLOCK_S / 0.001)
    monkeypatch.setattr(copy, "_timed_s", lambda way: 0.001 if way is copy._ways[fastest] else 0.002)
    copy.prepare()
    assert not torch.equal(copy._to, copy._from)
    copy.run(Stopwatch(CPU))
    assert torch.equal(copy._to, copy._from) and copy.finish() == {}
    assert copy.summary() == {"repeats": repeats, "by": fastest} and "by" not in made("membw-read", MIB).summary()
