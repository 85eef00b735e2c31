"""What does not move in the roofline's plot: axes, roofs, finished tests, and where everything lies."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from llmscope.analysis.ceilings import Ceilings
from llmscope.analysis.roofline import Point
from llmscope.core.units import NBSP, significant
from llmscope.gui import words
from llmscope.gui.plots.roofline_labels import Labels
from llmscope.gui.plots.roofline_scale import Line, LogScale, along, cost, first_least, scale_for
from llmscope.gui.plots.style import font, pen, series_role
from llmscope.gui.theme import theme

AXIS_PX, FOOT_PX, EDGE_PX, TOP_PX = 64, 40, 24, 12
#: Room for the title of the axis, left of its numbers.
TITLE_PX = 16
DOT_PX, FRAME_PX = 9.0, 18.0
#: The axis has room for the zeros of this power of ten.
LEAST_DECADE = -4
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: Roofs of memory that differ by less than this are drawn as one.
SAME = 1.10
#: Flat roofs that are nearer have one label.
JOINED_PX = 15

#: How the note is laid out.
NOTE = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap

#: The line of a roof, its label, and whether it is whole, not dashed.
Roof = tuple[Line, str, bool]


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
        self._mark = scene.points[scene.chosen][1] if scene.chosen in scene.points else None
        self._dots = [around(self.at(p), FRAME_PX + 2 if p is self._mark else DOT_PX + 4) for p in points]
        self.labels = Labels(area, self._dots)

    def at(self, point: Point) -> QPointF:
        """Return the place of a test."""
        return self._scale.place(point.intensity, point.speed_tflops)

    def holds(self, point: Point) -> bool:
        """Return whether a test lies within the axes."""
        scale = self._scale
        return (scale.left <= math.log10(point.intensity) <= scale.right
                and scale.bottom <= math.log10(point.speed_tflops) <= scale.top)

    def paint(self, painter: QPainter) -> None:
        """Draw it: lines first, so that words find places beside them, and dots over all but their own names."""
        self.labels = Labels(self._scale.area, self._dots)
        paint_axes(painter, self._scale, 3)
        roofs = [(device, self._sloped(device), self._flat(device)) for device in self._scene.roofs]
        for device, sloped, flat in roofs:
            for line, _, is_mine in (*sloped, *flat):
                role = series_role(source(device))
                painter.setPen(pen(role, 2.0) if is_mine else pen(role, 1.0, (5.0, 4.0)))
                self.labels.line(painter, line)
        if self._mark is not None and self._mark.roof_tflops:
            painter.setPen(pen("text_2", 1.0, (2.0, 3.0)))
            roof = self._scale.place(self._mark.intensity, self._mark.roof_tflops)
            self.labels.line(painter, (self.at(self._mark), roof))
        for _, sloped, flat in roofs:
            for number, (line, text, _) in enumerate(sloped):  # nothing is above the first
                self.labels.name_sloped(painter, line, text, number == 0)
            for line, text in _joined(flat):
                self.labels.name_flat(painter, line, f"{text}{NBSP}TFLOPS")
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
            if all(max(gb_s, other) > SAME * min(gb_s, other) for other in kept):
                kept[gb_s] = size
        return kept

    def _sloped(self, device: str) -> list[Roof]:
        """Return the roofs of memory, the highest first.

        Whole is that of the chosen test, of another device memory beyond the caches.
        """
        bandwidths, scale = self._bandwidths[device], self._scale
        highest = max((peak.value for peak in self._scene.roofs[device].products.values()), default=0.0)
        own = self._own(device)
        whole = min(bandwidths, default=0.0) if own is None or own.bandwidth is None else own.bandwidth.value
        roofs = []
        for gb_s, size in sorted(bandwidths.items(), reverse=True) if highest else ():
            lowest = max(10.0**scale.left, 1e3 * 10.0**scale.bottom / gb_s)
            line = scale.place(lowest, lowest * gb_s / 1e3), scale.place(1e3 * highest / gb_s, highest)
            roofs.append((line, f"{significant(gb_s)}{NBSP}GB/s, {words.block(size)}", gb_s == whole))
        return roofs

    def _flat(self, device: str) -> list[Roof]:
        """Return the roofs by dtype, the highest first; whole is that of the chosen test, or else the highest."""
        products, scale, own = self._scene.roofs[device].products, self._scale, self._own(device)
        widest = max(self._bandwidths[device], default=0.0)
        whole = max((peak.value for peak in products.values()), default=0.0) if own is None or own.peak is None \
            else own.peak.value
        return [((scale.place(1e3 * peak.value / widest, peak.value), scale.place(10.0**scale.right, peak.value)),
                 f"{words.short_dtype(dtype)} {significant(peak.value)}", peak.value == whole)
                for dtype, peak in sorted(products.items(), key=lambda item: -item[1].value) if widest]

    def _own(self, device: str) -> Point | None:
        """Return the chosen test if it is of this device."""
        return self._mark if self._mark is not None and self._mark.device == device else None

    def _paint_points(self, painter: QPainter) -> None:
        order = sorted(self._points.items(), key=lambda item: item[0] == self._chosen)
        for number, (_, point) in order:
            dot(painter, self.at(point), point.device)
            if number == self._chosen:
                painter.setPen(pen("text", 2.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(around(self.at(point), FRAME_PX))
        for number, (name, point) in sorted(order, key=lambda item: item[0] != self._chosen):
            share = share_words(point)
            text = f"{name} · {share}" if share else name
            self.labels.name_dot(painter, self.at(point), text, number == self._chosen)

    def _paint_note(self, painter: QPainter) -> None:
        """Say what is missing: in the middle of an empty plot, else at its foot or where it covers no test."""
        if not self._scene.note:
            return
        painter.setFont(font("body"))
        box = self._note_box(painter)
        self.labels.taken.append(box)
        painter.fillRect(box, theme().colour("well"))
        painter.setPen(theme().colour("text_2"))
        painter.drawText(box, NOTE, self._scene.note)

    def _note_box(self, painter: QPainter) -> QRectF:
        """Return the first place for the note that meets least: no dot and no name, if that can be."""
        room = self._scale.area.adjusted(20, 14, -20, -14)
        box = painter.boundingRect(room, NOTE, self._scene.note).adjusted(-6, -2, 6, 2)
        foot, middle = room.bottom() - box.height() / 2, room.center().y()
        first = foot if self._scene.roofs or self._points else middle
        middles = [first, *along(room.top() + box.height() / 2, foot)]
        boxes = [box.translated(room.center().x() - box.center().x(), y - box.center().y()) for y in middles]
        return boxes[first_least(cost([each], self.labels.taken, self.labels.lines) for each in boxes)]


def _joined(flat: list[Roof]) -> list[tuple[Line, str]]:
    """Return the labels of flat roofs, those of close ones as one beside the highest."""
    labels: list[tuple[Line, str]] = []
    for line, text, _ in flat:
        if labels and line[1].y() - labels[-1][0][1].y() < JOINED_PX:
            labels[-1] = labels[-1][0], f"{labels[-1][1]} · {text}"
        else:
            labels.append((line, text))
    return labels


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
        painter.drawText(QRectF(TITLE_PX, y - 8, AXIS_PX - TITLE_PX - 6, 16),
                         Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, decade(n))
    foot = QRectF(area.left(), area.bottom() + below_px + 16, area.width(), 16)
    painter.drawText(foot, centre, _tr("arithmetic intensity, FLOP per byte (log scale)"))
    painter.save()
    painter.translate(2, area.bottom())
    painter.rotate(-90)
    painter.drawText(QRectF(0, 0, area.height(), TITLE_PX - 2), centre, _tr("speed, TFLOPS (log scale)"))
    painter.restore()


def decade(n: int) -> str:
    """Return a power of ten as `1,000` or `0.01`, as `10⁻⁵` where that has no room."""
    if n < LEAST_DECADE:
        return "10" + str(n).translate(_RAISED)
    return f"{10**n:,}" if n >= 0 else f"{10.0**n:.{-n}f}"


def _tr(text: str) -> str:
    return QCoreApplication.translate("Roofline", text)
