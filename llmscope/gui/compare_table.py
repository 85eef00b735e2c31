"""What both tables of the Compare page share: rows that change with the runs, and a height that follows them."""

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QRect, Qt
from PySide6.QtWidgets import QAbstractItemView

from llmscope.gui.compare_look import Told
from llmscope.gui.models.text_rows import Index, TextRows
from llmscope.gui.rows_table import RowsTable

EDGE = 14
#: As high as Qt lets a widget become.
HIGHEST_PX = 16_777_215


class CompareRows(TextRows):
    """Rows of texts that were made beforehand."""

    def __init__(self) -> None:
        super().__init__()
        self.head: Told = ("",)
        self.lines: list[Told] = []

    def show_lines(self, head: Told, lines: list[Told]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.head, self.lines = head, lines
        self.endResetModel()

    def titles(self) -> Told:
        return self.head

    def texts(self, row: int) -> Told:
        return self.lines[row]

    def tip(self, row: int) -> str:
        return ""

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.lines)


class CompareTable(RowsTable):
    """A table that scrolls where its rows have no room, and knows how high they are."""

    def __init__(self, rows: CompareRows, widths: Mapping[int, int], narrow: Mapping[int, int], rest: int,
                 row_px: int) -> None:
        super().__init__(rows, widths, narrow, rest)
        self.rows = rows
        self.verticalHeader().setDefaultSectionSize(row_px)
        self.limit_height(None)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    def limit_height(self, px: int | None) -> None:
        """Be exactly so high; as high as there is room for where that is None."""
        self.setMinimumHeight(120 if px is None else px)
        self.setMaximumHeight(HIGHEST_PX if px is None else px)

    def height_of(self, rows: int) -> int:
        """Return how high it must be to show its first rows."""
        sections = self.verticalHeader()
        end = sections.length() if rows >= self.rows.rowCount() else sections.sectionPosition(rows)
        return self.horizontalHeader().height() + end + 2


def title_room(rect: QRect, column: int) -> QRect:
    """Return the part of a title's section that its text has."""
    return rect.adjusted(EDGE if column == 0 else 0, 0, 0, 0)
