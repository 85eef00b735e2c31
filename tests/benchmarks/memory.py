"""The memory ledger against what the kernel and torch counted: peaks of tests, each in fresh processes.

Two errors tell two things apart: that of what the tensors hold at once is the closed forms'; that of the whole process
is also the C library's, whose heap has other holes each time.
"""

import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from llmscope.core.spec import DTYPE_BYTES, Cell
from llmscope.models.catalog import available, resolve
from llmscope.models.memory import Memory, held, memory
from tests.benchmarks.report import Bar

#: A test is run in so many processes, for its heap differs from one to the next; a large one, of which that is a small
#: part and which takes long, in one.
PROCESSES, LARGE_BYTES = 3, 1024**3
#: Where the processes of one test differ by more than this, no prediction can be held against their median.
SCATTERS = 0.10
TRAINING = ("fwd", "bwd", "opt", "train")
_CELL = Cell("bundled", "pp", device="cpu", dtype="float32")
_SMOL = replace(_CELL, model="arch:smollm2-135m")
_GPT2 = replace(_CELL, model="arch:gpt2")
_OPT = replace(_CELL, model="arch:opt-125m")
CELLS = (
    _CELL, replace(_CELL, workload="gen", batch=4, new=8), replace(_CELL, workload="val", batch=4),
    replace(_CELL, workload="train"), replace(_CELL, workload="train", batch=4),
    replace(_CELL, workload="train", batch=4, checkpointing=True),
    _SMOL, replace(_SMOL, workload="tg", depth=512, new=8), replace(_SMOL, workload="val", seq=256),
    replace(_SMOL, workload="gen", batch=4, seq=128, new=8),
    replace(_SMOL, workload="fwd", seq=256), replace(_SMOL, workload="bwd", seq=128),
    replace(_GPT2, seq=256), replace(_OPT, workload="val", seq=256), replace(_OPT, workload="opt"),
    replace(_SMOL, workload="train", seq=128), replace(_GPT2, workload="train", seq=128),
    replace(_SMOL, workload="train", seq=128, optimizer="sgd"),
    replace(_CELL, model="arch:qwen2.5-0.5b", seq=256), replace(_CELL, model="arch:mamba-130m", seq=64),
    replace(_SMOL, seq=2048),
    replace(_SMOL, dtype="bfloat16"), replace(_SMOL, workload="gen", batch=4, seq=128, new=8, dtype="bfloat16"),
    replace(_CELL, workload="train", batch=4, dtype="amp"), replace(_SMOL, workload="train", seq=128, dtype="amp"),
    replace(_GPT2, workload="gen", batch=2, seq=128, new=16),
    replace(_CELL, model="arch:mamba-130m", workload="tg", new=16),
    replace(_CELL, model="arch:pythia-160m", workload="train", seq=256),
    replace(_CELL, workload="train", batch=2, seq=256, checkpointing=True),
    replace(_CELL, model="arch:qwen3-0.6b", seq=1024),
    replace(_SMOL, workload="gen", batch=2, seq=512, new=32),
    replace(_OPT, workload="gen", batch=4, seq=256, new=16),
    replace(_CELL, workload="gen", batch=2, seq=256, new=64, dtype="bfloat16"),
    replace(_SMOL, batch=2, seq=1024, dtype="bfloat16"),
    replace(_CELL, model="arch:qwen2.5-0.5b", workload="tg", depth=256, new=16, dtype="bfloat16"),
    replace(_CELL, model="arch:pythia-160m", workload="val", batch=2, seq=128),
    replace(_CELL, workload="ttft", seq=256),
    replace(_OPT, workload="train", seq=128),
    replace(_CELL, workload="train", batch=2, seq=256, optimizer="sgd"),
    replace(_SMOL, workload="train", seq=128, checkpointing=True),
    *(replace(_CELL, batch=batch) for batch in (2, 4, 8, 16, 32)),
    *(replace(_CELL, batch=batch, seq=128) for batch in (1, 8, 16)),
    replace(_SMOL, batch=4), replace(_CELL, workload="tg", new=8),
    replace(_CELL, workload="gen", batch=2, new=32),
    replace(_CELL, batch=8, seq=256), replace(_CELL, batch=2, seq=1024), replace(_CELL, batch=8, dtype="bfloat16"),
    replace(_CELL, workload="gen", batch=8, seq=128, new=16), replace(_CELL, workload="val", batch=2, seq=256),
    replace(_CELL, workload="ttft"), replace(_CELL, workload="tg", depth=1024, new=16),
    replace(_CELL, workload="gen", batch=4, seq=256, new=32), replace(_SMOL, batch=2),
    replace(_GPT2, workload="val", seq=128), replace(_OPT, batch=2, seq=512),
    replace(_SMOL, workload="gen", batch=2, seq=256, new=16),
    replace(_CELL, workload="train", batch=2, seq=256), replace(_CELL, workload="bwd", seq=256),
)
#: Chosen when the formulas stood, and measured after that.
HELD_OUT = (
    replace(_CELL, batch=4, seq=256), replace(_CELL, seq=1024), replace(_CELL, batch=6, seq=384),
    replace(_CELL, batch=16, seq=256, dtype="bfloat16"), replace(_CELL, workload="gen", batch=4, seq=384, new=24),
    replace(_CELL, workload="val", batch=2), replace(_CELL, workload="ttft", seq=768),
    replace(_CELL, workload="tg", depth=512, batch=4, new=16), replace(_SMOL, seq=1024), replace(_SMOL, workload="val"),
    replace(_SMOL, workload="gen", batch=4, seq=256, new=16), replace(_GPT2, batch=2, seq=512),
    replace(_OPT, workload="gen", batch=2, seq=128, new=16), replace(_CELL, model="arch:pythia-160m", seq=512),
    replace(_CELL, workload="train", batch=4, seq=256), replace(_SMOL, workload="bwd", seq=64),
)
_PARTS = ("weights", "kv_cache", "activations", "logits", "gradients", "optimizer", "worker", "loading")


