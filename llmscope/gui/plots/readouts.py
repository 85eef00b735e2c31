"""The values at the right of each pane: a title, and a line with a colour key for each source."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from llmscope.gui.plots import style
from llmscope.gui.theme import theme

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
#: px at either side, from the top of a pane, and of a line of text.
LEFT_PX, RIGHT_PX, TOP_PX, LINE_PX = 8, 10, 5, 17
NARROW_TOP_PX, NARROW_LINE_PX = 1, 13


@dataclass(frozen=True)
class SourceValue:
    """What one source of a pane shows now."""

    source: str
    name: str
    text: str
    filled: bool


class Readout(QWidget):
    """What one pane says in words; painted at once, and only when a word has changed.

    Its accessible name is a sentence that the plots keep up to date.
    """

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._title = title
        self._is_narrow = False
        self.values: list[SourceValue] = []
        self.figure, self.below = "", ""
        self.setAccessibleName(title)

    def set_narrow(self, is_narrow: bool) -> None:
        """Use the small type and close lines of a low pane."""
        self._is_narrow = is_narrow
        self.update()

    def show_values(self, values: list[SourceValue]) -> None:
        """Show a line for each source."""
        if values != self.values:
            self.values = values
            self.update()

    def show_figure(self, figure: str, below: str) -> None:
        """Show one large value and what it is of."""
        if (figure, below) != (self.figure, self.below):
            self.figure, self.below = figure, below
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), style.surface())
        size = "caption" if self._is_narrow else "small"
        top, line = (NARROW_TOP_PX, NARROW_LINE_PX) if self._is_narrow else (TOP_PX, LINE_PX)
        painter.setFont(style.font(size, 600))
        painter.setPen(style.pen("text"))
        row = QRectF(LEFT_PX, top, self.width() - LEFT_PX - RIGHT_PX, line)
        painter.drawText(row, _LEFT, self._title)
        if self.figure:
            self._paint_figure(painter, row)
        for value in self.values:
            row.translate(0, line)
            self._paint_value(painter, row, value, size)

    def _paint_figure(self, painter: QPainter, row: QRectF) -> None:
        name, height = ("strong", 20) if self._is_narrow else ("figure", 32)
        painter.setFont(style.font(name, 500))
        painter.drawText(row.translated(0, row.height()).adjusted(0, 0, 0, height - row.height()), _LEFT, self.figure)
        if not self._is_narrow:
            painter.setFont(style.font("caption"))
            painter.setPen(style.pen("text_2"))
            painter.drawText(row.translated(0, row.height() + height), _LEFT, self.below)

    def _paint_value(self, painter: QPainter, row: QRectF, value: SourceValue, size: str) -> None:
        role = style.series_role(value.source)
        middle = round(row.center().y())
        if value.filled:
            painter.fillRect(QRectF(row.left(), middle - 4, 10, 10), style.fill(role))
            painter.fillRect(QRectF(row.left(), middle - 5, 10, 2), theme().colour(role))
        else:
            thick = 2 if value.source == "cpu" else 3
            painter.fillRect(QRectF(row.left(), middle - 1, 10, thick), theme().colour(role))
        painter.setFont(style.font(size))
        painter.setPen(style.pen("text_2"))
        painter.drawText(row.adjusted(17, 0, 0, 0), _LEFT, value.name)
        painter.setFont(style.font(size, 500))
        painter.setPen(style.pen("text"))
        painter.drawText(row, _RIGHT, value.text)
