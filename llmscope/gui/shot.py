"""Opens the real window, runs the quick preset in it, and saves the picture; works without a display."""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication

from llmscope.core.errors import BadInput
from llmscope.core.events import Event, RunEnded, RunStarted
from llmscope.core.results import COUNTED, Row
from llmscope.ending import Ending
from llmscope.gui import theme as themes
from llmscope.gui.app import has_display, make_application
from llmscope.gui.cards.choice import Choice
from llmscope.gui.main_window import MainWindow
from llmscope.gui.picture_files import PAGE
from llmscope.gui.run_thread import RunThread
from llmscope.gui.settings import Settings

POLL_MS = 100
#: Seconds after which Run is pressed although no device was reported: the run then ends with the reason.
START_ANYWAY_S = 60
OK, FAILED, CANCELLED = 0, 1, 130


def shoot(file: Path, ending: Ending, *, theme: str = "dark", choice: Choice = PAGE,
          on_event: Callable[[Event], None] | None = None) -> tuple[int, RunStarted | None, Sequence[Row]]:
    """Return exit code, the run's beginning and its rows; `on_event` is told every event on this thread.

    Ctrl+C or SIGTERM stops the run, and what is finished is kept. The person's own settings are neither read nor
    changed. Raises BadInput where the run is expected to fail and nobody can be asked whether to run it anyway.
    """
    if not has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app = make_application()
    themes.theme().set_mode(cast(themes.Mode, theme))
    with tempfile.TemporaryDirectory() as folder:
        window = _ShotWindow(Settings(Path(folder) / "window.ini"), on_event)
        window.show()
        ending.by(lambda: QTimer.singleShot(0, window.interrupt))
        window.wait_for_end()
        run, started, refused = window.page.run, window.started, window.refused
        # A run stopped before its first result has nothing to show, and must not replace a picture that has.
        worth = bool(run.rows) if run.status in ("done", "failed") else bool(run.counted)
        saved = worth and window.save_picture(file, choice)
        window.close()
        window.deleteLater()
        app.processEvents()
    if refused:
        raise BadInput(refused)
    if run.status not in ("done", "failed"):
        return CANCELLED, started, run.every_row
    good = saved and all(row.verdict in COUNTED for row in run.every_row)
    return (OK if good else FAILED), started, run.every_row


class _ShotWindow(MainWindow):
    """A window that presses Run by itself as soon as the devices are known."""

    def __init__(self, settings: Settings, on_event: Callable[[Event], None] | None) -> None:
        self._on_event = on_event
        self.started: RunStarted | None = None
        self.refused = ""
        self._loop = QEventLoop()
        self._polls = 0
        super().__init__(RunThread, settings=settings)

    def wait_for_end(self) -> None:
        """Return when the run is over or the window was closed."""
        starter = QTimer()
        starter.timeout.connect(self._start_when_ready)
        starter.start(POLL_MS)  # it also lets Python take up a Ctrl+C
        self._loop.exec()
        starter.stop()

    def interrupt(self) -> None:
        """Stop the run, or the waiting for it."""
        if self.page.run.is_open:
            self.page.ask_stop()
        else:
            self._loop.quit()

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        if event.isAccepted():
            self._loop.quit()

    def _start_when_ready(self) -> None:
        self._polls += 1
        control = self.page.control
        ready = control.devices and control.devices_complete
        if self.page.run.status != "idle" or not (ready or self._polls * POLL_MS > 1000 * START_ANYWAY_S):
            return
        against = control.setup.warnings
        if against and QGuiApplication.platformName() == "offscreen":  # its question would wait for ever
            self.refused = " ".join(against.values())
            self._loop.quit()
        else:
            self.page.ask_run()

    def _handle(self, event: Event) -> None:
        super()._handle(event)
        if self._on_event is not None:
            self._on_event(event)
        if isinstance(event, RunStarted):
            self.started = event
        elif isinstance(event, RunEnded):
            QTimer.singleShot(0, self._loop.quit)
