"""A made-up run of two tests in turns, and how it ends."""

from collections.abc import Iterator, Sequence
from typing import Any

from llmscope.core import events as ev
from llmscope.core.results import Row, Verdict
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, RunSpec, Sampling

SECOND = 1_000_000_000
#: Far behind the clock of the made-up run before.
START_NS = 2_000 * SECOND
SLOWER = {"ratio": 0.2114, "low": 0.2021, "high": 0.2304, "rounds": 16, "resolved": True, "half_width": 0.067}
SAME = {"ratio": 1.004, "low": 0.983, "high": 1.025, "rounds": 16, "resolved": False, "half_width": 0.021}


def turns(cells: Sequence[Cell], compared: dict[str, Any] | None, verdict: Verdict = "valid",
          reason: str | None = None) -> Iterator[ev.Event]:
    """Yield the events of two cells in turns; `compared` is what the rows say of them."""
    yield ev.RunStarted(t_ns=START_NS, run="20261121-190000-t1", utc="2026-11-21T19:00:00Z", machine={}, versions={},
                        spec=RunSpec(tuple(cells), accuracy="quick", in_turns=True))
    for number in range(2):
        yield ev.CellStarted(t_ns=START_NS + number, cell=number)
    for number in range(16):
        yield ev.Sample(t_ns=START_NS + number * SECOND, cell=number % 2, index=number // 2, seconds=0.5)
    for number in range(2):
        yield ev.CellEnded(t_ns=START_NS + 17 * SECOND, cell=number,
                           row=_row(cells[number], number, compared, verdict, reason))
    yield ev.RunEnded(t_ns=START_NS + 18 * SECOND, status="stopped" if verdict == "cancelled" else "done", seconds=18.0)


def _row(cell: Cell, number: int, compared: dict[str, Any] | None, verdict: Verdict, reason: str | None) -> Row:
    seconds = 0.5 / (compared["ratio"] if compared and number else 1)
    extra = {"seconds": seconds} | ({"compared": compared} if compared else {})
    return make_row("20261121-190000-t1", cell, Sampling(), [seconds] * 16, verdict, reason, extra)
