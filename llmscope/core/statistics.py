"""Medians, intervals, drift, outliers, and when to stop measuring.

Every figure here is of block times in seconds. Order statistics are used throughout, so an interval
of times turns into an interval of rates by turning its ends.
"""

import math
from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
#: From so many values on their range stands in where too few of them are independent: it holds the median of
#: independent values with 97 %, of a process with ρ = 0.5 with 84 % for 6 values, 93 % for 8 and 97 % for 10.
RANGE_FROM = 6
#: Smallest n for which a percentile may be shown, at 99 % confidence (MLPerf LoadGen's early-stopping rule).
PERCENTILE_MINIMUM = {90.0: 64, 95.0: 130, 99.0: 662, 99.9: 6636}


class Interval(Struct, frozen=True):
    """A median with its 95 % interval; `low` and `high` are None where n allows none."""

    median: float
    low: float | None
    high: float | None
    n: int
    n_effective: int

    @property
    def half_width(self) -> float | None:
        """(high − low) / 2 as a share of the median, or None without an interval."""
        if self.low is None or self.high is None or self.median <= 0:
            return None
        return (self.high - self.low) / (2 * self.median)


def lag1_autocorrelation(values: Floats) -> float:
    """Return the lag-1 autocorrelation, 0 for fewer than 3 values or no spread."""
    if len(values) < 3:
        return 0.0
    mean = float(values.mean())
    centred = values - mean
    spread = float(centred @ centred)
    # Equal values differ from their mean by rounding alone, all to one side: that is no dependence.
    rounding = len(values) * (1e-12 * mean) ** 2
    return float(centred[1:] @ centred[:-1]) / spread if spread > rounding else 0.0


@lru_cache(maxsize=4096)
def order_rank(n: int) -> int:
    """Return l so that the l-th smallest and l-th largest of n values bound the median with 95 %, or 0.

    l = max{l : P(Binomial(n, 1/2) ≤ l − 1) ≤ 0.025}; none exists for n < 6.
    """
    tail, rank = 0.0, 0
    for k in range(n // 2):
        tail += math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2))
        if tail > (1 - CONFIDENCE) / 2:
            break
        rank = k + 1
    return rank


def median_interval(values: Floats) -> Interval:
    """Return the median and its distribution-free interval, widened for autocorrelation.

    With lag-1 autocorrelation ρ the n values count as n(1 − ρ⁺)/(1 + ρ⁺); the rank that so many
    independent values would have is taken as a quantile level on the n values at hand. The estimate of ρ
    is corrected for its bias of −(1 + 4ρ)/n (Marriott and Pope 1954), without which few values look
    independent that are not.
    """
    n = len(values)
    median = float(np.median(values))
    found = lag1_autocorrelation(values)
    rho = min(max(0.0, found + (1 + 4 * found) / n), 1.0)
    effective = max(1, math.floor(n * (1 - rho) / (1 + rho)))
    rank = order_rank(effective)
    if rank == 0 and n < RANGE_FROM:
        return Interval(median, None, None, n, effective)
    ordered = np.sort(values)
    index = max(0, rank * n // effective - 1)
    return Interval(median, float(ordered[index]), float(ordered[n - 1 - index]), n, effective)


def mann_kendall_p(values: Floats) -> float:
    """Return the two-sided p of a monotonic trend (Mann 1945, normal approximation with tie correction)."""
    n = len(values)
    if n < 4:
        return 1.0
    s = sum(float(np.sign(values[i + 1 :] - values[i]).sum()) for i in range(n - 1))
    ties = np.unique(values, return_counts=True)[1].astype(float)
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    if variance <= 0:
        return 1.0
    z = (s - math.copysign(1, s)) / math.sqrt(variance) if s else 0.0
    return math.erfc(abs(z) / math.sqrt(2))


def drift(values: Floats) -> float:
    """Return by which share the median of the second half differs from that of the first."""
    half = len(values) // 2
    if half == 0:
        return 0.0
    first = float(np.median(values[:half]))
    return float(np.median(values[-half:])) / first - 1 if first > 0 else 0.0


def is_stationary(values: Floats, epsilon: float) -> bool:
    """Return whether the halves agree within max(ε, 1 %), or no trend can be told (p > 0.01)."""
    return abs(drift(values)) <= max(epsilon, 0.01) or mann_kendall_p(values) > 0.01


class Outliers(Struct, frozen=True):
    """Counts and places of values far from the rest; nothing is ever dropped for being one."""

    mild: int
    severe: int
    far: tuple[int, ...]


def outliers(values: Floats, floor: float) -> Outliers:
    """Return values outside Tukey's fences (1.5 and 3 quartile ranges) and, as `far`, beyond 10 MADs.

    `floor` is the smallest spread that counts as one, in the values' unit: a MAD near 0 otherwise makes
    every value an outlier.
    """
    q1, q3 = np.quantile(values, [0.25, 0.75])
    median = float(np.median(values))
    reach = np.maximum(q1 - values, values - q3) / max(float(q3 - q1), floor)
    mad = max(float(np.median(np.abs(values - median))), floor)
    far = np.flatnonzero(np.abs(values - median) / mad > 10 * 1.4826)
    return Outliers(int(((reach > 1.5) & (reach <= 3)).sum()), int((reach > 3).sum()), tuple(int(i) for i in far))


def percentile(values: Floats, p: float) -> float | None:
    """Return the nearest-rank percentile, or None where n is too small to state it."""
    if len(values) < PERCENTILE_MINIMUM.get(p, 1):
        return None
    return float(np.sort(values)[max(0, math.ceil(p / 100 * len(values)) - 1)])
