"""A table of hardware with prices that are typed into it."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView

from llmscope.gui.models.hardware_rows import HardwareRows
from llmscope.gui.rows_table import RowsTable


class HardwareTable(RowsTable):
    """F2 or a double click edits a price."""

    _rows: HardwareRows

    def __init__(self, rows: HardwareRows, widths: Mapping[int, int], narrow: Mapping[int, int], rest: int) -> None:
        super().__init__(rows, widths, narrow, rest)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)

    def go_to(self, hardware: str) -> None:
        """Select a hardware's row and scroll to it, where it is shown."""
        row = self._rows.row_of(hardware)
        if row >= 0 and row != self.currentIndex().row():
            self.setCurrentIndex(self._rows.index(row, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2:
            price = self.currentIndex().siblingAtColumn(self._rows.price_column)
            if price.flags() & Qt.ItemFlag.ItemIsEditable:
                self.edit(price)
        else:
            super().keyPressEvent(event)
