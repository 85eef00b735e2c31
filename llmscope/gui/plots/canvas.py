"""The drawing area of the live plots: panes over one time axis, on a backdrop of grid, ticks and phases."""

from dataclasses import dataclass, field

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsLineItem, QWidget

from llmscope.gui.plots import style
from llmscope.gui.plots.pane import Pane
from llmscope.gui.plots.ruler import Mark
from llmscope.gui.plots.time_scale import TimeScale
from llmscope.gui.theme import theme

#: px free at the right, room for words at the right end and their height, and how far below its pane's top a note
#: begins.
RIGHT_PX, LABELS_PX, WORDS_PX, TOP_NOTE_PX = 2, 110, 15, 16
#: A lower pane than this has only its first and last tick labelled.
LOW_PX = 60
#: Room for a time below the axis.
TIME_PX = 80
#: The part of the axis that the dashed line of a level takes.
LEVEL_SHARE = 0.3
_LABEL = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Level:
    """A dashed level in the memory pane from a time on, such as the expected peak, with its words."""

    role: str
    value: float
    words: str


@dataclass
class Backdrop:
    """What lies behind the lines."""

    scale: TimeScale = field(default_factory=lambda: TimeScale(0, 10, style.AXIS_PX, 1))
    tints: list[Mark] = field(default_factory=list)
    level: Level | None = None
    is_over: bool = False
    end: tuple[str, float, str] | None = None


