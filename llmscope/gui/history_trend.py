"""The key test over runs with the same settings, as a small line with its n and the latest change."""

from math import hypot

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from llmscope.core.units import NBSP, plus_minus
from llmscope.gui.models.history_trends import Point
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Label
from llmscope.gui.widgets.sparkline import MOST_POINTS, paint_sparkline

LINE_PX = 36


class Trend(QWidget):
    """Up to `MOST_POINTS` runs up to the one that is shown, none where its key test does not stand."""

    MOST = MOST_POINTS

    def __init__(self) -> None:
        super().__init__()
        self._title, self._change = Label("", "small", 600), Label("", "small", role="text_2")
        self._change.setWordWrap(True)
        self._line = _Line()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in (self._title, self._line, self._change):
            layout.addWidget(part)

    def show_points(self, test: str, points: list[Point]) -> None:
        """Show the values of a test, the oldest first."""
        self.setVisible(bool(points))
        if not points:
            return
        alone = len(points) == 1
        self._title.setText(self.tr("{0}, the first run with these settings").format(test) if alone else
                            self.tr("{0}, {1} runs with these settings").format(test, len(points)))
        self._line.setVisible(not alone)
        self._change.setVisible(not alone)
        if not alone:
            self._change.setText(self.tr("{0} against the run before").format(change(*points[-2:])))
            self._line.show_values([value for _, value, _ in points], f"{self._title.text()}: {self._change.text()}")


def change(before: Point, now: Point) -> str:
    """Return `+2.1 % ±1.4 %`: by how much a value changed, with the intervals of both as far as both have one."""
    ratio = now[1] / before[1]
    widths = [width for _, _, width in (before, now) if width is not None]
    shown = f"{100 * (ratio - 1):+.1f}{NBSP}%".replace("-", "−")
    return f"{shown} {plus_minus(ratio * hypot(*widths))}" if len(widths) == 2 else shown


class _Line(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._values: list[float] = []
        self.setFixedHeight(LINE_PX)

    def show_values(self, values: list[float], sentence: str) -> None:
        self._values = values
        self.setAccessibleName(sentence)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._values:
            painter = QPainter(self)
            painter.fillRect(self.rect(), theme().colour("well"))
            paint_sparkline(painter, QRectF(self.rect()).adjusted(8, 5, -8, -5), self._values)
