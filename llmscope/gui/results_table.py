"""The results: one row a test, drawn in two lines, or in one where the window is narrow."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from llmscope.core.spec import MACHINE
from llmscope.gui import row_words, words
from llmscope.gui.cards.texts import without_paths
from llmscope.gui.icons import paint_icon
from llmscope.gui.results_model import COUNT, DETAIL, DOT, INTERVAL, RESULT, STATE_ROLE, TEST, VERDICT, ResultsModel
from llmscope.gui.run_state import CellState, RunState
from llmscope.gui.theme import theme
from llmscope.gui.widgets.badge import paint_badge
from llmscope.gui.widgets.gauge import paint_gauge
from llmscope.gui.widgets.sparkline import paint_sparkline

Index = QModelIndex | QPersistentModelIndex
#: Widths in px; verdict (wide) or detail (narrow) takes what is left.
WIDTHS = {TEST: 113, RESULT: 116, INTERVAL: 59, COUNT: 38}
NARROW_WIDTHS = {TEST: 100, RESULT: 116, INTERVAL: 64, COUNT: 42, VERDICT: 108}
EDGE = 12
UNIT_SPACE = 40
#: px before the options of a test, and at least between them and the number.
OPTIONS_GAP = 6
LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


class _CellDelegate(QStyledItemDelegate):
    """Draws the texts of the first line; the view draws ground, second line and badge of the row."""

    def __init__(self, view: "ResultsTable") -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        two_lines = not self._view.narrow and self._view.has_second_line(index.row())
        height = theme().px("height", "row_two_line" if two_lines else "row")
        return QSize(10, height + (self._view.more_height(index.row()) if two_lines else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        state: CellState = index.data(STATE_ROLE)
        rect = self._view.first_line(option.rect)
        number, unit, interval, count = row_words.value(state)
        started = bool(number) or state.row is not None or self._view.results.badge(index.row()) == "running"
        match index.column():
            case 0:
                self._test(painter, rect, state, started)
            case 1 if number:
                narrow, width = self._view.narrow, self._unit_px(unit)
                self._text(painter, rect.adjusted(0, 0, -width, 0), number, "body" if narrow else "strong", 600, RIGHT)
                unit_rect = rect.adjusted(rect.width() - width + 5, 1, 0, 1)
                self._text(painter, unit_rect, unit, "small", 400, LEFT, "text_2")
            case 2 if number:
                self._text(painter, rect, interval, "small", 400, RIGHT, "text_2")
            case 3 if count:
                self._text(painter, rect, count, "small", 400, RIGHT, "text_2")
            case 4:
                badge = QRectF(rect).adjusted(0, 0, -EDGE, 0)
                paint_badge(painter, badge, self._view.results.badge(index.row()))
            case 5:
                self._detail(painter, option.rect, index.row(), state)

    def _unit_px(self, unit: str) -> int:
        narrow = self._view.narrow
        return QFontMetrics(theme().font("small")).horizontalAdvance(unit) + 5 if narrow else UNIT_SPACE

    def _test(self, painter: QPainter, rect: QRect, state: CellState, started: bool) -> None:
        """Draw the id of a test, its options quieter; they may reach as far as the number leaves room."""
        test, options = words.test_parts(state)
        role, weight = ("text", 600) if started else ("text_2", 400)
        number, unit, *_ = row_words.value(state)
        room = rect.width() - EDGE + self._free_before(number, unit)
        rect = QRect(rect.left() + EDGE, rect.top(), room, rect.height())
        self._text(painter, rect, test, "body", weight, LEFT, role)
        rect.setLeft(rect.left() + QFontMetrics(theme().font("body", weight)).horizontalAdvance(test) + OPTIONS_GAP)
        options = QFontMetrics(theme().font("small")).elidedText(options, Qt.TextElideMode.ElideRight, rect.width())
        self._text(painter, rect, options, "small", 400, LEFT, role)

    def _free_before(self, number: str, unit: str) -> int:
        """Return the px of the result's column that its number leaves free."""
        size = "body" if self._view.narrow else "strong"
        taken = QFontMetrics(theme().font(size, 600)).horizontalAdvance(number) + self._unit_px(unit) if number else 0
        return self._view.columnWidth(RESULT) - taken - OPTIONS_GAP

    def _detail(self, painter: QPainter, rect: QRect, row: int, state: CellState) -> None:
        speeds, share = row_words.speeds(state), words.limit_share(state.row)
        place, taken = QRectF(rect.left() + 16, rect.center().y() - 6, 44, 12), 70
        if state.row is not None and state.row.median is None:
            paint_icon(painter, "x-circle", QRectF(rect.left() + 16, rect.center().y() - 6, 13, 13), "bad")
            taken = 36
        elif share is not None:
            paint_gauge(painter, place, share)
        elif len(speeds) > 1:
            paint_sparkline(painter, place, speeds)
        else:
            taken = 16
        rect = rect.adjusted(taken, 0, -EDGE, 0)
        text = whole_parts(self._view.results.parts(row, short=True), theme().font("small"), rect.width())
        self._text(painter, rect, text, "small", 400, LEFT, "text_2")

    @staticmethod
    def _text(painter: QPainter, rect: QRect, text: str, size: str, weight: int, align: Qt.AlignmentFlag,
              role: str = "text") -> None:
        painter.setFont(theme().font(size, weight))
        painter.setPen(theme().colour(role))
        painter.drawText(rect, align, text)


