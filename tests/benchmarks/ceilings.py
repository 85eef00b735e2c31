"""The ceilings, five times over, and in turns of milliseconds with torch and numpy doing the same work."""

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
from llmscope.engine.timers import Stopwatch
from llmscope.engine.workloads import make_of_machine
from tests.benchmarks.report import Bar

CPU = torch.device("cpu")
MIB = 1024**2
REPEATS = 5
#: Seconds of a turn, and of all turns of a ceiling.
TURN_S, IN_TURNS_S = 0.01, 8.0
#: Kind, size and dtype of the ceilings that are compared.
COMPARED = (("gemm", 512, "float32"), ("gemm", 1024, "float32"), ("membw-read", 8 * MIB, "float32"),
            ("membw-read", 256 * MIB, "float32"), ("membw-read", 1024 * MIB, "float32"),
            ("membw-copy", 8 * MIB, "float32"), ("membw-copy", 1024 * MIB, "float32"))


def bars() -> Iterator[Bar]:
    """Yield the spread of each ceiling, and how near it is to the best of others in turns of a few milliseconds."""
    for kind, size, dtype in COMPARED:
        cell = Cell(MACHINE, kind, "cpu", dtype, size=size)  # type: ignore[arg-type]
        ours = np.array([_ours(cell) for _ in range(REPEATS)])
        spread = float((ours.max() - ours.min()) / np.median(ours))
        value = f"{np.median(ours):.4g} {DEFINITIONS[kind].unit}, {spread:.1%}"
        yield Bar(f"{cell.test}: spread over {REPEATS}", value, "≤ 3 %", spread <= 0.03)
        mine, theirs = _in_turns(cell)
        ratio = max(mine) / max(theirs)
        yield Bar(f"{cell.test}: best of ours ÷ best of theirs, in turns", f"{ratio:.3f}, {len(mine)} turns each",
                  "0.97 to 1.03", abs(ratio - 1) <= 0.03)


def _in_turns(cell: Cell) -> tuple[list[float], list[float]]:
    """Return the values of samples of ours and of the better of torch's and numpy's, one after another."""
    workload = make_of_machine(cell, 0, RunSpec((cell,)), CPU, Meter(lambda event: None))
    work, *others = _same_work(cell)
    watch, definition = Stopwatch(CPU), DEFINITIONS[cell.workload]
    repeats = []
    for other in others:
        timed = Timer("work()", globals={"work": other}, num_threads=torch.get_num_threads()).blocked_autorange(
            min_run_time=0.05)
        repeats.append(max(1, round(TURN_S / min(timed.times))))
    mine, theirs, ends = [], [], time.perf_counter() + IN_TURNS_S
    while time.perf_counter() < ends:
        workload.prepare()
        mine.append(definition.value(workload.run(watch).seconds, workload.work))
        for other, count in zip(others, repeats, strict=True):
            started = time.perf_counter_ns()
            for _ in range(count):
                other()
            theirs.append(definition.value((time.perf_counter_ns() - started) / 1e9, count * work))
    return mine, theirs


def _ours(cell: Cell) -> float:
    """Return the ceiling as a run measures it: the best sample."""
    meter = Meter(lambda event: None)
    workload = make_of_machine(cell, 0, RunSpec((cell,)), CPU, meter)
    definition = DEFINITIONS[cell.workload]
    rule = StoppingRule("quick", MACHINE_LIMIT_S, T_MIN_MACHINE_S)
    measured = measure(workload, definition, rule, meter, CPU, 0.25 * MACHINE_LIMIT_S)
    return definition.value(min(measured.times), measured.work)


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
