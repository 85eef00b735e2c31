"""Paints the rows of the table of stored runs.

All visible rows at once, and texts and badges as they were laid out the first time: a delegate's paint per
cell takes eight times as long, and a filter paints all of them at each key.
"""

from collections.abc import Callable
from functools import partial
from math import ceil

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap, QStaticText
from PySide6.QtWidgets import QTableView

from llmscope.gui.models.history_model import (
    DEVICE,
    KEY,
    MODEL,
    SECOND,
    TAGS,
    TYPE,
    VERDICT,
    WHEN,
    HistoryModel,
)
from llmscope.gui.plots.style import series_role
from llmscope.gui.theme import theme
from llmscope.gui.widgets.badge import HEIGHT, badge_width, paint_badge
from llmscope.runs.entry import Entry
from llmscope.runs.marks import REFERENCE

EDGE, MARK_PX = 12, 9
#: Room in px for ± after a value, and after that.
PLUS_WIDTH, GAP = 54, 12
SAME_PX = QPointF(88, 14)
#: Space in px between a name and the model after it, and the least that a model has there.
NAME_GAP, LEAST_MODEL_PX = 10, 80
TAG_PX, TAG_PAD, TAG_GAP, LEAST_TAG_PX = 18, 7, 5, 26
#: Wider than any text that is not shortened.
_ANY_PX = 10_000
_LEAST_SPAN = 0.10
#: Layouts that are kept; a history of many models and widths must not grow them without end.
_MOST_KEPT = 4096
_MIDDLE = Qt.TextElideMode.ElideMiddle
#: Text, size, weight, where it is shortened, and the px it has.
_Laid = tuple[str, str, int, Qt.TextElideMode, int]


