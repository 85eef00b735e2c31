"""The ceilings, five times over, in turns with the best that torch's own timer and numpy find for the same work."""

import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch.utils.benchmark import Timer

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.spec import MACHINE, Cell, RunSpec
from llmscope.core.stopping import MACHINE_LIMIT_S, T_MIN_MACHINE_S, StoppingRule
from llmscope.engine.measuring import measure
from llmscope.engine.meter import Meter
from llmscope.engine.workloads import make_of_machine
from tests.benchmarks.report import Bar, interval

CPU = torch.device("cpu")
MIB = 1024**2
REPEATS = 5
#: Kind, size and dtype of the ceilings that are compared.
COMPARED = (("gemm", 512, "float32"), ("gemm", 1024, "float32"), ("membw-read", 8 * MIB, "float32"),
            ("membw-read", 256 * MIB, "float32"), ("membw-read", 1024 * MIB, "float32"),
            ("membw-copy", 8 * MIB, "float32"), ("membw-copy", 1024 * MIB, "float32"))


def bars() -> Iterator[Bar]:
    """Yield the spread of each ceiling and its ratio to the independent best."""
    for kind, size, dtype in COMPARED:
        cell = Cell(MACHINE, kind, "cpu", dtype, size=size)  # type: ignore[arg-type]
        pairs = [_pair(cell, ours_first=bool(turn % 2)) for turn in range(REPEATS)]
        ours, theirs = (np.array(side) for side in zip(*pairs, strict=True))
        spread, beside = (float((side.max() - side.min()) / np.median(side)) for side in (ours, theirs))
        value = f"{np.median(ours):.4g} {DEFINITIONS[kind].unit}, {spread:.1%} (theirs {beside:.1%})"
        yield Bar(f"{cell.test}: spread over {REPEATS}", value, "≤ 3 %", spread <= 0.03)
        ratio = interval(list(ours / theirs))
        best = float(ours.max() / theirs.max())
        value = f"{best:.3f}, pairs {ratio.median:.3f}"
        yield Bar(f"{cell.test}: best of ours ÷ best of theirs", value, "0.97 to 1.03", abs(best - 1) <= 0.03)


def _pair(cell: Cell, ours_first: bool) -> tuple[float, float]:
    if ours_first:
        ours = _ours(cell)
        return ours, _independent(cell)
    theirs = _independent(cell)
    return _ours(cell), theirs


def _ours(cell: Cell) -> float:
    """Return the ceiling as a run measures it: the best sample."""
    meter = Meter(lambda event: None)
    workload = make_of_machine(cell, 0, RunSpec((cell,)), CPU, meter)
    definition = DEFINITIONS[cell.workload]
    rule = StoppingRule("quick", MACHINE_LIMIT_S, T_MIN_MACHINE_S)
    measured = measure(workload, definition, rule, meter, CPU, 0.25 * MACHINE_LIMIT_S)
    return definition.value(min(measured.times), measured.work)


def _independent(cell: Cell) -> float:
    """Return the best of `torch.utils.benchmark` and of a plain loop over numpy, half the time each."""
    work, in_torch, in_numpy = _same_work(cell)
    timer = Timer("work()", globals={"work": in_torch}, num_threads=torch.get_num_threads())
    timed = timer.blocked_autorange(min_run_time=MACHINE_LIMIT_S / 2)
    best_s, ends = min(timed.times), time.perf_counter() + MACHINE_LIMIT_S / 2
    while time.perf_counter() < ends:
        started = time.perf_counter_ns()
        in_numpy()
        best_s = min(best_s, (time.perf_counter_ns() - started) / 1e9)
    return DEFINITIONS[cell.workload].value(best_s, work)


def _same_work(cell: Cell) -> tuple[int, Callable[[], object], Callable[[], object]]:
    if cell.workload == "gemm":
        x, w = (torch.randn(cell.size, cell.size) for _ in range(2))
        a, b = x.numpy(), w.numpy()
        return 2 * cell.size**3, lambda: x @ w.T, lambda: a @ b.T
    block = torch.randn(cell.size // 4)
    array = block.numpy()
    half = len(block) // 2
    if cell.workload == "membw-read":
        return cell.size, block.sum, lambda: np.dot(array, array)
    return cell.size, lambda: block[half:].copy_(block[:half]), lambda: np.copyto(array[half:], array[:half])
