"""The row that ends a cell, whatever happened in it."""

from collections.abc import Callable

import torch
from msgspec import Struct

from llmscope.core.commands import RunCells
from llmscope.core.results import Row
from llmscope.core.rows import make_row
from llmscope.engine import failures
from llmscope.engine.checks import NotTrustworthy
from llmscope.engine.measuring import Measured
from llmscope.engine.meter import Cancelled


class Outcome(Struct, frozen=True):
    """A cell's row, None where it goes on; `recycle` if the process may be left in a bad state."""

    row: Row | None
    recycle: bool = False


def outcome(order: RunCells, index: int, device: torch.device, measure: Callable[[], Measured | None]) -> Outcome:
    """Measure a cell of an order and return the row of what came of it: a stop and a failure are rows too."""
    cell, sampling = order.spec.cells[index], order.spec.sampling
    try:
        measured = measure()
    except Cancelled:
        return Outcome(make_row(order.run, cell, sampling, (), "cancelled", "stopped before its first sample"))
    except NotTrustworthy as failed:
        return Outcome(make_row(order.run, cell, sampling, (), "invalid", str(failed)))
    except Exception as error:
        failure = failures.explain(error, device)
        return Outcome(make_row(order.run, cell, sampling, (), "failed", failure.reason, failure.extra),
                       failure.recycle)
    if measured is None:
        return Outcome(None)
    return Outcome(make_row(order.run, cell, sampling, measured.times, measured.verdict, measured.reason,
                            measured.extra, measured.work))
