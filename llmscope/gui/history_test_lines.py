"""The tests of a stored run, one line each."""

import re

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from llmscope.core.spec import MACHINE
from llmscope.core.units import NBSP
from llmscope.gui import words
from llmscope.gui.history_header import LEFT, RIGHT
from llmscope.gui.models.history_model import figure
from llmscope.gui.theme import theme
from llmscope.gui.widgets.badge import paint_badge
from llmscope.runs.entry import Brief, Entry

ROW, CAPTION, APART = 25, 22, 16
#: px between the right end of a line and that of its figure, of its ±, and least between name and figure.
FIGURE_AT, PLUS_AT, GAP = 150, 92, 8
MAX_ROWS = 400


class MeasuredLines(QWidget):
    """The tests of a run, one line each, under the name of their model where there are several.

    The machine's own tests stand under what those of a kind share, `membw-read, GB/s`: in a line it has no room.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Brief | str] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_tests(self, entry: Entry) -> None:
        """Show the tests of a run."""
        self._lines, above = [], ""
        for brief in entry.tests[:MAX_ROWS]:
            caption = _caption(brief, len(entry.models) > 1)
            if caption != above:
                self._lines.append(caption)
            above = caption
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
        name, shown = texts(line, rect.width())
        _draw(painter, rect, name, "body", 600, "text", LEFT)
        _draw(painter, rect.adjusted(0, 0, -FIGURE_AT, 0), shown, "body", 400, "text", RIGHT)
        _draw(painter, rect.adjusted(0, 0, -PLUS_AT, 0), figure(line)[1], "small", 400, "text_2", RIGHT)
        paint_badge(painter, QRectF(rect), words.verdict_word(line.verdict, line.reason))


def texts(line: Brief, width: int) -> tuple[str, str]:
    """Return the name of a test, shortened to what its figure leaves of a width in px, and the figure."""
    value, _ = figure(line)
    shown = value if value == "—" or line.model == MACHINE else f"{value}{NBSP}{line.unit}"
    room = width - FIGURE_AT - GAP - QFontMetrics(theme().font()).horizontalAdvance(shown)
    name = _of_machine(line)[1] if line.model == MACHINE else line.test
    return QFontMetrics(theme().font("body", 600)).elidedText(name, Qt.TextElideMode.ElideMiddle, room), shown


def _of_machine(brief: Brief) -> tuple[str, str]:
    """Return kind and size of a test of the machine: `gemm` and `1024-f32`, `h2d` and `256MiB`."""
    kind, _, size = brief.test.rpartition(" ")
    begins = re.search(r"\d", brief.test)
    if not kind and begins:
        kind, size = brief.test[:begins.start()], brief.test[begins.start():]
    return kind, size


def _caption(brief: Brief, several: bool) -> str:
    """Return what a line stands under: its model where there are several, and what tests of the machine share."""
    shared = (_of_machine(brief)[0], brief.unit) if brief.model == MACHINE else ()
    return ", ".join(filter(None, (words.model_name(brief.model) if several else "", *shared)))


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
    return f"{line.name} {value} {line.unit} {plus} {words.verdict_text(line.verdict, line.reason)}"
