"""How the bars are printed: a median, its 95 % interval, the bar, and whether it is met."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from llmscope.core.statistics import Interval, median_interval


class Bar(Struct, frozen=True):
    """One measured bar. `met` says what the interval or figure means for it."""

    what: str
    value: str
    bar: str
    met: bool

    def __str__(self) -> str:
        return f"{self.what:<58} {self.value:<34} {self.bar:<26} {'met' if self.met else 'NOT MET'}"


def interval(values: Sequence[float]) -> Interval:
    """Return the median of values with its 95 % interval."""
    return median_interval(np.array(values))


def shown(found: Interval, digits: int = 3, unit: str = "") -> str:
    """Return `1.002 [0.998, 1.006], n 24`."""
    ends = "no interval" if found.low is None else f"[{found.low:.{digits}f}, {found.high:.{digits}f}]"
    return f"{found.median:.{digits}f}{unit} {ends}, n {found.n}"
