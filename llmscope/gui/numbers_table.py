"""The numbers behind the roofline as a table: what each test computes and moves, how fast, and what limits it."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from llmscope.gui.hardware_look import Measured
from llmscope.gui.plots.style import pen
from llmscope.gui.theme import theme
from llmscope.gui.widgets.table import Table

Index = QModelIndex | QPersistentModelIndex
TEST, OF_COMPUTE, OF_MEMORY, RATED, LIMIT = 0, 6, 7, (8, 9), 10
EDGE = 12
#: Widths in px; what limits a test takes what is left. The vendor's figures have columns where they are known.
WIDTHS = {TEST: 220, **dict.fromkeys(range(1, LIMIT), 104)}
NARROW_WIDTHS = {TEST: 190, **dict.fromkeys(range(1, LIMIT), 82)}
WIDTHS_OF_ALL = {TEST: 200, **dict.fromkeys(range(1, LIMIT), 88), **dict.fromkeys(RATED, 104)}
NARROW_WIDTHS_OF_ALL = {TEST: 124, **dict.fromkeys(range(1, LIMIT), 74), **dict.fromkeys(RATED, 92)}
ONE_ROW = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


class NumbersModel(QAbstractTableModel):
    """A row a test; its texts are as `hardware_look` made them."""

    def __init__(self) -> None:
        super().__init__()
        self.tests: Sequence[Measured] = ()

    def show_tests(self, tests: Sequence[Measured]) -> None:
        """Show other tests."""
        self.beginResetModel()
        self.tests = tests
        self.endResetModel()

    def titles(self) -> tuple[str, ...]:
        """Return the columns' titles, with their units."""
        return (self.tr("Test"), self.tr("GFLOP"), self.tr("GB"), self.tr("FLOP/byte"), self.tr("TFLOPS"),
                self.tr("GB/s"), self.tr("of compute"), self.tr("of memory"), self.tr("rated compute"),
                self.tr("rated memory"), self.tr("Limited by"))

    def texts(self, row: int) -> tuple[str, ...]:
        """Return the texts of a row."""
        return (self.tests[row].name, *self.tests[row].numbers)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.tests)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else LIMIT + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return self.titles()[section]
            if role == Qt.ItemDataRole.ToolTipRole:
                return {OF_COMPUTE: self.tr("MFU: achieved ÷ measured TFLOPS of its precision"),
                        OF_MEMORY: self.tr("MBU: achieved ÷ measured GB/s at its working set"),
                        RATED[0]: self.tr("MFU: achieved ÷ the vendor's dense peak of its precision"),
                        RATED[1]: self.tr("MBU: achieved ÷ the vendor's bandwidth")}.get(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.tests):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.texts(index.row())[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if index.column() in (TEST, LIMIT) else RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            test = self.tests[index.row()]
            if index.column() in RATED:
                return "\n".join(limit.test for limit in test.rated.values())
            formula = test.point.formula if test.point is not None else ()
            return "\n".join((*formula, *((test.found.evidence,) if test.found is not None else ())))
        return None


class NumbersTable(Table):
    """`moved` carries the row that the keyboard or a click is at; Ctrl+C copies the selected rows."""

    moved = Signal(int)

    def __init__(self) -> None:
        numbers = NumbersModel()
        super().__init__(numbers)
        self.numbers, self._narrow, self._is_told = numbers, False, False
        self.setAccessibleName(self.tr("Numbers of the tests"))
        self.setItemDelegate(_Delegate(self))
        self.take_header(_Header(self))
        self._show_rated(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.selectionModel().currentRowChanged.connect(self._on_moved)

    def show_tests(self, tests: Sequence[Measured], number: int) -> None:
        """Show tests, one of them selected."""
        if tests != self.numbers.tests:
            self.numbers.show_tests(tests)
            self._show_rated(any(test.rated for test in tests))
        self._is_told = True
        if 0 <= number < len(tests) and self.currentIndex().row() != number:
            # By itself the view would add the row to those that are selected while Ctrl is held, as in Ctrl+S.
            self.selectionModel().setCurrentIndex(self.numbers.index(number, TEST), ONE_ROW)
        self._is_told = False
        height = theme().px("height", "table_header") + len(tests) * theme().px("height", "row") + 2
        self.setFixedHeight(height)

    def set_narrow(self, narrow: bool) -> None:
        """Take less room for each column."""
        self._narrow = narrow
        self._share_width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def _on_moved(self, now: QModelIndex) -> None:
        if now.isValid() and not self._is_told:
            self.moved.emit(now.row())

    def _show_rated(self, shown: bool) -> None:
        for column in RATED:
            self.setColumnHidden(column, not shown)
        self._share_width()

    def _share_width(self) -> None:
        is_rated = not self.isColumnHidden(RATED[0])
        widths = ((NARROW_WIDTHS_OF_ALL if is_rated else NARROW_WIDTHS) if self._narrow else
                  WIDTHS_OF_ALL if is_rated else WIDTHS)
        widths = {column: width for column, width in widths.items() if is_rated or column not in RATED}
        for column, width in widths.items():
            self.setColumnWidth(column, width)
        self.setColumnWidth(LIMIT, max(80, self.viewport().width() - sum(widths.values())))


class _Delegate(QStyledItemDelegate):
    """Draws a cell: test and limit at the left, numbers at the right."""

    def __init__(self, table: NumbersTable) -> None:
        super().__init__(table)
        self._table = table

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect, column = option.rect, index.column()
        is_selected = self._table.selectionModel().isRowSelected(index.row(), QModelIndex())
        if is_selected:
            painter.fillRect(rect, theme().colour("selection"))
            if column == TEST:
                painter.fillRect(rect.left(), rect.top(), 3, rect.height(), theme().colour("primary"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme().colour("divider"))
        painter.setFont(theme().font("body", 600 if column in (TEST, LIMIT) else 400))
        painter.setPen(theme().colour("text"))
        room = _room(rect, column)
        text = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, LEFT if column in (TEST, LIMIT) else RIGHT, text)
        if option.state & QStyle.StateFlag.State_HasFocus and self._table.hasFocus():
            painter.setPen(pen("focus", 2.0))
            painter.drawRect(rect.adjusted(1, 1, -1, -2))


class _Header(QHeaderView):
    """Titles over the numbers they name."""

    def __init__(self, table: NumbersTable) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)

    def paintSection(self, painter: QPainter, rect: QRect, column: int) -> None:
        painter.fillRect(rect, theme().colour("panel"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme().colour("divider"))
        painter.setFont(theme().font("small"))
        painter.setPen(theme().colour("text_2"))
        painter.drawText(_room(rect, column), LEFT if column in (TEST, LIMIT) else RIGHT,
                         self.model().headerData(column, Qt.Orientation.Horizontal))


def _room(rect: QRect, column: int) -> QRect:
    """Return the part of a cell that its text has."""
    return rect.adjusted({TEST: EDGE, LIMIT: 2 * EDGE}.get(column, 0), 0, -EDGE if column == LIMIT else 0, 0)
