"""The words in a roofline's plot: beside roofs and tests, where neither a dot, nor a line, nor other words are."""

import math
from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetrics, QPainter

from llmscope.gui.plots.roofline_scale import (
    Line,
    along,
    beside,
    cost,
    crosses,
    first_least,
    free_place,
    leader,
)
from llmscope.gui.plots.style import font, pen
from llmscope.gui.theme import theme

#: Where along a sloped roof its name may stand, the best first.
ALONG = (0.62, 0.78, 0.46, 0.32, 0.2, 0.7, 0.54, 0.39, 0.26, 0.5)
#: px that a name along a sloped roof leaves of it; its distances from a flat one, and how far it may stand out of it.
SPARE_PX, ABOVE_PX, BELOW_PX, MARGIN_PX = 40, 2, 3, 18
#: px from the middle of a dot, and of a framed one, to its name; and to where a line to its name begins.
DOT_PX, FRAMED_PX, EDGE_PX = 9, 13, 6


class Labels:
    """Writes words one after the other; dots and lines that are there already are told first."""

    def __init__(self, area: QRectF, dots: Iterable[QRectF]) -> None:
        self.area = area
        self.lines: list[Line] = []
        self.taken = list(dots)

    def line(self, painter: QPainter, line: Line) -> None:
        """Draw a line, which words keep clear of."""
        painter.drawLine(*line)
        self.lines.append(line)

    def name_flat(self, painter: QPainter, line: Line, text: str) -> None:
        """Write above or below a flat roof, as far to the right as there is room; the last resort is the margin."""
        width = QFontMetrics(font("caption")).horizontalAdvance(text) + 2
        start, end = line
        places = [QRectF(x, y, width, 14) for x in (*along(start.x(), end.x() - 2 - width), end.x() + MARGIN_PX - width)
                  for y in (end.y() - ABOVE_PX - 14, end.y() + BELOW_PX)]
        place = places[first_least(cost([place], self.taken, self.lines) for place in places)]
        if any(crosses(place, *other) for other in self.lines):  # then lines stop at the text
            painter.fillRect(place, theme().colour("well"))
        self._write(painter, place, text)

    def name_sloped(self, painter: QPainter, line: Line, text: str, is_above: bool = True) -> None:
        """Write along a sloped roof, unless that is too short."""
        start, end = line
        width = QFontMetrics(font("caption")).horizontalAdvance(text)
        length = math.hypot(end.x() - start.x(), end.y() - start.y())
        if length < width + SPARE_PX:
            return
        others = [other for other in self.lines if other != line]
        shares = [share for share in ALONG if width / 2 <= min(share, 1 - share) * length]
        places = [beside(start, end, share, width, 10 if is_above else -10) for share in shares]
        number = first_least(cost(boxes, self.taken, others) for boxes in places)
        painter.save()
        painter.translate(start)
        painter.rotate(math.degrees(math.atan2(end.y() - start.y(), end.x() - start.x())))
        painter.setFont(font("caption"))
        painter.setPen(theme().colour("text"))
        painter.drawText(QPointF(shares[number] * length - width / 2, -5 if is_above else 14), text)
        painter.restore()
        self.taken += places[number]

    def name_dot(self, painter: QPainter, at: QPointF, text: str, is_framed: bool = False) -> None:
        """Write beside a dot; a line leads to words that are farther off."""
        place, is_far = self.place(at, text, is_framed)
        if is_far:
            painter.setPen(pen("strong_line"))
            foot, end = leader(at, place)
            down = EDGE_PX if end.y() > foot.y() else -EDGE_PX
            painter.drawLine(foot + QPointF(0, down), end)
            self.lines.append((foot, end))
        self._write(painter, place, text, is_framed)

    def place(self, at: QPointF, text: str, is_framed: bool = False) -> tuple[QRectF, bool]:
        """Return the place for the name of a dot, and whether it is so far off as to need a leader."""
        metrics = QFontMetrics(font("caption", 600 if is_framed else 400))
        size = QSizeF(metrics.horizontalAdvance(text) + 4, metrics.height())
        return free_place(at, size, self.area, self.taken, self.lines,
                          FRAMED_PX if is_framed else DOT_PX)

    def _write(self, painter: QPainter, place: QRectF, text: str, is_bold: bool = False) -> None:
        painter.setFont(font("caption", 600 if is_bold else 400))
        painter.setPen(theme().colour("text"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        self.taken.append(place)
