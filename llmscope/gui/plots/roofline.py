"""The roofline: measured roofs, every test below them, and the running test as it moves."""

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from llmscope.analysis.ceilings import Ceilings
from llmscope.analysis.roofline import Point
from llmscope.core.units import significant
from llmscope.gui.plots.roofline_drawing import Drawing, Scene, share_words, source
from llmscope.gui.plots.style import font, pen, series_role
from llmscope.gui.theme import theme

#: A click chooses a test that is so near.
REACH_PX = 14.0
#: The running test is drawn anew when it has moved by this much.
MOVED_PX = 0.5


class RooflinePlot(QWidget):
    """Shows tests by number; `chosen` carries the one that was clicked, or that an arrow key leads to.

    What does not move is drawn once and kept.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._scene = Scene()
        self._drawing: Drawing | None = None
        self._drawn: QPixmap | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(360, 240)
        theme().changed.connect(self._renew)

    @property
    def points(self) -> Mapping[int, tuple[str, Point]]:
        """The tests that are shown, by number, each with its name."""
        return self._scene.points

    @property
    def live(self) -> Point | None:
        """The running test."""
        return self._scene.live

    def place(self, number: int) -> QPointF:
        """Return where a test is shown."""
        return self._laid_out().at(self.points[number][1])

    def show_tests(self, points: Mapping[int, tuple[str, Point]], roofs: Mapping[str, Ceilings], chosen: int,
                   note: str) -> None:
        """Show tests below the roofs of their devices, one of them framed; a note says what is missing."""
        self._scene = Scene(points, roofs, chosen, note, self.live)
        self.setAccessibleName(self._sentence())
        self._renew()

    def show_live(self, point: Point | None) -> None:
        """Show where the running test is now; draws only if that has moved."""
        before = self.live
        if point == before:
            return
        self._scene = replace(self._scene, live=point)
        drawing = self._laid_out()
        if point is not None and not drawing.holds(point):
            self._renew()
        elif (point is None or before is None or point.test != before.test or share_words(point) != share_words(before)
              or (drawing.at(before) - drawing.at(point)).manhattanLength() >= MOVED_PX):
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(620, 300)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ratio = painter.deviceTransform().m11()  # a picture has more px than the screen
        if self._drawn is None or self._drawn.devicePixelRatio() != ratio:
            self._drawn = self._draw(ratio)
        painter.drawPixmap(0, 0, self._drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.live is not None:
            self._paint_live(painter, self.live)
        if self.hasFocus():
            painter.setPen(QPen(theme().colour("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._renew()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        near = {number: (self.place(number) - at).manhattanLength() for number in self.points}
        nearest = min(near, key=lambda number: near[number], default=-1)
        if nearest >= 0 and near[nearest] <= REACH_PX:
            self.chosen.emit(nearest)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()))
        order = sorted(self.points, key=lambda number: self.points[number][1].intensity)
        if step is None or not order:
            super().keyPressEvent(event)
            return
        at = order.index(self._scene.chosen) + step if self._scene.chosen in order else 0
        self.chosen.emit(order[min(max(at, 0), len(order) - 1)])

    def _renew(self) -> None:
        """Lay out and draw all anew when it is next seen."""
        self._drawing = self._drawn = None
        self.update()

    def _laid_out(self) -> Drawing:
        if self._drawing is None:
            self._drawing = Drawing(self._scene, self.width(), self.height())
        return self._drawing

    def _draw(self, ratio: float) -> QPixmap:
        """Return everything but the running test, in so many px for one of the widget."""
        drawn = QPixmap(self.size() * ratio)
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(theme().colour("well"))
        painter = QPainter(drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._laid_out().paint(painter)
        painter.end()
        return drawn

    def _sentence(self) -> str:
        said = [self.tr("{0}: {1} FLOP per byte, {2} TFLOPS, {3} of its roof").format(
            name, significant(point.intensity), significant(point.speed_tflops), share_words(point) or "—")
            for name, point in self.points.values()]
        return self.tr("Roofline. {0}").format("; ".join(said) or self.tr("No test yet"))

    def _paint_live(self, painter: QPainter, point: Point) -> None:
        """Draw the running test as a ring, with its share."""
        at = self._laid_out().at(point)
        painter.setPen(pen(series_role(source(point.device)), 2.0))
        painter.setBrush(theme().colour("well"))
        painter.drawEllipse(at, 6, 6)
        share = share_words(point)
        text = self.tr("{0} now").format(point.test) + (f" · {share}" if share else "")
        place, _ = self._laid_out().labels.place(at, text, is_framed=True)
        painter.fillRect(place, theme().colour("well"))
        painter.setFont(font("caption", 600))
        painter.setPen(theme().colour("text"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
