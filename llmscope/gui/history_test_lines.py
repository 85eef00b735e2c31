"""The tests of a stored run, one line each."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from llmscope.core.units import NBSP
from llmscope.gui import words
from llmscope.gui.history_header import LEFT, RIGHT
from llmscope.gui.models.history_model import figure
from llmscope.gui.theme import theme
from llmscope.gui.widgets.badge import paint_badge
from llmscope.runs.entry import Brief, Entry

ROW, CAPTION, APART = 25, 22, 16
MAX_ROWS = 400


class MeasuredLines(QWidget):
    """The tests of a run, one line each, under the name of their model where there are several."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Brief | str] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_tests(self, entry: Entry) -> None:
        """Show the tests of a run."""
        self._lines, model = [], None
        for brief in entry.tests[:MAX_ROWS]:
            if len(entry.models) > 1 and brief.model != model:
                model = brief.model
                self._lines.append(words.model_name(model))
            self._lines.append(brief)
        self.setAccessibleName("; ".join(_sentence(line) for line in self._lines))
        self.setToolTip("\n".join(f"{line.name}: {line.reason}" for line in self._lines
                                  if isinstance(line, Brief) and line.reason))
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(280, sum(map(_height, self._lines)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, top = QPainter(self), 0
        for line in self._lines:
            rect = QRect(0, top, self.width(), _height(line))
            if event.rect().intersects(rect):
                self._paint(painter, rect, line)
            top += rect.height()

    def _paint(self, painter: QPainter, rect: QRect, line: Brief | str) -> None:
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), theme().colour("divider"))
        if isinstance(line, str):
            _draw(painter, rect, line, "small", 400, "text_2", LEFT)
            return
        if line.apart:
            _draw(painter, rect.adjusted(0, ROW - 5, 0, 0), line.apart, "small", 400, "text_2", LEFT)
            rect = rect.adjusted(0, 0, 0, -APART)
        value, plus = figure(line)
        shown = f"{value}{NBSP}{line.unit}" if value != "—" and line.unit != "tok/s" else value
        _draw(painter, rect, line.test, "body", 600, "text", LEFT)
        _draw(painter, rect.adjusted(0, 0, -150, 0), shown, "body", 400, "text", RIGHT)
        _draw(painter, rect.adjusted(0, 0, -92, 0), plus, "small", 400, "text_2", RIGHT)
        paint_badge(painter, QRectF(rect), words.verdict_word(line.verdict, line.reason))


def _height(line: Brief | str) -> int:
    return CAPTION if isinstance(line, str) else ROW + APART if line.apart else ROW


def _draw(painter: QPainter, rect: QRect, text: str, size: str, weight: int, role: str,
          align: Qt.AlignmentFlag) -> None:
    painter.setFont(theme().font(size, weight))
    painter.setPen(theme().colour(role))
    painter.drawText(rect, align, text)


def _sentence(line: Brief | str) -> str:
    if isinstance(line, str):
        return line
    value, plus = figure(line)
    return f"{line.name} {value} {line.unit} {plus} {words.verdict_word(line.verdict, line.reason)}"
