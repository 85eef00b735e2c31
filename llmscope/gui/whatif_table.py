"""The table of other hardware: its columns, its keys, and what it copies."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from llmscope.gui.models.whatif_model import (
    BAR,
    BASIS,
    FIT,
    HARDWARE,
    MEMORY,
    PRICE,
    READING,
    SPARE,
    WRITING,
    WhatIfModel,
)
from llmscope.gui.theme import theme
from llmscope.gui.whatif_rows import RowDelegate, ScaleHeader

#: Widths in px; the bar takes what is left.
WIDTHS = {HARDWARE: 304, MEMORY: 90, FIT: 110, SPARE: 98, WRITING: 102, READING: 126, BASIS: 290, PRICE: 80}
NARROW_WIDTHS = {HARDWARE: 224, MEMORY: 80, FIT: 102, SPARE: 96, WRITING: 92, READING: 112, BASIS: 0, PRICE: 78}
#: Rows in view before it scrolls: the controls above stay in sight.
ROWS = 14


class WhatIfTable(QTableView):
    """Ctrl+C copies the selected rows, all where none is selected."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = WhatIfModel()
        self._narrow = False
        self.setModel(self.rows)
        self.setItemDelegate(RowDelegate(self, self.rows))
        self.setHorizontalHeader(ScaleHeader(self, self.rows))
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setAccessibleName(self.tr("The model on other hardware"))
        self._size_rows()

    def set_narrow(self, narrow: bool) -> None:
        """Take less room for each column, and hide where the figures are from: the tooltip tells it."""
        self._narrow = narrow
        self.setColumnHidden(BASIS, narrow)
        self._share_width()

    def as_text(self, rows: Sequence[int]) -> str:
        """Return rows as tab-separated lines under their titles."""
        return "\n".join("\t".join(line) for line in (self.rows.titles(), *map(self.rows.texts, rows)))

    def copy_all(self) -> None:
        """Copy all rows in view."""
        QGuiApplication.clipboard().setText(self.as_text(range(self.rows.rowCount())))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            rows = sorted({index.row() for index in self.selectedIndexes()})
            QGuiApplication.clipboard().setText(self.as_text(rows or range(self.rows.rowCount())))
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def _size_rows(self) -> None:
        rows, head, px = self.verticalHeader(), self.horizontalHeader(), theme().px
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(px("height", "row"))
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setMinimumSectionSize(10)
        head.setFixedHeight(px("height", "table_header"))
        head.setSectionsClickable(False)
        self.setFixedHeight(px("height", "table_header") + ROWS * px("height", "row") + 2)

    def _share_width(self) -> None:
        widths = NARROW_WIDTHS if self._narrow else WIDTHS
        for column, width in widths.items():
            if width:
                self.setColumnWidth(column, width)
        self.setColumnWidth(BAR, max(80, self.viewport().width() - sum(widths.values())))
