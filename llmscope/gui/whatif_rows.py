"""Paints the rows of the table of other hardware: fit as a badge, writing speed as a floating bar on a common scale."""

from PySide6.QtCore import QModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from llmscope.analysis.projection import Projection
from llmscope.core.units import significant
from llmscope.gui.models.hardware_rows import HardwareRows, is_here
from llmscope.gui.models.text_rows import LEFT, RIGHT, Index
from llmscope.gui.models.whatif_model import BAR, BASIS, FIT, HARDWARE, MEMORY, PRICE, SPARE, WRITING, WhatIfModel
from llmscope.gui.plots.style import pen
from llmscope.gui.theme import theme
from llmscope.gui.widgets.badge import paint_badge

EDGE, GAP = 12, 14
BAR_PX, LEAST_BAR_PX = 8, 3


class HardwareDelegate(QStyledItemDelegate):
    """Draws ground and focus of a cell and takes a typed price; `paint_cell` draws what stands in it."""

    def __init__(self, table: QTableView, rows: HardwareRows) -> None:
        super().__init__(table)
        self._table, self._rows = table, rows

    def paint_cell(self, painter: QPainter, rect: QRect, column: int, text: str, one: Projection) -> None:
        """Draw the text of a row's column, or what stands for it."""
        raise NotImplementedError

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect, one = option.rect, self._rows.shown[index.row()]
        self._ground(painter, rect, index, one)
        self.paint_cell(painter, rect, index.column(), str(index.data()), one)
        if option.state & QStyle.StateFlag.State_HasFocus and self._table.hasFocus():
            painter.setPen(pen("focus", 2.0))
            painter.drawRect(rect.adjusted(1, 1, -1, -2))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAlignment(RIGHT)
        editor.setMaxLength(40)
        editor.setFont(theme().font())
        editor.setAccessibleName(self.tr("Price of {0}, US dollars").format(self._rows.shown[index.row()].target.name))
        return editor

    def _ground(self, painter: QPainter, rect: QRect, index: Index, one: Projection) -> None:
        is_selected = self._table.selectionModel().isRowSelected(index.row(), QModelIndex())
        if is_selected or is_here(one):
            painter.fillRect(rect, theme().colour("selection"))
        if is_selected and index.column() == 0:
            painter.fillRect(rect.left(), rect.top(), 3, rect.height(), theme().colour("primary"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme().colour("divider"))


class RowDelegate(HardwareDelegate):
    """Draws what fits and how fast; a device of this machine stands out by its ground and its weight."""

    _rows: WhatIfModel

    def paint_cell(self, painter: QPainter, rect: QRect, column: int, text: str, one: Projection) -> None:
        if column == FIT:
            paint_badge(painter, QRectF(rect), text, _look(one), at_left=True)
        elif column == BAR and one.decode_tok_s is not None:
            self._bar(painter, rect, one)
        else:
            quiet = column in (SPARE, BAR, BASIS)
            strong = column == WRITING or (column == HARDWARE and is_here(one))
            paint_text(painter, _room(rect, column), text, self._rows.how(column), quiet, strong)

    def _bar(self, painter: QPainter, rect: QRect, one: Projection) -> None:
        assert one.decode_tok_s is not None
        inside, scale = _room(rect, BAR), self._rows.scale_tok_s()
        left, right = (inside.left() + speed / scale * inside.width()
                       for speed in (one.decode_tok_s.low, one.decode_tok_s.high))
        middle = rect.center().y()
        painter.fillRect(inside.left(), rect.top(), 1, rect.height(), theme().colour("axis"))
        painter.setPen(pen("axis", 1.0, (1, 3)))
        painter.drawLine(inside.left() + 3, middle, round(left), middle)
        of_cpu = "series_a" if one.target.kind == "cpu" else "series_b"
        colour = theme().colour(of_cpu if is_here(one) else "text_2")
        painter.fillRect(QRectF(left, middle - BAR_PX / 2, max(LEAST_BAR_PX, right - left), BAR_PX), colour)


class ScaleHeader(QHeaderView):
    """Titles over what they name; over the bars their scale."""

    def __init__(self, table: QTableView, rows: WhatIfModel) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)
        self._rows = rows

    def paintSection(self, painter: QPainter, rect: QRect, column: int) -> None:
        paint_head(painter, rect)
        inside = _room(rect, column)
        if column != BAR:
            title = self.model().headerData(column, Qt.Orientation.Horizontal)
            painter.drawText(inside, self._rows.how(column), title)
        elif self._rows.fastest_tok_s():
            scale = self._rows.scale_tok_s()
            painter.drawText(inside, LEFT, "0")
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, significant(scale / 2))
            painter.drawText(inside, RIGHT, significant(scale))


def _look(one: Projection) -> str:
    """Return the word that the badges of this kind are known by, whatever the language."""
    return "none" if one.fits is None else "fits" if one.fits else "does not fit"


def paint_head(painter: QPainter, rect: QRect) -> None:
    """Draw the ground of a title, and leave the painter ready for its text."""
    painter.fillRect(rect, theme().colour("panel"))
    painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme().colour("divider"))
    painter.setFont(theme().font("small"))
    painter.setPen(theme().colour("text_2"))


def paint_text(painter: QPainter, inside: QRect, text: str, how: Qt.AlignmentFlag, quiet: bool = False,
               strong: bool = False, cut: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
    """Draw a text, shortened to its room."""
    painter.setFont(theme().font("small" if quiet else "body", 600 if strong else 400))
    painter.setPen(theme().colour("text_2" if quiet else "text"))
    painter.drawText(inside, how, painter.fontMetrics().elidedText(text, cut, inside.width()))


def _room(rect: QRect, column: int) -> QRect:
    """Return the part of a cell that its text or bar has."""
    left = {HARDWARE: EDGE, BAR: GAP, BASIS: GAP}.get(column, 0)
    right = {HARDWARE: 8, MEMORY: GAP, BAR: GAP, PRICE: EDGE}.get(column, 0)
    return rect.adjusted(left, 0, -right, 0)
