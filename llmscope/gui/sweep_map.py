"""The heat map of a sweep: one hue, the more the larger, with the value in each cell."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyledItemDelegate, QTableView, QWidget

from llmscope.analysis.sweeps import Spot
from llmscope.core.results import VERDICT_WORDS
from llmscope.gui.plots.style import pen
from llmscope.gui.sweep_cell import offers, paint_value
from llmscope.gui.sweep_look import SweepLook
from llmscope.gui.sweep_scale import Scale, ink, scale_of, shade
from llmscope.gui.sweep_words import shown
from llmscope.gui.theme import theme
from llmscope.runs.export_grid import spot_interval, spot_value

Index = QModelIndex | QPersistentModelIndex
SPOT_ROLE = Qt.ItemDataRole.UserRole + 1
CELL_PX, ROW_PX, MOST_ROW_PX = 62, 30, 72


class SweepModel(QAbstractTableModel):
    """`y` down, `x` across."""

    def __init__(self) -> None:
        super().__init__()
        self.look: SweepLook | None = None
        self.scale: Scale | None = None

    def show_look(self, look: SweepLook) -> None:
        """Show a grid; where its places are the same, only its values are new."""
        was = self.look
        self.scale = scale_of(spot.value for spot in look.grid.spots if spot.value is not None)
        if was is not None and (was.grid.xs, was.grid.ys) == (look.grid.xs, look.grid.ys):
            self.look = look
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))
            return
        self.beginResetModel()
        self.look = look
        self.endResetModel()

    def spot(self, index: Index) -> Spot:
        """Return what lies at an index."""
        assert self.look is not None
        return self.look.grid.spots[index.row() * len(self.look.grid.xs) + index.column()]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self.look is None else len(self.look.grid.ys)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self.look is None else len(self.look.grid.xs)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or self.look is None:
            return None
        grid = self.look.grid
        return shown(grid.x, grid.xs[section]) if orientation == Qt.Orientation.Horizontal else \
            shown(grid.y, grid.ys[section])

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or self.look is None:
            return None
        spot = self.spot(index)
        if role == SPOT_ROLE:
            return spot
        if role == Qt.ItemDataRole.DisplayRole:
            return spot_value(self.look.grid, spot) or self.look.state(spot)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.look.sentence(spot)
        return None


class HeatMap(QTableView):
    """`opened` carries the number of the test at a cell, on Enter or a double click; Ctrl+C copies the numbers."""

    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cells = SweepModel()
        self.setModel(self.cells)
        self.setItemDelegate(_Delegate(self))
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(self.tr("Heat map"))
        across, down = self.horizontalHeader(), self.verticalHeader()
        for header in (across, down):
            header.setSectionsClickable(False)
            header.setHighlightSections(False)
            header.setFont(theme().font("small"))
        across.setMinimumSectionSize(CELL_PX)
        across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        across.setFixedHeight(theme().px("height", "table_header"))
        down.setMinimumSectionSize(ROW_PX)
        down.setMaximumSectionSize(MOST_ROW_PX)
        down.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        down.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
        self.doubleClicked.connect(self._open)

    def show_look(self, look: SweepLook) -> None:
        """Show a grid."""
        self.cells.show_look(look)
        self.verticalHeader().setVisible(look.grid.y is not None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex())
        elif event.matches(QKeySequence.StandardKey.Copy) and self.cells.look is not None:
            QGuiApplication.clipboard().setText(_tab_separated(self.cells.look))
        else:
            super().keyPressEvent(event)

    def _open(self, index: QModelIndex) -> None:
        look = self.cells.look
        number = look.number(self.cells.spot(index)) if look is not None and index.isValid() else None
        if number is not None:
            self.opened.emit(number)


class _Delegate(QStyledItemDelegate):
    """Draws a cell."""

    def __init__(self, view: HeatMap) -> None:
        super().__init__(view)
        self._view = view

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        look, scale = self._view.cells.look, self._view.cells.scale
        assert look is not None
        spot: Spot = index.data(SPOT_ROLE)
        box, state = QRectF(option.rect).adjusted(1, 1, -1, -1), look.state(spot)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if spot.value is not None and scale is not None:
            self._value(painter, box, look, spot, scale.share(spot.value))
        else:
            self._without_value(painter, box, state)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus) and self._view.hasFocus()
        if focused:
            painter.setPen(pen("focus", 3.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(1, 1, -1, -1))
        painter.restore()

    def _value(self, painter: QPainter, box: QRectF, look: SweepLook, spot: Spot, share: float) -> None:
        ground, is_best = shade(share), look.state(spot) == "best"
        painter.fillRect(box, ground)
        painter.setPen(ink(ground))
        verdict = "" if spot.row is None or spot.row.verdict == "valid" else VERDICT_WORDS[spot.row.verdict]
        best = self._view.tr("best") if is_best else ""
        paint_value(painter, box, spot_value(look.grid, spot), offers(best, spot_interval(look.grid, spot), verdict),
                    is_best)
        if is_best:
            painter.setPen(QPen(theme().colour("text"), 2))
            painter.drawRect(box.adjusted(1, 1, -1, -1))

    def _without_value(self, painter: QPainter, box: QRectF, state: str) -> None:
        role = "text_2"
        if state in ("failed", "not counted"):
            role = "bad"
            painter.fillRect(box, theme().colour("bad_fill"))
            line = theme().colour("bad")
            line.setAlphaF(0.45)
            painter.save()
            painter.setClipRect(box)
            painter.setPen(QPen(line, 1))
            for x in range(round(box.left() - box.height()), round(box.right()), 8):
                painter.drawLine(QPointF(x, box.bottom()), QPointF(x + box.height(), box.top()))
            painter.restore()
        else:
            painter.setPen(pen("divider"))
            painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        if state == "running":
            role = "text"
            painter.setPen(pen("primary", 2.0, (4.0, 3.0)))
            painter.drawRect(box.adjusted(1, 1, -1, -1))
        word = {"none": "—", "queued": ""}.get(state, state)
        if not word:
            return
        painter.setFont(theme().font("small", 600 if role != "text_2" else 400))
        width = painter.fontMetrics().horizontalAdvance(word) + 8
        if role == "bad":  # the word stands on plain ground, not on the hatching
            ground = QRectF(box.center().x() - width / 2, box.center().y() - 9, width, 18)
            painter.fillRect(ground, theme().colour("bad_fill"))
        painter.setPen(theme().colour(role))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, word)


def _tab_separated(look: SweepLook) -> str:
    """Return the numbers as tab-separated lines, with what a cell without one is."""
    grid = look.grid
    words = [spot_value(grid, spot) or look.state(spot) for spot in grid.spots]
    rows = [[y, *words[row * len(grid.xs):(row + 1) * len(grid.xs)]] for row, y in enumerate(grid.ys)]
    return "\n".join("\t".join(line) for line in (["", *grid.xs], *rows))
