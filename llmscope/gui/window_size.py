"""The size of the window and of its parts, from one start to the next."""

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSplitter, QWidget

from llmscope.gui.settings import Settings
from llmscope.gui.theme import theme

#: A remembered size beyond this was not the size of a window.
MOST_PX = 20_000


def restore(window: QWidget, splitters: Mapping[str, QSplitter], settings: Settings) -> None:
    """Give the window its remembered size, at the first start that of the design, or what the screen has room for."""
    px = theme().px
    first = QSize(px("layout", "reference_width"), px("layout", "reference_height"))
    if QGuiApplication.platformName() != "offscreen":
        first = first.boundedTo(window.screen().availableSize())
    window.resize(round(settings.number("window/width", first.width(), window.minimumWidth(), MOST_PX)),
                  round(settings.number("window/height", first.height(), window.minimumHeight(), MOST_PX)))
    if settings.text("window/maximized", "no") == "yes":
        window.setWindowState(Qt.WindowState.WindowMaximized)
    for name, splitter in splitters.items():
        state = settings.state(f"window/{name}")
        if state is not None:
            splitter.restoreState(state)


def remember(window: QWidget, splitters: Mapping[str, QSplitter], settings: Settings) -> None:
    """Keep the window's size, and how the splitters share it; of one that fills the screen, the size it had before."""
    size = window.normalGeometry().size() if window.isFullScreen() else window.size()
    maximized = window.isMaximized()
    settings.keep("window/maximized", "yes" if maximized else "no")
    if not maximized:
        settings.keep("window/width", size.width())
        settings.keep("window/height", size.height())
    for name, splitter in splitters.items():
        settings.keep(f"window/{name}", splitter.saveState())


def is_narrow(window: QWidget) -> bool:
    """Return whether the window has only room for the layout of small windows."""
    px = theme().px
    return window.width() < px("layout", "narrow_under_width") or window.height() < px("layout", "narrow_under_height")
