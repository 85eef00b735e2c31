"""What does not move in the roofline's plot: axes, roofs, finished tests, and where everything lies."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetrics, QPainter

from llmscope.analysis.ceilings import Ceilings
from llmscope.analysis.roofline import Point
from llmscope.core.units import NBSP, significant
from llmscope.gui import words
from llmscope.gui.plots.roofline_scale import LogScale, beside, free_place, scale_for
from llmscope.gui.plots.style import font, pen, series_role
from llmscope.gui.theme import theme

AXIS_PX, FOOT_PX, EDGE_PX, TOP_PX = 58, 40, 24, 12
DOT_PX = 9.0
#: The axis has room for the zeros of this power of ten.
LEAST_DECADE = -4
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: Where along a sloped line its label may stand, the best first.
ALONG = (0.62, 0.78, 0.46, 0.32, 0.2)
#: Roofs of memory that differ by less than this are drawn as one.
SAME = 1.10


@dataclass(frozen=True)
class Scene:
    """What is drawn: tests by number, each with its name, roofs by device, the number of the chosen test, and a note.

    `live` is the running test: it is drawn by itself, but the axes hold it too.
    """

    points: Mapping[int, tuple[str, Point]] = field(default_factory=dict)
    roofs: Mapping[str, Ceilings] = field(default_factory=dict)
    chosen: int = -1
    note: str = ""
    live: Point | None = None


class Drawing:
    """A scene laid out in so many px."""

    def __init__(self, scene: Scene, width: float, height: float) -> None:
        self._scene, self._points, self._chosen = scene, scene.points, scene.chosen
        self._bandwidths = {device: self._memory(device) for device in scene.roofs}
        roofs = [(peak.value, gb_s) for device, ceilings in scene.roofs.items()
                 for peak in ceilings.products.values() for gb_s in self._bandwidths[device]]
        points = [point for _, point in scene.points.values()] + ([scene.live] if scene.live else [])
        area = QRectF(AXIS_PX, TOP_PX, max(1.0, width - AXIS_PX - EDGE_PX), max(1.0, height - TOP_PX - FOOT_PX))
        self._scale = scale_for([(p.intensity, p.speed_tflops) for p in points], roofs, area)
        self._lines: list[tuple[QPointF, QPointF]] = []
        self._taken = [around(self.at(point), DOT_PX + 4) for point in points]

    def at(self, point: Point) -> QPointF:
        """Return the place of a test."""
        return self._scale.place(point.intensity, point.speed_tflops)

    def holds(self, point: Point) -> bool:
        """Return whether a test lies within the axes."""
        scale = self._scale
        return (scale.left <= math.log10(point.intensity) <= scale.right
                and scale.bottom <= math.log10(point.speed_tflops) <= scale.top)

    def paint(self, painter: QPainter) -> None:
        """Draw it."""
        self._paint_axes(painter)
        for device, ceilings in self._scene.roofs.items():
            self._paint_roofs(painter, device, ceilings, self._bandwidths[device])
        self._paint_points(painter)
        self._paint_note(painter)

    def _memory(self, device: str) -> dict[float, float]:
        """Return the roofs of memory to draw, GB/s by working set: the chosen test's first, and others that differ."""
        ceilings = self._scene.roofs[device]
        wanted = sorted(self._points.items(), key=lambda item: item[0] != self._chosen)
        found = {point.bandwidth.value: point.working_set_bytes for _, (_, point) in wanted
                 if point.device == device and point.bandwidth is not None}
        if ceilings.memory:
            largest = max(ceilings.memory)
            found.setdefault(ceilings.memory[largest].value, largest)
        kept: dict[float, float] = {}
        for gb_s, size in found.items():
            same = next((other for other in kept if max(gb_s, other) <= SAME * min(gb_s, other)), gb_s)
            kept[same] = max(size, kept.get(same, 0))
        return kept

    def _paint_axes(self, painter: QPainter) -> None:
        paint_axes(painter, self._scale, 3)

    def _paint_roofs(self, painter: QPainter, device: str, ceilings: Ceilings, bandwidths: dict[float, float]) -> None:
        """Draw the flat roofs by dtype and the sloped ones of memory.

        Those of the chosen test are whole lines; of another device, its fastest dtype and memory beyond the caches.
        """
        if not bandwidths or not ceilings.products:
            return
        role, scale = series_role(source(device)), self._scale
        chosen = self._points.get(self._chosen, (None, None))[1]
        mine = chosen if chosen is not None and chosen.device == device else None
        highest = max(peak.value for peak in ceilings.products.values())
        lowest_gb_s, widest = min(bandwidths), max(bandwidths)
        for number, (gb_s, size) in enumerate(sorted(bandwidths.items(), reverse=True)):
            is_mine = gb_s == (lowest_gb_s if mine is None or mine.bandwidth is None else mine.bandwidth.value)
            lowest = max(10.0**scale.left, 1e3 * 10.0**scale.bottom / gb_s)
            line = (scale.place(lowest, lowest * gb_s / 1e3), scale.place(1e3 * highest / gb_s, highest))
            self._line(painter, line, role, is_mine)
            self._along(painter, line, f"{significant(gb_s)}{NBSP}GB/s, {words.block(size)}", number)
        labels: list[tuple[float, str]] = []
        for dtype, peak in sorted(ceilings.products.items(), key=lambda item: -item[1].value):
            is_mine = peak.value == (highest if mine is None or mine.peak is None else mine.peak.value)
            right = scale.place(10.0**scale.right, peak.value)
            self._line(painter, (scale.place(1e3 * peak.value / widest, peak.value), right), role, is_mine)
            text = f"{words.short_dtype(dtype)} {significant(peak.value)}"
            if labels and right.y() - labels[-1][0] < 15:
                labels[-1] = (labels[-1][0], f"{labels[-1][1]} · {text}")
            else:
                labels.append((right.y(), text))
        for y, text in labels:
            self._right_label(painter, y, f"{text}{NBSP}TFLOPS")

    def _line(self, painter: QPainter, line: tuple[QPointF, QPointF], role: str, is_mine: bool) -> None:
        painter.setPen(pen(role, 2.0) if is_mine else pen(role, 1.0, (5.0, 4.0)))
        painter.drawLine(*line)
        self._lines.append(line)

    def _along(self, painter: QPainter, line: tuple[QPointF, QPointF], text: str, number: int) -> None:
        """Write along a sloped line: over the first, which has nothing above it, and under the others."""
        start, end = line
        slope = math.atan2(end.y() - start.y(), end.x() - start.x())
        width = QFontMetrics(font("caption")).horizontalAdvance(text)
        length = math.hypot(end.x() - start.x(), end.y() - start.y())
        if length < width + 40:
            return
        for share in ALONG:
            boxes = beside(start, end, share, width, 10 if number == 0 else -10)
            if not any(box.intersects(other) for box in boxes for other in self._taken):
                break
        painter.save()
        painter.translate(start)
        painter.rotate(math.degrees(slope))
        painter.setFont(font("caption"))
        painter.setPen(theme().colour("text"))
        painter.drawText(QPointF(share * length - width / 2, -5 if number == 0 else 14), text)
        painter.restore()
        self._taken += boxes

    def _right_label(self, painter: QPainter, y: float, text: str) -> None:
        width = QFontMetrics(font("caption")).horizontalAdvance(text)
        place = QRectF(self._scale.area.right() - width - 4, y - 16, width + 2, 14)
        painter.setFont(font("caption"))
        painter.setPen(theme().colour("text"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        self._taken.append(place)

    def _paint_points(self, painter: QPainter) -> None:
        places = {number: self.at(point) for number, (_, point) in self._points.items()}
        for number in sorted(places, key=lambda number: number == self._chosen):
            _name, point = self._points[number]
            at, is_chosen = places[number], number == self._chosen
            if is_chosen and point.roof_tflops:
                painter.setPen(pen("text_2", 1.0, (2.0, 3.0)))
                painter.drawLine(at, self._scale.place(point.intensity, point.roof_tflops))
            dot(painter, at, point.device)
            if is_chosen:
                painter.setPen(pen("text", 2.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(around(at, DOT_PX + 9))
        for number in sorted(places, key=lambda number: number != self._chosen):
            self._label(painter, places[number], *self._points[number], number == self._chosen)

    def _label(self, painter: QPainter, at: QPointF, name: str, point: Point, is_bold: bool) -> None:
        share = share_words(point)
        text = f"{name} · {share}" if share else name
        typeface = font("caption", 600 if is_bold else 400)
        metrics = QFontMetrics(typeface)
        size = QSizeF(metrics.horizontalAdvance(text) + 4, metrics.height())
        beside = at + QPointF(4 if is_bold else 0, 0)
        place, is_far = free_place(beside, size, self._scale.area, self._taken, self._lines)
        self._taken.append(place)
        if is_far:
            below = place.center().y() > at.y()
            painter.setPen(pen("strong_line"))
            painter.drawLine(at + QPointF(0, 6 if below else -6), QPointF(at.x(), place.center().y()))
        painter.setFont(typeface)
        painter.setPen(theme().colour("text"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_note(self, painter: QPainter) -> None:
        """Say what is missing, in the middle of an empty plot and else at its foot."""
        if not self._scene.note:
            return
        painter.setFont(font("body"))
        down = Qt.AlignmentFlag.AlignBottom if self._scene.roofs else Qt.AlignmentFlag.AlignVCenter
        how = Qt.AlignmentFlag.AlignHCenter | down | Qt.TextFlag.TextWordWrap
        room = self._scale.area.adjusted(20, 20, -20, -16)
        painter.fillRect(painter.boundingRect(room, how, self._scene.note).adjusted(-6, -2, 6, 2),
                         theme().colour("well"))
        painter.setPen(theme().colour("text_2"))
        painter.drawText(room, how, self._scene.note)


def dot(painter: QPainter, at: QPointF, device: str) -> None:
    """Draw a circle for the CPU and a square for others, each on a rim of the ground."""
    painter.setPen(pen("well", 2.0))
    painter.setBrush(theme().colour(series_role(source(device))))
    if device == "cpu":
        painter.drawEllipse(at, DOT_PX / 2 + 1, DOT_PX / 2 + 1)
    else:
        painter.drawRect(around(at, DOT_PX + 1))


def around(at: QPointF, side: float) -> QRectF:
    """Return the square around a point."""
    return QRectF(at.x() - side / 2, at.y() - side / 2, side, side)


def source(device: str) -> str:
    """Return the source of a device, as live graphs call it."""
    kind, _, number = device.partition(":")
    return "cpu" if kind == "cpu" else f"gpu{number or 0}"


def share_words(point: Point) -> str:
    """Return the share of its roof that a test reaches, empty where it is not known."""
    return "" if point.share is None else words.percent(point.share)


def paint_axes(painter: QPainter, scale: LogScale, below_px: float) -> None:
    """Draw the decades of both axes, those of the lower one so many px below the area, and what they are."""
    area = scale.area
    painter.setFont(font("caption"))
    centre = Qt.AlignmentFlag.AlignCenter
    for n in range(scale.left, scale.right + 1):
        x = scale.place(10.0**n, 10.0**scale.bottom).x()
        painter.setPen(pen("divider"))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setPen(theme().colour("text_2"))
        painter.drawText(QRectF(x - 40, area.bottom() + below_px, 80, 15), centre, decade(n))
    for n in range(scale.bottom, scale.top + 1):
        y = scale.place(10.0**scale.left, 10.0**n).y()
        painter.setPen(pen("divider"))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(theme().colour("text_2"))
        painter.drawText(QRectF(12, y - 8, AXIS_PX - 18, 16),
                         Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, decade(n))
    foot = QRectF(area.left(), area.bottom() + below_px + 16, area.width(), 16)
    painter.drawText(foot, centre, _tr("arithmetic intensity, FLOP per byte (log scale)"))
    painter.save()
    painter.translate(2, area.bottom())
    painter.rotate(-90)
    painter.drawText(QRectF(0, 0, area.height(), 14), centre, _tr("speed, TFLOPS (log scale)"))
    painter.restore()


def decade(n: int) -> str:
    """Return a power of ten as `1,000` or `0.01`, as `10⁻⁵` where that has no room."""
    if n < LEAST_DECADE:
        return "10" + str(n).translate(_RAISED)
    return f"{10**n:,}" if n >= 0 else f"{10.0**n:.{-n}f}"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Roofline", text)
