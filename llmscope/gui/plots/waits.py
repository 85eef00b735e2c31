"""How long each token of a request was waited for. No widgets in here."""

import math
from dataclasses import dataclass
from functools import cached_property
from statistics import median

import numpy as np

from llmscope.core.statistics import percentile
from llmscope.gui.series import Floats

_NICE = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Waits:
    """One request: ms from the request to each token so far, and how many tokens there will be."""

    token_ms: Floats
    total: int

    @property
    def first_ms(self) -> float | None:
        """Time to the first token, None before it."""
        return float(self.token_ms[0]) if len(self.token_ms) else None

    @cached_property
    def gaps_ms(self) -> Floats:
        """Waits between tokens; the first token has none."""
        return np.diff(self.token_ms)

    @cached_property
    def median_ms(self) -> float | None:
        """Median wait between tokens, None before the second."""
        return median(self.gaps_ms.tolist()) if len(self.token_ms) > 1 else None

    @property
    def end_ms(self) -> float:
        """When the last token came or, where more are to come, is expected."""
        if not len(self.token_ms):
            return 0.0
        return float(self.token_ms[-1]) + max(0, self.total - len(self.token_ms)) * (self.median_ms or 0.0)


class WaitPool:
    """The waits of all requests of a test."""

    def __init__(self) -> None:
        self._parts: list[Floats] = []
        self.count = 0
        self._counted = 0
        self._p99_ms: float | None = None

    def add(self, gaps_ms: Floats) -> None:
        """Add the waits of a request."""
        self._parts.append(gaps_ms)
        self.count += len(gaps_ms)

    @property
    def p99_ms(self) -> float | None:
        """The 99th percentile, None where there are too few; computed anew when there are a twentieth more."""
        if self.count > 1.05 * self._counted:
            self._counted = self.count
            self._parts = [np.concatenate(self._parts)]
            self._p99_ms = percentile(self._parts[0], 99.0)
        return self._p99_ms


EMPTY = Waits(np.empty(0), 0)


def nice(value: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at least the value."""
    scale = 10.0 ** math.floor(math.log10(max(value, 1e-9)))
    return scale * next(step for step in _NICE if step * scale >= value * (1 - 1e-9))
