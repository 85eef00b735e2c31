"""The ruler above the plots: a bar and a name for each phase, planned ones dashed."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from llmscope.gui.plots import style
from llmscope.gui.plots.time_scale import TimeScale
from llmscope.gui.theme import theme

#: States of phases that are still to come.
_AHEAD = ("rest", "planned")
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
#: px of a line of names, between a name and the next, and from a leader to the name above that it leads to.
LINE_PX, SPACE_PX, LEADER_PX = 15, 6, 3.5


class Mark(NamedTuple):
    """A phase on the ruler: when, and whether it is over, now, the rest of the present one, or planned."""

    name: str
    start_s: float
    end_s: float
    state: str


@dataclass(frozen=True)
class Placed:
    """A name with its place: `level` 0 stands on the bar, 1 above it with a leader."""

    mark: Mark
    x: float
    level: int


def place_names(marks: list[Mark], scale: TimeScale, width_of: dict[str, float],
                taken_above: tuple[float, float] | None = None) -> list[Placed]:
    """Return the names that find room; the present phase is placed first, a phase's own width is tried first.

    `taken_above` is a place on the upper level that other words have. No leader goes through a name on the bar: beside
    one that reaches into a phase, the phase is named, or its leader stands, farther to the right.
    """
    taken: dict[int, list[tuple[float, float]]] = {0: [], 1: [taken_above] if taken_above else []}
    leaders: list[float] = []
    placed = []
    for mark in sorted(marks, key=lambda m: ("now", "over", "planned").index(m.state)):
        span = scale.span(mark.start_s, mark.end_s)
        if span is None:
            continue
        width = width_of[mark.name]
        if mark.state == "now":  # it is named on the bar however short it is
            span = span[0], max(span[1], span[0] + width + 2)
        for level, x in _tried(span, taken[0]):
            names, lines = ([(x, x + width)], leaders) if level == 0 else (taken[0], [x - LEADER_PX])
            is_in = x + width + 1 <= span[1] if level == 0 else x - LEADER_PX < span[1]
            is_free = all(x + width + SPACE_PX <= a or b + SPACE_PX <= x for a, b in taken[level])
            is_crossed = any(a - 1 < line < b + 1 for a, b in names for line in lines)
            if is_in and is_free and not is_crossed and x + width <= scale.left + scale.width:
                taken[level].append((x, x + width))
                leaders += lines if level == 1 else []
                placed.append(Placed(mark, x, level))
                break
    return placed


def _tried(span: tuple[float, float], names: list[tuple[float, float]]) -> list[tuple[int, float]]:
    """Return levels and places for a phase's name: at its start, or beside names that reach into it from the left."""
    ends = [end for _, end in names if span[0] <= end + SPACE_PX < span[1]]
    beside = [place for end in ends for place in ((0, end + SPACE_PX), (1, end + 2 + LEADER_PX))]
    return [(0, span[0] + 1), (1, span[0] + 4), *beside]


class Ruler(QWidget):
    """Paints the marks it was given."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._marks: list[Mark] = []
        self._scale = TimeScale(0, 10, 0, 1)
        self._end: tuple[str, float, str] | None = None
        self._size = "small"

    def set_small(self, is_small: bool) -> None:
        """Write the names in the smallest type."""
        self._size = "caption" if is_small else "small"

    def show_marks(self, marks: list[Mark], scale: TimeScale, end: tuple[str, float, str] | None) -> None:
        """Show phases, and where and how the run ended: (colour role, seconds, words)."""
        if (marks, scale, end) == (self._marks, self._scale, self._end):
            return
        moved = self._moved(marks) if (scale, end) == (self._scale, self._end) else None
        self._marks, self._scale, self._end = marks, scale, end
        self.update(self.rect() if moved is None else moved)

    def _moved(self, marks: list[Mark]) -> QRect | None:
        """Return the part of the bar where the marks differ from those shown, None where names change too."""
        pairs = [(old, new) for old, new in zip(self._marks, marks, strict=False) if old != new]
        if len(marks) != len(self._marks) or _names(pairs, 0, self._scale) != _names(pairs, 1, self._scale):
            return None
        left = math.floor(self._scale.x(min(min(old.end_s, new.end_s) if old.start_s == new.start_s
                                            else min(old.start_s, new.start_s) for old, new in pairs)))
        right = math.ceil(self._scale.x(max(mark.end_s for pair in pairs for mark in pair)))
        return QRect(left - 1, self.height() - style.BAR_PX, right - left + 2, style.BAR_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), style.surface())
        from_s, to_s = self._scale.seconds(event.rect().left()), self._scale.seconds(event.rect().right() + 1)
        for mark in self._marks:
            if mark.end_s >= from_s and mark.start_s <= to_s:
                self._paint_bar(painter, mark)
        if event.rect().top() < self.height() - style.BAR_PX:
            self._paint_names(painter)

    def _paint_names(self, painter: QPainter) -> None:
        end_px = self._paint_end(painter)
        fonts = {state: style.font(self._size, 600 if state == "now" else 400) for state in ("now", "over", "planned")}
        metrics = QFontMetricsF(fonts["now"])
        named = [m for m in self._marks if m.state != "rest" and (self._end is None or m.state != "planned")]
        widths = {m.name: metrics.horizontalAdvance(m.name) for m in named}
        for placed in place_names(named, self._scale, widths, end_px):
            self._paint_name(painter, placed, fonts[placed.mark.state])

    def _paint_bar(self, painter: QPainter, mark: Mark) -> None:
        span = self._scale.span(mark.start_s, mark.end_s)
        if span is None:
            return
        role = style.phase_role(mark.name)
        if mark.state in _AHEAD:
            y = self.height() - style.BAR_PX / 2
            painter.setPen(style.pen(role, 2, (2, 3)))
            painter.drawLine(QLineF(span[0] + 1, y, span[1] - 1, y))
        else:
            width = max(1.0, span[1] - span[0] - 1)
            painter.fillRect(QRectF(span[0], self.height() - style.BAR_PX, width, style.BAR_PX), theme().colour(role))

    def _paint_name(self, painter: QPainter, placed: Placed, font: QFont) -> None:
        baseline = self.height() - style.BAR_PX - 5 - placed.level * LINE_PX
        painter.setFont(font)
        if placed.level == 1:
            painter.setPen(style.pen("text_3"))
            x = round(placed.x) - LEADER_PX
            painter.drawLine(QLineF(x, baseline - 11, x, self.height() - style.BAR_PX - 1))
        painter.setPen(theme().colour("text_3" if placed.mark.state == "planned" else "text"))
        painter.drawText(QPointF(placed.x, baseline), placed.mark.name)

    def _paint_end(self, painter: QPainter) -> tuple[float, float] | None:
        """Write how the run ended beside its end; return the px that the words take."""
        if self._end is None:
            return None
        role, at_s, words = self._end
        x = self._scale.x(at_s)
        painter.setFont(style.font(self._size, 600))
        painter.setPen(style.pen(role))
        width = QFontMetricsF(painter.font()).horizontalAdvance(words)
        left = x + 5 if x + 5 + width < self.width() - 4 else x - 5 - width
        painter.drawText(QRectF(left, 0, width + 2, LINE_PX), _LEFT, words)
        return left, left + width


def _names(pairs: list[tuple[Mark, Mark]], which: int, scale: TimeScale) -> list[tuple[str, int, str]]:
    """Return what decides where names stand, to the px."""
    marks = [pair[which] for pair in pairs]
    return [(mark.name, round(scale.x(mark.start_s)), mark.state) for mark in marks if mark.state != "rest"]
