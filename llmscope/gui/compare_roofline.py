"""The rooflines of all runs in one plot, with the tests that tell most below them."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from llmscope.analysis.compare import LETTERS
from llmscope.analysis.roofline import Point
from llmscope.core.units import NBSP, significant
from llmscope.gui import compare_look as look
from llmscope.gui.compare_marks import MARK_PX, ROLES, paint_mark
from llmscope.gui.plots.roofline_drawing import AXIS_PX, around, paint_axes, share_words
from llmscope.gui.plots.roofline_labels import Labels
from llmscope.gui.plots.roofline_scale import Line, LogScale, scale_for
from llmscope.gui.plots.style import font, pen
from llmscope.gui.theme import theme
from llmscope.runs.compare import Compared

FOOT_PX, EDGE_PX, TOP_PX = 58, 22, 12
#: px below the area at which its decades stand: the tests' names are between.
TICKS_PX = 20
#: Roofs that differ by less are one line.
SAME = 1.02

#: Peak in TFLOPS, bandwidth in GB/s, and the places of the runs that have them.
Roof = tuple[float, float, tuple[int, ...]]


class CompareRoofline(QWidget):
    """Each run has its roof and its tests in its own colour and shape."""

    def __init__(self) -> None:
        super().__init__()
        self.points: list[tuple[str, int, Point]] = []
        self.roofs: list[Roof] = []
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(360, 260)
        theme().changed.connect(self.update)

    def show_runs(self, compared: Compared) -> None:
        """Show the roofs and tests of runs."""
        self.points = look.points(compared)
        self.roofs = roofs(self.points, len(compared.comparison.sides))
        self.setAccessibleName(self._sentence())
        self.update()

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().colour("well"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        Drawing(self.points, self.roofs, self.width(), self.height()).paint(painter)
        if self.hasFocus():
            painter.setPen(pen("focus", 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _sentence(self) -> str:
        said = [self.tr("{0} of {1}: {2} FLOP per byte, {3} TFLOPS, {4} of its roof").format(
            name, LETTERS[place], significant(point.intensity), significant(point.speed_tflops),
            share_words(point) or "—") for name, place, point in self.points]
        return self.tr("Rooflines of the runs. {0}").format("; ".join(said) or self.tr("No test"))


def roofs(points: Sequence[tuple[str, int, Point]], runs: int) -> list[Roof]:
    """Return the roof of each run: the highest peak and the lowest bandwidth of its tests; equal ones are one."""
    found: list[Roof] = []
    for place in range(runs):
        own = [(point.peak.value, point.bandwidth.value) for _, at, point in points
               if at == place and point.peak is not None and point.bandwidth is not None]
        if not own:
            continue
        peak, gb_s = max(peak for peak, _ in own), min(gb_s for _, gb_s in own)
        same = next((roof for roof in found if _alike(roof[0], peak) and _alike(roof[1], gb_s)), None)
        if same is None:
            found.append((peak, gb_s, (place,)))
        else:
            found[found.index(same)] = (*same[:2], (*same[2], place))
    return found


def _alike(a: float, b: float) -> bool:
    return max(a, b) <= SAME * min(a, b)


class Drawing:
    """Points and roofs laid out in so many px."""

    def __init__(self, points: Sequence[tuple[str, int, Point]], roofs: Sequence[Roof], width: float,
                 height: float) -> None:
        area = QRectF(AXIS_PX, TOP_PX, max(1.0, width - AXIS_PX - EDGE_PX), max(1.0, height - TOP_PX - FOOT_PX))
        spots = [(point.intensity, point.speed_tflops) for *_, point in points]
        self.scale: LogScale = scale_for(spots, [(peak, gb_s) for peak, gb_s, _ in roofs], area)
        self._points, self._roofs = points, roofs
        self.labels = Labels(area, [around(self.at(point), MARK_PX + 4) for *_, point in points])

    def at(self, point: Point) -> QPointF:
        """Return the place of a test."""
        return self.scale.place(point.intensity, point.speed_tflops)

    def paint(self, painter: QPainter) -> None:
        """Draw it: lines first, so that words find places beside them."""
        paint_axes(painter, self.scale, TICKS_PX)
        for roof in self._roofs:
            self._paint_roof(painter, *roof)
        self._paint_ticks(painter)
        for _, place, point in self._points:
            if point.roof_tflops:
                painter.setPen(pen(ROLES[place], 1.0, (1.5, 3.0)))
                roof_at = self.scale.place(point.intensity, point.roof_tflops)
                self.labels.line(painter, (self.at(point), roof_at))
        for roof in sorted(self._roofs, reverse=True):
            self._name_roof(painter, *roof)
        for _, place, point in self._points:
            paint_mark(painter, self.at(point), place, "well")
        for *_, point in self._points:
            if share := share_words(point):
                self.labels.name_dot(painter, self.at(point), share)

    def _slope_and_flat(self, peak: float, gb_s: float) -> tuple[Line, Line]:
        """Return both parts of a roof."""
        scale = self.scale
        lowest = max(10.0**scale.left, 1e3 * 10.0**scale.bottom / gb_s)
        ridge = scale.place(1e3 * peak / gb_s, peak)
        return (scale.place(lowest, lowest * gb_s / 1e3), ridge), (ridge, scale.place(10.0**scale.right, peak))

    def _paint_roof(self, painter: QPainter, peak: float, gb_s: float, places: tuple[int, ...]) -> None:
        """Draw a roof in the colour of its run, in ink where several have it."""
        painter.setPen(pen(ROLES[places[0]] if len(places) == 1 else "work", 2.0))
        for line in self._slope_and_flat(peak, gb_s):
            self.labels.line(painter, line)

    def _name_roof(self, painter: QPainter, peak: float, gb_s: float, places: tuple[int, ...]) -> None:
        """Write both figures of a roof beside it."""
        slope, flat = self._slope_and_flat(peak, gb_s)
        letters = " ".join(LETTERS[place] for place in places)
        self.labels.name_flat(painter, flat, f"{letters}  {significant(peak)}{NBSP}TFLOPS")
        self.labels.name_sloped(painter, slope, f"{letters}  {significant(gb_s)}{NBSP}GB/s")

    def _paint_ticks(self, painter: QPainter) -> None:
        """Name each test once at the foot, below the intensities that the runs have in it.

        A name stands below its own ticks or nowhere: farther off it would be taken for another test's.
        """
        painter.setFont(font("caption", 600))
        painter.setPen(theme().colour("text"))
        metrics, bottom, right = QFontMetrics(font("caption", 600)), self.scale.area.bottom(), self.scale.area.left()
        for name, places in self._ticks():
            for x in places:
                painter.drawLine(QPointF(x, bottom), QPointF(x, bottom + 5))
            painter.drawLine(QPointF(places[0], bottom + 5), QPointF(places[-1], bottom + 5))
            width, middle = metrics.horizontalAdvance(name), (places[0] + places[-1]) / 2
            left = min(max(middle - width / 2, right + 8), self.scale.area.right() - width)
            if left < right + 4 or abs(left + width / 2 - middle) > width / 2:
                continue
            painter.drawText(QRectF(left, bottom + 6, width + 2, 15), Qt.AlignmentFlag.AlignCenter, name)
            right = left + width

    def _ticks(self) -> list[tuple[str, list[float]]]:
        """Return the tests, each with its places along the foot in px, from left to right by their middles."""
        ticks: dict[str, list[float]] = {}
        for name, _, point in self._points:
            ticks.setdefault(name, []).append(self.at(point).x())
        return sorted(((name, sorted(places)) for name, places in ticks.items()),
                      key=lambda tick: tick[1][0] + tick[1][-1])
