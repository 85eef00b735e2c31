"""The look of the window: colours, type and sizes from `resources/data/tokens.json`, dark or light.

Every widget asks `theme()`; after `Theme.changed` (and Qt's own palette change, which reaches every
widget) the same questions have new answers.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from llmscope import paths
from llmscope.gui.stylesheet import stylesheet

Mode = Literal["system", "dark", "light"]
#: The two looks there are.
Shade = Literal["dark", "light"]

FAMILY = "IBM Plex Sans"
_FONT_FILES = {400: "IBMPlexSans-Regular.ttf", 500: "IBMPlexSans-Medium.ttf", 600: "IBMPlexSans-SemiBold.ttf"}
_SCHEMES = {"dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light, "system": Qt.ColorScheme.Unknown}


class Theme(QObject):
    """Answers for colours by role, fonts by size name and pixel sizes by group and name."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._tokens: dict[str, Any] = json.loads((paths.resources() / "data" / "tokens.json").read_text("utf-8"))
        self._mode: Mode = "system"
        self._dark = _system_is_dark()
        self._app: QApplication | None = None
        self._families: dict[int, str] = {}
        self._colours: dict[str, QColor] = {}
        self._fonts: dict[tuple[str, int], QFont] = {}
        self._load_colours()

    @property
    def mode(self) -> Mode:
        """What the person chose; `system` follows the desktop."""
        return self._mode

    @property
    def is_dark(self) -> bool:
        """Whether the dark colours are shown now."""
        return self._dark

    def set_mode(self, mode: Mode) -> None:
        """Choose dark, light or the desktop's own; restyles the application that `apply` was given."""
        self._mode = mode
        hints = QGuiApplication.styleHints()
        if hints is not None:
            hints.setColorScheme(_SCHEMES[mode])
        self._refresh()

    def colour(self, role: str) -> QColor:
        """Return the colour of a role of the tokens, such as `panel` or `series_a`."""
        return QColor(self._colours[role])

    def colours_of(self, mode: Shade) -> dict[str, QColor]:
        """Return all colours of the dark or the light look, whichever is shown."""
        return {role: QColor(value) for role, value in self._tokens["color"][mode].items()}

    @contextmanager
    def shown_as(self, mode: Shade) -> Iterator[None]:
        """Take the dark or the light look for a while, as to draw a picture in it."""
        before = self._mode
        self.set_mode(mode)
        try:
            yield
        finally:
            self.set_mode(before)

    def font(self, size: str = "body", weight: int = 400) -> QFont:
        """Return the application's typeface at a named size (11 px `caption` to 36 px `figure_xl`)."""
        known = self._fonts.get((size, weight))
        if known is None:
            known = self._fonts[size, weight] = self._make_font(size, weight)
        return QFont(known)

    def _make_font(self, size: str, weight: int) -> QFont:
        font = QFont()
        if weight in self._families:
            font.setFamilies([self._families[weight], FAMILY])
        font.setPixelSize(self.px("type", size))
        font.setWeight(QFont.Weight(weight))
        return font

    def px(self, group: str, name: str) -> int:
        """Return a size in px, such as `px("height", "control")`."""
        return int(self._tokens[group][name])

    def phase_tint(self, phase_role: str) -> QColor:
        """Return a phase colour as the translucent tint that lies behind plots."""
        colour = self.colour(phase_role)
        colour.setAlphaF(self._tokens["phase_alpha"]["dark" if self._dark else "light"])
        return colour

    def apply(self, app: QApplication) -> None:
        """Give the application its fonts, style, palette and style sheet, now and at each change."""
        self._app = app
        self._load_fonts()
        app.setStyle(QStyleFactory.create("Fusion"))
        app.setFont(self.font())
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._refresh)
        self._dark = self._wanted_dark()
        self._load_colours()
        self._restyle(app)

    @contextmanager
    def building(self) -> Iterator[None]:
        """Leave the style sheet out while widgets are made: each change of parent would apply it again.

        It halves the time to make the main window.
        """
        app = self._app
        if app is not None:
            app.setStyleSheet("")
        try:
            yield
        finally:
            if app is not None:
                self._restyle(app)

    def _load_fonts(self) -> None:
        self._fonts = {}
        for weight, name in _FONT_FILES.items():
            number = QFontDatabase.addApplicationFont(str(paths.resources() / "fonts" / name))
            families = QFontDatabase.applicationFontFamilies(number)
            if families:
                self._families[weight] = families[0]

    def _wanted_dark(self) -> bool:
        return _system_is_dark() if self._mode == "system" else self._mode == "dark"

    def _refresh(self) -> None:
        dark = self._wanted_dark()
        if dark == self._dark:
            return
        self._dark = dark
        self._load_colours()
        if self._app is not None:
            self._restyle(self._app)
        self.changed.emit()

    def _load_colours(self) -> None:
        self._colours = self.colours_of("dark" if self._dark else "light")

    def _restyle(self, app: QApplication) -> None:
        # Qt keeps rules by the address of a widget, now and then of one that is gone, and follows them where a sheet
        # takes the place of another: the crash was seen. Without a sheet in between it forgets them all.
        app.setStyleSheet("")
        app.setPalette(self._palette())
        app.setStyleSheet(stylesheet(self))

    def _palette(self) -> QPalette:
        palette = QPalette()
        for name, role in self._tokens["qpalette"].items():
            group, _, plain = name.rpartition(".")
            target = QPalette.ColorRole[plain]
            if group:
                palette.setColor(QPalette.ColorGroup[group], target, self.colour(role))
            else:
                palette.setColor(target, self.colour(role))
        return palette


def _system_is_dark() -> bool:
    """Return whether the desktop asks for dark; where it does not say, dark, the look of the pictures."""
    hints = QGuiApplication.styleHints()
    return hints is None or hints.colorScheme() != Qt.ColorScheme.Light


_theme: Theme | None = None


def theme() -> Theme:
    """Return the one theme of this process, made at the first call."""
    global _theme
    if _theme is None:
        _theme = Theme()
    return _theme


def scaled(size: str, weight: int, scale: float) -> QFont:
    """Return the theme's font so many times as large, for a room."""
    font = theme().font(size, weight)
    font.setPixelSize(round(scale * font.pixelSize()))
    return font
