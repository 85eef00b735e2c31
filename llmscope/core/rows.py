"""From block times to the row of a test."""

from collections.abc import Sequence
from typing import Any, get_args

import msgspec
import numpy as np

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import Row, Verdict
from llmscope.core.spec import Cell, Sampling, Workload
from llmscope.core.statistics import median_interval


def make_row(run: str, cell: Cell, sampling: Sampling, times_s: Sequence[float], verdict: Verdict,
             reason: str | None = None, extra: dict[str, Any] | None = None, work: int | None = None) -> Row:
    """Return the row of a cell from its block times in seconds.

    `work` is what a sample did (tokens, FLOPs or bytes), where the worker has said so.
    A failed or invalid test has no value, whatever samples it had: they stay in the event stream.
    """
    definition = DEFINITIONS[cell.workload]
    work = work or cell.work(sampling)
    counted = verdict not in ("failed", "invalid")
    times = np.array(times_s if counted else (), dtype=float)
    values: dict[str, Any] = {}
    if len(times):
        interval = median_interval(times)
        ends = (interval.high, interval.low) if definition.higher_is_better else (interval.low, interval.high)
        convert = [None if s is None else definition.value(s, work) for s in (interval.median, *ends)]
        values = {"median": convert[0], "low": convert[1], "high": convert[2]}
    return Row(
        run=run, test=cell.test, definition=definition.label, model=cell.model, backend=cell.backend,
        device=cell.device, dtype=cell.dtype, batch=cell.batch, seq=cell.seq, new=cell.new, depth=cell.depth,
        options=cell.options | ({"size": cell.size} if definition.of_machine else {}),
        unit=definition.unit, n=len(times), timed_s=float(times.sum()), verdict=verdict, reason=reason,
        samples=tuple(definition.value(float(s), work) for s in times), extra=extra or {}, **values)


def cell_of(row: Row) -> Cell | None:
    """Return the cell that a row came from; None where this version knows no such test or setting."""
    workload = row.definition.partition("/")[0]
    if workload not in get_args(Workload):
        return None
    settings = {name: getattr(row, name)
                for name in ("model", "device", "dtype", "backend", "batch", "seq", "new", "depth")}
    try:
        return msgspec.convert({"workload": workload} | settings | row.options, Cell)
    except msgspec.ValidationError:
        return None