class ResultsTable(QTreeView):
    """The table of a run; Ctrl+C copies the selected rows as tab-separated text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.results = ResultsModel(self)
        self.narrow = False
        self._whole_px = 0
        self._followed: int | None = None
        self.setModel(self.results)
        self.setItemDelegate(_CellDelegate(self))
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(self.tr("Results"))
        self.setMouseTracking(True)
        header = _Header(self)
        self.setHeader(header)
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(10)
        header.setFixedHeight(theme().px("height", "table_header"))

    def show_run(self, run: RunState) -> None:
        """Show a run, planned or under way."""
        self._followed = None
        self.results.show_run(run)
        shown = set(run.shown)
        for row in range(len(run.cells)):
            self.setRowHidden(row, QModelIndex(), row not in shown)
        self.header().setHidden(run.status == "idle" and not self.narrow)
        self._share_width()

    def refresh_row(self, row: int) -> None:
        """Draw a row anew; its height may have changed."""
        had = self.visualRect(self.results.index(row, 0)).height()
        self.results.refresh(row)
        if had != self.itemDelegate().sizeHint(QStyleOptionViewItem(), self.results.index(row, 0)).height():
            self.scheduleDelayedItemsLayout()

    def follow(self, row: int) -> None:
        """Bring a row that begins to run into view, unless the person has scrolled the one before it away."""
        if self.isRowHidden(row, QModelIndex()):
            return
        if self._followed is None or not self.isVisible() or self._is_in_view(self._followed):
            self.scrollTo(self.results.index(row, 0))
        self._followed = row

    def _is_in_view(self, row: int) -> bool:
        return self.visualRect(self.results.index(row, 0)).intersects(self.viewport().rect())

    def announce(self, row: int) -> None:
        """Tell a screen reader of a finished row, once."""
        test, result, interval, _, verdict, _ = self.results.texts(row)
        event = QAccessibleAnnouncementEvent(self, f"{test}: {result or verdict} {interval} {verdict}")
        QAccessible.updateAccessibility(event)

    def set_narrow(self, narrow: bool) -> None:
        """Draw each test in one line, with the detail as a column."""
        self.narrow = narrow
        self._share_width()
        self.scheduleDelayedItemsLayout()

    def show_whole(self, width: int) -> None:
        """Cut no second line but go on below it, in a table of so many px, for a picture: it has no tooltip."""
        self._whole_px = width
        self.scheduleDelayedItemsLayout()

    def more_height(self, row: int) -> int:
        """Return the px that a second line has below its first one where it is shown whole."""
        if not self._whole_px:
            return 0
        room = QRect(0, 0, self._whole_px - 2 * EDGE - self._mark_px(row), 0)
        metrics = QFontMetrics(theme().font("small"))
        return metrics.boundingRect(room, WRAPPED, self._whole_line(row)).height() - metrics.height()

    def _whole_line(self, row: int) -> str:
        """Return all of a second line, of which a picture names no folder."""
        return without_paths(DOT.join(self.results.parts(row)))

    def _mark_px(self, row: int) -> int:
        """Return the px that gauge, small line or cross take before a second line."""
        state = self.results.run.cells[row]
        if state.row is not None and state.row.verdict in ("failed", "invalid"):
            return 22
        return 62 if words.limit_share(state.row) is not None or len(row_words.speeds(state)) > 1 else 0

    def has_second_line(self, row: int) -> bool:
        """Return whether a row is drawn in two lines."""
        run, state = self.results.run, self.results.run.cells[row]
        # Tests of the machine take turns of less than a second: rows would never stand still.
        return state.row is not None or not run.is_open or (row == run.current and state.cell.model != MACHINE)

    def first_line(self, rect: QRect) -> QRect:
        """Return the part of a row's rectangle that holds its first line."""
        return rect if rect.height() < 40 else QRect(rect.left(), rect.top() + 3, rect.width(), 23)

    def as_text(self, rows: list[int], markdown: bool) -> str:
        """Return rows as Markdown or as tab-separated lines."""
        table = self.results.table(rows)
        if not markdown:
            return "\n".join("\t".join(line) for line in table)
        head, *body = [" | ".join(cell.replace("|", "\\|") for cell in line) for line in table]
        rule = " | ".join("---" for _ in table[0])
        return "\n".join(f"| {line} |" for line in (head, rule, *body)) + "\n"

    def copy_all(self) -> None:
        """Copy all rows as a Markdown table."""
        QGuiApplication.clipboard().setText(self.as_text(self.results.run.shown, markdown=True))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            rows = sorted({index.row() for index in self.selectedIndexes()}) or self.results.run.shown
            QGuiApplication.clipboard().setText(self.as_text(rows, markdown=False))
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()
        if self._followed is not None and self._is_in_view(self._followed):
            self.scrollTo(self.results.index(self._followed, 0))  # not cut by what has come below the table

    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the ground of a row, its cells, and the second line across all columns."""
        rect = QRect(0, option.rect.top(), self.viewport().width(), option.rect.height())
        row, state = index.row(), self.results.run.cells[index.row()]
        failed = state.row is not None and state.row.verdict in ("failed", "invalid")
        current = row == self.results.run.current
        selected = self.selectionModel().isRowSelected(row, QModelIndex())
        if failed:
            painter.fillRect(rect, theme().colour("bad_fill"))
        elif current or selected:
            painter.fillRect(rect, theme().colour("selection"))
        if failed or current or selected:
            painter.fillRect(QRect(0, rect.top(), 3, rect.height()), theme().colour("bad" if failed else "primary"))
        for column in range(self.results.columnCount()):
            if not self.isColumnHidden(column):
                self._draw_cell(painter, rect, self.results.index(row, column))
        if rect.height() >= 40:
            self._second_line(painter, rect, row, state, failed)
        elif not self.narrow and not row_words.value(state)[0]:
            self._plain_words(painter, rect, row, state)
        painter.fillRect(QRect(0, rect.bottom(), rect.width(), 1), theme().colour("divider"))
        if self.hasFocus() and self.currentIndex().row() == row:
            painter.setPen(QPen(theme().colour("focus"), 2))
            painter.drawRect(rect.adjusted(1, 1, -1, -2))

    def _draw_cell(self, painter: QPainter, row: QRect, index: QModelIndex) -> None:
        option = QStyleOptionViewItem()
        option.rect = QRect(self.columnViewportPosition(index.column()), row.top(),
                            self.columnWidth(index.column()), row.height())
        self.itemDelegate().paint(painter, option, index)

    def _second_line(self, painter: QPainter, rect: QRect, row: int, state: CellState, failed: bool) -> None:
        line = QRect(EDGE, rect.top() + 24, rect.width() - 2 * EDGE, 18)
        speeds = row_words.speeds(state)
        share = words.limit_share(state.row)
        if failed:
            paint_icon(painter, "x-circle", QRectF(line.left(), line.center().y() - 6, 13, 13), "text")
        elif share is not None:
            paint_gauge(painter, QRectF(line.left(), line.center().y() - 5, 52, 12), share)
        elif len(speeds) > 1:
            paint_sparkline(painter, QRectF(line.left(), line.center().y() - 5, 52, 12), speeds)
        line.setLeft(line.left() + self._mark_px(row))
        font = theme().font("small")
        painter.setFont(font)
        painter.setPen(theme().colour("text" if failed or row == self.results.run.current else "text_2"))
        if self._whole_px:
            line.translate(0, (line.height() - painter.fontMetrics().height()) // 2)
            painter.drawText(line.adjusted(0, 0, 0, self.more_height(row)), WRAPPED, self._whole_line(row))
        else:
            painter.drawText(line, LEFT, whole_parts(self.results.parts(row), font, line.width()))

    def _plain_words(self, painter: QPainter, rect: QRect, row: int, state: CellState) -> None:
        """Say what a test that has not begun will do."""
        font = theme().font("small")
        test, options = words.test_parts(state)
        taken = QFontMetrics(theme().font("body")).horizontalAdvance(test) + (
            QFontMetrics(font).horizontalAdvance(options) + OPTIONS_GAP if options else 0)
        line = rect.adjusted(max(WIDTHS[TEST] - 16, EDGE + taken + 12), 0, -104, 0)
        painter.setFont(font)
        painter.setPen(theme().colour("text_2"))
        painter.drawText(line, LEFT, whole_parts(self.results.parts(row), font, line.width()))

    def _share_width(self) -> None:
        widths = NARROW_WIDTHS if self.narrow else WIDTHS
        self.setColumnHidden(DETAIL, not self.narrow)
        for column, width in widths.items():
            self.setColumnWidth(column, width)
        rest = self.viewport().width() - sum(widths.values())
        self.setColumnWidth(DETAIL if self.narrow else VERDICT, max(60, rest))


def whole_parts(parts: Sequence[str], font: QFont, width: int) -> str:
    """Return as many parts of a line as there is room for, and … for the rest; only the first is ever cut.

    Nothing is cut within a number that way; the tooltip has all parts.
    """
    metrics = QFontMetrics(font)
    lines = [DOT.join(parts), *(f"{DOT.join(parts[:count])}{DOT}…" for count in range(len(parts) - 1, 0, -1))]
    first = metrics.elidedText(parts[0], Qt.TextElideMode.ElideRight, width)
    return next((line for line in lines if metrics.horizontalAdvance(line) <= width), first)


class _Header(QHeaderView):
    """Column titles over the numbers they name."""

    def __init__(self, table: ResultsTable) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)
        self._table = table

    def paintSection(self, painter: QPainter, rect: QRect, column: int) -> None:
        painter.fillRect(rect, theme().colour("panel"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), theme().colour("divider"))
        painter.setFont(theme().font("small"))
        painter.setPen(theme().colour("text_2"))
        narrow = self._table.narrow
        inset = {RESULT: 0 if narrow else UNIT_SPACE, VERDICT: EDGE}.get(column, 0)
        left = column in (TEST, DETAIL)
        box = rect.adjusted({TEST: EDGE, DETAIL: 16}.get(column, 0), 0, -inset, 0)
        text = self.model().headerData(column, Qt.Orientation.Horizontal)
        painter.drawText(box, LEFT if left else RIGHT, text)
