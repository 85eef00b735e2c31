"""Price against speed of the hardware to choose from; the numbers stand in the table below."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from llmscope.analysis.shortlist import Choice
from llmscope.core.units import significant
from llmscope.gui.models.choice_model import verdicts
from llmscope.gui.plots.price_drawing import PriceDrawing, PriceScene, short_name
from llmscope.gui.plots.price_scale import Spot, spots
from llmscope.gui.plots.style import pen
from llmscope.gui.theme import theme

#: A click chooses hardware that is so near.
REACH_PX = 12.0


class PriceSpeedPlot(QWidget):
    """`chosen` carries the id of the hardware that was clicked, or that an arrow key leads to."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._scene = PriceScene()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    @property
    def spots(self) -> Sequence[Spot]:
        """What is shown, the cheapest first."""
        return self._scene.spots

    @property
    def best(self) -> Sequence[Spot]:
        """Those with the most speed for their price."""
        return self._scene.best

    def show_choices(self, choices: Sequence[Choice], speed_tok_s: float | None, budget_usd: float | None) -> None:
        """Show the choices that have a price and a speed, and what is wanted of each."""
        self._scene = PriceScene(spots(choices), speed_tok_s, budget_usd, self._scene.framed)
        self.setAccessibleName(self._sentence())
        self.update()

    def show_framed(self, hardware: str) -> None:
        """Frame one piece of hardware."""
        self._scene = replace(self._scene, framed=hardware)
        self.update()

    def bars(self) -> dict[str, QRectF]:
        """Return where each range is drawn, by id."""
        return self._drawing().bars

    def sizeHint(self) -> QSize:
        return QSize(900, 300)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        near = {hardware: _distance(bar, event.position()) for hardware, bar in self.bars().items()}
        nearest = min(near, key=near.__getitem__, default="")
        if nearest and near[nearest] <= REACH_PX:
            self.chosen.emit(nearest)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()))
        ids = [spot.id for spot in self.spots]
        if step is None or not ids:
            super().keyPressEvent(event)
            return
        at = ids.index(self._scene.framed) + step if self._scene.framed in ids else 0
        self.chosen.emit(ids[min(max(at, 0), len(ids) - 1)])

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme().colour("well"))
        self._drawing().paint(painter)
        if self.hasFocus():
            painter.setPen(pen("focus", 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _drawing(self) -> PriceDrawing:
        return PriceDrawing(self._scene, self.width(), self.height())

    def _sentence(self) -> str:
        said = [self.tr("{0}: ${1}, {2} to {3} tok/s for each user, {4}").format(
            short_name(spot), f"{spot.price:,.0f}", significant(spot.low, 2), significant(spot.high, 2),
            verdicts()[spot.choice.verdict]) for spot in self.spots]
        return self.tr("Price against speed. {0}").format("; ".join(said) or self.tr("Nothing to show"))


def _distance(bar: QRectF, at: QPointF) -> float:
    """Return how far a point lies from a bar, 0 within it."""
    across = max(bar.left() - at.x(), 0.0, at.x() - bar.right())
    along = max(bar.top() - at.y(), 0.0, at.y() - bar.bottom())
    return max(across, along)
