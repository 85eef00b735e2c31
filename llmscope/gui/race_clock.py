"""The time of a race: a function of the clock, so that no frame that comes late moves it. No Qt in here."""

import time
from collections.abc import Callable

#: How fast a race may be shown. Powers of two, so that times stay exact.
SPEEDS = (0.5, 1.0, 2.0, 4.0)


class RaceClock:
    """Says which moment of the race is due, in ns since both requests; it stops at `end_ns`."""

    def __init__(self, end_ns: int, now_ns: Callable[[], int] = time.perf_counter_ns) -> None:
        self.end_ns, self.speed = end_ns, 1.0
        self._now_ns = now_ns
        self._from_ns = 0
        self._since_ns: int | None = None

    @property
    def position_ns(self) -> int:
        """The moment that is due now."""
        gone_ns = 0 if self._since_ns is None else int((self._now_ns() - self._since_ns) * self.speed)
        return min(self.end_ns, self._from_ns + gone_ns)

    @property
    def is_playing(self) -> bool:
        """Whether time goes on; not at the end."""
        return self._since_ns is not None and self.position_ns < self.end_ns

    def play(self) -> None:
        """Let time go on; from the start where the race is over."""
        self._from_ns = 0 if self.position_ns >= self.end_ns else self.position_ns
        self._since_ns = self._now_ns()

    def pause(self) -> None:
        """Let time stand still."""
        self._from_ns, self._since_ns = self.position_ns, None

    def seek(self, at_ns: int) -> None:
        """Go to a moment, and on from there if time goes on."""
        plays = self.is_playing
        self._from_ns, self._since_ns = min(self.end_ns, max(0, at_ns)), None
        if plays:
            self._since_ns = self._now_ns()

    def set_speed(self, speed: float) -> None:
        """Let time go on faster or slower from now on."""
        self._from_ns = self.position_ns
        if self._since_ns is not None:
            self._since_ns = self._now_ns()
        self.speed = speed
