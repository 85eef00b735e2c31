"""Speeds of tests that were left out, predicted from the others: what was measured against what was foretold."""

import random
from collections.abc import Callable, Iterator

import numpy as np

from llmscope.analysis.ceilings import Ceilings, ceilings_of
from llmscope.analysis.prediction import Prediction, predict
from llmscope.core.results import COUNTED, Row
from llmscope.core.spec import MACHINE, Cell, RunSpec
from llmscope.runs.blocking import run_blocking
from tests.benchmarks.report import Bar

MIB = 1024**2
#: Two models that a person may have measured, and two more; no constant of the predictor was chosen by Pythia. All but
#: the smallest in float32 alone: where bfloat16 has no unit, a pass of them takes longer than a test may.
TWO = ("bundled", "arch:smollm2-135m")
SERIES = (("bundled", "float32"), ("bundled", "bfloat16"), ("arch:smollm2-135m", "float32"), ("arch:gpt2", "float32"),
          ("arch:pythia-160m", "float32"))
SEQS, BATCHES, DECODED = (32, 64, 128), (1, 2), (1, 2, 4)
#: Longest measuring of a test: the whole takes about four minutes.
LIMIT_S = 2.0
#: What a row is predicted from, when the axis is left out: the other rows for which this holds.
AXES: dict[str, Callable[[Row, Row], bool]] = {
    "batch": lambda row, other: row.batch != other.batch,
    "seq": lambda row, other: row.seq != other.seq,
    "dtype": lambda row, other: row.dtype != other.dtype,
    "model": lambda row, other: row.model != other.model,
    "model from two": lambda row, other: row.model != other.model and other.model in TWO}


def lines() -> Iterator[str]:
    """Measure a grid, and yield each prediction beside what was measured, and for each axis how far they are off.

    One thread measures: it waits for no other that a busy machine holds up. The order is drawn by lot: a machine that
    is slower for some minutes would else be taken for a slower model or dtype.
    """
    tests = [cell for model, dtype in SERIES for cell in _tests(model, dtype)]
    order = random.Random(1).sample(tests, len(tests))
    finished = run_blocking(RunSpec((*_machine(), *order), accuracy="quick", threads=1, time_limit_s=LIMIT_S),
                            lambda event: None, None)
    started = finished.started
    known = ceilings_of(finished.rows, "cpu", started.utc, started.run, started.versions)
    rows = dict(zip(order, finished.rows[-len(order):], strict=True))
    measured = [(cell, rows[cell]) for cell in tests if rows[cell].verdict in COUNTED]
    yield f"{len(measured)} of {len(tests)} tests measured"
    summaries: list[Bar] = []
    for axis, tells in AXES.items():
        yield from _axis(axis, tells, measured, known, summaries)
    yield from map(str, summaries)


def _tests(model: str, dtype: str) -> tuple[Cell, ...]:
    return (*(Cell(model, "pp", "cpu", dtype, batch=batch, seq=seq)  # type: ignore[arg-type]
              for batch in BATCHES for seq in SEQS),
            *(Cell(model, "tg", "cpu", dtype, batch=batch, new=16) for batch in DECODED))  # type: ignore[arg-type]


def _machine() -> tuple[Cell, ...]:
    return (*(Cell(MACHINE, "gemm", "cpu", dtype, size=size)  # type: ignore[arg-type]
              for dtype in ("float32", "bfloat16") for size in (256, 512, 1024)),
            *(Cell(MACHINE, "membw-read", "cpu", "float32", size=2**n * MIB) for n in range(11)))


def _axis(axis: str, tells: Callable[[Row, Row], bool], measured: list[tuple[Cell, Row]],
          ceilings: Ceilings | None, summaries: list[Bar]) -> Iterator[str]:
    errors, held = [], []
    rows = [(cell, row) for cell, row in measured if axis != "seq" or cell.workload == "pp"]
    for cell, row in rows:
        others = [other for _, other in measured if tells(row, other)]
        found = predict(others, cell, ceilings)
        yield _line(axis, row, found)
        if found is not None and row.median:
            errors.append(found.value / row.median - 1)
            held.append(found.low <= row.median <= found.high)
    if not errors:
        summaries.append(Bar(f"{axis} left out: mean error", "nothing could be predicted", "≤ 15 %", False))
        return
    mean, share = float(np.mean(np.abs(errors))), float(np.mean(held))
    summaries += [Bar(f"{axis} left out: mean error of {len(errors)} of {len(rows)}",
                      f"{mean:.1%}, median {np.median(errors):+.1%}", "≤ 15 %", mean <= 0.15),
                  Bar(f"{axis} left out: 90 % ranges that hold the value", f"{share:.0%}", "≥ 85 %", share >= 0.85)]


def _line(axis: str, row: Row, found: Prediction | None) -> str:
    said = "none" if found is None else f"{found.value:9.1f} [{found.low:.1f}, {found.high:.1f}]"
    return f"{axis:<14} {row.model:<18} {row.dtype:<9} {row.test:<12} measured {row.median:9.1f}  predicted {said}"
