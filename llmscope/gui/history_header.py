"""The titles of the table of stored runs."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QHeaderView, QTableView

from llmscope.gui.history_rows import EDGE, GAP, PLUS_WIDTH, SAME_PX
from llmscope.gui.models.history_model import KEY, MODEL, SAME, SECOND, WHEN, HistoryModel
from llmscope.gui.theme import theme

LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


class Header(QHeaderView):
    """Column titles over what they name, with an arrow at the one that the runs are sorted by."""

    def __init__(self, table: QTableView, runs: HistoryModel) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)
        self._runs = runs

    def _title(self, column: int) -> str:
        text = str(self._runs.headerData(column, Qt.Orientation.Horizontal) or "")
        sorted_by, descending = self._runs.order
        if column != sorted_by:
            return text
        arrow = "↓" if descending else "↑"
        return f"{arrow} {text}" if column in (KEY, SECOND) else f"{text} {arrow}"

    def paintSection(self, painter: QPainter, rect: QRect, column: int) -> None:
        painter.fillRect(rect, theme().colour("panel"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), theme().colour("divider"))
        text = self._title(column)
        left = {WHEN: EDGE, MODEL: 4, SAME: rect.width() - 16 - round(SAME_PX.x())}.get(column, 0)
        box = rect.adjusted(left, 0, 0, 0)
        if column == KEY:  # over the value, unless its unit needs the room of the ±
            wide = QFontMetrics(theme().font("small")).horizontalAdvance(text) > rect.width() - PLUS_WIDTH - GAP
            box = rect.adjusted(0, 0, -GAP if wide else -PLUS_WIDTH - GAP, 0)
        _text(painter, box, text, "small", 400, "text_2", RIGHT if column in (KEY, SECOND) else LEFT)


def _text(painter: QPainter, rect: QRect, text: str, size: str, weight: int = 400, role: str = "text",
          align: Qt.AlignmentFlag = LEFT) -> None:
    font = theme().font(size, weight)
    painter.setFont(font)
    painter.setPen(theme().colour(role))
    painter.drawText(rect, align, QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width()))
