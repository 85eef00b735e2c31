"""Where things lie in the roofline's plot: both axes logarithmic, whole decades, and labels that do not meet."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF

#: Decades of FLOP per byte that are always shown: one token at a time to long prompts.
FIRST, LAST = -1, 3
#: Decades below the highest roof that are always shown.
DEPTH = 3
#: px between places that are tried for a label along a line.
STEP_PX = 24
#: So many lines through a label are less than one other label or point below it.
MET = 100

#: From where to where.
Line = tuple[QPointF, QPointF]


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


def free_place(at: QPointF, size: QSizeF, area: QRectF, taken: Sequence[QRectF], lines: Sequence[Line],
               clear: float = 9.0) -> tuple[QRectF, bool]:
    """Return the place for a label that meets least, and whether it is so far off as to need a leader.

    It keeps so many px `clear` of the point; the leader, too, keeps off other labels and points.
    """
    w, h, c = size.width(), size.height(), clear
    near = ((c, -h / 2), (-w / 2, c - 1), (-c - w, -h / 2), (-w / 2, 1 - c - h),
            *((x, y) for off in (3, 8) for y in (off, -off - h) for x in (c - 1, 1 - c - w)))
    far = [(x, y) for y in (20, 36, 52, -24, -36, -52) for x in (4.0, -4 - w)]
    tried = [(QRectF(at + QPointF(*off), size), number >= len(near)) for number, off in enumerate((*near, *far))]
    places = [(place, is_far) for place, is_far in tried if area.contains(place)] or [(QRectF(at, size), False)]
    others = [other for other in taken if not other.contains(at)]
    costs = (cost([place], taken, lines) + MET * is_far * sum(crosses(other, *leader(at, place)) for other in others)
             for place, is_far in places)
    return places[first_least(costs)]


def leader(at: QPointF, place: QRectF) -> Line:
    """Return the line from a point to its label, which begins or ends beside that line."""
    return at, QPointF(at.x(), place.center().y())


def cost(boxes: Iterable[QRectF], taken: Sequence[QRectF], lines: Sequence[Line]) -> int:
    """Return how bad it is to write in boxes: over something that is there is worst, over a line next."""
    return sum(MET * sum(box.intersects(other) for other in taken) + sum(crosses(box, *line) for line in lines)
               for box in boxes)


def first_least(costs: Iterable[float]) -> int:
    """Return the number of the first of the lowest costs; none is looked at after one of 0."""
    least, best = math.inf, 0
    for number, found in enumerate(costs):
        if found < least:
            least, best = found, number
        if not found:
            break
    return best


def along(left: float, right: float) -> list[float]:
    """Return places on a line for a label's left edge, from right to left."""
    steps = max(0, int((right - left) / STEP_PX))
    return [right - STEP_PX * step for step in range(steps + 1)]


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
