"""One row per test: the value, its interval, how it was got, and whether it may be believed."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from msgspec import Struct, field

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.spec import Cell, Sampling
from llmscope.core.statistics import median_interval

Verdict = Literal["valid", "warn", "not_converged", "invalid", "failed", "cancelled", "interrupted"]

#: Words on screen for each verdict.
VERDICT_WORDS: dict[str, str] = {
    "valid": "steady", "warn": "warned", "not_converged": "noisy", "invalid": "not counted",
    "failed": "failed", "cancelled": "stopped", "interrupted": "stopped",
}
#: Verdicts whose value stands: exit code 0, allowed in rankings.
COUNTED = frozenset({"valid", "warn", "not_converged"})


class Row(Struct, frozen=True, kw_only=True):
    """The result of one test. None is "not measured", never zero.

    `median`, `low`, `high` and `samples` are in `unit`; `low` and `high` bound the median with 95 %
    confidence and are None where n allows no interval. `timed_s` is the sum of the timed seconds.
    """

    run: str
    test: str
    definition: str
    model: str
    backend: str
    device: str
    dtype: str
    batch: int
    seq: int
    new: int
    depth: int
    unit: str
    median: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    timed_s: float = 0.0
    verdict: Verdict
    reason: str | None = None
    samples: tuple[float, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def half_width(self) -> float | None:
        """Half the interval's width as a share of the median, or None without an interval."""
        if self.low is None or self.high is None or not self.median:
            return None
        return (self.high - self.low) / 2 / self.median


def make_row(run: str, cell: Cell, sampling: Sampling, times_s: Sequence[float], verdict: Verdict,
             reason: str | None = None, extra: dict[str, Any] | None = None) -> Row:
    """Return the row of a cell from its block times in seconds.

    A failed or invalid test has no value, whatever samples it had: they stay in the event stream.
    """
    definition = DEFINITIONS[cell.workload]
    work = cell.work(sampling)
    counted = verdict not in ("failed", "invalid")
    times = np.array(times_s if counted else (), dtype=float)
    values: dict[str, Any] = {}
    if len(times):
        interval = median_interval(times)
        ends = (interval.low, interval.high) if work is None else (interval.high, interval.low)
        convert = [None if s is None else (s if work is None else work / s) for s in (interval.median, *ends)]
        values = {"median": convert[0], "low": convert[1], "high": convert[2]}
    return Row(
        run=run, test=cell.test, definition=definition.label, model=cell.model, backend=cell.backend,
        device=cell.device, dtype=cell.dtype, batch=cell.batch, seq=cell.seq, new=cell.new, depth=cell.depth,
        unit=definition.unit, n=len(times), timed_s=float(times.sum()), verdict=verdict, reason=reason,
        samples=tuple(float(s if work is None else work / s) for s in times), extra=extra or {}, **values)
