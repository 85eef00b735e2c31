"""How a run is marked among those it is compared with: by a colour, a shape and a letter."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from llmscope.gui.plots.style import pen
from llmscope.gui.theme import theme

ROLES = ("series_a", "series_b", "series_c", "series_d")
MARK_PX = 10.0


def paint_mark(painter: QPainter, at: QPointF, place: int, rim: str = "") -> None:
    """Paint a circle, square, triangle or diamond around a point, on a rim in the colour of the ground."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen(rim, 2.0) if rim else Qt.PenStyle.NoPen)
    painter.setBrush(theme().colour(ROLES[place]))
    r = MARK_PX / 2
    if place == 0:
        painter.drawEllipse(at, r, r)
    elif place == 1:
        painter.drawRect(QRectF(at.x() - r + 0.5, at.y() - r + 0.5, MARK_PX - 1, MARK_PX - 1))
    else:
        corners = ((0, -r), (r + 0.5, r - 0.5), (-r - 0.5, r - 0.5)) if place == 2 else (
            (0, -r - 1), (r + 1, 0), (0, r + 1), (-r - 1, 0))
        painter.drawPolygon(QPolygonF([at + QPointF(x, y) for x, y in corners]))
    painter.restore()


class Mark(QWidget):
    """The mark of the run at a place."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place = place
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(14, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_mark(QPainter(self), QPointF(7, 7), self._place)
