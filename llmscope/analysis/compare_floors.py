"""How well a machine repeats itself: by which share two runs of one thing on it may differ, with nothing changed."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from llmscope.core.statistics import lag1_autocorrelation

Logs = NDArray[np.float64]

#: Assumed of a machine of which no repeats are stored: clocks, heat, memory placement and other programs change from
#: one run to the next, and an interval from within a run does not see it. A choice, wider than what `quick` asks for.
DEFAULT_FLOOR = 0.05
#: No machine is taken to repeat itself better than this (rule M11 of the measuring rules).
LEAST_FLOOR = 0.01
#: Beyond this a floor tells nothing more, and larger numbers would only overflow.
MOST_FLOOR = 1e6
#: Fewer degrees of freedom than three repeats have tell nothing of a spread.
LEAST_FREEDOM = 2
#: The parts of a run that stand in for repeats, each some samples long, and the fewest samples that are parted.
PARTS, PARTED_FROM = 8, 6
#: How much farther a speed that wanders does so from run to run than from part to part of one run. Noise that is as
#: strong at every scale of time (1/f) has √((ln(L/T) + 3/2) / ln 8) of the parts' spread between runs of T, L apart:
#: 1.3 times it three minutes after a run of half a minute, 2.1 times it a day after.
WANDER = 2.0
#: The 97.5 % point of the normal distribution.
Z_95 = 1.959964


class Floor(Struct, frozen=True):
    """By which share two runs of one thing on one machine may differ, with 95 %, though nothing was changed.

    Found from so many stored `runs`; 0 says that it is assumed. `freedom` are the degrees of freedom of the spread it
    was estimated from, 0 where it was not estimated.
    """

    share: float = DEFAULT_FLOOR
    runs: int = 0
    freedom: int = 0

    @property
    def has_varied(self) -> bool:
        """Whether more is assumed than usual, as the machine's speed varied during the run itself."""
        return not self.runs and self.freedom > 0

    def reach(self, z: float) -> float:
        """Return the floor on logarithms, held with the confidence of a normal point z instead of 95 %."""
        wider = _student(self.freedom, z) / _student(self.freedom, Z_95) if self.freedom else z / Z_95
        return math.log1p(self.share) * wider


def floor_of(repeats: Iterable[Sequence[float]]) -> Floor:
    """Return the floor from values of runs that were repeated, a list for each setting; assumed where there are few.

    √2 · t · s, with s the spread of the logarithms within the settings and t Student's 97.5 % point.
    """
    logs = [np.log(np.asarray(values)) for values in repeats if len(values) > 1]
    freedom = sum(len(group) - 1 for group in logs)
    if freedom < LEAST_FREEDOM:
        return Floor()
    share = _share(_differ(logs, freedom))
    return Floor(max(LEAST_FLOOR, share), sum(map(len, logs)), freedom)


def assumed_floor(samples: Sequence[float]) -> Floor:
    """Return the floor of a machine of which no repeats are stored, from the samples of a run in their order.

    A machine whose speed varies during a run varies from run to run too: the run's eighths stand in for repeats. Their
    floor is doubled where the speed wanders: where neighbours are alike, which samples without a memory are not.
    """
    values = np.asarray(samples)
    if len(values) < PARTED_FROM or values.min() <= 0:
        return Floor()
    logs = np.log(values)
    parts = np.array([np.median(part) for part in np.array_split(logs, min(PARTS, len(logs)))])
    freedom = len(parts) - 1
    wanders = lag1_autocorrelation(logs) > -1 / len(logs)  # what independent samples have on average
    share = _share((WANDER if wanders else 1.0) * _differ([parts], freedom))
    return Floor(share, 0, freedom) if share > DEFAULT_FLOOR else Floor()


def _differ(logs: Sequence[Logs], freedom: int) -> float:
    """Return by how much two values of a group differ at most, with 95 %, on logarithms."""
    variance = sum(float(((group - group.mean()) ** 2).sum()) for group in logs) / freedom
    return math.sqrt(2 * variance) * _student(freedom, Z_95)


def _share(log: float) -> float:
    return math.expm1(min(log, math.log1p(MOST_FLOOR)))


def _student(freedom: int, z: float) -> float:
    """Return Student's point with the tail of the normal point z, from 2 degrees on.

    The approximation of Peizer and Pratt (Journal of the American Statistical Association 63, 1968), turned round:
    within 1 % at 97.5 %, too wide farther out, by 5 % for three degrees and z = 3.
    """
    slope = (freedom - 5 / 6) / (freedom - 2 / 3 + 0.1 / freedom) ** 2
    return math.sqrt(freedom * math.expm1(slope * z * z))