class Canvas(pg.GraphicsLayoutWidget):
    """Paints the panes it is given below one another; everything in px of this widget."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setBackground(None)
        self.setCacheMode(self.CacheModeFlag.CacheNone)  # only strips are painted, a cached picture gains nothing
        self.setFrameShape(self.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self.ci.layout.setContentsMargins(style.AXIS_PX, 0, RIGHT_PX, style.TIME_AXIS_PX)
        self.ci.layout.setSpacing(0)
        self.panes: list[Pane] = []
        self.backdrop = Backdrop()
        self._now, self._cursor = QGraphicsLineItem(), QGraphicsLineItem()
        for item in (self._now, self._cursor):
            item.setZValue(20)
            item.setVisible(False)
            self.scene().addItem(item)

    def set_panes(self, panes: list[Pane], heights: list[int]) -> None:
        """Show these panes with these heights."""
        for pane in self.panes:
            self.ci.removeItem(pane.box)
        top = 0
        for row, (pane, height) in enumerate(zip(panes, heights, strict=True)):
            self.ci.addItem(pane.box, row, 0)
            self.ci.layout.setRowFixedHeight(row, height)
            pane.place(top, height)
            top += height
        for row in range(len(panes), self.ci.layout.rowCount()):
            self.ci.layout.setRowFixedHeight(row, 0)
        self.panes = panes
        self.repaint_all()

    @property
    def _level(self) -> Level | None:
        """The expected level, which says nothing any more once the run is over."""
        return None if self.backdrop.is_over else self.backdrop.level

    @property
    def bottom(self) -> float:
        """Where the panes end and the time axis begins."""
        return self.panes[-1].top + self.panes[-1].height if self.panes else 0.0

    def repaint_all(self) -> None:
        """Paint backdrop and lines anew."""
        self.viewport().update()

    def restyle(self) -> None:
        """Take up the colours of the theme."""
        self._now.setPen(style.pen("text"))
        self._cursor.setPen(style.pen("text_2", 1, (3, 3)))
        self.repaint_all()

    def set_tints(self, tints: list[Mark]) -> None:
        """Show phases behind the lines; only what differs from before is painted."""
        before, self.backdrop.tints = self.backdrop.tints, tints
        if before[:-1] != tints[: len(before) - 1] or len(tints) < len(before):
            self.repaint_all()
            return
        left = self.backdrop.scale.x(before[-1].end_s if before else 0.0)
        if tints and tints[-1:] != before[-1:]:
            right = self.backdrop.scale.x(tints[-1].end_s)
            self.scene().update(QRectF(left - 2, 0, right - left + 4, self.bottom))

    def show_now(self, x: float | None) -> None:
        """Show the line at the present, or none."""
        self._now.setVisible(x is not None)
        if x is not None:
            self._now.setLine(QLineF(round(x), 0, round(x), self.bottom))

    def show_cursor(self, x: float | None) -> None:
        """Show the shared cursor, or none."""
        self._cursor.setVisible(x is not None)
        if x is not None:
            self._cursor.setLine(QLineF(round(x), 0, round(x), self.bottom))

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        seen = QRectF(rect)
        painter.fillRect(seen.toAlignedRect(), style.surface())
        for mark in self.backdrop.tints:
            span = self.backdrop.scale.span(mark.start_s, mark.end_s)
            if span is not None:
                left, right = max(round(span[0]), round(seen.left())), min(round(span[1]), round(seen.right()))
                if right > left:
                    painter.fillRect(left, 0, right - left, round(self.bottom), style.tint(mark.name))
        for pane in self.panes:
            self._paint_grid(painter, pane, seen)
        painter.setFont(style.font("caption"))
        painter.setPen(style.pen("text_2"))
        for pane in self.panes:
            if seen.left() < style.AXIS_PX:
                self._paint_ticks(painter, pane)
            if pane.kind.id == "memory" and pane.height >= LOW_PX and seen.right() > self.width() - LABELS_PX:
                self._paint_level_words(painter, pane)
        if seen.bottom() > self.bottom:
            self._paint_time_axis(painter, seen)
        self._paint_end(painter)

    def _paint_grid(self, painter: QPainter, pane: Pane, seen: QRectF) -> None:
        left, right = max(style.AXIS_PX, seen.left()), min(self.width() - RIGHT_PX, seen.right())
        painter.setPen(style.pen("grid"))
        for value, _ in pane.axis.ticks:
            if pane.kind.id != "memory" or value != 100:
                painter.drawLine(QLineF(left, round(pane.y(value)), right, round(pane.y(value))))
        if pane.kind.id == "memory":
            painter.setPen(style.pen("capacity", 1, (5, 4)))
            painter.drawLine(QLineF(style.AXIS_PX, round(pane.y(100)), self.width() - RIGHT_PX, round(pane.y(100))))
            if self._level is not None:
                self._paint_level(painter, pane, self._level)
        if pane.top:
            painter.setPen(style.pen("divider"))
            painter.drawLine(QLineF(seen.left(), pane.top, seen.right(), pane.top))

    def _paint_ticks(self, painter: QPainter, pane: Pane) -> None:
        ticks = pane.axis.ticks
        for value, label in ticks if pane.height >= LOW_PX or len(ticks) < 3 else (ticks[0], ticks[-1]):
            painter.drawText(QRectF(0, round(pane.y(value)) - 8, style.AXIS_PX - 7, 16), _LABEL, label)

    def _paint_level_words(self, painter: QPainter, pane: Pane) -> None:
        left = self.width() - RIGHT_PX - 4 - LABELS_PX
        painter.drawText(QRectF(left, pane.y(100) + 1, LABELS_PX, WORDS_PX - 1), _LABEL, self.tr("capacity"))
        if self._level is not None:
            y = pane.y(self._level.value)
            top = y + 1 if y + WORDS_PX < pane.top + pane.height else y - WORDS_PX
            painter.drawText(QRectF(left, top, LABELS_PX, WORDS_PX - 1), _LABEL, self._level.words)

    def _paint_level(self, painter: QPainter, pane: Pane, level: Level) -> None:
        right, y = self.width() - RIGHT_PX, round(pane.y(level.value))
        painter.setPen(style.pen(level.role, 1, (2, 3)))
        painter.drawLine(QLineF(right - LEVEL_SHARE * (right - style.AXIS_PX), y, right, y))

    def _paint_time_axis(self, painter: QPainter, seen: QRectF) -> None:
        scale, y = self.backdrop.scale, round(self.bottom)
        painter.setFont(style.font("caption"))
        painter.setPen(style.pen("axis"))
        painter.drawLine(QLineF(scale.left, y, scale.left + scale.width, y))
        for seconds, label in scale.ticks():
            x = round(scale.x(seconds))
            is_seen = seen.left() - TIME_PX / 2 < x < seen.right() + TIME_PX / 2
            if is_seen and x + 18 < self.width():
                painter.setPen(style.pen("axis"))
                painter.drawLine(QLineF(x, y, x, y + 3))
                painter.setPen(style.pen("text_2"))
                painter.drawText(QRectF(x - TIME_PX / 2, y + 4, TIME_PX, 14), Qt.AlignmentFlag.AlignCenter, label)

    def _paint_end(self, painter: QPainter) -> None:
        if self.backdrop.end is None:
            return
        role, at_s, note = self.backdrop.end
        x = round(self.backdrop.scale.x(at_s))
        painter.setPen(style.pen(role))
        painter.drawLine(QLineF(x, 0, x, self.bottom))
        pane = next((p for p in self.panes if p.kind.id == "memory"), None)
        if not note or pane is None:
            return
        painter.setPen(theme().colour(role))
        painter.setFont(style.font("small", 600))
        room_right = self.width() - x - 20
        side = Qt.AlignmentFlag.AlignLeft if room_right > 110 else Qt.AlignmentFlag.AlignRight
        box = QRectF(x + 10, pane.top + TOP_NOTE_PX, room_right, pane.height)
        if side == Qt.AlignmentFlag.AlignRight:
            box = QRectF(style.AXIS_PX, pane.top + TOP_NOTE_PX, x - 10 - style.AXIS_PX, pane.height)
        painter.drawText(box, side | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, note)

