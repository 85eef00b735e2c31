"""The curves of a sweep: a figure against a setting, a line for each value of another one, with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from llmscope.analysis.sweeps import Spot, is_number
from llmscope.gui.plots.style import pen
from llmscope.gui.sweep_look import SweepLook
from llmscope.gui.sweep_scale import Scale, scale_of, ticks
from llmscope.gui.sweep_words import axis_name, figure_title, shown
from llmscope.gui.theme import theme
from llmscope.runs.export_grid import number as in_unit

#: px left of the axis, below it, above it and at the ends of its scale.
LEFT, BELOW, ABOVE, INSET = 54, 40, 26, 14
#: Lines that can be told apart; the heat map has the others.
MOST_LINES = 8
LABEL_PX = 15
#: Height in px from which on an interval has ends of its own, and how far apart those of several lines stand at most.
TICK_PX, APART_PX = 10, 9.0
ROLES = ("series_a", "series_b", "series_c", "series_d")
CENTRE = Qt.AlignmentFlag.AlignCenter
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
LINE_START = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


@dataclass(frozen=True)
class Axes:
    """Where things lie: the plot, the scale of each axis; `x` is None where the settings are words."""

    plot: QRectF
    x: Scale | None
    y: Scale
    xs: tuple[str, ...]

    def at_x(self, x: str) -> float:
        inner = self.plot.adjusted(INSET, 0, -INSET, 0)
        if self.x is not None:
            return inner.left() + inner.width() * self.x.share(float(x))
        return inner.left() + inner.width() * (self.xs.index(x) + 0.5) / len(self.xs)

    def at_y(self, value: float) -> float:
        return self.plot.bottom() - 4 - (self.plot.height() - 12) * min(1.05, max(0.0, self.y.share(value)))


class SweepCurves(QWidget):
    """Painted; its numbers are those of the heat map."""

    def __init__(self) -> None:
        super().__init__()
        self._look: SweepLook | None = None
        self.setMinimumSize(240, 120)

    def show_look(self, look: SweepLook) -> None:
        """Show a grid."""
        self._look = look
        self.setAccessibleName(self.words())
        self.update()

    def words(self) -> str:
        """Return what the curves show, as a sentence."""
        look = self._look
        if look is None:
            return ""
        ends = [f"{look.grid.y} {y}: {_number(look, known[0])} to {_number(look, known[-1])}".removeprefix("None : ")
                for y in look.grid.ys if (known := _known(look, y))]
        return self.tr("{0} against {1}. {2}").format(figure_title(look.grid), axis_name(look.grid.x), "; ".join(ends))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = self._look
        axes = self.axes()
        if look is None or axes is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_axes(painter, axes, look)
        ys = [y for y in look.grid.ys if _known(look, y)]
        _paint_lines(painter, axes, look, ys[:MOST_LINES])
        self._paint_missing(painter, axes, look)
        self._paint_labels(painter, axes, look, ys)

    def axes(self) -> Axes | None:
        """Return where things lie, None while there is nothing to draw."""
        look = self._look
        scale = scale_of(_ends(look), from_zero=True) if look is not None else None
        if look is None or scale is None:
            return None
        return Axes(self._plot(look), _x_scale(look.grid.xs), scale, look.grid.xs)

    def _plot(self, look: SweepLook) -> QRectF:
        """Return where the curves are, with room at the right for the names of the lines."""
        metrics = QFontMetrics(theme().font("small", 600))
        widest = max(metrics.horizontalAdvance(shown(look.grid.y, y)) for y in look.grid.ys)
        room = widest + 22 if look.grid.y else 12
        return QRectF(self.rect()).adjusted(LEFT, ABOVE, -min(room, self.width() / 3), -BELOW)

    def _paint_axes(self, painter: QPainter, axes: Axes, look: SweepLook) -> None:
        plot = axes.plot
        painter.setFont(theme().font("caption"))
        for value in ticks(axes.y):
            at = axes.at_y(value)
            painter.setPen(pen("grid"))
            painter.drawLine(QPointF(plot.left(), at), QPointF(plot.right(), at))
            painter.setPen(theme().colour("text_2"))
            painter.drawText(QRectF(0, at - 8, LEFT - 6, 16), RIGHT, _tick(look, value))
        self._paint_settings(painter, axes, [shown(look.grid.x, x) for x in axes.xs])
        painter.setPen(pen("axis"))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        painter.setFont(theme().font("small"))
        painter.setPen(theme().colour("text_2"))
        log = self.tr(", log scale")
        painter.drawText(QRectF(12, 4, self.width() - 16, 16), LINE_START,
                         figure_title(look.grid) + (log if axes.y.is_log else ""))
        is_log = axes.x is not None and axes.x.is_log
        painter.drawText(QRectF(plot.left(), plot.bottom() + 20, plot.width(), 18), CENTRE,
                         axis_name(look.grid.x) + (log if is_log else ""))

    def _paint_settings(self, painter: QPainter, axes: Axes, names: Sequence[str]) -> None:
        """Write the settings below the axis, as far as they have room."""
        taken, metrics = 0.0, painter.fontMetrics()
        painter.setPen(theme().colour("text_2"))
        for x, name in zip(axes.xs, names, strict=True):
            half, at = metrics.horizontalAdvance(name) / 2 + 4, axes.at_x(x)
            painter.drawLine(QPointF(at, axes.plot.bottom()), QPointF(at, axes.plot.bottom() + 4))
            if at - half >= taken:
                painter.drawText(QRectF(at - half, axes.plot.bottom() + 4, 2 * half, 16), CENTRE, name)
                taken = at + half

    def _paint_missing(self, painter: QPainter, axes: Axes, look: SweepLook) -> None:
        """Mark at the axis where a test failed."""
        failed = {spot.x for spot in look.grid.spots if look.state(spot) in ("failed", "not counted")}
        painter.setPen(QPen(theme().colour("bad"), 2))
        for x in failed:
            at = QPointF(axes.at_x(x), axes.plot.bottom() - 8)
            painter.drawLine(at + QPointF(-4, -4), at + QPointF(4, 4))
            painter.drawLine(at + QPointF(-4, 4), at + QPointF(4, -4))
        if failed:
            painter.setFont(theme().font("caption"))
            painter.drawText(QRectF(axes.plot.left(), axes.plot.top() - 22, axes.plot.width(), 16), RIGHT,
                             self.tr("✕ failed"))

    def _paint_labels(self, painter: QPainter, axes: Axes, look: SweepLook, ys: Sequence[str]) -> None:
        """Name the lines at their right ends, moved apart where they would overlap."""
        if look.grid.y is None:
            return
        painter.setFont(theme().font("small", 600))
        ends = [(axes.at_y(_known(look, y)[-1].value or 0.0), number, y) for number, y in enumerate(ys[:MOST_LINES])]
        place, left = axes.plot.bottom() + LABEL_PX, axes.plot.right() + 4
        for end, number, y in sorted(ends, reverse=True):
            place = min(end, place - LABEL_PX)
            _marker(painter, QPointF(left + 3, place), number)
            painter.setPen(theme().colour("text"))
            painter.drawText(QRectF(left + 11, place - 8, self.width() - left - 11, 16), LINE_START,
                             shown(look.grid.y, y))
        painter.setFont(theme().font("caption"))
        painter.setPen(theme().colour("text_2"))
        title = axis_name(look.grid.y).lower()
        if len(ys) > MOST_LINES:
            title = self.tr("{0}: {1} of {2} lines").format(title, MOST_LINES, len(ys))
        painter.drawText(QRectF(0, self.height() - 20, self.width() - 8, 18), RIGHT,
                         self.tr("lines: {0}").format(title))


def _x_scale(xs: tuple[str, ...]) -> Scale | None:
    """Return the scale of settings that are numbers; by ratio from a range of eight times on."""
    if not all(map(is_number, xs)):
        return None
    low, high = float(xs[0]), float(xs[-1])
    return Scale(low, high, low > 0 and high / low >= 8)


def _known(look: SweepLook, y: str) -> list[Spot]:
    return [spot for spot in look.grid.spots if spot.y == y and spot.value is not None]


def _ends(look: SweepLook) -> list[float]:
    """Return all values and the ends of their intervals."""
    return [end for spot in look.grid.spots if spot.value is not None for end in (spot.value, *_interval(look, spot))]


def _interval(look: SweepLook, spot: Spot) -> tuple[float, float] | tuple[()]:
    row = spot.row
    if look.grid.figure != "speed" or row is None or row.low is None or row.high is None:
        return ()
    return row.low, row.high


def _paint_lines(painter: QPainter, axes: Axes, look: SweepLook, ys: Sequence[str]) -> None:
    """Draw intervals first, then lines, and the markers over all of them: no marker is crossed."""
    lines = [(number, spots, _points(axes, spots, off)) for number, (spots, off) in enumerate(zip(
        (_known(look, y) for y in ys), apart(axes, look, len(ys)), strict=True))]
    for number, spots, points in lines:
        painter.setPen(_line_pen(number, 1.5))
        for spot, point in zip(spots, points, strict=True):
            if ends := _interval(look, spot):
                _whisker(painter, point.x(), *map(axes.at_y, ends))
    for number, _, points in lines if axes.x is not None else ():
        painter.setPen(_line_pen(number, 2.0))
        painter.drawPolyline(QPolygonF(points))
    for number, _, points in lines:
        for point in points:
            _marker(painter, point, number)


def apart(axes: Axes, look: SweepLook, count: int) -> list[float]:
    """Return by how many px each line stands beside its settings, so that no interval lies on another one's."""
    ends = [tuple(map(axes.at_y, found)) for spot in look.grid.spots if (found := _interval(look, spot))]
    if count < 2 or not any(low - high >= TICK_PX for low, high in ends):
        return [0.0] * count
    nearest = min((axes.at_x(b) - axes.at_x(a) for a, b in pairwise(axes.xs)), default=axes.plot.width())
    step = min(APART_PX, 2 * INSET / (count - 1), nearest / 2 / count)
    return [step * (number - (count - 1) / 2) for number in range(count)]


