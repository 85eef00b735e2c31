"""How near a speed came to its ceiling: a bar toward a tick, which is the ceiling."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from llmscope.gui.theme import theme

TICK_PX = 2.0


def paint_gauge(painter: QPainter, rect: QRectF, share: float | None, colour: str = "text_3") -> None:
    """Draw a bar of a share of 0 to 1, or an empty one; the tick at the right is taller than the bar."""
    bar = rect.adjusted(0, 3, -TICK_PX, -3)
    painter.fillRect(bar, theme().colour("hover"))
    if share is not None:
        painter.fillRect(QRectF(bar.left(), bar.top(), max(1.0, bar.width() * min(1.0, share)), bar.height()),
                         theme().colour(colour))
    painter.fillRect(QRectF(rect.right() - TICK_PX, rect.top(), TICK_PX, rect.height()), theme().colour("text_2"))


class Gauge(QWidget):
    """A gauge as wide as there is room."""

    def __init__(self) -> None:
        super().__init__()
        self._share: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_share(self, share: float | None) -> None:
        """Show a share of 0 to 1, or an empty bar."""
        if share != self._share:
            self._share = share
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_gauge(QPainter(self), QRectF(0, 0, self.width(), 16), self._share, "work")
