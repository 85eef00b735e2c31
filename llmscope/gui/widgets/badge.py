"""A verdict as icon, word and colour."""

from functools import lru_cache

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from llmscope.gui.icons import paint_icon
from llmscope.gui.theme import theme

#: Badge → (icon, colour role, fill role); without a fill it has an outline, without both only a word.
LOOKS: dict[str, tuple[str, str, str]] = {
    "steady": ("check-circle", "ok", "ok_fill"), "fits": ("check-circle", "ok", "ok_fill"),
    "ready": ("check-circle", "ok", "ok_fill"),
    "noisy": ("wave", "warn", "warn_fill"), "warned": ("warning", "warn", "warn_fill"),
    "tight": ("warning", "warn", "warn_fill"), "optional": ("warning", "warn", "warn_fill"),
    "busy": ("wave", "warn", "warn_fill"), "on battery": ("warning", "warn", "warn_fill"),
    "throttled": ("warning", "warn", "warn_fill"), "drift": ("warning", "warn", "warn_fill"),
    "failed": ("x-circle", "bad", "bad_fill"), "not counted": ("x-circle", "bad", "bad_fill"),
    "does not fit": ("x-circle", "bad", "bad_fill"),
    "interrupted": ("warning", "warn", "warn_fill"), "damaged": ("x-circle", "bad", "bad_fill"),
    "newer": ("lock", "text_2", ""),
    "stopped": ("stop", "text_2", ""), "queued": ("clock", "text_2", ""), "not run": ("clock", "text_2", ""),
    "none": ("info", "text_2", ""), "running": ("dots", "text", ""), "checking": ("dots", "text_2", ""),
}
HEIGHT = 18


@lru_cache(maxsize=256)
def badge_width(word: str) -> int:
    """Return the width in px of a badge with this word."""
    return QFontMetrics(theme().font("small", 500)).horizontalAdvance(word) + 28


def paint_badge(painter: QPainter, rect: QRectF, word: str, look: str = "", at_left: bool = False) -> None:
    """Paint a badge at one end of a rectangle, centred in its height; `look` is a word of the same look."""
    name, role, fill = LOOKS.get(look or word, ("info", "text_2", ""))
    width = badge_width(word)
    box = QRectF(rect.left() if at_left else rect.right() - width, rect.center().y() - HEIGHT / 2, width, HEIGHT)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if fill:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour(fill))
        painter.drawRoundedRect(box, 3, 3)
    elif word != "running":
        painter.setPen(QPen(theme().colour("divider"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    paint_icon(painter, name, QRectF(box.left() + 6, box.center().y() - 6, 12, 12), role)
    painter.setPen(theme().colour(role))
    painter.setFont(theme().font("small", 500))
    painter.drawText(box.adjusted(22, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, word)
    painter.restore()


class Badge(QWidget):
    """A badge as a widget."""

    def __init__(self, word: str = "") -> None:
        super().__init__()
        self._word, self._look = word, ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(word)

    def set_word(self, word: str, look: str = "") -> None:
        """Show another word, where it is no verdict itself with the look of one."""
        if (word, look) != (self._word, self._look):
            self._word, self._look = word, look
            self.setAccessibleName(word)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(badge_width(self._word) if self._word else 0, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._word:
            paint_badge(QPainter(self), QRectF(self.rect()), self._word, self._look)
