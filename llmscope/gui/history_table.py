"""The table of stored runs: one line a run, a band above the runs of a day."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QMenu, QWidget

from llmscope.gui.history_header import Header
from llmscope.gui.history_rows import RowPainter
from llmscope.gui.models.history_model import (
    DEVICE,
    KEY,
    MODEL,
    SAME,
    SECOND,
    TAGS,
    TYPE,
    VERDICT,
    WHEN,
    HistoryModel,
)
from llmscope.gui.theme import theme
from llmscope.gui.widgets.table import Table
from llmscope.gui.words import moment
from llmscope.runs.entry import Entry

Index = QModelIndex | QPersistentModelIndex
#: Widths in px; model and device share what is left.
WIDTHS = {WHEN: 66, TYPE: 60, KEY: 150, SECOND: 100, SAME: 124, VERDICT: 116, TAGS: 118}
#: Of the first column where it has the date.
DATE_PX = 102
MODEL_SHARE = 0.56


class HistoryTable(Table):
    """`opened`, `named` and `unwanted` say that Enter or a double click, F2 or Del ask so of the current run.

    `sorted` carries the column whose title was clicked, or chosen in the menu of the right button and the menu key.
    """

    opened = Signal()
    named = Signal()
    unwanted = Signal()
    sorted = Signal(int)
    moved = Signal()

    def __init__(self, model: HistoryModel) -> None:
        super().__init__(model)
        self.runs = model
        self._hidden: frozenset[int] = frozenset()
        self._painter = RowPainter(self, model)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(self.tr("Stored runs"))
        header = Header(self, model)
        self.take_header(header)
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._on_title)
        theme().changed.connect(self._on_theme)
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
        row = self.runs.row_of(run) if run else -1
        if row >= 0:
            self._select(row)
        else:
            self.go_near(0)

    def go_near(self, row: int) -> None:
        """Make the run at a row the current one, the nearest where it is a day's or gone."""
        if self.runs.found:
            last = self.runs.rowCount() - 1
            nearest = next((r for r in (*range(min(row, last), last + 1), *range(min(row, last), -1, -1))
                            if self.runs.entry(r) is not None), 1)
            self._select(nearest)

    def _select(self, row: int) -> None:
        """Make a row the only one that is selected, whatever keys are held down."""
        self.selectionModel().setCurrentIndex(self.runs.index(row, WHEN), QItemSelectionModel.SelectionFlag.Rows
                                              | QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def hide_columns(self, columns: frozenset[int]) -> None:
        """Leave columns out where there is no room for them."""
        if columns != self._hidden:
            self._hidden = columns
            for column in range(self.runs.columnCount()):
                self.setColumnHidden(column, column in columns)
            self._share_width()

    def line(self, row: int) -> Sequence[str]:
        """Return the texts of a row as they are copied: with the date, and how many runs the small line compares."""
        entry, texts = self.runs.entry(row), list(super().line(row))
        if entry is not None:
            texts[WHEN], texts[MODEL] = moment(entry.at_s), " · ".join(filter(None, (entry.name, texts[MODEL])))
            texts[SAME] = str(len(self.runs.same(entry)))
        return texts

    def sort_menu(self, parent: QWidget) -> QMenu:
        """Return a menu of the columns by which the runs can be sorted, for those who do not click."""
        menu = QMenu(self.tr("Sort by"), parent)
        for column in range(self.runs.columnCount()):
            if column != SAME:
                title = self.runs.headerData(column, Qt.Orientation.Horizontal)
                action = menu.addAction(title)
                action.triggered.connect(partial(self._on_title, column))
                action.setCheckable(True)
                action.setChecked(column == self.runs.order[0])
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu for the right button and the menu key."""
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def menu(self) -> QMenu:
        """Return a menu of what the keys do, and of sorting."""
        menu = QMenu(self)
        if self.current() is not None:
            menu.addAction(self.tr("Open\tEnter"), self.opened.emit)
            menu.addAction(self.tr("Name, tags and note\tF2"), self.named.emit)
            menu.addAction(self.tr("Delete\tDel"), self.unwanted.emit)
            menu.addSeparator()
        menu.addMenu(self.sort_menu(menu))
        return menu

    def paintEvent(self, event: QPaintEvent) -> None:
        rows, dirty = self.runs.rowCount(), event.rect()
        if rows:
            first, last = self.rowAt(dirty.top()), self.rowAt(dirty.bottom())
            self._painter.paint(QPainter(self.viewport()), max(first, 0), last if last >= 0 else rows - 1)

    def _on_theme(self) -> None:
        self._painter.forget()

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
        elif event.key() == Qt.Key.Key_F2:
            self.named.emit()
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

    def _on_title(self, column: int) -> None:
        if column != SAME:
            self.sorted.emit(column)
            self._share_width()

    def _share_width(self) -> None:
        widths = {column: width for column, width in WIDTHS.items() if column not in self._hidden}
        widths[WHEN] = WIDTHS[WHEN] if self.runs.order[0] == WHEN else DATE_PX
        for column, width in widths.items():
            self.setColumnWidth(column, width)
        rest = max(160, self.viewport().width() - sum(widths.values()))
        self.setColumnWidth(MODEL, round(rest * MODEL_SHARE))
        self.setColumnWidth(DEVICE, rest - round(rest * MODEL_SHARE))
