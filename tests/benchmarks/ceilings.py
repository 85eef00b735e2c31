"""The ceilings, five times over, and in paired alternation with others doing the same work: torch, numpy, memmove."""

import ctypes
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import torch
from torch.utils.benchmark import Timer

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.paired import paired_ratio
from llmscope.core.spec import MACHINE, Cell
from llmscope.core.stopping import MACHINE_ROUNDS
from llmscope.engine.blocks import Blocks, in_large_pages
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Stopwatch
from llmscope.engine.workloads import make_of_machine
from tests.benchmarks.report import Bar

CPU = torch.device("cpu")
MIB = 1024**2
REPEATS = 5
#: Seconds of a turn, and the first part of it that is not counted: threads of the library before it still spin.
TURN_S, SETTLE_S = 0.16, 0.06
ROUNDS = 64
#: The ceilings that are compared with others.
COMPARED = tuple(Cell(MACHINE, kind, "cpu", "float32", size=size) for kind, size in (
    ("gemm", 512), ("gemm", 1024), ("membw-read", 8 * MIB), ("membw-read", 256 * MIB), ("membw-read", 1024 * MIB),
    ("membw-copy", 8 * MIB), ("membw-copy", 1024 * MIB)))

Work = Callable[[], object]


def bars() -> Iterator[Bar]:
    """Yield the seconds of all ceilings together, the spread of each, and the ratio of its turns to others' turns."""
    works = {cell: _same_work(cell) for cell in COMPARED}
    names = {cell: _fastest(others) for cell, (_, others) in works.items()}
    runs: list[dict[str, float]] = []
    theirs: dict[Cell, list[float]] = {cell: [] for cell in COMPARED}
    taken_s = []
    for _ in range(REPEATS):
        started = time.monotonic()
        runs.append(_all_ceilings())
        taken_s.append(time.monotonic() - started)
        for cell, (work, others) in works.items():
            theirs[cell].append(DEFINITIONS[cell.workload].value(_best_s(others[names[cell]]), work))
    yield Bar(f"all ceilings, from the terminal, {REPEATS} times", f"{min(taken_s):.1f} to {max(taken_s):.1f} s",
              "≤ 60 s", max(taken_s) <= 60)
    for cell in COMPARED:
        yield _spread_bar(cell.test, [run[cell.test] for run in runs], f"{names[cell]}: {_spread(theirs[cell]):.1%}")
    spreads = {test: _spread([run[test] for run in runs]) for test in runs[0]}
    narrow = sum(spread <= 0.03 for spread in spreads.values())
    widest = max(spreads, key=lambda test: spreads[test])
    yield Bar(f"of all {len(spreads)} ceilings", f"{narrow} within 3 %, median {np.median(list(spreads.values())):.1%}",
              f"≤ 3 % (widest: {widest} {spreads[widest]:.1%})", narrow == len(spreads))
    for dtype in ("f32", "bf16", "f16"):
        roofs = [max((value for test, value in run.items() if test.endswith(f"-{dtype}")), default=0.0) for run in runs]
        if all(roofs):
            yield _spread_bar(f"roof of products in {dtype}", roofs, "best over all sizes")
    for cell, (_, others) in works.items():
        yield _in_turns(cell, others)


def _all_ceilings() -> dict[str, float]:
    """Measure all ceilings as a person does, and return the best sample of each."""
    done = subprocess.run([sys.executable, "-m", "llmscope", "bench", "--preset", "hardware", "--accuracy", "quick",
                           "--no-save", "-o", "jsonl"], capture_output=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["test"]: max(row["samples"]) for row in rows}


def _spread_bar(what: str, values: list[float], beside: str) -> Bar:
    spread = _spread(values)
    return Bar(f"{what}: spread over {len(values)}", f"{spread:.1%} of {np.median(values):.4g}", f"≤ 3 % ({beside})",
               spread <= 0.03)


def _spread(values: list[float]) -> float:
    return float((max(values) - min(values)) / np.median(values))


def _fastest(works: dict[str, Work]) -> str:
    rounds = [{name: _best_s(work) for name, work in works.items()} for _ in range(REPEATS)]
    return min(works, key=lambda name: min(times[name] for times in rounds))


def _best_s(work: Work) -> float:
    """Return the best time of a piece of work by torch's own timer."""
    timer = Timer("work()", globals={"work": work}, num_threads=torch.get_num_threads())
    return float(min(timer.blocked_autorange(min_run_time=0.2).times))


def _in_turns(cell: Cell, others: dict[str, Work]) -> Bar:
    """Compare the best of ours with the best of theirs in turns, in random order.

    A pair is the best of as many rounds as a ceiling has: a single turn tells who suffers less from disturbances. All
    others take part, and ours is held against the one that was the fastest in these very turns.
    """
    workload = make_of_machine(cell, Blocks(CPU, (cell,), 0), Meter(lambda event: None))
    workload.prepare()
    watch, repeats, order = Stopwatch(CPU), workload.summary()["repeats"], random.Random(1)

    def ours() -> float:
        return float(workload.run(watch).seconds) / repeats

    sides = {"ours": ours} | {name: partial(_mean_s, work, repeats) for name, work in others.items()}
    turns: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name in order.sample(list(sides), len(sides)):
            turns[name].append(_best_of_turn(sides[name]))
    best = {name: np.array(seconds).reshape(-1, MACHINE_ROUNDS).min(axis=1) for name, seconds in turns.items()}
    fastest = min(others, key=lambda name: np.median(best[name]))
    found = paired_ratio(best[fastest], best["ours"])
    value = f"{found.ratio:.3f} [{found.low:.3f}, {found.high:.3f}], n {found.rounds}"
    return Bar(f"{cell.test}: ours ÷ {fastest}, in turns", value, "interval meets [0.97, 1.03]",
               found.low <= 1.03 and found.high >= 0.97)


def _mean_s(work: Work, repeats: int) -> float:
    started = time.perf_counter_ns()
    for _ in range(repeats):
        work()
    return (time.perf_counter_ns() - started) / 1e9 / repeats


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
        x, w = (in_large_pages(torch.randn(cell.size**2), cell.size**2).view(cell.size, cell.size) for _ in range(2))
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