def _points(axes: Axes, spots: Sequence[Spot], off: float) -> list[QPointF]:
    return [QPointF(axes.at_x(spot.x) + off, axes.at_y(spot.value or 0.0)) for spot in spots]


def _line_pen(number: int, width: float) -> QPen:
    """Return the pen of a line: dashed from the fifth on, as its intervals are not."""
    return pen(ROLES[number % len(ROLES)], width, () if number < len(ROLES) or width < 2 else (5.0, 3.0))


def _whisker(painter: QPainter, x: float, low: float, high: float) -> None:
    """Draw an interval; where it ends within its marker that covers it."""
    painter.drawLine(QPointF(x, low), QPointF(x, high))
    for at in (low, high) if low - high >= TICK_PX else ():
        painter.drawLine(QPointF(x - 4, at), QPointF(x + 4, at))


def _marker(painter: QPainter, at: QPointF, number: int) -> None:
    """Draw the shape of a line: circle, square, triangle, diamond; hollow from the fifth line on."""
    colour = theme().colour(ROLES[number % len(ROLES)])
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(colour if number < len(ROLES) else theme().colour("panel"))
    x, y, r = at.x(), at.y(), 4.5
    match number % len(ROLES):
        case 0:
            painter.drawEllipse(at, r, r)
        case 1:
            painter.drawRect(QRectF(x - r + 0.5, y - r + 0.5, 2 * r - 1, 2 * r - 1))
        case 2:
            painter.drawPolygon(QPolygonF([QPointF(x, y - r), QPointF(x + r, y + r - 1), QPointF(x - r, y + r - 1)]))
        case _:
            painter.drawPolygon(QPolygonF([QPointF(x, y - r), QPointF(x + r, y), QPointF(x, y + r), QPointF(x - r, y)]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _tick(look: SweepLook, value: float) -> str:
    text = in_unit(look.grid, value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(look: SweepLook, spot: Spot) -> str:
    return _tick(look, spot.value or 0.0)
