"""Opens the real window, runs the quick preset in it, and saves the picture; works without a display."""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from PySide6.QtCore import QEventLoop, QTimer

from llmscope.core.events import Event, RunEnded, RunStarted
from llmscope.core.results import COUNTED, Row
from llmscope.gui import theme as themes
from llmscope.gui.app import has_display, make_application
from llmscope.gui.main_window import MainWindow
from llmscope.gui.run_thread import RunThread
from llmscope.gui.settings import Settings

POLL_MS = 100
OK, FAILED, CANCELLED = 0, 1, 130


def shoot(file: Path, *, theme: str = "dark", on_event: Callable[[Event], None] | None = None,
          ) -> tuple[int, RunStarted | None, Sequence[Row]]:
    """Return exit code, the run's beginning and its rows; `on_event` is told every event on this thread.

    The person's own settings are neither read nor changed.
    """
    if not has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app = make_application()
    themes.theme().set_mode(cast(themes.Mode, theme))
    with tempfile.TemporaryDirectory() as folder:
        window = _ShotWindow(Settings(Path(folder) / "window.ini"), on_event)
        window.show()
        window.wait_for_end()
        saved = window.save_picture(file)
        run, started = window.page.run, window.started
        window.close()
        window.deleteLater()
        app.processEvents()
    if run.status == "stopped":
        return CANCELLED, started, run.rows
    good = saved and bool(run.rows) and all(row.verdict in COUNTED for row in run.rows)
    return (OK if good else FAILED), started, run.rows


class _ShotWindow(MainWindow):
    """A window that presses Run by itself as soon as the devices are known."""

    def __init__(self, settings: Settings, on_event: Callable[[Event], None] | None) -> None:
        self._on_event = on_event
        self.started: RunStarted | None = None
        self._loop = QEventLoop()
        super().__init__(RunThread, settings=settings)

    def wait_for_end(self) -> None:
        """Return when the run is over."""
        starter = QTimer()
        starter.timeout.connect(self._start_when_ready)
        starter.start(POLL_MS)
        self._loop.exec()
        starter.stop()

    def _start_when_ready(self) -> None:
        control = self.page.control
        if self.page.run.status == "idle" and control.devices and control.devices_complete:
            self.page.ask_run()

    def _handle(self, event: Event) -> None:
        super()._handle(event)
        if self._on_event is not None:
            self._on_event(event)
        if isinstance(event, RunStarted):
            self.started = event
        elif isinstance(event, RunEnded):
            QTimer.singleShot(0, self._loop.quit)
