"""What the tables of What if share: their widths, their keys, and what they copy."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QHeaderView

from llmscope.gui.models.text_rows import TextRows
from llmscope.gui.theme import theme
from llmscope.gui.whatif_rows import paint_head
from llmscope.gui.widgets.table import Table


class RowsTable(Table):
    """Rows in columns of fixed widths.

    `widths` are those of columns in px, in a small window the `narrow` ones, of which those of 0 are hidden;
    `rest` takes what is left.
    """

    def __init__(self, rows: TextRows, widths: Mapping[int, int], narrow: Mapping[int, int], rest: int) -> None:
        super().__init__(rows)
        self._rows, self._widths, self._narrow_widths, self._rest = rows, widths, narrow, rest
        self._narrow = False
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)

    def set_narrow(self, narrow: bool) -> None:
        """Take less room for each column, and hide what the tooltip tells too."""
        self._narrow = narrow
        for column, width in self._narrow_widths.items():
            self.setColumnHidden(column, narrow and not width)
        self._share_width()

    def line(self, row: int) -> Sequence[str]:
        """Return the texts of a row as they are copied."""
        return self._rows.texts(row)

    def titles(self) -> Sequence[str]:
        """Return the columns' titles as they are copied."""
        return self._rows.titles()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def size_rows(self, count: int) -> None:
        """Show so many rows before it scrolls."""
        px = theme().px
        self.setFixedHeight(px("height", "table_header") + count * px("height", "row") + 2)

    def _share_width(self) -> None:
        widths = self._narrow_widths if self._narrow else self._widths
        for column, width in widths.items():
            if width:
                self.setColumnWidth(column, width)
        self.setColumnWidth(self._rest, max(80, self.viewport().width() - sum(widths.values())))


class PlainHeader(QHeaderView):
    """Titles over what they name."""

    def __init__(self, table: RowsTable, rows: TextRows, room: Callable[[QRect, int], QRect]) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)
        self._rows, self._room = rows, room

    def paintSection(self, painter: QPainter, rect: QRect, column: int) -> None:
        paint_head(painter, rect)
        painter.drawText(self._room(rect, column), self._rows.how(column), self._rows.titles()[column])
