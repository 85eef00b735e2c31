"""Stroke icons from `resources/icons`, tinted with a colour of the theme."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from llmscope import paths
from llmscope.gui.theme import theme

_SCALES = (1.0, 2.0)


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
    return _pixmap(name, size, theme().colour(role).name(), scale, gap)


def icon(name: str, size: int = 16, role: str = "text", gap: int = 0) -> QIcon:
    """Return an icon in the colour that the role has now; ask again after `Theme.changed`."""
    return _icon(name, size, theme().colour(role).name(), theme().colour("text_3").name(), gap)


def forget_icons() -> None:
    """Let go of all pictures, which must not outlive the application."""
    for cached in (_icon, _pixmap, _renderer):
        cached.cache_clear()


@lru_cache(maxsize=512)
def _pixmap(name: str, size: int, colour: str, scale: float, gap: int) -> QPixmap:
    image = QPixmap(round((size + gap) * scale), round(size * scale))
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    _renderer(name, colour).render(painter, QRectF(0, 0, image.height(), image.height()))
    painter.end()
    image.setDevicePixelRatio(scale)
    return image


@lru_cache(maxsize=128)
def _icon(name: str, size: int, colour: str, disabled: str, gap: int) -> QIcon:
    result = QIcon()
    for scale in _SCALES:
        result.addPixmap(_pixmap(name, size, colour, scale, gap))
        result.addPixmap(_pixmap(name, size, disabled, scale, gap), QIcon.Mode.Disabled)
    return result
