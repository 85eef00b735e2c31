"""What a card is painted with: text that keeps to its room, bars, whiskers, gauges and marks, in px of the picture.

Colours are asked of the dark or the light look by name, whichever the window shows, and type is laid out without
hinting: a card looks the same on every machine.
"""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from llmscope.gui.icons import paint_icon
from llmscope.gui.theme import Shade, theme

GROUND = "panel"
SERIES = ("series_a", "series_b", "series_c", "series_d")
#: A whisker narrower than this is one tick; ink and rim of both.
WHISKER_PX, INK_PX, RIM_PX = 6.0, 2.0, 5.0
TICK_PX = 3.0


@dataclass(frozen=True)
class Placed:
    """A text that was painted: where, in which colour role and size, and what of it."""

    rect: QRectF
    text: str
    role: str
    px: int


class Canvas:
    """An image of fixed size; `texts` are all that were painted on it."""

    def __init__(self, width: int, height: int, shade: Shade) -> None:
        self.width, self.height, self.texts = width, height, list[Placed]()
        self._colours, self._shade = theme().colours_of(shade), shade
        self.image = QImage(width, height, QImage.Format.Format_RGB32)
        self.image.fill(self._colours[GROUND])
        self._painter = QPainter(self.image)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def finish(self) -> QImage:
        """Return the image; nothing is painted after it."""
        self._painter.end()
        return self.image

    def text(self, x: float, baseline: float, text: str, px: int, role: str = "text", weight: int = 400, *,
             room: float, right: bool = False) -> float:
        """Paint a line that begins at x, or ends there, elided to its room; returns how wide it is."""
        font = font_of(px, weight)
        metrics = QFontMetricsF(font)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        width = metrics.horizontalAdvance(shown)
        left = x - width if right else x
        if shown:
            self._painter.setFont(font)
            self._painter.setPen(self._colours[role])
            self._painter.drawText(QPointF(left, baseline), shown)
            height = metrics.capHeight() + metrics.descent()
            self.texts.append(Placed(QRectF(left, baseline - metrics.capHeight(), width, height), shown, role, px))
        return width

    def line(self, x: float, y: float, width: float) -> None:
        """Paint a divider."""
        self._painter.fillRect(QRectF(x, round(y), width, 1), self._colours["divider"])

    def bar(self, room: QRectF, place: int, value: float, ends: tuple[float, float] | None, most: float) -> None:
        """Paint a bar from zero whose scale ends with the room, and the whisker of its interval."""
        scale = (room.width() - RIM_PX) / most
        self._painter.fillRect(QRectF(room.left(), room.top(), max(3.0, value * scale), room.height()),
                               self._colours[SERIES[place]])
        if ends is not None:
            self._whisker(room.left() + ends[0] * scale, room.left() + ends[1] * scale, room.center().y())

    def _whisker(self, low: float, high: float, middle: float) -> None:
        """Paint an interval twice, broad in the ground's colour and thin in ink; one tick where it is narrow."""
        ends = [(low + high) / 2] if high - low < WHISKER_PX else [low, high]
        for role, width in ((GROUND, RIM_PX), ("text", INK_PX)):
            self._painter.setPen(QPen(self._colours[role], width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            reach = 7 if role == "text" else 8
            for x in ends:
                self._painter.drawLine(QPointF(x, middle - reach), QPointF(x, middle + reach))
            if len(ends) == 2:
                self._painter.drawLine(QPointF(low, middle), QPointF(high, middle))

    def gauge(self, room: QRectF, share: float) -> None:
        """Paint a share of 0 to 1 toward a tick, which is the ceiling."""
        self._painter.fillRect(room, self._colours["hover"])
        done = QRectF(room)
        done.setWidth(max(3.0, room.width() * min(1.0, share)))
        self._painter.fillRect(done, self._colours["work"])
        self._painter.fillRect(QRectF(room.right(), room.top() - 5, TICK_PX, room.height() + 10),
                               self._colours["text_2"])

    def mark(self, x: float, y: float, place: int, px: float) -> None:
        """Paint the mark of a run around a point: circle, square, triangle or diamond."""
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(self._colours[SERIES[place]])
        r = px / 2
        if place == 0:
            self._painter.drawEllipse(QPointF(x, y), r, r)
            return
        corners = {1: ((-1, -1), (1, -1), (1, 1), (-1, 1)), 2: ((0, -1), (1, 1), (-1, 1)),
                   3: ((0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0))}[place]
        self._painter.drawPolygon(QPolygonF([QPointF(x + 0.92 * r * a, y + 0.92 * r * b) for a, b in corners]))

    def icon(self, name: str, rect: QRectF, role: str = "text") -> None:
        """Paint an icon in the colour of a role; the logo has its own two."""
        if name == "logo":
            name = f"logo-{self._shade}"
        paint_icon(self._painter, name, rect, QColor(self._colours[role]))


def font_of(px: int, weight: int = 400) -> QFont:
    """Return the application's typeface at any size."""
    font = theme().font("body", weight)
    font.setPixelSize(px)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def width_of(text: str, px: int, weight: int = 400) -> float:
    """Return how wide a line is."""
    return QFontMetricsF(font_of(px, weight)).horizontalAdvance(text)


def wrapped(text: str, px: int, room: float, weight: int = 400) -> list[str]:
    """Return the lines of a text, broken at its spaces; a word that is too long has a line of its own."""
    metrics, lines = QFontMetricsF(font_of(px, weight)), list[str]()
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and metrics.horizontalAdvance(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
