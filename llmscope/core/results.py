"""One row per test: the value, its interval, how it was got, and whether it may be believed."""

from typing import Any, Literal

from msgspec import Struct, field

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
    confidence and are None where n allows no interval. `options` are the test's settings that are not the
    usual ones, and the `size` of a test of the machine. `timed_s` is the sum of the timed seconds.
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
    options: dict[str, str | bool | int] = {}
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
