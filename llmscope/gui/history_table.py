"""The table of stored runs: one line a run, a band above the runs of a day."""

from functools import lru_cache

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from llmscope.gui.models.history_model import (
    DEVICE,
    KEY,
    MODEL,
    SAME,
    SECOND,
    TYPE,
    VERDICT,
    WHEN,
    HistoryModel,
    figure,
)
from llmscope.gui.plots.style import series_role
from llmscope.gui.theme import theme
from llmscope.gui.widgets.badge import paint_badge
from llmscope.runs.entry import Entry

Index = QModelIndex | QPersistentModelIndex
EDGE = 12
#: Widths in px; model and device share what is left.
WIDTHS = {WHEN: 58, TYPE: 60, KEY: 150, SECOND: 84, SAME: 124, VERDICT: 116}
MODEL_SHARE = 0.56
#: Room in px for ± after a value, and after that.
PLUS_WIDTH, GAP = 54, 12
LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_SAME_PX = QPointF(88, 14)
_LEAST_SPAN = 0.10


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
        self.setItemDelegate(_Delegate(self))
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

    def _share_width(self) -> None:
        widths = {column: width for column, width in WIDTHS.items() if column not in self._hidden}
        for column, width in widths.items():
            self.setColumnWidth(column, width)
        rest = max(160, self.viewport().width() - sum(widths.values()))
        self.setColumnWidth(MODEL, round(rest * MODEL_SHARE))
        self.setColumnWidth(DEVICE, rest - round(rest * MODEL_SHARE))


class _Delegate(QStyledItemDelegate):
    """Paints a cell with its part of the row's ground; a day is painted across all cells."""

    def __init__(self, view: HistoryTable) -> None:
        super().__init__(view)
        self._view = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry, rect = self._view.runs.entry(index.row()), QRect(option.rect)
        self._ground(painter, rect, entry, bool(option.state & QStyle.StateFlag.State_Selected))
        if entry is not None:
            self._cell(painter, rect, index.column(), entry)
            if not (self._view.hasFocus() and self._view.currentIndex().row() == index.row()):
                return
        painter.save()
        painter.setClipRect(rect)
        whole = QRect(0, rect.top(), self._view.viewport().width(), rect.height())
        if entry is None:
            _text(painter, whole.adjusted(EDGE, 0, 0, 0), self._view.runs.day(index.row()), "small", 600)
        else:
            painter.setPen(QPen(theme().colour("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(whole.adjusted(1, 1, -1, -2))
        painter.restore()

    @staticmethod
    def _ground(painter: QPainter, rect: QRect, entry: Entry | None, is_selected: bool) -> None:
        if entry is None:
            painter.fillRect(rect, theme().colour("window"))
        elif is_selected:
            painter.fillRect(rect, theme().colour("selection"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), theme().colour("divider"))

    def _cell(self, painter: QPainter, rect: QRect, column: int, entry: Entry) -> None:
        texts = self._view.runs.texts(entry)
        match column:
            case 0:
                _text(painter, rect.adjusted(EDGE, 0, 0, 0), texts[WHEN], "body", 400, "text_2")
            case 1:
                model = texts[MODEL] or entry.id
                _text(painter, rect.adjusted(4, 0, -10, 0), model, "body", 600, mode=Qt.TextElideMode.ElideMiddle)
            case 2 if entry.device:
                paint_mark(painter, QRectF(rect.left(), rect.center().y() - 4, 9, 9), entry.device_id)
                _text(painter, rect.adjusted(17, 0, -8, 0), texts[DEVICE], "body", mode=Qt.TextElideMode.ElideMiddle)
            case 3:
                _text(painter, rect, texts[TYPE], "body", 400, "text_2")
            case 4:
                value, plus = figure(entry.test(self._view.runs.key))
                _text(painter, rect.adjusted(0, 0, -PLUS_WIDTH - GAP, 0), value, "body", 600 if value != "—" else 400,
                      "text" if value != "—" else "text_2", RIGHT)
                _text(painter, rect.adjusted(0, 0, -GAP, 0), plus, "small", 400, "text_2", RIGHT)
            case 5:
                _text(painter, rect, texts[SECOND], "body", 400, "text" if texts[SECOND] != "—" else "text_2", RIGHT)
            case 6:
                box = QRectF(rect.right() - 16 - _SAME_PX.x(), rect.center().y() - _SAME_PX.y() / 2, _SAME_PX.x(),
                             _SAME_PX.y())
                _paint_same(painter, box, self._view.runs.same(entry), _role(entry.device_id))
            case 7:
                paint_badge(painter, QRectF(rect), texts[VERDICT], at_left=True)


class _Header(QHeaderView):
    """Column titles over what they name."""

    def __init__(self, table: HistoryTable) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)

    def paintSection(self, painter: QPainter, rect: QRect, column: int) -> None:
        painter.fillRect(rect, theme().colour("panel"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), theme().colour("divider"))
        text = self.model().headerData(column, Qt.Orientation.Horizontal) or ""
        left = {WHEN: EDGE, MODEL: 4, SAME: rect.width() - 16 - round(_SAME_PX.x())}.get(column, 0)
        box = rect.adjusted(left, 0, 0, 0)
        if column == KEY:  # over the value, unless its unit needs the room of the ±
            wide = QFontMetrics(theme().font("small")).horizontalAdvance(text) > rect.width() - PLUS_WIDTH - GAP
            box = rect.adjusted(0, 0, -GAP if wide else -PLUS_WIDTH - GAP, 0)
        _text(painter, box, text, "small", 400, "text_2", RIGHT if column in (KEY, SECOND) else LEFT)


def paint_mark(painter: QPainter, box: QRectF, device_id: str) -> None:
    """Paint the mark of a device: a square for a GPU, a dot for the CPU."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().colour(_role(device_id)))
    if device_id.startswith("cpu"):
        painter.drawEllipse(box)
    else:
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
    painter.restore()


def _role(device_id: str) -> str:
    return series_role("cpu" if device_id.startswith("cpu") else "gpu0")


def _paint_same(painter: QPainter, box: QRectF, values: list[float], role: str) -> None:
    """Paint values from left to right that end at the right end of the box, the last one as a dot."""
    if not values:
        return
    middle = sorted(values)[len(values) // 2]
    span = max(_LEAST_SPAN, *(abs(value / middle - 1) for value in values)) if middle > 0 else 1.0
    step = box.width() / 6
    points = [QPointF(box.right() - 3 - (len(values) - 1 - i) * step,
                      box.center().y() - (value / middle - 1 if middle > 0 else 0.0) / span * box.height() / 2)
              for i, value in enumerate(values)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme().colour(role), 1.5))
    painter.drawPolyline(QPolygonF(points))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().colour(role))
    painter.drawEllipse(points[-1], 3, 3)


def _text(painter: QPainter, rect: QRect, text: str, size: str, weight: int = 400, role: str = "text",
          align: Qt.AlignmentFlag = LEFT, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
    if not text:
        return
    painter.setFont(_font(size, weight))
    painter.setPen(theme().colour(role))
    painter.drawText(rect, align, _elided(text, size, weight, mode, rect.width()))


@lru_cache
def _font(size: str, weight: int) -> QFont:
    return theme().font(size, weight)


@lru_cache(maxsize=4096)
def _elided(text: str, size: str, weight: int, mode: Qt.TextElideMode, width: int) -> str:
    return QFontMetrics(_font(size, weight)).elidedText(text, mode, width)
