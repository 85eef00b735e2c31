"""The speeds of all runs as bars: a band for each test, under it a row for each run."""

from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from llmscope.analysis.compare import LETTERS, Comparison, Line
from llmscope.analysis.compare_names import called
from llmscope.gui import compare_look as look
from llmscope.gui.compare_marks import ROLES, paint_mark
from llmscope.gui.compare_table import EDGE, CompareRows, CompareTable, title_room
from llmscope.gui.icons import paint_icon
from llmscope.gui.models.text_rows import LEFT, RIGHT, Index
from llmscope.gui.plots.style import pen
from llmscope.gui.rows_table import PlainHeader
from llmscope.gui.theme import theme

RUN, RESULT, PLUS, TIMES, TIMES_PLUS = range(5)
ROW_PX, BAND_PX = 25, 30
WIDTHS = {RESULT: 100, PLUS: 100, TIMES: 96, TIMES_PLUS: 86}
NARROW_WIDTHS = {RESULT: 96, PLUS: 92, TIMES: 96, TIMES_PLUS: 84}
#: Where a bar begins and how high it is; a whisker narrower than a few px is one tick.
BAR_LEFT, BAR_PX, WHISKER_PX = 58, 15, 5.0


class SpeedRows(CompareRows):
    """A row is a test (place None), or a run in it; `found` are line and place of each."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[Line, int | None]] = []

    def show_speeds(self, comparison: Comparison) -> None:
        """Show the tests of a comparison."""
        self.found = [(line, place) for line in comparison.shown for place in (None, *range(len(line.values)))]
        base = LETTERS[comparison.baseline]
        self.show_lines((self.tr("Run"), self.tr("Result"), "", self.tr("vs {0}").format(base), ""),
                        [self._texts(comparison, line, place) for line, place in self.found])

    def tip(self, row: int) -> str:
        line, place = self.found[row]
        if place is None:
            return look.plain(line)
        value = line.values[place]
        return " · ".join(filter(None, (self.lines[row][0], value.why or look.warning(value))))

    @staticmethod
    def _texts(comparison: Comparison, line: Line, place: int | None) -> look.Told:
        if place is None:
            return f"{line.name}, {look.plain(line)}", "", "", "", ""
        return f"{LETTERS[place]} · {called(comparison, place)}", *look.texts(comparison, line, place)


class SpeedTable(CompareTable):
    """The bars; what is read of them is in the cells too."""

    def __init__(self) -> None:
        self.speeds = SpeedRows()
        super().__init__(self.speeds, WIDTHS, NARROW_WIDTHS, RUN, ROW_PX)
        self.setAccessibleName(self.tr("Speed of each run by test"))
        self.setItemDelegate(_Bars(self))
        self.take_header(PlainHeader(self, self.speeds, title_room))
        self._comparison: Comparison | None = None

    def show_speeds(self, comparison: Comparison) -> None:
        """Show the tests of a comparison."""
        self._comparison = comparison
        self.clearSpans()
        self.speeds.show_speeds(comparison)
        for row, (line, place) in enumerate(self.speeds.found):
            self.setRowHeight(row, BAND_PX if place is None else ROW_PX)
            if place is None or not line.values[place].counted:  # what a test does, and why it has no value, is long
                self.setSpan(row, RUN, 1, TIMES_PLUS + 1)
        self._share_width()

    def as_text(self, rows: Iterable[int]) -> str:
        assert self._comparison is not None
        found = [self.speeds.found[row] for row in rows]
        told = [look.told(self._comparison, line, place) for line, place in found if place is not None]
        return look.as_tsv([look.table(self._comparison)[0], *told])


class _Bars(QStyledItemDelegate):
    """Paints a cell."""

    def __init__(self, table: SpeedTable) -> None:
        super().__init__(table)
        self._table = table

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect, column = option.rect, index.column()
        line, place = self._table.speeds.found[index.row()]
        if self._table.selectionModel().isRowSelected(index.row(), QModelIndex()):
            painter.fillRect(rect, theme().colour("selection"))
        if place is None:
            _paint_band(painter, rect, line, index.row() > 0)
        elif column == RUN:
            _paint_run(painter, rect, line, place)
        elif (value := line.values[place]).counted:
            is_bold = column == RESULT or (column == TIMES and value.times is not None and value.times.is_resolved)
            room = rect.adjusted(0, 0, -EDGE if column == TIMES_PLUS else 0, 0)
            _paint_text(painter, room, column in (RESULT, TIMES), is_bold, str(index.data()))
        if option.state & QStyle.StateFlag.State_HasFocus and self._table.hasFocus():
            painter.setPen(pen("focus", 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(1, 1, -1, -2))


def _paint_band(painter: QPainter, rect: QRect, line: Line, is_below: bool) -> None:
    """Paint the name of a test with what it does."""
    if is_below:
        painter.fillRect(rect.left(), rect.top() + 2, rect.width(), 1, theme().colour("divider"))
    room = rect.adjusted(EDGE, 5, -EDGE, 0)
    painter.setFont(theme().font("body", 600))
    painter.setPen(theme().colour("text"))
    painter.drawText(room, LEFT, line.name)
    room.setLeft(room.left() + painter.fontMetrics().horizontalAdvance(line.name) + 10)
    painter.setFont(theme().font("small"))
    painter.setPen(theme().colour("text_2"))
    painter.drawText(room, LEFT, painter.fontMetrics().elidedText(
        look.plain(line), Qt.TextElideMode.ElideRight, room.width()))


def _paint_run(painter: QPainter, rect: QRect, line: Line, place: int) -> None:
    """Paint mark, letter and bar of a run; why there is no value stands in the place of the bar."""
    middle = rect.center().y() + 0.5
    paint_mark(painter, QPointF(rect.left() + EDGE + 6, middle), place)
    painter.setFont(theme().font("body", 600))
    painter.setPen(theme().colour("text"))
    painter.drawText(rect.adjusted(EDGE + 20, 0, 0, 0), LEFT, LETTERS[place])
    value, room = line.values[place], rect.adjusted(BAR_LEFT, 0, -22, 0)
    if value.counted:
        _paint_bar(painter, QRectF(room), line, place)
        if look.warning(value):
            paint_icon(painter, "warning", QRectF(rect.right() - 16, middle - 6, 12, 12), "warn")
        return
    painter.setFont(theme().font("small"))
    painter.setPen(theme().colour("bad" if value.why.startswith(("failed", "not counted")) else "text_2"))
    painter.drawText(room, LEFT, painter.fontMetrics().elidedText(
        value.why, Qt.TextElideMode.ElideRight, room.width()))


def _paint_bar(painter: QPainter, room: QRectF, line: Line, place: int) -> None:
    """Paint a bar from zero, on the scale of its test, with its whisker."""
    most = max(row.high or row.median or 0 for value in line.values if value.counted and (row := value.row) is not None)
    row = line.values[place].row
    if row is None or row.median is None or most <= 0:
        return
    scale, middle = (room.width() - 4) / most, room.center().y() + 0.5
    painter.fillRect(QRectF(room.left() - 1, room.top() + 2, 1, room.height() - 4), theme().colour("strong_line"))
    painter.fillRect(QRectF(room.left(), middle - BAR_PX / 2, max(2.0, row.median * scale), BAR_PX),
                     theme().colour(ROLES[place]))
    if row.low is not None and row.high is not None:
        _paint_whisker(painter, room.left() + row.low * scale, room.left() + row.high * scale, middle)


def _paint_whisker(painter: QPainter, low: float, high: float, middle: float) -> None:
    """Paint an interval twice, broad in the ground's colour and thin in ink; one tick where it is narrow."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    at = (low + high) / 2
    lines = [(at, at)] if high - low < WHISKER_PX else [(low, low), (high, high)]
    for role, width in (("panel", 4.0), ("text", 1.5)):
        painter.setPen(QPen(theme().colour(role), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        for x, _ in lines:
            painter.drawLine(QPointF(x, middle - 4), QPointF(x, middle + 4))
        if len(lines) == 2:
            painter.drawLine(QPointF(low, middle), QPointF(high, middle))
    painter.restore()


def _paint_text(painter: QPainter, rect: QRect, is_value: bool, is_bold: bool, text: str) -> None:
    """Paint a figure; one that tells a difference is bold."""
    painter.setFont(theme().font("body" if is_value else "small", 600 if is_bold else 400))
    painter.setPen(theme().colour("text" if is_bold else "text_2"))
    painter.drawText(rect, RIGHT, text)
