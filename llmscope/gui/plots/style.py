"""Colours, pens and names of everything that is drawn over time; the only place that knows which is whose."""

from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPen

from llmscope.gui.theme import theme

#: Left axis, readouts and time axis in px.
AXIS_PX, READOUTS_PX, TIME_AXIS_PX = 46, 152, 20
#: Height of the ruler with its free px on top: the names on two levels and the bar of the phases.
RULER_PX, NARROW_RULER_PX, BAR_PX = 42, 38, 4
FILL_ALPHA = 0.16

_PHASE_ROLES = {
    "warm-up": "phase_warmup", "prefill": "phase_prefill", "first token": "phase_prefill",
    "forward": "phase_prefill", "validate": "phase_prefill", "decode": "phase_decode", "generate": "phase_decode",
    "products": "phase_prefill", "memory": "phase_decode",
    "train": "phase_train", "backward": "phase_train", "optimizer": "phase_train",
}
_GPU_ROLES = ("series_b", "series_c", "series_d")


def phase_role(name: str) -> str:
    """Return the colour role of a phase."""
    return _PHASE_ROLES.get(name, "phase_load")


def series_role(source: str) -> str:
    """Return the colour role of a source: the workload is ink, the CPU blue, GPUs orange and on."""
    if source.startswith("gpu"):
        return _GPU_ROLES[min(int(source[3:]), len(_GPU_ROLES) - 1)]
    return {"work": "work", "cpu": "series_a"}[source]


def pen(role: str, width: float = 1.0, dash: tuple[float, ...] = ()) -> QPen:
    """Return a cosmetic pen in the colour of a role; `dash` in px."""
    return _pen(role, width, dash, theme().is_dark)


def fill(role: str) -> QBrush:
    """Return the area fill of a line."""
    return _fill(role, theme().is_dark)


def tint(phase: str) -> QBrush:
    """Return what lies behind the lines during a phase."""
    return _tint(phase_role(phase), theme().is_dark)


def mixed(over: QColor, under: QColor, share: float) -> QColor:
    """Return the opaque colour of the first with so much opacity on the second."""
    return QColor.fromRgbF(*(share * a + (1 - share) * b for a, b in (
        (over.redF(), under.redF()), (over.greenF(), under.greenF()), (over.blueF(), under.blueF()))))


def surface() -> QBrush:
    """Return what everything is painted on."""
    return _brush("well", theme().is_dark)


def font(size: str, weight: int = 400) -> QFont:
    """Return the theme's font."""
    return _font(size, weight)


# Made once for each theme: painting asks for them hundreds of times a second.


@lru_cache(maxsize=128)
def _pen(role: str, width: float, dash: tuple[float, ...], is_dark: bool) -> QPen:
    result = QPen(theme().colour(role), width)
    result.setCosmetic(True)
    if dash:
        result.setDashPattern([part / width for part in dash])
        result.setCapStyle(Qt.PenCapStyle.FlatCap)
    return result


@lru_cache(maxsize=32)
def _fill(role: str, is_dark: bool) -> QBrush:
    colour = theme().colour(role)
    colour.setAlphaF(FILL_ALPHA)
    return QBrush(colour)


@lru_cache(maxsize=32)
def _tint(role: str, is_dark: bool) -> QBrush:
    """Return the tint as the opaque colour it has on the surface: Qt starts threads for tall translucent fills."""
    over = theme().phase_tint(role)
    return QBrush(mixed(over, theme().colour("well"), over.alphaF()))


@lru_cache(maxsize=32)
def _brush(role: str, is_dark: bool) -> QBrush:
    return QBrush(theme().colour(role))


@lru_cache(maxsize=32)
def _font(size: str, weight: int) -> QFont:
    return theme().font(size, weight)
