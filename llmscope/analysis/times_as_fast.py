"""How many times as fast one stored result is as another, and whether that can be told from chance."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from msgspec import Struct

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import Row

#: Assumed of a machine of which no repeats are stored: clocks, heat, memory placement and other programs change from
#: one run to the next, and an interval from within a run does not see it. A choice, wider than what `quick` asks for.
DEFAULT_FLOOR = 0.05
#: No machine is taken to repeat itself better than this (rule M11 of the measuring rules).
LEAST_FLOOR = 0.01
#: Fewer degrees of freedom than three repeats have tell nothing of a spread.
LEAST_FREEDOM = 2


class Floor(Struct, frozen=True):
    """By which share two runs of one thing on one machine may differ, with 95 %, though nothing was changed.

    Found from so many stored `runs`; 0 says that it is assumed.
    """

    share: float = DEFAULT_FLOOR
    runs: int = 0


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


def times_as_fast(row: Row, base: Row, floors: tuple[Floor, Floor]) -> TimesAsFast | None:
    """Return how many times as fast `row` is as `base`, None where one has no value above zero.

    A time counts the other way round. The interval is made on logarithms, each side from the two distances that point
    its way, √(d₁² + d₂²) (Zou and Donner, "Construction of confidence limits about effect measures", Statistics in
    Medicine 27, 2008). A difference is told beyond √(d₁² + d₂² + (f₁² + f₂²) / 2) with both machines' floors f.
    """
    if row.unit != base.unit or not _is_positive(row) or not _is_positive(base):
        return None
    over, under = (row, base) if higher_is_better(row) else (base, row)
    assert over.median is not None and under.median is not None
    log = math.log(over.median / under.median)
    of_over, of_under = _reach(over), _reach(under)
    if of_over is None or of_under is None:
        return TimesAsFast(math.exp(log))
    (over_down, over_up), (under_down, under_up) = of_over, of_under
    down, up = math.hypot(over_down, under_up), math.hypot(over_up, under_down)
    toward_1 = down if log > 0 else up
    total = math.hypot(toward_1, *(math.log1p(floor.share) / math.sqrt(2) for floor in floors))
    return TimesAsFast(math.exp(log), math.exp(log - down), math.exp(log + up), math.expm1(total))


def floor_of(repeats: Iterable[Sequence[float]]) -> Floor:
    """Return the floor from values of runs that were repeated, a list for each setting; assumed where there are few.

    √2 · t · s, with s the spread of the logarithms within the settings and t Student's 97.5 % point.
    """
    logs = [np.log(np.asarray(values)) for values in repeats if len(values) > 1]
    freedom = sum(len(group) - 1 for group in logs)
    if freedom < LEAST_FREEDOM:
        return Floor()
    variance = sum(float(((group - group.mean()) ** 2).sum()) for group in logs) / freedom
    share = math.expm1(math.sqrt(2 * variance) * _student(freedom))
    return Floor(max(LEAST_FLOOR, share), sum(map(len, logs)))


def higher_is_better(row: Row) -> bool:
    """Return whether a row's value is a rate; else it is a time."""
    definition = DEFINITIONS.get(row.definition.partition("/")[0])
    return row.unit not in ("s", "ms") if definition is None else definition.higher_is_better


def _is_positive(row: Row) -> bool:
    return row.median is not None and 0 < row.median < math.inf


def _reach(row: Row) -> tuple[float, float] | None:
    """Return how far a row's interval reaches below and above its median, on logarithms."""
    if row.median is None or row.low is None or row.high is None or row.low <= 0:
        return None
    return max(0.0, math.log(row.median / row.low)), max(0.0, math.log(row.high / row.median))


def _student(freedom: int) -> float:
    """Return Student's 97.5 % point (series 26.7.5 of Abramowitz and Stegun): within 3 % from 2 degrees on."""
    z = 1.959964
    terms = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + sum(term / freedom ** (power + 1) for power, term in enumerate(terms))
