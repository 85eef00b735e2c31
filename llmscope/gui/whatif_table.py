"""The table of other hardware: fit as a badge, writing speed as a floating bar on a common scale."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from llmscope.analysis.projection import Projection
from llmscope.core.units import significant
from llmscope.gui.models.whatif_model import (
    AT_LEFT,
    BAR,
    BASIS,
    FIT,
    HARDWARE,
    LEFT,
    MEMORY,
    PRICE,
    READING,
    RIGHT,
    SPARE,
    WRITING,
    Index,
    WhatIfModel,
    is_here,
)
from llmscope.gui.plots.style import pen
from llmscope.gui.plots.token_timeline import nice
from llmscope.gui.theme import theme
from llmscope.gui.widgets.badge import paint_badge

EDGE, GAP = 12, 14
#: Widths in px; the bar takes what is left.
WIDTHS = {HARDWARE: 304, MEMORY: 90, FIT: 110, SPARE: 98, WRITING: 102, READING: 126, BASIS: 290, PRICE: 80}
NARROW_WIDTHS = {HARDWARE: 224, MEMORY: 80, FIT: 102, SPARE: 96, WRITING: 92, READING: 112, BASIS: 0, PRICE: 78}
#: Rows in view before it scrolls: the controls above stay in sight.
ROWS = 14
BAR_PX, LEAST_BAR_PX = 8, 3


class WhatIfTable(QTableView):
    """Ctrl+C copies the selected rows, all where none is selected."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = WhatIfModel()
        self._narrow = False
        self.setModel(self.rows)
        self.setItemDelegate(_Delegate(self))
        self.setHorizontalHeader(_Header(self))
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

    def scale_tok_s(self) -> float:
        """Return the speed at the right end of the bars: a round number, not far above the fastest."""
        fastest = self.rows.fastest_tok_s() or 1.0
        step = nice(fastest / 10)
        return step * math.ceil(fastest / step)

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


class _Delegate(QStyledItemDelegate):
    """Draws a cell; a device of this machine stands out by its ground and its weight."""

    def __init__(self, table: WhatIfTable) -> None:
        super().__init__(table)
        self._table = table

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect, column, one = option.rect, index.column(), self._table.rows.shown[index.row()]
        self._ground(painter, rect, index, one)
        text = str(index.data())
        if column == FIT:
            paint_badge(painter, QRectF(rect), text, _look(one), at_left=True)
        elif column == BAR and one.decode_tok_s is not None:
            self._bar(painter, rect, one)
        else:
            _text(painter, room(rect, column), column, text, one)
        if option.state & QStyle.StateFlag.State_HasFocus and self._table.hasFocus():
            painter.setPen(pen("focus", 2.0))
            painter.drawRect(rect.adjusted(1, 1, -1, -2))

    def _ground(self, painter: QPainter, rect: QRect, index: Index, one: Projection) -> None:
        is_selected = self._table.selectionModel().isRowSelected(index.row(), QModelIndex())
        if is_selected or is_here(one):
            painter.fillRect(rect, theme().colour("selection"))
        if is_selected and index.column() == HARDWARE:
            painter.fillRect(rect.left(), rect.top(), 3, rect.height(), theme().colour("primary"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme().colour("divider"))

    def _bar(self, painter: QPainter, rect: QRect, one: Projection) -> None:
        assert one.decode_tok_s is not None
        inside, scale = room(rect, BAR), self._table.scale_tok_s()
        left, right = (inside.left() + speed / scale * inside.width()
                       for speed in (one.decode_tok_s.low, one.decode_tok_s.high))
        middle = rect.center().y()
        painter.fillRect(inside.left(), rect.top(), 1, rect.height(), theme().colour("axis"))
        painter.setPen(pen("axis", 1.0, (1, 3)))
        painter.drawLine(inside.left() + 3, middle, round(left), middle)
        of_cpu = "series_a" if one.target.kind == "cpu" else "series_b"
        colour = theme().colour(of_cpu if is_here(one) else "text_2")
        painter.fillRect(QRectF(left, middle - BAR_PX / 2, max(LEAST_BAR_PX, right - left), BAR_PX), colour)


class _Header(QHeaderView):
    """Titles over what they name; over the bars their scale."""

    def __init__(self, table: WhatIfTable) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)
        self._table = table

    def paintSection(self, painter: QPainter, rect: QRect, column: int) -> None:
        painter.fillRect(rect, theme().colour("panel"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme().colour("divider"))
        painter.setFont(theme().font("small"))
        painter.setPen(theme().colour("text_2"))
        inside = room(rect, column)
        if column != BAR:
            title = self.model().headerData(column, Qt.Orientation.Horizontal)
            painter.drawText(inside, LEFT if column in AT_LEFT else RIGHT, title)
        elif self._table.rows.fastest_tok_s():
            scale = self._table.scale_tok_s()
            painter.drawText(inside, LEFT, "0")
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, significant(scale / 2))
            painter.drawText(inside, RIGHT, significant(scale))


def _look(one: Projection) -> str:
    """Return the word that the badges of this kind are known by, whatever the language."""
    return "none" if one.fits is None else "fits" if one.fits else "does not fit"


def _text(painter: QPainter, inside: QRect, column: int, text: str, one: Projection) -> None:
    is_strong = column == WRITING or (column == HARDWARE and is_here(one))
    painter.setFont(theme().font("small" if column in (SPARE, BAR, BASIS) else "body", 600 if is_strong else 400))
    painter.setPen(theme().colour("text_2" if column in (SPARE, BAR, BASIS) else "text"))
    painter.drawText(inside, LEFT if column in AT_LEFT else RIGHT,
                     painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, inside.width()))


def room(rect: QRect, column: int) -> QRect:
    """Return the part of a cell that its text or bar has."""
    left = {HARDWARE: EDGE, BAR: GAP, BASIS: GAP}.get(column, 0)
    right = {HARDWARE: 8, MEMORY: GAP, BAR: GAP, PRICE: EDGE}.get(column, 0)
    return rect.adjusted(left, 0, -right, 0)
