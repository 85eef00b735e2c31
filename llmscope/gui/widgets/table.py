"""What all tables of rows have in common: how they are set up, and what Ctrl+C copies."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QAbstractTableModel, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from llmscope.gui.theme import theme


class Table(QTableView):
    """Rows of one height that are selected whole and not edited; Ctrl+C copies the selected ones, all where none is."""

    def __init__(self, model: QAbstractTableModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(theme().px("height", "row"))

    def take_header(self, header: QHeaderView) -> None:
        """Have the columns' titles painted by a header; the columns keep the widths that the table gives them."""
        self.setHorizontalHeader(header)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(10)
        header.setFixedHeight(theme().px("height", "table_header"))
        header.setSectionsClickable(False)

    def line(self, row: int) -> Sequence[str]:
        """Return the texts of a row as they are copied."""
        model = self.model()
        return [str(model.index(row, column).data() or "") for column in range(model.columnCount())]

    def titles(self) -> Sequence[str]:
        """Return the columns' titles as they are copied."""
        model, across = self.model(), Qt.Orientation.Horizontal
        return [str(model.headerData(column, across) or "") for column in range(model.columnCount())]

    def as_text(self, rows: Iterable[int]) -> str:
        """Return rows as tab-separated lines under their titles."""
        return "\n".join("\t".join(line) for line in (self.titles(), *map(self.line, rows)))

    def copy_all(self) -> None:
        """Copy all rows."""
        QGuiApplication.clipboard().setText(self.as_text(range(self.model().rowCount())))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            rows = sorted(index.row() for index in self.selectionModel().selectedRows())
            QGuiApplication.clipboard().setText(self.as_text(rows or range(self.model().rowCount())))
            return
        super().keyPressEvent(event)
