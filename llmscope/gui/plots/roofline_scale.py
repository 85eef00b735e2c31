"""Where things lie in the roofline's plot: both axes logarithmic, whole decades, and labels that do not meet."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF

#: Decades of FLOP per byte that are always shown: one token at a time to long prompts.
FIRST, LAST = -1, 3
#: Decades below the highest roof that are always shown.
DEPTH = 3


@dataclass(frozen=True)
class LogScale:
    """A part of the plane in powers of ten, and the rectangle that it is drawn in."""

    left: int
    right: int
    bottom: int
    top: int
    area: QRectF

    def place(self, intensity: float, tflops: float) -> QPointF:
        """Return the place of an intensity (FLOP per byte) and a speed (TFLOPS)."""
        x = (math.log10(intensity) - self.left) / (self.right - self.left)
        y = (math.log10(tflops) - self.bottom) / (self.top - self.bottom)
        return QPointF(self.area.left() + x * self.area.width(), self.area.bottom() - y * self.area.height())


def scale_for(spots: Iterable[tuple[float, float]], roofs: Sequence[tuple[float, float]], area: QRectF) -> LogScale:
    """Return the decades that hold all spots (intensity, TFLOPS) and all roofs (peak TFLOPS, GB/s)."""
    spots = [*spots, *((1e3 * peak / bandwidth, peak) for peak, bandwidth in roofs)]
    highest = max((speed for _, speed in spots), default=1.0)
    left = min([FIRST, *(math.floor(math.log10(intensity)) for intensity, _ in spots)])
    right = max([LAST, *(math.ceil(math.log10(intensity)) for intensity, _ in spots)])
    top = math.ceil(math.log10(1.6 * highest))
    bottom = min([top - DEPTH - 1, *(math.floor(math.log10(0.8 * speed)) for _, speed in spots)])
    return LogScale(left, right, bottom, top, area)


def free_place(at: QPointF, size: QSizeF, area: QRectF, taken: Sequence[QRectF],
               lines: Sequence[tuple[QPointF, QPointF]]) -> tuple[QRectF, bool]:
    """Return the place for a label that meets least, and whether it is so far off as to need a leader.

    A label over another is worst, one over a line next; then the farther off, the worse.
    """
    w, h = size.width(), size.height()
    near = ((9, -h / 2), (-w / 2, 8), (-9 - w, -h / 2), (-w / 2, -8 - h),
            (8, 3), (-8 - w, 3), (8, -3 - h), (-8 - w, -3 - h))
    far = [(x, y) for y in (20, 36, 52, -36, -52) for x in (4.0, -4 - w)]
    best, least, best_is_far = QRectF(at, size), math.inf, False
    for number, (dx, dy) in enumerate((*near, *far)):
        place, is_far = QRectF(at + QPointF(dx, dy), size), number >= len(near)
        if not area.contains(place):
            continue
        met = sum(place.intersects(other) for other in taken)
        crossed = sum(crosses(place, *line) for line in lines)
        cost = 10 * met + 2 * crossed + is_far + 0.01 * number
        if cost < least:
            best, least, best_is_far = place, cost, is_far
        if cost < 1:
            break
    return best, best_is_far


def beside(start: QPointF, end: QPointF, share: float, length: float, off: float) -> list[QRectF]:
    """Return boxes that cover a text of so many px along a line, centred at a share of it, `off` px above it."""
    slope = math.atan2(end.y() - start.y(), end.x() - start.x())
    along, up = QPointF(math.cos(slope), math.sin(slope)), QPointF(math.sin(slope), -math.cos(slope))
    middle = start + (end - start) * share + up * off
    return [QRectF(middle + along * (part * length / 4) - QPointF(9, 9), QSizeF(18, 18)) for part in range(-2, 3)]


def crosses(rect: QRectF, a: QPointF, b: QPointF) -> bool:
    """Return whether the line from a to b goes through a rectangle."""
    if not QRectF(a, b).normalized().adjusted(-1, -1, 1, 1).intersects(rect):
        return False
    sides = [(b.x() - a.x()) * (c.y() - a.y()) - (b.y() - a.y()) * (c.x() - a.x())
             for c in (rect.topLeft(), rect.topRight(), rect.bottomLeft(), rect.bottomRight())]
    return min(sides) < 0 < max(sides)
