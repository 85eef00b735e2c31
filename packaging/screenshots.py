"""Takes the README's screenshots of the real window during a real run: idle, running, done.

    .venv/bin/python packaging/screenshots.py docs

Works without a display. The pictures are of this machine, as it is now; LLMSCOPE_HOME may name a data folder in which
its ceilings are known already.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("LLMSCOPE_HOME", tempfile.mkdtemp())

from PySide6.QtTest import QTest

from llmscope.core import events
from llmscope.gui.app import make_application
from llmscope.gui.main_window import MainWindow
from llmscope.gui.run_thread import RunThread
from llmscope.gui.settings import Settings
from llmscope.gui.theme import theme

STEP_MS = 50


class Window(MainWindow):
    """The window, with the names of the events it was told."""

    def __init__(self, settings: Settings) -> None:
        self.heard: list[events.Event] = []
        super().__init__(RunThread, settings=settings)

    def _handle(self, event: events.Event) -> None:
        super()._handle(event)
        self.heard.append(event)

    def wait(self, condition: Callable[[events.Event], bool], times: int = 1) -> None:
        """Wait until so many events fulfil a condition."""
        while sum(map(condition, self.heard)) < times:
            QTest.qWait(STEP_MS)


def main(folder: Path) -> None:
    """Run the quick preset once and take the pictures on the way."""
    folder.mkdir(parents=True, exist_ok=True)
    make_application()
    theme().set_mode("dark")
    window = Window(Settings(Path(os.environ["LLMSCOPE_HOME"]) / "window.ini"))
    window.resize(1440, 900)
    window.show()

    def take(name: str) -> None:
        window.tick()
        QTest.qWait(200)
        window.grab().save(str(folder / f"{name}.png"))

    window.wait(lambda e: isinstance(e, events.Devices))
    QTest.qWait(3000)
    take("idle")
    window.page.ask_run()
    window.wait(lambda e: isinstance(e, events.PhaseStarted) and e.phase == "generate")
    window.wait(lambda e: isinstance(e, events.Estimate))
    window.wait(lambda e: isinstance(e, events.Text) and e.sample >= 3)
    take("running")
    window.wait(lambda e: isinstance(e, events.RunEnded))
    QTest.qWait(500)
    take("done")
    theme().set_mode("light")
    QTest.qWait(500)
    take("done_light")
    window.save_picture(folder / "picture.png")
    window.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
