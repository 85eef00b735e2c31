"""The one time axis that plots, phases and cursor share."""

import math
from dataclasses import dataclass

_STEPS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400)
_TICK_PX = 70


@dataclass(frozen=True)
class TimeScale:
    """Seconds of the run from `start_s` to `end_s` over `width` px that begin at `left`."""

    start_s: float
    end_s: float
    left: float
    width: float

    @property
    def seconds_per_px(self) -> float:
        """Seconds in one px."""
        return (self.end_s - self.start_s) / max(1.0, self.width)

    def x(self, seconds: float) -> float:
        """Return where a time lies, in px."""
        return self.left + (seconds - self.start_s) / self.seconds_per_px

    def seconds(self, x: float) -> float:
        """Return the time at a place in px."""
        return self.start_s + (x - self.left) * self.seconds_per_px

    def span(self, start_s: float, end_s: float) -> tuple[float, float] | None:
        """Return the visible part of a time span in px, None where none of it is."""
        x0, x1 = max(self.left, self.x(start_s)), min(self.left + self.width, self.x(end_s))
        return (x0, x1) if x1 > x0 else None

    def ticks(self) -> list[tuple[float, str]]:
        """Return the times that are labelled, with their labels."""
        span_s = self.end_s - self.start_s
        step = next((s for s in _STEPS_S if s / self.seconds_per_px >= _TICK_PX), _STEPS_S[-1])
        first = math.ceil(self.start_s / step) * step
        return [(s, clock(s)) for s in range(first, math.floor(self.start_s + span_s) + 1, step)]


def clock(seconds: float) -> str:
    """Return a time of the run as `0:41`, `1:02:30`, or `−0:20` before it."""
    whole = abs(int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    text = f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
    return f"−{text}" if seconds <= -1 else text


def round_end(seconds: float) -> float:
    """Return the end of an axis that holds so many seconds; it moves in steps, so that the axis rests."""
    step = 5 if seconds <= 120 else 15 if seconds <= 600 else 60 if seconds <= 3600 else 300
    return max(10.0, math.ceil(seconds * 1.01 / step) * step)
