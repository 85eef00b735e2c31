"""What both tables of the Compare page share: how they look, what keys they have, and how they copy."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from llmscope.gui.compare_look import Told, as_tsv
from llmscope.gui.theme import theme

Index = QModelIndex | QPersistentModelIndex
EDGE = 14
LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


class CompareModel(QAbstractTableModel):
    """Rows of texts under titles."""

    def __init__(self) -> None:
        super().__init__()
        self.titles: Told = ("",)
        self.lines: list[Told] = []

    def show_lines(self, titles: Told, lines: list[Told]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.titles, self.lines = titles, lines
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        is_title = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return self.titles[section] if is_title else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.lines):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self.lines[index.row()][index.column()]
        return None


class CompareTable(QTableView):
    """One column takes what the others leave; Ctrl+C copies the selected rows, all where none is selected."""

    def __init__(self, model: CompareModel, name: str, row_px: int) -> None:
        super().__init__()
        self.rows = model
        self._wide = 0
        self._widths: dict[int, int] = {}
        self.setModel(model)
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, head = self.verticalHeader(), TableHead(self)
        self.setHorizontalHeader(head)
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(row_px)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setMinimumSectionSize(10)
        head.setFixedHeight(theme().px("height", "table_header"))
        head.setSectionsClickable(False)

    def is_left(self, column: int) -> bool:
        """Return whether a column's texts stand at its left."""
        return True

    def share_width(self, widths: dict[int, int], wide: int) -> None:
        """Give columns their widths in px; `wide` takes what is left."""
        self._widths, self._wide = widths, wide
        rest = self.viewport().width()
        for column, width in widths.items():
            self.setColumnWidth(column, width)
            rest -= width
        self.setColumnWidth(wide, max(60, rest))

    def whole_height(self) -> int:
        """Return how high it must be to show all rows."""
        return self.horizontalHeader().height() + self.verticalHeader().length() + 2

    def copied(self, rows: Sequence[int]) -> list[Told]:
        """Return what copying rows gives, the titles first."""
        return [self.rows.titles, *(self.rows.lines[row] for row in rows)]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            rows = sorted({index.row() for index in self.selectedIndexes()}) or list(range(self.rows.rowCount()))
            QGuiApplication.clipboard().setText(as_tsv(self.copied(rows)))
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.share_width(self._widths, self._wide)


class TableHead(QHeaderView):
    """Titles over what they name."""

    def __init__(self, table: CompareTable) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)
        self._table = table

    def paintSection(self, painter: QPainter, rect: QRect, column: int) -> None:
        painter.fillRect(rect, theme().colour("panel"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme().colour("divider"))
        painter.setFont(theme().font("small"))
        painter.setPen(theme().colour("text_2"))
        left = EDGE if column == 0 else 0
        painter.drawText(rect.adjusted(left, 0, 0, 0), LEFT if self._table.is_left(column) else RIGHT,
                         str(self.model().headerData(column, Qt.Orientation.Horizontal)))
