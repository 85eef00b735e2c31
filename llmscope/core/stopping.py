"""When a test has been measured well enough: the stopping rule of `--accuracy`, on any clock."""

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
#: Passes of this many seconds and more are checked from 6 samples on.
LONG_PASS_S = 1.0
LONG_PASSES, LONG_T_MAX_S = 8, 180.0
CHECKS = (10, 14, 20, 28, 40, 56, 80, 113, 160, 226, 320, 453, 640, 905, 1280, 1810, 2560, 3620, 5120, 7241, 10240)
#: A noise estimate that moved by less than this over the last window will not get better by waiting.
PLATEAU_WINDOW, PLATEAU_SPREAD = 64, 0.05


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
    clock. `time_limit_s` lowers the longest time allowed.
    """

    def __init__(self, accuracy: Accuracy, time_limit_s: float | None = None, t_min_s: float = T_MIN_S) -> None:
        self.epsilon = EPSILON[accuracy]
        self._t_max_s = min(T_MAX_S[accuracy], time_limit_s or float("inf"))
        self._t_min_s = t_min_s
        self._times: list[float] = []
        self._noise: list[float] = []
        self._converged_checks = 0

    @property
    def times(self) -> np.ndarray:
        """The block times so far, in seconds."""
        return np.array(self._times)

    def add(self, seconds: float, elapsed_s: float) -> Decision:
        """Take one block time and decide."""
        self._times.append(seconds)
        times = self.times
        n, median = len(times), float(np.median(times))
        self._noise.append(float(times.std(ddof=1) / times.mean()) if n > 1 else 0.0)
        long_pass = median >= LONG_PASS_S
        t_max_s = self._t_max_s
        if long_pass:
            t_max_s = min(max(t_max_s, LONG_PASSES * median), LONG_T_MAX_S)
        is_check = n >= 6 and n % 2 == 0 if long_pass else n in CHECKS
        if not is_check and elapsed_s < t_max_s:
            return Decision(False)
        interval = median_interval(times)
        within = interval.half_width is not None and interval.half_width <= self.epsilon
        stationary = is_stationary(times, self.epsilon)
        if is_check:
            self._converged_checks = self._converged_checks + 1 if within else 0
            enough = self._converged_checks >= (1 if long_pass else 2) and float(times.sum()) >= self._t_min_s
            if enough and stationary:
                return Decision(True, "valid", None, True, interval)
        if elapsed_s >= t_max_s or self._hopeless(interval, elapsed_s, t_max_s):
            return self._unconverged(interval, within, stationary, elapsed_s)
        return Decision(False, None, None, True, interval)

    def _hopeless(self, interval: Interval, elapsed_s: float, t_max_s: float) -> bool:
        """Return whether the noise has settled so high that the width cannot be reached in time.

        The plateau is nvbench's (spread of the last 64 noise estimates under 5 % of their mean); as the
        interval shrinks with √n, the seconds still needed are projected before giving up on it.
        """
        recent = np.array(self._noise[-PLATEAU_WINDOW:])
        if len(self._noise) <= PLATEAU_WINDOW or interval.half_width is None:
            return False
        settled = recent.std(ddof=1) < PLATEAU_SPREAD * recent.mean()
        return bool(settled and elapsed_s * (interval.half_width / self.epsilon) ** 2 > 2 * t_max_s)

    def _unconverged(self, interval: Interval, within: bool, stationary: bool, elapsed_s: float) -> Decision:
        if within and not stationary and interval.n >= 6:
            per_minute = drift(self.times) * 2 / max(elapsed_s, 1e-9) * 60
            return Decision(True, "warn", f"drift {per_minute:+.1%} in time per minute".replace("%", " %"),
                            True, interval)
        width = interval.half_width
        reached = f"±{width:.1%}".replace("%", " %") if width is not None else f"n = {interval.n}, no interval"
        return Decision(True, "not_converged", f"{reached} after {elapsed_s:.0f} s", True, interval)
