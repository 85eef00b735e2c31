"""A line over time in bounded memory: when it is full, neighbouring values are kept as their low and high."""

import math
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CAPACITY = 4096
#: Seconds of the narrowest bucket; wider ones are this times a power of two, so that boundaries never move. A power
#: of two itself, so that no time is rounded into the next bucket.
BUCKET_S = 0.0625


class Series:
    """Values in the order of their times (seconds); a pause longer than `gap_s` or a missing value is a gap."""

    def __init__(self, gap_s: float) -> None:
        self._gap_s = gap_s
        self._time = np.empty(CAPACITY)
        self._low = np.empty(CAPACITY)
        self._high = np.empty(CAPACITY)
        self._piece = np.empty(CAPACITY, np.int64)
        self._width_s = BUCKET_S
        self._last_s = -np.inf
        self._now_piece = 0
        self.latest: float | None = None
        self.count = 0
        self.mark()

    def add(self, at_s: float, value: float | None) -> None:
        """Add a value; None is a gap."""
        self.latest = value
        if value is None or at_s - self._last_s > self._gap_s:
            self.interrupt()
        if value is None:
            return
        self._total += value
        self._n += 1
        self._last_s = max(at_s, self._last_s)
        self._append(self._last_s, value)

    def interrupt(self) -> None:
        """Let the line end here and go on anew with the next value."""
        self._now_piece += 1

    def mark(self) -> None:
        """Begin the mean anew, as at the start of a phase."""
        self._total, self._n = 0.0, 0

    @property
    def mean(self) -> float | None:
        """The mean of the values since the mark."""
        return self._total / self._n if self._n else None

    @property
    def last_s(self) -> float:
        """When the last value was, −inf where there is none."""
        return self._last_s

    def recent(self, seconds: float) -> float | None:
        """Return the median of the last seconds of the unbroken line, None just after an interruption."""
        live = self._piece[: self.count] == self._now_piece
        live &= self._time[: self.count] >= self._last_s - seconds
        return median(self._high[: self.count][live].tolist()) if live.any() else None

    def line(self, step_s: float, from_s: float = -np.inf, to_s: float = np.inf) -> tuple[Floats, Floats]:
        """Return the line to draw with at most one low and one high in each step, NaN at gaps.

        With `from_s` and `to_s` only the part that is seen between them.
        """
        width_s = _bucket_s(step_s)
        first, last = self._whole_buckets(from_s, to_s, width_s)
        time, low, high, piece = _thin(tuple(column[first:last] for column in self._columns()), width_s)
        breaks = piece[1:] != piece[:-1]
        if not breaks.any() and (low == high).all():
            return time, low
        y, keep = np.empty((len(time), 3)), np.empty((len(time), 3), bool)
        y[:, 0], y[:, 1], y[:, 2] = low, high, np.nan
        keep[:, 0], keep[:, 1], keep[:-1, 2], keep[-1, 2] = True, high > low, breaks, False
        return np.repeat(time, keep.sum(axis=1)), y[keep]

    def _whole_buckets(self, from_s: float, to_s: float, width_s: float) -> tuple[int, int]:
        """Return the indices that hold this time and its neighbours, widened to whole buckets."""
        times = self._time[: self.count]
        if not self.count:
            return 0, 0
        before = max(0, int(times.searchsorted(from_s)) - 1)
        after = min(self.count - 1, int(times.searchsorted(to_s)))
        starts_s, ends_s = times[before] // width_s * width_s, (times[after] // width_s + 1) * width_s
        return int(times.searchsorted(starts_s)), int(times.searchsorted(ends_s))

    def at(self, at_s: float, within_s: float) -> float | None:
        """Return the value nearest in time, None where there is none within so many seconds."""
        times = self._time[: self.count]
        right = int(np.searchsorted(times, at_s))
        near = [i for i in (right - 1, right) if 0 <= i < self.count and abs(times[i] - at_s) <= within_s]
        if not near:
            return None
        best = min(near, key=lambda i: abs(times[i] - at_s))
        return float((self._low[best] + self._high[best]) / 2)

    def drop_before(self, at_s: float) -> None:
        """Forget everything older."""
        first = int(np.searchsorted(self._time[: self.count], at_s))
        if first > CAPACITY // 8:
            self._store(tuple(column[first:] for column in self._columns()))

    def limits(self) -> tuple[float, float] | None:
        """Return the lowest and the highest value, None where there is none."""
        if not self.count:
            return None
        return float(self._low[: self.count].min()), float(self._high[: self.count].max())

    def _columns(self) -> tuple[Any, ...]:
        n = self.count
        return self._time[:n], self._low[:n], self._high[:n], self._piece[:n]

    def _append(self, at_s: float, value: float) -> None:
        i = self.count
        same_bucket = i > 0 and int(at_s // self._width_s) == int(self._time[i - 1] // self._width_s)
        if same_bucket and self._piece[i - 1] == self._now_piece:
            self._low[i - 1], self._high[i - 1] = min(self._low[i - 1], value), max(self._high[i - 1], value)
            return
        self._time[i], self._low[i], self._high[i], self._piece[i] = at_s, value, value, self._now_piece
        self.count += 1
        while self.count > CAPACITY * 3 // 4:
            self._width_s *= 2
            self._store(_thin(self._columns(), self._width_s))

    def _store(self, columns: tuple[Any, ...]) -> None:
        n = len(columns[0])
        for own, column in zip((self._time, self._low, self._high, self._piece), columns, strict=True):
            own[:n] = column.copy()
        self.count = n


def _bucket_s(step_s: float) -> float:
    """Return the width of the buckets for steps of so many seconds."""
    return float(BUCKET_S * 2 ** math.ceil(math.log2(max(step_s, BUCKET_S) / BUCKET_S)))


def _thin(columns: tuple[Any, ...], width_s: float) -> tuple[Any, ...]:
    """Return the columns with one entry for each bucket, or two where a gap lies inside it.

    An entry keeps the time of its first value. A third piece within a bucket joins the second, so that
    memory stays bounded however many gaps there are.
    """
    time, low, high, piece = columns
    bucket = np.floor(time / width_s).astype(np.int64)
    starts, ends = _runs(bucket)
    if len(starts) == len(time):
        return columns
    if piece[0] != piece[-1]:
        first_piece = np.repeat(piece[starts], ends - starts + 1)
        starts, ends = _runs(2 * bucket + (piece > first_piece))
    return time[starts], np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts), piece[ends]


def _runs(keys: Any) -> tuple[Any, Any]:
    """Return the first and the last index of each run of equal keys."""
    edges = np.ones(len(keys) + 1, bool)
    edges[1:-1] = keys[1:] != keys[:-1]
    return edges[:-1].nonzero()[0], edges[1:].nonzero()[0]
