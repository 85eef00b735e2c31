"""When a test has been measured well enough: the stopping rule of `--accuracy`, on any clock."""

import math
from bisect import insort
from collections import deque
from typing import Literal

import numpy as np
from msgspec import Struct

from llmscope.core.spec import Accuracy
from llmscope.core.statistics import Interval, drift, is_stationary, median_interval

#: Half-width of the 95 % interval that each accuracy asks for, as a share of the median.
EPSILON: dict[Accuracy, float] = {"quick": 0.03, "standard": 0.01, "rigorous": 0.005}
#: Seconds after which a test ends unconverged.
T_MAX_S: dict[Accuracy, float] = {"quick": 30, "standard": 120, "rigorous": 600}
#: Least sum of timed seconds of a step, a pass or a request.
T_MIN_S = 3.0
#: The same for tests of the machine itself, whose samples are a few milliseconds, and the longest measuring of one:
#: all of them end within a minute. Each is measured in as many turns as there are rounds: what slows a machine for
#: some seconds cannot reach all of them.
T_MIN_MACHINE_S, MACHINE_LIMIT_S, MACHINE_ROUNDS = 0.5, 0.85, 8
#: Samples after which the interval is looked at: each look is a chance to stop at a lucky moment, so they are few.
CHECKS = tuple(int(10 * 2 ** (k / 2)) for k in range(40))
#: Passes of this many seconds and more are looked at at every second sample from 6 on, and get time for 8.
LONG_PASS_S, LONG_CHECKS_FROM = 1.0, 6
LONG_PASSES, LONG_T_MAX_S = 8, 180.0
#: Checks in a row, from so many samples on, that must find the interval narrow enough. The last one, at a moment
#: that the clock sets and not the samples, needs no other.
CHECKS_IN_A_ROW, COUNTED_FROM = 2, 8
#: A noise estimate that moved by less than this over the last window will not get better by waiting.
PLATEAU_WINDOW, PLATEAU_SPREAD = 64, 0.05
#: That holds of noise, not of a program that had the machine for a moment: so much of the time is waited for it to go.
LEAST_OF_TIME = 1 / 3


class Decision(Struct, frozen=True):
    """What the rule says after a sample: go on, or stop with a verdict and its reason."""

    stop: bool
    verdict: Literal["valid", "warn", "not_converged"] | None = None
    reason: str | None = None
    checked: bool = False
    interval: Interval | None = None


class StoppingRule:
    """Feed it block times; it says when to stop.

    Times are in seconds; `elapsed_s` is the wall time since the first sample began, on the caller's
    clock. `time_limit_s` lowers the longest time allowed, whatever a pass takes.
    """

    def __init__(self, accuracy: Accuracy, time_limit_s: float | None = None, t_min_s: float = T_MIN_S) -> None:
        self.epsilon = EPSILON[accuracy]
        self._t_max_s, self._limit_s = T_MAX_S[accuracy], time_limit_s or math.inf
        self._t_min_s = t_min_s
        self._times: list[float] = []
        self._sorted: list[float] = []
        self._mean = self._squares = 0.0
        self._noise: deque[float] = deque(maxlen=PLATEAU_WINDOW)
        self._narrow_checks = 0

    @property
    def times(self) -> np.ndarray:
        """The block times so far, in seconds."""
        return np.array(self._times)

    def add(self, seconds: float, elapsed_s: float) -> Decision:
        """Take one block time and decide."""
        self._note(seconds)
        n, median = len(self._times), self._sorted[len(self._times) // 2]
        long_pass = median >= LONG_PASS_S
        t_max_s = min(max(self._t_max_s, LONG_PASSES * median), LONG_T_MAX_S) if long_pass else self._t_max_s
        t_max_s = min(t_max_s, self._limit_s)
        first_check = LONG_CHECKS_FROM if long_pass else CHECKS[0]
        is_last = elapsed_s >= t_max_s
        is_check = n >= first_check and n % 2 == 0 if long_pass else n in CHECKS
        if not is_check and not is_last:
            return Decision(False)
        times = self.times
        interval = median_interval(times)
        stationary = is_stationary(times, self.epsilon)
        narrow = interval.half_width is not None and interval.half_width <= self.epsilon
        self._narrow_checks = self._narrow_checks + 1 if narrow and n >= COUNTED_FROM else 0
        enough = narrow and n >= first_check if is_last else self._narrow_checks >= CHECKS_IN_A_ROW
        if enough and stationary and float(times.sum()) >= self._t_min_s:
            return Decision(True, "valid", None, True, interval)
        if is_last or self._hopeless(interval, elapsed_s, t_max_s):
            return self._unconverged(interval, stationary, elapsed_s)
        return Decision(False, None, None, True, interval)

    def _note(self, seconds: float) -> None:
        """Keep a time and the relative standard deviation so far (Welford 1962), at a cost that hardly grows."""
        self._times.append(seconds)
        insort(self._sorted, seconds)
        n, before = len(self._times), self._mean
        self._mean += (seconds - before) / n
        self._squares += (seconds - before) * (seconds - self._mean)
        self._noise.append(math.sqrt(self._squares / (n - 1)) / self._mean if n > 1 else 0.0)

    def _hopeless(self, interval: Interval, elapsed_s: float, t_max_s: float) -> bool:
        """Return whether the noise has settled so high that the width cannot be reached in time.

        The plateau is nvbench's (spread of the last 64 noise estimates under 5 % of their mean); as the
        interval shrinks with √n, the seconds still needed are projected before giving up on it.
        """
        if interval.n <= PLATEAU_WINDOW or interval.half_width is None or elapsed_s < LEAST_OF_TIME * t_max_s:
            return False
        recent = np.array(self._noise)
        settled = recent.std(ddof=1) < PLATEAU_SPREAD * recent.mean()
        return bool(settled and elapsed_s * (interval.half_width / self.epsilon) ** 2 > 2 * t_max_s)

    def _unconverged(self, interval: Interval, stationary: bool, elapsed_s: float) -> Decision:
        if not stationary:
            # Not per minute: of a test of some seconds that would be a guess at a minute nobody measured.
            change = f"{drift(self.times):+.0%}".replace("%", " %")
            wide = interval.half_width is None or interval.half_width > self.epsilon
            missed = f", ±{100 * self.epsilon:g} % not reached" if wide else ""
            return Decision(True, "warn", f"drift {change} in time from the first half to the second{missed}", True,
                            interval)
        # The width that was reached stands in the row, where it is one of rates and not of times.
        few = "" if interval.low is not None else f", n = {interval.n} is too few for an interval"
        reason = f"±{100 * self.epsilon:g} % not reached after {elapsed_s:.{0 if elapsed_s >= 1 else 1}f} s{few}"
        return Decision(True, "not_converged", reason, True, interval)
