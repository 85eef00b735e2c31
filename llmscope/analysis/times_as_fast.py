"""How many times as fast one stored result is as another, and whether that can be told from chance."""

import math
from collections.abc import Sequence
from statistics import NormalDist

from msgspec import Struct

from llmscope.analysis.compare_floors import Z_95, Floor
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import Row

#: Two rows to compare, the second one the baseline, and the floors of their machines.
Pair = tuple[Row, Row, tuple[Floor, Floor]]
#: Larger logarithms would only overflow: a run that was imported may hold any figures.
MOST_LOG = 700.0


class TimesAsFast(Struct, frozen=True):
    """A ratio of speeds. `low` and `high` combine the intervals of both, None where one has none.

    `resolvable` is the share from which on a difference would have been told, both floors included.
    """

    ratio: float
    low: float | None = None
    high: float | None = None
    resolvable: float | None = None

    @property
    def is_resolved(self) -> bool:
        """Whether a difference was found."""
        return self.resolvable is not None and abs(math.log(self.ratio)) > math.log1p(self.resolvable)

    @property
    def inverse(self) -> "TimesAsFast":
        """The same told of the other one."""
        low, high = (None if end is None else 1 / end for end in (self.high, self.low))
        return TimesAsFast(1 / self.ratio, low, high, self.resolvable)

    @property
    def half_width(self) -> float | None:
        """Half the width of the interval, in the ratio's own unit; None without one."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def together(pairs: Sequence[Pair]) -> list[TimesAsFast | None]:
    """Return how many times as fast each row is as its base, so that with 95 % not one is told apart by chance.

    Holm's procedure ("A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6,
    1979): a difference is told with 1 − 0.05 / m among the m that are not told yet, until none more is.
    """
    found = [times_as_fast(*pair) for pair in pairs]
    rest = [number for number, times in enumerate(found) if times is not None and times.resolvable is not None]
    while rest:
        for number in rest:
            found[number] = times_as_fast(*pairs[number], len(rest))
        before, rest = rest, [number for number in rest if not _is_told(found[number])]
        if rest == before:
            break
    return found


def times_as_fast(row: Row, base: Row, floors: tuple[Floor, Floor], tests: int = 1) -> TimesAsFast | None:
    """Return how many times as fast `row` is as `base`, None where one has no value above zero.

    A time counts the other way round. The interval is made on logarithms, each side from the two distances that point
    its way, √(d₁² + d₂²) (Zou and Donner, "Construction of confidence limits about effect measures", Statistics in
    Medicine 27, 2008). A difference is told beyond √(d₁² + d₂² + (f₁² + f₂²) / 2) with both machines' floors f, all of
    them widened to the confidence that one of so many `tests` needs (Bonferroni).
    """
    if row.unit != base.unit or not _is_positive(row) or not _is_positive(base):
        return None
    over, under = (row, base) if higher_is_better(row) else (base, row)
    assert over.median is not None and under.median is not None
    log = _bounded(math.log(over.median) - math.log(under.median))
    of_over, of_under = _reach(over), _reach(under)
    if of_over is None or of_under is None:
        return TimesAsFast(math.exp(log))
    (over_down, over_up), (under_down, under_up) = of_over, of_under
    down, up = math.hypot(over_down, under_up), math.hypot(over_up, under_down)
    z = NormalDist().inv_cdf(1 - 0.025 / tests)
    toward_1 = (down if log > 0 else up) * z / Z_95
    total = math.hypot(toward_1, *(floor.reach(z) / math.sqrt(2) for floor in floors))
    low, high = (math.exp(_bounded(end)) for end in (log - down, log + up))
    return TimesAsFast(math.exp(log), low, high, math.expm1(min(total, MOST_LOG)))


def higher_is_better(row: Row) -> bool:
    """Return whether a row's value is a rate; else it is a time."""
    definition = DEFINITIONS.get(row.definition.partition("/")[0])
    return row.unit not in ("s", "ms") if definition is None else definition.higher_is_better


def _is_told(times: TimesAsFast | None) -> bool:
    return times is not None and times.is_resolved


def _is_positive(row: Row) -> bool:
    return row.median is not None and 0 < row.median < math.inf


def _reach(row: Row) -> tuple[float, float] | None:
    """Return how far a row's interval reaches below and above its median, on logarithms."""
    if row.median is None or row.low is None or row.high is None or row.low <= 0:
        return None
    low, median, high = map(math.log, (row.low, row.median, row.high))
    return max(0.0, median - low), max(0.0, high - median)


def _bounded(log: float) -> float:
    return max(-MOST_LOG, min(MOST_LOG, log))
