"""A test's samples as a small line: steady, drifting or noisy at a glance."""

from collections.abc import Sequence
from statistics import median

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen, QPolygonF

from llmscope.gui.theme import theme

#: The scale shows at least this share above and below the median, so that little noise looks little.
LEAST_SPAN = 0.10
MOST_POINTS = 52


def paint_sparkline(painter: QPainter, rect: QRectF, values: Sequence[float]) -> None:
    """Paint the values from left to right about their median, at most one point per px."""
    middle = median(values)
    if middle <= 0:
        return
    span = max(LEAST_SPAN, *(abs(v / middle - 1) for v in values))
    step = max(1, len(values) // MOST_POINTS)
    shown = values[::step]
    across = rect.width() / max(1, len(shown) - 1)
    points = [QPointF(rect.left() + i * across, rect.center().y() - (v / middle - 1) / span * rect.height() / 2)
              for i, v in enumerate(shown)]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme().colour("control_line"), 1))
    painter.drawLine(QPointF(rect.left(), rect.center().y()), QPointF(rect.right(), rect.center().y()))
    painter.setPen(QPen(theme().colour("text_2"), 1.2))
    painter.drawPolyline(QPolygonF(points))
    painter.restore()
