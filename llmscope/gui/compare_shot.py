"""Pictures of a comparison for the terminal: the shared picture, and the real window; with or without a display."""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from llmscope.core.errors import BadInput
from llmscope.core.events import Event
from llmscope.core.spec import RunSpec
from llmscope.gui import theme as themes
from llmscope.gui.app import has_display, make_application
from llmscope.gui.cards.choice import Choice
from llmscope.gui.compare_picture import ComparePicture
from llmscope.gui.main_window import MainWindow
from llmscope.gui.picture_files import write, write_image
from llmscope.gui.settings import Settings
from llmscope.runs.compare import Compared
from llmscope.runs.resume import Earlier

POLL_MS = 20


def save_picture(compared: Compared, file: Path, theme: str, choice: Choice) -> bool:
    """Write the picture of a comparison, the page or a card; False where the file cannot be written."""
    app = application(theme)
    try:
        write(ComparePicture(compared), file, choice)
    except OSError:
        return False
    app.processEvents()
    return True


def shoot(file: Path, ids: Sequence[str], theme: str, with_runs: bool) -> bool:
    """Write what the window looks like with these runs on its Compare page; False where that cannot be written.

    Raises BadInput where the runs cannot be compared. The person's own settings are neither read nor changed.
    """
    refused = list[str]()

    def begin(window: MainWindow) -> None:
        window.compare.said.connect(refused.append)
        window.compare.show_runs(ids)
        window.show_page("compare")

    def is_shown(window: MainWindow) -> bool:
        page = window.compare.page
        return page is not None and page.compared is not None

    image = _grab(theme, begin, lambda window: window.compare.is_idle, is_shown)
    if image is None:
        raise BadInput(refused[0] if refused else "These runs cannot be compared: give two to four of them.")
    try:
        write_image(image, file, tuple(ids) if with_runs else ())
    except OSError:
        return False
    return True


def _grab(theme: str, begin: Callable[[MainWindow], None], is_ready: Callable[[MainWindow], bool],
          is_shown: Callable[[MainWindow], bool]) -> QImage | None:
    """Return what a window looks like once it is ready, None if it shows nothing."""
    app = application(theme)
    with tempfile.TemporaryDirectory() as folder:
        window = MainWindow(NoRunner, settings=Settings(Path(folder) / "window.ini"))
        window.show()
        begin(window)
        wait_until(lambda: window.machine is not None and is_ready(window))
        app.processEvents()
        shows = is_shown(window)
        if focused := window.focusWidget():
            focused.clearFocus()
        image = window.grab().toImage() if shows else None
        window.close()
        window.deleteLater()
        app.processEvents()
    return image


class NoRunner:
    """Nothing is measured for a picture of what is stored."""

    def __init__(self, push: Callable[[Event], None]) -> None:
        pass

    def start(self) -> None:
        pass

    def run_spec(self, spec: RunSpec, before: Earlier | None = None) -> None:
        pass

    def cancel(self) -> None:
        pass

    def close(self) -> None:
        pass


def application(theme: str) -> QApplication:
    """Return the application in a look, with or without a display."""
    if not has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app = make_application()
    themes.theme().set_mode(cast(themes.Mode, theme))
    return app


def wait_until(is_so: Callable[[], bool]) -> None:
    """Let events through until something is so."""
    loop, timer = QEventLoop(), QTimer()

    def look() -> None:
        if is_so():
            loop.quit()

    timer.timeout.connect(look)
    timer.start(POLL_MS)
    loop.exec()
    timer.stop()
