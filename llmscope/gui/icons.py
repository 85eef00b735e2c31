"""Stroke icons from `resources/icons`, tinted with a colour of the theme."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from llmscope import paths
from llmscope.gui.theme import theme

_SCALES = (1, 2, 3)


@lru_cache(maxsize=256)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    text = (paths.resources() / "icons" / f"{name}.svg").read_text("utf-8")
    return QSvgRenderer(QByteArray(text.replace("currentColor", colour).encode()))


def paint_icon(painter: QPainter, name: str, rect: QRectF, role: str | QColor = "text") -> None:
    """Paint an icon into a rectangle, in a colour or the colour of a role."""
    colour = theme().colour(role) if isinstance(role, str) else role
    _renderer(name, colour.name()).render(painter, rect)


def pixmap(name: str, size: int = 16, role: str = "text", scale: float = 1.0, gap: int = 0) -> QPixmap:
    """Return an icon as a pixmap of `size` px at a device pixel ratio of `scale`, with a gap at its right."""
    image = QPixmap(round((size + gap) * scale), round(size * scale))
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    paint_icon(painter, name, QRectF(0, 0, image.height(), image.height()), role)
    painter.end()
    image.setDevicePixelRatio(scale)
    return image


def icon(name: str, size: int = 16, role: str = "text", gap: int = 0) -> QIcon:
    """Return an icon in the colour that the role has now; ask again after `Theme.changed`."""
    result = QIcon()
    for scale in _SCALES:
        result.addPixmap(pixmap(name, size, role, scale, gap))
        result.addPixmap(pixmap(name, size, "text_3", scale, gap), QIcon.Mode.Disabled)
    return result
