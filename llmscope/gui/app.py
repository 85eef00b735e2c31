"""Starts the window: application, fonts, theme, error dialog; and ends it in order."""

import contextlib
import gc
import os
import signal
import sys
import traceback
from types import TracebackType
from typing import cast

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from llmscope import __version__, paths
from llmscope.gui.garbage import GarbageCollector
from llmscope.gui.icons import forget_icons
from llmscope.gui.settings import Settings
from llmscope.gui.theme import Mode, theme

NO_DISPLAY = ("llmscope: there is no display. Use 'llmscope bench' for the same run in the terminal, or "
              "'llmscope shot FILE.png' for a picture of the window.")


def has_display() -> bool:
    """Return whether a window can be opened; only Linux can lack a display."""
    return not sys.platform.startswith("linux") or any(
        os.environ.get(name) for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"))


def make_application() -> QApplication:
    """Return the process's application, styled; a second call returns the same."""
    existing = QApplication.instance()
    if existing is not None:
        return cast(QApplication, existing)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("llmscope")
    app.setApplicationDisplayName("llmscope")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("llmscope")
    theme().apply(app)
    app.aboutToQuit.connect(forget_icons)
    GarbageCollector(app)
    return app


def main() -> int:
    """Open the window and return the exit code once it is closed."""
    if not has_display():
        print(NO_DISPLAY, file=sys.stderr)
        return 2
    from llmscope.gui.main_window import MainWindow
    from llmscope.gui.run_thread import RunThread

    app = make_application()
    with contextlib.suppress(OSError):  # whoever writes into it says that it cannot
        paths.data_folder().mkdir(parents=True, exist_ok=True)
    settings = Settings()
    theme().set_mode(cast(Mode, settings.text("window/theme", "system", ("system", "dark", "light"))))
    sys.excepthook = ErrorDialog().show
    window = MainWindow(RunThread, settings=settings)
    window.show()
    for number in (signal.SIGINT, signal.SIGTERM):  # taken up at the next beat of a timer, then between two events
        signal.signal(number, lambda *_: QTimer.singleShot(0, window.end))
    gc.freeze()  # what is there now stays: looking through it each time would hold up the window for 40 ms
    code = app.exec()
    window.close()
    window.deleteLater()
    app.processEvents()
    return code


class ErrorDialog:
    """Tells of a fault of the program itself, one at a time: a fault that repeats must not pile up windows."""

    def __init__(self) -> None:
        self._is_open = False

    def show(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Print the fault, and show it unless one is shown already; fits `sys.excepthook`."""
        text = "".join(traceback.format_exception(kind, error, trace))
        print(text, file=sys.stderr)
        if self._is_open or issubclass(kind, KeyboardInterrupt):
            return
        self._is_open = True
        try:
            box = QMessageBox(QMessageBox.Icon.NoIcon, "llmscope", "Something in llmscope went wrong.")
            box.setInformativeText("The run, if one goes on, is not touched by this. The details can be copied.")
            box.setDetailedText(text)
            box.exec()
            box.deleteLater()
        finally:
            self._is_open = False
