"""What stands in the plot of price against speed: axes, key, what is wanted, ranges as floating bars, and names."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetrics, QPainter

from llmscope.analysis.shortlist import Verdict
from llmscope.core.units import NBSP, significant
from llmscope.gui.models.choice_model import verdicts
from llmscope.gui.plots.price_scale import Spot, axis, frontier
from llmscope.gui.plots.roofline_scale import free_place
from llmscope.gui.plots.style import font, pen
from llmscope.gui.theme import theme
from llmscope.gui.words import short_dtype
from llmscope.hardware.host import short_gpu_name

LEFT_PX, FOOT_PX, TOP_PX, EDGE_PX, KEY_Y_PX = 58, 40, 30, 16, 15.5
BAR_PX, THIN_PX, FRAME_PX = 8.0, 3.0, 5.0
#: Numbers beside the axis keep this apart.
APART_PX = 14.0
#: Where along its line the word of a wish may stand, the best first.
ALONG = (0.99, 0.01, 0.8, 0.2, 0.6, 0.4)
CENTRE = Qt.AlignmentFlag.AlignCenter


@dataclass(frozen=True)
class PriceScene:
    """The spots to draw, the cheapest first, what is wanted in tok/s and US dollars, and the id of the framed one."""

    spots: Sequence[Spot] = ()
    speed_tok_s: float | None = None
    budget_usd: float | None = None
    framed: str = ""
    best: Sequence[Spot] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "best", frontier(self.spots))


class PriceDrawing:
    """A scene laid out in so many px."""

    def __init__(self, scene: PriceScene, width: float, height: float) -> None:
        self._scene, self._lines = scene, []  # type: PriceScene, list[tuple[QPointF, QPointF]]
        self._area = area = QRectF(LEFT_PX, TOP_PX, max(1.0, width - LEFT_PX - EDGE_PX),
                                   max(1.0, height - TOP_PX - FOOT_PX))
        prices = [spot.price for spot in scene.spots]
        speeds = [end for spot in scene.spots for end in (spot.low, spot.high)]
        self._x = axis([*prices, *_near(scene.budget_usd, prices)], area.left(), area.right())
        self._y = axis([*speeds, *_near(scene.speed_tok_s, speeds)], area.bottom(), area.top())
        self.bars = dict(self._laid_out())
        self._taken = [_framed(bar, FRAME_PX + 2 if id_ == scene.framed else 2.0) for id_, bar in self.bars.items()]

    def _laid_out(self) -> list[tuple[str, QRectF]]:
        """Return the bars by id; those of one price stand side by side."""
        seen: Counter[float] = Counter()
        bars = []
        for spot in self._scene.spots:
            width = THIN_PX if spot.choice.verdict == "does not meet" else BAR_PX
            left = self._x.px(spot.price) - width / 2 + seen[spot.price] * (BAR_PX + 2)
            top, bottom = self._y.px(spot.high), self._y.px(spot.low)
            bars.append((spot.id, QRectF(left, top, width, max(THIN_PX, bottom - top))))
            seen[spot.price] += 1
        return bars

    def paint(self, painter: QPainter) -> None:
        """Draw it."""
        self._paint_axes(painter)
        self._paint_titles(painter)
        if not self._scene.spots:
            painter.setFont(font("body"))
            painter.drawText(self._area, CENTRE, _tr("Nothing in this list has both a price and a speed."))
            return
        self._paint_key(painter)
        self._paint_best(painter)
        self._paint_bars(painter)
        self._paint_wishes(painter)
        self._paint_names(painter)

    def _paint_axes(self, painter: QPainter) -> None:
        area, last = self._area, self._area.bottom() + APART_PX
        painter.setFont(font("caption"))
        for price in self._x.ticks():
            at = self._x.px(price)
            painter.setPen(pen("divider"))
            painter.drawLine(QPointF(at, area.top()), QPointF(at, area.bottom()))
            painter.setPen(theme().colour("text_2"))
            painter.drawText(QRectF(at - 40, area.bottom() + 3, 80, 15), CENTRE, significant(price, 1))
        for speed in self._y.ticks():
            at = self._y.px(speed)
            painter.setPen(pen("divider"))
            painter.drawLine(QPointF(area.left(), at), QPointF(area.right(), at))
            if last - at >= APART_PX:
                last = at
                painter.setPen(theme().colour("text_2"))
                painter.drawText(QRectF(12, at - 8, LEFT_PX - 18, 16),
                                 Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, significant(speed, 1))

    def _paint_titles(self, painter: QPainter) -> None:
        area = self._area
        painter.setPen(theme().colour("text_2"))
        painter.drawText(QRectF(area.left(), area.bottom() + 19, area.width(), 16), CENTRE,
                         _tr("price, US$ (log scale)"))
        painter.save()
        painter.translate(2, area.bottom())
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, area.height(), 14), CENTRE, _tr("tok/s for each user (log scale)"))
        painter.restore()

    def _paint_key(self, painter: QPainter) -> None:
        """Say above the plot what the forms of the bars and the dotted line mean."""
        at = self._area.left()
        for verdict, word in verdicts().items():
            width = THIN_PX if verdict == "does not meet" else BAR_PX
            _paint_bar(painter, QRectF(at, KEY_Y_PX - 6.5, width, 13), verdict)
            at = _key_word(painter, at + 14, word)
        painter.setPen(pen("text_2", 1.0, (2.0, 3.0)))
        painter.drawLine(QPointF(at, KEY_Y_PX), QPointF(at + 22, KEY_Y_PX))
        _key_word(painter, at + 28, _tr("most speed for its price, by the slow end of the range"))

    def _paint_best(self, painter: QPainter) -> None:
        """Draw the steps along the slow ends of those with the most speed for their price."""
        painter.setPen(pen("text_2", 1.0, (2.0, 3.0)))
        for before, after in pairwise(self._scene.best):
            start = QPointF(self._x.px(before.price), self._y.px(before.low))
            corner = QPointF(self._x.px(after.price), start.y())
            for line in ((start, corner), (corner, QPointF(corner.x(), self._y.px(after.low)))):
                painter.drawLine(*line)
                self._lines.append(line)

    def _paint_bars(self, painter: QPainter) -> None:
        for spot in self._scene.spots:
            bar = self.bars[spot.id]
            _paint_bar(painter, bar, spot.choice.verdict)
            if spot.id == self._scene.framed:
                painter.setPen(pen("text", 2.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(_framed(bar, FRAME_PX))

    def _paint_wishes(self, painter: QPainter) -> None:
        """Draw what is wanted as dashed lines with their words, where they lie within the axes."""
        area, scene = self._area, self._scene
        if scene.speed_tok_s is not None and self._y.low <= scene.speed_tok_s <= self._y.high:
            at = self._y.px(scene.speed_tok_s)
            self._wish(painter, QPointF(area.left(), at), QPointF(area.right(), at),
                       _tr("{0} tok/s wanted").format(f"{scene.speed_tok_s:,.12g}").replace(" tok/s", f"{NBSP}tok/s"))
        if scene.budget_usd is not None and self._x.low <= scene.budget_usd <= self._x.high:
            at = self._x.px(scene.budget_usd)
            self._wish(painter, QPointF(at, area.top()), QPointF(at, area.bottom()),
                       _tr("budget ${0}").format(f"{scene.budget_usd:,.0f}"))

    def _wish(self, painter: QPainter, start: QPointF, end: QPointF, text: str) -> None:
        painter.setPen(pen("text", 1.0, (6.0, 4.0)))
        painter.drawLine(start, end)
        self._lines.append((start, end))
        size = _size(text)
        places = [_beside(start + (end - start) * share, size, self._area) for share in ALONG]
        self._write(painter, next((place for place in places if not self._meets(place)), places[0]), text)

    def _paint_names(self, painter: QPainter) -> None:
        """Name the framed one, then those with the most speed for their price; what has no room is in the table."""
        framed = [spot for spot in self._scene.spots if spot.id == self._scene.framed]
        for spot in (*framed, *(spot for spot in reversed(self._scene.best) if spot not in framed)):
            text = f"{short_name(spot)} · {short_dtype(spot.choice.projection.demand.format)}"
            bar, bold = self.bars[spot.id], spot in framed
            at = QPointF(bar.center().x(), bar.top() + (0 if bold else 4))
            room = _size(text, bold) + QSizeF(2 * FRAME_PX if bold else 0, 0)
            place, _ = free_place(at, room, self._area, self._taken, self._lines)
            if bold or not self._meets(place):
                self._write(painter, place, text, bold)

    def _meets(self, place: QRectF) -> bool:
        return any(place.intersects(other) for other in self._taken)

    def _write(self, painter: QPainter, place: QRectF, text: str, bold: bool = False) -> None:
        """Write on the ground, so that no line goes through the text."""
        self._taken.append(place)
        painter.fillRect(QRectF(place.center() - QPointF(_size(text, bold).width() / 2, place.height() / 2),
                                QSizeF(_size(text, bold).width(), place.height())), theme().colour("well"))
        painter.setFont(font("caption", 600 if bold else 400))
        painter.setPen(theme().colour("text"))
        painter.drawText(place, CENTRE, text)


def short_name(spot: Spot) -> str:
    """Return the name of a spot's hardware without what every such name begins with."""
    return short_gpu_name(spot.choice.projection.target.name)


