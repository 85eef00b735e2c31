"""One pane of the live plots: its lines, its value axis and the range that it shows."""

import math
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from llmscope.gui.plots import style
from llmscope.gui.series import Floats, Series

#: px kept free above the highest and below the lowest value.
TOP_PX, BOTTOM_PX = 8, 6
#: Width of a live line, and px that a line may reach beyond its own points.
LINE_PX, MARGIN_PX = 1.5, 3


@dataclass(frozen=True)
class Axis:
    """Lowest and highest value shown, and the labelled ones."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class PaneKind:
    """What a pane shows and how."""

    id: str
    unit: str
    log: bool = False
    filled: bool = True


KINDS = (
    PaneKind("tokens", "tok/s", log=True, filled=False), PaneKind("utilization", "%"), PaneKind("memory", "%"),
    PaneKind("power", "W"), PaneKind("temperature", "°C", filled=False),
)


def share_axis() -> Axis:
    """Return the axis from 0 to 100 %."""
    return Axis(0, 100, ((0, "0"), (50, "50"), (100, "100\u00a0%")))


def decades(low: float, high: float, most: int) -> Axis:
    """Return an axis of whole decades, at least two, of which at most so many are labelled; values are log10."""
    first, last = math.floor(math.log10(max(low, 1e-3))), math.ceil(math.log10(max(high, 1e-3)))
    if last - first < 2:
        first = last - 2
    step = max(1, math.ceil((last - first) / max(1, most - 1)))
    return Axis(first, last, tuple((float(e), _power(e)) for e in range(first, last + 1, step)))


def _power(exponent: int) -> str:
    letter, shift = ("M", 6) if exponent >= 6 else ("k", 3) if exponent >= 3 else ("", 0)
    return f"{10.0 ** (exponent - shift):g}{letter}"


def linear(low: float, high: float, unit: str, from_zero: bool) -> Axis:
    """Return an axis with two or three round steps that holds both values; no step is smaller than 10."""
    low = 0.0 if from_zero else low
    for step in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000):
        first, last = math.floor(low / step), math.ceil(high / step)
        if last - first <= 2:
            last = max(last, first + 2)
            break
    ticks = [(float(n * step), str(n * step)) for n in range(first, last + 1)]
    ticks[-1] = (ticks[-1][0], f"{ticks[-1][1]}\u00a0{unit}")
    return Axis(ticks[0][0], ticks[-1][0], tuple(ticks))


class Line(QGraphicsItem):
    """One series in the view of its pane; it asks the series for just the part that has to be painted.

    Only the strip that is new gets painted at each refresh, so that the cost does not grow with the run.
    """

    def __init__(self, source: str, kind: PaneKind) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setZValue(1 if source == "cpu" else 0)
        self._source, self._log = source, kind.log
        self._filled = kind.filled and source != "cpu"
        self._width = 2.0 if kind.id in ("tokens", "temperature") and source != "cpu" else LINE_PX
        self._rect = QRectF()
        self._series: Series | None = None
        self._step_s = 1.0
        self._drawn_s = -np.inf
        self.points = 0

    def boundingRect(self) -> QRectF:
        return self._rect

    def set_view(self, rect: QRectF, step_s: float) -> None:
        """Set the range of times and values that is seen, and the seconds of one px."""
        self.prepareGeometryChange()
        self._rect, self._step_s = rect, step_s
        self.update()

    def take(self, series: Series | None) -> None:
        """Show another series, or none: nothing of the one before stays."""
        if series is not self._series:
            self._series, self._drawn_s = series, -np.inf
            self.update()

    def advance_to(self, series: Series) -> None:
        """Paint what has been added since the last time."""
        self.take(series)
        if series.last_s > self._drawn_s:
            margin_s = MARGIN_PX * self._step_s
            left = max(self._rect.left(), self._drawn_s - margin_s)
            strip = QRectF(left, self._rect.top(), series.last_s + margin_s - left, self._rect.height())
            self.update(strip & self._rect)
            self._drawn_s = series.last_s

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self._series is None:
            return
        seen, margin_s = option.exposedRect, MARGIN_PX * self._step_s
        x, y = self._series.line(self._step_s, seen.left() - margin_s, seen.right() + margin_s)
        self.points = len(x)
        if self._log:
            y = np.log10(np.maximum(y, 1e-3))
        role = style.series_role(self._source)
        for piece_x, piece_y in _pieces(x, y):
            if self._filled:
                self._paint_area(painter, piece_x, piece_y, style.fill(role))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(style.pen(role, self._width))
            if len(piece_x) == 1:
                painter.drawPoint(QPointF(piece_x[0], piece_y[0]))
            else:
                painter.drawPolyline(pg.functions.arrayToQPolygonF(piece_x, piece_y))

    def _paint_area(self, painter: QPainter, x: Floats, y: Floats, brush: QBrush) -> None:
        outline_x, outline_y = np.append(x, [x[-1], x[0]]), np.append(y, [0.0, 0.0])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush)
        painter.drawPolygon(pg.functions.arrayToQPolygonF(outline_x, outline_y))


def _pieces(x: Floats, y: Floats) -> list[tuple[Floats, Floats]]:
    """Return the unbroken pieces of a line."""
    gaps = np.flatnonzero(np.isnan(y))
    if not len(gaps):
        return [(x, y)] if len(x) else []
    pieces = zip(np.split(x, gaps), np.split(y, gaps), strict=True)
    return [(px[np.isfinite(py)], py[np.isfinite(py)]) for px, py in pieces if np.isfinite(py).any()]


class Pane:
    """A view box with one line for each source; created once, then only told to go on."""

    def __init__(self, kind: PaneKind) -> None:
        self.kind = kind
        self.box = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0)
        self.box.disableAutoRange()
        self.lines: dict[str, Line] = {}
        self.top, self.height = 0.0, 0.0
        self.axis = Axis(0, 1, ())
        self._limits: tuple[float, float] | None = None
        self._step_s = 1.0

    @property
    def points(self) -> int:
        """How many points the last repaint drew."""
        return sum(line.points for line in self.lines.values())

    def reset(self) -> None:
        """Forget the range of the last run."""
        self._limits = None

    def show(self, series: dict[str, Series]) -> None:
        """Draw what the series got since the last time."""
        for source in self.lines.keys() - series.keys():
            self.lines[source].take(None)
        for source, values in series.items():
            if source not in self.lines:
                self.lines[source] = Line(source, self.kind)
                self.box.addItem(self.lines[source], ignoreBounds=True)
                self._set_range()
            self.lines[source].advance_to(values)

    def fit(self, series: dict[str, Series]) -> bool:
        """Let the value axis hold all that was shown in this run; return whether it changed."""
        found = [limits for line in series.values() if (limits := line.limits())]
        if self._limits is not None:
            found.append(self._limits)
        if found:
            self._limits = min(low for low, _ in found), max(high for _, high in found)
        axis = self._axis()
        if axis == self.axis:
            return False
        self.axis = axis
        self._set_range()
        return True

    def _axis(self) -> Axis:
        match self.kind.id:
            case "tokens":
                return decades(*(self._limits or (1.0, 100.0)), most=4 if self.height >= 80 else 2)
            case "power":
                return linear(*(self._limits or (0.0, 100.0)), "W", from_zero=True)
            case "temperature":
                return linear(*(self._limits or (40.0, 80.0)), "°C", from_zero=False)
        return share_axis()

    def place(self, top: float, height: float) -> None:
        """Set where the pane lies in the view, in px."""
        self.top, self.height = top, height
        self._set_range()

    def set_times(self, start_s: float, end_s: float, step_s: float) -> None:
        """Set the times that are seen, and the seconds of one px."""
        self._step_s = step_s
        self.box.setXRange(start_s, end_s, padding=0)
        self._set_range()

    def _set_range(self) -> None:
        per_px = (self.axis.high - self.axis.low) / max(1.0, self.height - TOP_PX - BOTTOM_PX)
        low, high = self.axis.low - BOTTOM_PX * per_px, self.axis.high + TOP_PX * per_px
        self.box.setYRange(low, high, padding=0)
        (start_s, end_s), _ = self.box.viewRange()
        for line in self.lines.values():
            line.set_view(QRectF(start_s, low, end_s - start_s, high - low), self._step_s)

    def y(self, value: float) -> float:
        """Return where a value of the axis lies in the view, in px."""
        share = (value - self.axis.low) / (self.axis.high - self.axis.low)
        return self.top + self.height - BOTTOM_PX - share * (self.height - TOP_PX - BOTTOM_PX)
