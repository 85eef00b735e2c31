"""The ceilings, five times over, and in paired alternation with others doing the same work: torch, numpy, memmove."""

import ctypes
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch.utils.benchmark import Timer

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.paired import paired_ratio
from llmscope.core.spec import MACHINE, Cell, RunSpec
from llmscope.core.stopping import MACHINE_LIMIT_S, T_MIN_MACHINE_S, StoppingRule
from llmscope.engine.measuring import measure
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Stopwatch
from llmscope.engine.workloads import make_of_machine
from llmscope.engine.workloads.machine import in_large_pages
from tests.benchmarks.report import Bar

CPU = torch.device("cpu")
MIB = 1024**2
REPEATS = 5
#: Seconds of a turn, and the first part of it that is not counted: threads of the library before it still spin.
TURN_S, SETTLE_S = 0.12, 0.03
ROUNDS = 40
#: Kind, size and dtype of the ceilings that are compared.
COMPARED = (("gemm", 512, "float32"), ("gemm", 1024, "float32"), ("membw-read", 8 * MIB, "float32"),
            ("membw-read", 256 * MIB, "float32"), ("membw-read", 1024 * MIB, "float32"),
            ("membw-copy", 8 * MIB, "float32"), ("membw-copy", 1024 * MIB, "float32"))

Work = Callable[[], object]


def bars() -> Iterator[Bar]:
    """Yield the seconds of all ceilings together, the spread of each, and the ratio of its turns to others' turns."""
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "llmscope", "bench", "--preset", "hardware", "--no-save", "-o", "json"],
                   capture_output=True, check=False)
    taken_s = time.monotonic() - started
    yield Bar("all ceilings, from the terminal", f"{taken_s:.1f} s", "≤ 60 s", taken_s <= 60)
    for kind, size, dtype in COMPARED:
        cell = Cell(MACHINE, kind, "cpu", dtype, size=size)  # type: ignore[arg-type]
        work, others = _same_work(cell)
        name, other = min(others.items(), key=lambda named: _best_s(named[1]))
        ours, theirs = [], []
        for _ in range(REPEATS):
            ours.append(_ours(cell))
            theirs.append(DEFINITIONS[kind].value(_best_s(other), work))
        unit = DEFINITIONS[kind].unit
        yield Bar(f"{cell.test}: spread over {REPEATS}", f"{_spread(ours):.1%} of {np.median(ours):.4g} {unit}",
                  f"≤ 3 % ({name}: {_spread(theirs):.1%})", _spread(ours) <= 0.03)
        yield _in_turns(cell, name, other)


def _spread(values: list[float]) -> float:
    return float((max(values) - min(values)) / np.median(values))


def _best_s(work: Work) -> float:
    """Return the best time of a piece of work by torch's own timer."""
    timer = Timer("work()", globals={"work": work}, num_threads=torch.get_num_threads())
    return float(min(timer.blocked_autorange(min_run_time=0.3).times))


def _ours(cell: Cell) -> float:
    """Return the ceiling as a run measures it: the best sample."""
    meter = Meter(lambda event: None)
    workload = make_of_machine(cell, 0, RunSpec((cell,)), CPU, meter)
    definition = DEFINITIONS[cell.workload]
    rule = StoppingRule("quick", MACHINE_LIMIT_S, T_MIN_MACHINE_S)
    measured = measure(workload, definition, rule, meter, CPU, 0.25 * MACHINE_LIMIT_S)
    return definition.value(min(measured.times), measured.work)


def _in_turns(cell: Cell, name: str, other: Work) -> Bar:
    """Compare the best of each turn of ours with the best of the turn of theirs beside it, in random order."""
    workload = make_of_machine(cell, 0, RunSpec((cell,)), CPU, Meter(lambda event: None))
    workload.prepare()
    watch, repeats, order = Stopwatch(CPU), workload.summary()["repeats"], random.Random(1)

    def ours() -> float:
        return float(workload.run(watch).seconds) / repeats

    def theirs() -> float:
        started = time.perf_counter_ns()
        for _ in range(repeats):
            other()
        return (time.perf_counter_ns() - started) / 1e9 / repeats

    turns: dict[Callable[[], float], list[float]] = {ours: [], theirs: []}
    for _ in range(ROUNDS):
        for side in order.sample([ours, theirs], 2):
            turns[side].append(_best_of_turn(side))
    found = paired_ratio(np.array(turns[theirs]), np.array(turns[ours]))
    value = f"{found.ratio:.3f} [{found.low:.3f}, {found.high:.3f}], n {found.rounds}"
    return Bar(f"{cell.test}: ours ÷ {name}, in turns", value, "interval meets [0.97, 1.03]",
               found.low <= 1.03 and found.high >= 0.97)


def _best_of_turn(side: Callable[[], float]) -> float:
    started, best_s = time.perf_counter(), float("inf")
    while (since_s := time.perf_counter() - started) < TURN_S or best_s == float("inf"):
        once_s = side()
        if since_s >= SETTLE_S:
            best_s = min(best_s, once_s)
    return best_s


def _same_work(cell: Cell) -> tuple[int, dict[str, Work]]:
    """Return the FLOPs or bytes of the work, and who else does it: torch, numpy, the C library."""
    if cell.workload == "gemm":
        x, w = (torch.randn(cell.size, cell.size) for _ in range(2))
        a, b = x.numpy(), w.numpy()
        return 2 * cell.size**3, {"torch": lambda: x @ w.T, "numpy": lambda: a @ b.T}
    whole = in_large_pages(torch.randint(2**62, (min(cell.size // 8, MIB),)), cell.size // 8)
    real = in_large_pages(torch.randn(min(cell.size // 4, MIB)), cell.size // 4)
    if cell.workload == "membw-read":
        array = real.numpy()
        return cell.size, {"torch": whole.sum, "torch in f32": real.sum, "numpy": lambda: np.dot(array, array)}
    source, target = whole.chunk(2)
    of_real, to_real = real.chunk(2)
    return cell.size, {"torch": lambda: target.copy_(source), "torch in f32": lambda: to_real.copy_(of_real),
                       "numpy": lambda: np.copyto(target.numpy(), source.numpy()), "memmove": _memmove(target, source)}


def _memmove(target: torch.Tensor, source: torch.Tensor) -> Work:
    """Return the C library's own copy, in as many threads as torch uses."""
    threads = torch.get_num_threads()
    part, pool = source.nbytes // threads, ThreadPoolExecutor(threads)
    starts = [(target.data_ptr() + part * i, source.data_ptr() + part * i, part) for i in range(threads)]
    return lambda: list(pool.map(lambda of: ctypes.memmove(*of), starts))