class RowPainter:
    """Keeps what it laid out until `forget`, which a change of the theme needs."""

    def __init__(self, table: QTableView, runs: HistoryModel) -> None:
        self._table, self._runs = table, runs
        self._texts: dict[_Laid, QStaticText] = {}
        self._pictures: dict[str, QPixmap] = {}
        self._fonts: dict[tuple[str, int], QFont] = {}
        self._colours: dict[str, QColor] = {}

    def forget(self) -> None:
        """Let go of all pictures: their colours have changed."""
        self._pictures.clear()
        self._colours.clear()

    def paint(self, painter: QPainter, first: int, last: int) -> None:
        """Paint these rows of the table."""
        table = self._table
        columns = [(column, table.columnViewportPosition(column), table.columnWidth(column))
                   for column in range(self._runs.columnCount()) if not table.isColumnHidden(column)]
        for row in range(first, last + 1):
            whole = QRect(0, table.rowViewportPosition(row), table.viewport().width(), table.rowHeight(row))
            entry = self._runs.entry(row)
            self._ground(painter, whole, row, entry)
            if entry is None:
                self._text(painter, whole.adjusted(EDGE, 0, 0, 0), self._runs.day(row), "small", 600)
                continue
            for column, left, width in columns:
                self._cell(painter, QRect(left, whole.top(), width, whole.height()), column, entry)
            if table.hasFocus() and table.currentIndex().row() == row:
                painter.setPen(QPen(theme().colour("focus"), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(whole.adjusted(1, 1, -1, -2))

    def _ground(self, painter: QPainter, whole: QRect, row: int, entry: Entry | None) -> None:
        if entry is None:
            painter.fillRect(whole, self._colour("window"))
        elif self._table.selectionModel().isRowSelected(row):
            painter.fillRect(whole, self._colour("selection"))
        painter.fillRect(QRect(0, whole.bottom(), whole.width(), 1), self._colour("divider"))

    def _cell(self, painter: QPainter, rect: QRect, column: int, entry: Entry) -> None:
        texts = self._runs.texts(entry)
        match column:
            case 0:
                self._text(painter, rect.adjusted(EDGE, 0, 0, 0), texts[WHEN], role="text_2")
            case 1:
                self._model(painter, rect.adjusted(4, 0, -10, 0), entry.name, texts[MODEL] or entry.id)
            case 2 if entry.device:
                painter.drawPixmap(rect.left(), rect.center().y() - 4, self._mark(entry.device_id.startswith("cpu")))
                self._text(painter, rect.adjusted(17, 0, -8, 0), texts[DEVICE], mode=_MIDDLE)
            case 3:
                self._text(painter, rect, texts[TYPE], role="text_2")
            case 4:
                value, _, plus = texts[KEY].partition(" ")
                self._number(painter, rect.adjusted(0, 0, -PLUS_WIDTH - GAP, 0), self._marked(entry, KEY, value), 600)
                self._text(painter, rect.adjusted(0, 0, -GAP, 0), plus, "small", role="text_2", at_right=True)
            case 5:
                value, _, which = texts[SECOND].partition(" ")
                self._number(painter, rect.adjusted(0, 0, -(self._width(which, "small", 400) + 4) if which else 0, 0),
                             self._marked(entry, SECOND, value))
                self._text(painter, rect, which, "small", role="text_2", at_right=True)
            case 6:
                box = QRectF(rect.right() - 16 - SAME_PX.x(), rect.center().y() - SAME_PX.y() / 2, SAME_PX.x(),
                             SAME_PX.y())
                self._same(painter, box, self._runs.same(entry), _role(entry.device_id))
            case 7:
                badge = self._badge(texts[VERDICT])
                painter.drawPixmap(rect.left(), rect.center().y() + 1 - HEIGHT // 2, badge)
            case 8 if texts[TAGS]:
                self._tags(painter, rect.adjusted(0, 0, -EDGE, 0), entry)

    def _model(self, painter: QPainter, rect: QRect, name: str, model: str) -> None:
        """Write the name that a person gave a run, and after it, smaller, what was run."""
        if not name:
            self._text(painter, rect, model, weight=600, mode=_MIDDLE)
            return
        self._text(painter, rect, name, weight=600)
        room = rect.adjusted(self._width(name, "body", 600) + NAME_GAP, 0, 0, 0)
        if room.width() > LEAST_MODEL_PX:
            self._text(painter, room, model, "small", role="text_2", mode=_MIDDLE)

    def _tags(self, painter: QPainter, rect: QRect, entry: Entry) -> None:
        """Draw each tag in a frame, that of a reference filled; the last one that begins is cut."""
        left = rect.left()
        for tag in entry.labels:
            width = min(self._width(tag, "caption", 500) + 2 * TAG_PAD, rect.right() - left)
            if width < LEAST_TAG_PX:
                break
            box = QRect(left, rect.center().y() - TAG_PX // 2, width, TAG_PX)
            if entry.is_reference and tag == REFERENCE:
                painter.fillRect(box, self._colour("selection"))
            painter.setPen(self._colour("control_line"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box)
            self._text(painter, box.adjusted(TAG_PAD, 0, -TAG_PAD + 2, 0), tag, "caption", 500)
            left += width + TAG_GAP

    def _width(self, text: str, size: str, weight: int) -> int:
        return ceil(self._laid((text, size, weight, Qt.TextElideMode.ElideRight, _ANY_PX)).size().width())

    def _marked(self, entry: Entry, column: int, value: str) -> str:
        """Return a value with a mark before it where it is of another model than the run's first."""
        return f"*{value}" if self._runs.other_model(entry, column) else value

    def _number(self, painter: QPainter, rect: QRect, value: str, weight: int = 400) -> None:
        is_there = value != "—"
        self._text(painter, rect, value, weight=weight if is_there else 400, role="text" if is_there else "text_2",
                   at_right=True)

    def _text(self, painter: QPainter, rect: QRect, text: str, size: str = "body", weight: int = 400,
              role: str = "text", at_right: bool = False, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        if not text:
            return
        laid = self._laid((text, size, weight, mode, rect.width()))
        painter.setFont(self._font(size, weight))
        painter.setPen(self._colour(role))
        room = laid.size()
        left = rect.right() + 1 - room.width() if at_right else rect.left()
        painter.drawStaticText(QPointF(left, rect.top() + ceil((rect.height() - room.height()) / 2)), laid)

    def _laid(self, key: _Laid) -> QStaticText:
        """Return a text as it is laid out, shortened to its room."""
        known = self._texts.get(key)
        if known is None:
            text, size, weight, mode, width = key
            font = self._font(size, weight)
            known = QStaticText(QFontMetrics(font).elidedText(text, mode, width))
            known.setTextFormat(Qt.TextFormat.PlainText)
            known.prepare(font=font)
            if len(self._texts) >= _MOST_KEPT:
                self._texts.clear()
            self._texts[key] = known
        return known

    def _font(self, size: str, weight: int) -> QFont:
        if (size, weight) not in self._fonts:
            self._fonts[size, weight] = theme().font(size, weight)
        return self._fonts[size, weight]

    def _colour(self, role: str) -> QColor:
        if role not in self._colours:
            self._colours[role] = theme().colour(role)
        return self._colours[role]

    def _same(self, painter: QPainter, box: QRectF, values: list[float], role: str) -> None:
        """Paint values as a line, the last one as a dot."""
        if not values:
            return
        points, colour = _points(box, values), self._colour(role)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 1.5))
        painter.drawPolyline(points)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(points[-1], 3, 3)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _badge(self, word: str) -> QPixmap:
        return self._picture(word, badge_width(word), HEIGHT, partial(paint_badge, word=word, at_left=True))

    def _mark(self, is_cpu: bool) -> QPixmap:
        """Return the mark of a device: a square for a GPU, a dot for the CPU."""
        name, paint = ("dot", _paint_dot) if is_cpu else ("square", _paint_square)
        return self._picture(f"a {name}", MARK_PX, MARK_PX, paint)

    def _picture(self, name: str, width: int, height: int, paint: Callable[[QPainter, QRectF], None]) -> QPixmap:
        """Return what is painted as a picture, at the scale of the screen that the table is on."""
        scale = self._table.devicePixelRatioF()
        known = self._pictures.get(name)
        if known is None or known.devicePixelRatio() != scale:
            known = QPixmap(round(width * scale), round(height * scale))
            known.setDevicePixelRatio(scale)
            known.fill(Qt.GlobalColor.transparent)
            painter = QPainter(known)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint(painter, QRectF(0, 0, width, height))
            painter.end()
            self._pictures[name] = known
        return known


def _paint_dot(painter: QPainter, box: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().colour(series_role("cpu")))
    painter.drawEllipse(box)


def _paint_square(painter: QPainter, box: QRectF) -> None:
    painter.fillRect(box.adjusted(0.5, 0.5, -0.5, -0.5), theme().colour(series_role("gpu0")))


def _role(device_id: str) -> str:
    return series_role("cpu" if device_id.startswith("cpu") else "gpu0")


def _points(box: QRectF, values: list[float]) -> list[QPointF]:
    """Return where values lie, from left to right, about their median; the last one at the right end of the box."""
    middle = sorted(values)[len(values) // 2]
    off = [value / middle - 1 if middle > 0 else 0.0 for value in values]
    up_px = box.height() / 2 / max(_LEAST_SPAN, *map(abs, off))
    left, step, y = box.right() - 3 - (len(values) - 1) * box.width() / 6, box.width() / 6, box.center().y()
    return [QPointF(left + i * step, y - share * up_px) for i, share in enumerate(off)]
