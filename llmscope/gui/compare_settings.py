"""The table of settings that differ, with what each difference is good for."""

from PySide6.QtCore import QModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from llmscope.analysis.compare import LETTERS, MOST_RUNS, Comparison
from llmscope.analysis.compare_settings import Setting
from llmscope.gui import compare_look as look
from llmscope.gui.compare_marks import paint_mark
from llmscope.gui.compare_table import EDGE, CompareRows, CompareTable, title_room
from llmscope.gui.models.text_rows import LEFT, RIGHT, Index
from llmscope.gui.plots.style import pen
from llmscope.gui.rows_table import PlainHeader
from llmscope.gui.theme import theme
from llmscope.gui.whatif_rows import paint_head
from llmscope.gui.widgets.badge import badge_width, paint_badge

NAME_PX, REMARK_PX, ROW_PX = 122, 112, 26


class SettingsRows(CompareRows):
    """All columns stand at the left; a row's tip is all of it, since long values are shortened."""

    at_left = tuple(range(MOST_RUNS + 2))

    def tip(self, row: int) -> str:
        return " · ".join(filter(None, self.texts(row)))


class SettingsTable(CompareTable):
    """A column for each run; a value that may affect a result is marked."""

    def __init__(self) -> None:
        rows = SettingsRows()
        self._of_runs = {0: NAME_PX}
        super().__init__(rows, self._of_runs, self._of_runs, 1, ROW_PX)
        self.setAccessibleName(self.tr("Settings of the runs"))
        self.setItemDelegate(_Cell(self))
        self.take_header(_Head(self, rows, title_room))
        self.settings: list[Setting] = []

    def show_settings(self, comparison: Comparison, every: bool) -> None:
        """Show the settings that differ, or all."""
        found = look.settings_lines(comparison, every)
        self.settings = [setting for setting, _ in found]
        letters = LETTERS[:len(comparison.sides)]
        self.rows.show_lines((self.tr("Setting"), *letters, ""), [told for _, told in found])
        self._share_width()

    def _share_width(self) -> None:
        """Give each run as much room as the others."""
        runs = len(self.rows.titles()) - 2
        each = max(60, (self.viewport().width() - NAME_PX - REMARK_PX) // max(1, runs))
        self._of_runs.clear()
        self._of_runs.update({0: NAME_PX} | {1 + place: each for place in range(runs)})
        self._rest = runs + 1
        super()._share_width()


class _Head(PlainHeader):
    """Mark and letter over each run's values."""

    def paintSection(self, painter: QPainter, rect: QRect, column: int) -> None:
        if not 0 < column < self.model().columnCount() - 1:
            super().paintSection(painter, rect, column)
            return
        paint_head(painter, rect)
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
