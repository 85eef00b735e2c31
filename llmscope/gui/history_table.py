"""The table of stored runs: one line a run, a band above the runs of a day."""

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from llmscope.gui.history_rows import EDGE, GAP, PLUS_WIDTH, SAME_PX, RowPainter
from llmscope.gui.models.history_model import DEVICE, KEY, MODEL, SAME, SECOND, TYPE, VERDICT, WHEN, HistoryModel
from llmscope.gui.theme import theme
from llmscope.runs.entry import Entry

Index = QModelIndex | QPersistentModelIndex
#: Widths in px; model and device share what is left.
WIDTHS = {WHEN: 58, TYPE: 60, KEY: 150, SECOND: 84, SAME: 124, VERDICT: 116}
MODEL_SHARE = 0.56
LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


class HistoryTable(QTableView):
    """`opened` carries that Enter or a double click asks for the current run, `unwanted` that Del does."""

    opened = Signal()
    unwanted = Signal()
    moved = Signal()

    def __init__(self, model: HistoryModel) -> None:
        super().__init__()
        self.runs = model
        self._hidden: frozenset[int] = frozenset()
        self.setModel(model)
        self._painter = RowPainter(self, model)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(self.tr("Stored runs"))
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(theme().px("height", "row"))
        header = _Header(self)
        self.setHorizontalHeader(header)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(10)
        header.setFixedHeight(theme().px("height", "table_header"))
        header.setSectionsClickable(False)
        self.selectionModel().currentRowChanged.connect(self.moved)
        self.selectionModel().selectionChanged.connect(self.moved)

    def current(self) -> Entry | None:
        """Return the run that the keyboard is at."""
        return self.runs.entry(self.currentIndex().row())

    def selected(self) -> list[Entry]:
        """Return the selected runs in the order of the list; the current one where none is selected."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        found = [entry for row in rows if (entry := self.runs.entry(row)) is not None]
        current = self.current()
        return found or ([current] if current is not None else [])

    def go_to(self, run: str) -> None:
        """Make a run the current one; the first where it is not shown."""
        row = self.runs.row_of(run)
        if row < 0 and self.runs.found:
            row = 1
        if row >= 0:
            self.setCurrentIndex(self.runs.index(row, WHEN))

    def hide_columns(self, columns: frozenset[int]) -> None:
        """Leave columns out where there is no room for them."""
        if columns != self._hidden:
            self._hidden = columns
            for column in range(self.runs.columnCount()):
                self.setColumnHidden(column, column in columns)
            self._share_width()

    def paintEvent(self, event: QPaintEvent) -> None:
        rows, dirty = self.runs.rowCount(), event.rect()
        if rows:
            first, last = self.rowAt(dirty.top()), self.rowAt(dirty.bottom())
            self._painter.paint(QPainter(self.viewport()), max(first, 0), last if last >= 0 else rows - 1)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_painter"):
            self._painter.forget()
        super().changeEvent(event)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self._update_row(previous.row())
        self._update_row(current.row())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._update_row(self.currentIndex().row())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._update_row(self.currentIndex().row())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.unwanted.emit()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.current() is not None:
            self.opened.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def _update_row(self, row: int) -> None:
        """Have a row painted anew: the frame of the current one goes over all its cells."""
        self.viewport().update(0, self.rowViewportPosition(row), self.viewport().width(), self.rowHeight(row))

    def _share_width(self) -> None:
        widths = {column: width for column, width in WIDTHS.items() if column not in self._hidden}
        for column, width in widths.items():
            self.setColumnWidth(column, width)
        rest = max(160, self.viewport().width() - sum(widths.values()))
        self.setColumnWidth(MODEL, round(rest * MODEL_SHARE))
        self.setColumnWidth(DEVICE, rest - round(rest * MODEL_SHARE))


class _Header(QHeaderView):
    """Column titles over what they name."""

    def __init__(self, table: HistoryTable) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)

    def paintSection(self, painter: QPainter, rect: QRect, column: int) -> None:
        painter.fillRect(rect, theme().colour("panel"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), theme().colour("divider"))
        text = self.model().headerData(column, Qt.Orientation.Horizontal) or ""
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
