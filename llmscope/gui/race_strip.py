"""How busy the device was, and how full its memory, over the time of a race."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from llmscope.core.units import NBSP
from llmscope.gui.compare_marks import ROLES
from llmscope.gui.plots import style
from llmscope.gui.plots.token_timeline import LEFT_PX, RIGHT_PX
from llmscope.gui.race import Entrant
from llmscope.gui.race_track import Track
from llmscope.gui.theme import theme
from llmscope.gui.words import short_device

HEAD_PX, HEIGHT_PX, NARROW_HEIGHT_PX = 28, 84, 60
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class RaceStrip(QWidget):
    """Two lines from 0 to 100 % up to the moment that is shown, on the time axis of the race."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place, self._scale = place, 1.0
        self._track: Track | None = None
        self._device, self._axis_ns, self._at_ns = "", 1, 0
        self._words: tuple[str, str] = ("", "")
        self._picture: QPixmap | None = None
        self._made_for: tuple[object, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_size(False, 1.0)

    def set_size(self, narrow: bool, scale: float) -> None:
        """Paint for a small window, and everything so many times as large."""
        self._scale = scale
        self.setFixedHeight(round((NARROW_HEIGHT_PX if narrow else HEIGHT_PX) * scale))
        self.update()

    def show_entrant(self, entrant: Entrant, axis_ns: int) -> None:
        """Show another entrant, on an axis of so many ns."""
        self._track, self._axis_ns, self._at_ns = entrant.track, axis_ns, -1
        self._picture = None
        self._device = short_device(entrant.cell.device)

    def show_at(self, at_ns: int) -> None:
        """Show the curves up to a moment; they end with the request."""
        assert self._track is not None
        at_ns = min(at_ns, self._track.end_ns)
        if at_ns == self._at_ns:
            return
        self._at_ns = at_ns
        reading = self._track.reading_at(at_ns)
        busy, memory = (None, None) if reading is None else (reading.busy_percent, reading.memory_percent)
        self._words = (self.tr("{0} busy {1}").format(self._device, self._percent(busy)),
                       self.tr("memory {0}").format(self._percent(memory)))
        self.setAccessibleName(", ".join(self._words))
        self.update()

    def _percent(self, value: float | None) -> str:
        return self.tr("not readable") if value is None else f"{value:.0f}{NBSP}%"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.scale(self._scale, self._scale)
        wide, high = self.width() / self._scale, self.height() / self._scale
        room = QRectF(LEFT_PX, HEAD_PX, wide - LEFT_PX - RIGHT_PX, high - HEAD_PX - 8)
        self._paint_words(painter, wide)
        painter.setFont(style.font("caption"))
        for share, text in ((0.0, "0"), (1.0, f"100{NBSP}%")):
            y = round(room.bottom() - share * room.height())
            painter.setPen(style.pen("axis" if not share else "grid"))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(style.pen("text_2"))
            painter.drawText(QRectF(0, y - 8, LEFT_PX - 7, 16), _RIGHT, text)
        if self._track is not None and self._at_ns >= 0:
            # All of it is painted once; a frame only shows more of it.
            curves = self._curves(room)
            gone = min(room.width(), self._at_ns / self._axis_ns * room.width())
            ratio = curves.devicePixelRatio()
            painter.drawPixmap(QRectF(room.left(), room.top(), gone, room.height()), curves,
                               QRectF(0, 0, gone * self._scale * ratio, room.height() * self._scale * ratio))

    def _paint_words(self, painter: QPainter, wide: float) -> None:
        painter.setFont(style.font("small", 500))
        painter.setPen(style.pen("text"))
        head = QRectF(12, 0, wide - 12 - RIGHT_PX, HEAD_PX - 10)
        painter.drawText(head, _LEFT, self._words[0])
        painter.setFont(style.font("small"))
        painter.setPen(style.pen("text_2"))
        painter.drawText(head, _RIGHT, self._words[1])

    def _curves(self, room: QRectF) -> QPixmap:
        """Return the curves of the whole request, made again for another size or theme."""
        ratio = self.devicePixelRatioF()
        wanted = (room.width(), room.height(), self._scale, ratio, theme().is_dark)
        if self._picture is None or self._made_for != wanted:
            self._made_for = wanted
            px = self._scale * ratio
            self._picture = QPixmap(round(room.width() * px), round(room.height() * px))
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._picture)
            painter.scale(self._scale, self._scale)
            self._paint_lines(painter, QRectF(0, 0, room.width(), room.height()))
            painter.end()
        return self._picture

    def _paint_lines(self, painter: QPainter, room: QRectF) -> None:
        role = ROLES[self._place]
        fill = style.mixed(theme().colour(role), theme().colour("panel"), style.FILL_ALPHA)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line in self._lines("busy_percent", room):
            area = QPolygonF(line)
            area.append(QPointF(line[-1].x(), room.bottom()))
            area.append(QPointF(line[0].x(), room.bottom()))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawPolygon(area)
            painter.setPen(style.pen(role, 1.5))
            painter.drawPolyline(QPolygonF(line))
        painter.setPen(style.pen("text_2", 1.5, (4, 3)))
        for line in self._lines("memory_percent", room):
            painter.drawPolyline(QPolygonF(line))

    def _lines(self, name: str, room: QRectF) -> list[list[QPointF]]:
        """Return the pieces of a line in px; a missing reading parts them."""
        pieces: list[list[QPointF]] = [[]]
        for reading in self._track.readings if self._track is not None else ():
            value = getattr(reading, name)
            if value is None:
                pieces.append([])
            else:
                x = room.left() + reading.at_ns / self._axis_ns * room.width()
                pieces[-1].append(QPointF(x, room.bottom() - min(100.0, value) / 100 * room.height()))
        return [piece for piece in pieces if len(piece) > 1]