class _Row(Struct, frozen=True):
    """A test's prediction, and in bytes the peaks of its processes and what tensors held, None where that failed."""

    cell: Cell
    need: Memory
    predicted_held: int
    risen: tuple[int, ...]
    held: int | None

    @property
    def training(self) -> bool:
        """Whether it is part of a training step."""
        return self.cell.workload in TRAINING

    @property
    def scatters(self) -> bool:
        """Whether its processes differ by more than the errors that are looked for."""
        return max(self.risen) - min(self.risen) > SCATTERS * statistics.median(self.risen)

    @property
    def error(self) -> float:
        """By which part the prediction is more than the median of its processes."""
        return (self.need.total_bytes or 0) / statistics.median(self.risen) - 1

    @property
    def held_error(self) -> float | None:
        """By which part the tensors are predicted to hold more than they do."""
        return None if self.held is None else self.predicted_held / self.held - 1


def bars() -> Iterator[Bar]:
    """Print the tables, and yield the errors and the slowest prediction."""
    print("in MiB; predicted against risen, the median of a test's processes; held is what its tensors took at once")
    rows: list[_Row] = []
    for title, cells in (("the formulas were written with these:", CELLS), ("held out:", HELD_OUT)):
        print(title)
        print(f"{'model':<20} {'test':<26} {' '.join(f'{part[:9]:>9}' for part in _PARTS)} {'held':>6} {'error':>7} "
              f"{'predicted':>9} {'risen':>6} {'error':>7} {'spread':>13}")
        rows += _rows(cells)
    for kind, most in (("inference", 0.05), ("training", 0.10)):
        yield from _errors([row for row in rows if row.training == (kind == "training")], kind, most)
    slowest, name = max(_prediction_s())
    yield Bar("slowest prediction of all shipped models", f"{slowest * 1e3:.1f} ms ({name})", "≤ 50 ms",
              slowest <= 0.05)


def _errors(rows: list[_Row], kind: str, most: float) -> Iterator[Bar]:
    sizes = [abs(row.error) for row in rows]
    mean = statistics.fmean(sizes) if sizes else math.inf
    within = f"{sum(size <= most for size in sizes)} of {len(sizes)} within {most:.0%}"
    yield Bar(f"mean error, {kind}, all tests", f"{mean:.1%}, {within}", f"≤ {most:.0%}", mean <= most)
    found = {"what tensors hold": [row.held_error for row in rows if row.held_error is not None],
             "tests that do not scatter": [row.error for row in rows if not row.scatters],
             "all tests": [row.error for row in rows]}
    for what, errors in found.items():
        worst = max(map(abs, errors), default=math.inf)
        yield Bar(f"largest error, {kind}, {what}", f"{worst:.1%}, n {len(errors)}", f"≤ {most:.0%}", worst <= most)


def _rows(cells: Iterable[Cell]) -> Iterator[_Row]:
    """Measure and print tests, two processes at a time: each counts its own memory."""
    with ThreadPoolExecutor(2) as pool:
        for cell in cells:
            asked = resolve(cell.model), cell, DTYPE_BYTES[cell.dtype]
            need = memory(*asked)
            times = PROCESSES if (need.total_bytes or 0) < LARGE_BYTES else 1
            tensors, *risen = pool.map(_bytes_of, ("held", *["risen"] * times), [cell] * (times + 1))
            found = tuple(bytes_ for bytes_ in risen if bytes_ is not None)
            if not found:
                print(f"{cell.model:<20} {_name(cell):<26} failed", flush=True)
                continue
            row = _Row(cell, need, held(*asked).total_bytes or 0, found, tensors)
            _print(row)
            yield row


def _name(cell: Cell) -> str:
    return f"{cell.test} {cell.dtype}" if cell.dtype != "float32" else cell.test


def _print(row: _Row) -> None:
    parts = " ".join(f"{_mib(getattr(row.need, part)):>9}" for part in _PARTS)
    held_error = "?" if row.held_error is None else f"{row.held_error:+.1%}"
    spread = f"{_mib(min(row.risen))}-{_mib(max(row.risen))}" if len(row.risen) > 1 else "one process"
    print(f"{row.cell.model:<20} {_name(row.cell):<26} {parts} {_mib(row.held):>6} {held_error:>7} "
          f"{_mib(row.need.total_bytes):>9} {_mib(statistics.median(row.risen)):>6} {row.error:>+7.1%} {spread:>13}"
          f"{' scatters' if row.scatters else ''}", flush=True)


def _mib(bytes_: float | None) -> str:
    return "?" if bytes_ is None else f"{bytes_ / 2**20:.0f}"


def _bytes_of(counted: str, cell: Cell) -> int | None:
    """Return how many bytes a process had `risen` by, or its tensors `held`; None if it failed."""
    with tempfile.TemporaryDirectory() as home:
        asked = [counted, msgspec.json.encode(cell).decode()]
        done = subprocess.run([sys.executable, "-m", "tests.benchmarks.memory_of", *asked],
                              env=os.environ | {"LLMSCOPE_HOME": home}, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr.strip().splitlines()[-1:], file=sys.stderr)
        return None
    return int(done.stdout.splitlines()[-1])


def _prediction_s() -> Iterator[tuple[float, str]]:
    """Yield the seconds from a model's checked facts to the parts of a training test."""
    for model in available():
        started = time.perf_counter()
        memory(model, replace(_CELL, model=model.ref, workload="train"), 4)
        yield time.perf_counter() - started, model.ref