def _paint_bar(painter: QPainter, bar: QRectF, verdict: Verdict) -> None:
    """Draw a range: what meets the wish is filled, what may is hollow, what does not is thin."""
    if verdict == "may meet":
        painter.setPen(pen("text", 1.5))
        painter.setBrush(theme().colour("well"))
        painter.drawRect(bar.adjusted(0.75, 0.75, -0.75, -0.75))
    else:
        painter.fillRect(bar, theme().colour("text" if verdict == "meets" else "text_3"))


def _key_word(painter: QPainter, at: float, word: str) -> float:
    """Write a word of the key, and return where the next may stand."""
    painter.setFont(font("caption"))
    painter.setPen(theme().colour("text_2"))
    painter.drawText(QPointF(at, KEY_Y_PX + 4), word)
    return at + QFontMetrics(font("caption")).horizontalAdvance(word) + 18


def _beside(at: QPointF, size: QSizeF, area: QRectF) -> QRectF:
    """Return a place right of and above a point, moved into the area."""
    left = min(at.x() + 4, area.right() - size.width())
    return QRectF(QPointF(left, max(area.top(), at.y() - size.height() - 1)), size)


def _framed(bar: QRectF, px: float) -> QRectF:
    return bar.adjusted(-px, -px, px, px)


def _near(wish: float | None, values: Sequence[float]) -> list[float]:
    """Return a wish, unless it is so far off that the values would have no room."""
    return [wish] if wish is not None and values and min(values) / 10 <= wish <= 10 * max(values) else []


def _size(text: str, bold: bool = False) -> QSizeF:
    metrics = QFontMetrics(font("caption", 600 if bold else 400))
    return QSizeF(metrics.horizontalAdvance(text) + 4, metrics.height())


def _tr(text: str) -> str:
    return QCoreApplication.translate("PriceSpeed", text)
