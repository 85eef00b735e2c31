"""The table of settings that differ, with what each difference is good for."""

from PySide6.QtCore import QModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from llmscope.analysis.compare import LETTERS, Comparison
from llmscope.analysis.compare_settings import Setting
from llmscope.gui import compare_look as look
from llmscope.gui.compare_marks import paint_mark
from llmscope.gui.compare_table import EDGE, LEFT, RIGHT, CompareModel, CompareTable, Index, TableHead
from llmscope.gui.plots.style import pen
from llmscope.gui.theme import theme
from llmscope.gui.widgets.badge import badge_width, paint_badge

NAME_PX, REMARK_PX, ROW_PX = 122, 112, 26


class SettingsTable(CompareTable):
    """A column for each run; a value that may affect a result is marked."""

    def __init__(self) -> None:
        super().__init__(CompareModel(), "", ROW_PX)
        self.setAccessibleName(self.tr("Settings of the runs"))
        self.setItemDelegate(_Cell(self))
        head = _Head(self)
        self.setHorizontalHeader(head)
        head.setFixedHeight(theme().px("height", "table_header"))
        self.settings: list[Setting] = []

    def show_settings(self, comparison: Comparison, every: bool) -> None:
        """Show the settings that differ, or all."""
        found = look.settings_lines(comparison, every)
        self.settings = [setting for setting, _ in found]
        letters = LETTERS[:len(comparison.sides)]
        self.rows.show_lines((self.tr("Setting"), *letters, ""), [told for _, told in found])
        self._share(len(letters))

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._share(len(self.rows.titles) - 2)

    def _share(self, runs: int) -> None:
        """Give each run as much room as the others."""
        if runs < 1:
            return
        rest = self.viewport().width() - NAME_PX - REMARK_PX
        widths = {0: NAME_PX, **{1 + place: max(60, rest // runs) for place in range(runs)}}
        self.share_width(widths, runs + 1)


class _Head(TableHead):
    """Mark and letter over each run's values."""

    def paintSection(self, painter: QPainter, rect: QRect, column: int) -> None:
        last = self.model().columnCount() - 1
        if not 0 < column < last:
            super().paintSection(painter, rect, column)
            return
        painter.fillRect(rect, theme().colour("panel"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme().colour("divider"))
        paint_mark(painter, QPointF(rect.left() + 6, rect.center().y()), column - 1)
        painter.setFont(theme().font("small", 600))
        painter.setPen(theme().colour("text"))
        painter.drawText(rect.adjusted(18, 0, 0, 0), LEFT, LETTERS[column - 1])


class _Cell(QStyledItemDelegate):
    """Paints a name, a value, or what a difference is good for."""

    def __init__(self, table: SettingsTable) -> None:
        super().__init__(table)
        self._table = table

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect, column, text = option.rect, index.column(), str(index.data())
        setting, last = self._table.settings[index.row()], self._table.rows.columnCount() - 1
        is_marked = setting.kind == "may affect" and column - 1 in setting.differing
        if is_marked and 0 < column < last:
            painter.fillRect(rect.adjusted(-6, 0, -6, 0), theme().colour("warn_fill"))
        elif self._table.selectionModel().isRowSelected(index.row(), QModelIndex()):
            painter.fillRect(rect, theme().colour("selection"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme().colour("divider"))
        if column == last:
            _paint_remark(painter, rect, setting, text)
        else:
            _paint_value(painter, rect, column, text, is_marked)
        if option.state & QStyle.StateFlag.State_HasFocus and self._table.hasFocus():
            painter.setPen(pen("focus", 2.0))
            painter.drawRect(rect.adjusted(1, 1, -1, -2))


def _paint_value(painter: QPainter, rect: QRect, column: int, text: str, is_marked: bool) -> None:
    painter.setFont(theme().font("small", 600 if is_marked else 400))
    painter.setPen(theme().colour("text_2" if column == 0 or text == "—" else "text"))
    room = rect.adjusted(EDGE if column == 0 else 0, 0, -10, 0)
    painter.drawText(room, LEFT, painter.fontMetrics().elidedText(
        text, Qt.TextElideMode.ElideMiddle, room.width()))


def _paint_remark(painter: QPainter, rect: QRect, setting: Setting, text: str) -> None:
    if not text:
        return
    if setting.kind == "may affect" and badge_width(text) <= rect.width() - 8:
        paint_badge(painter, QRectF(rect.adjusted(0, 0, -8, 0)), text, "warned")
        return
    painter.setFont(theme().font("small"))
    painter.setPen(theme().colour("text_2"))
    painter.drawText(rect.adjusted(0, 0, -12, 0), RIGHT, text)
