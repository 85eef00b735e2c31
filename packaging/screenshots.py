"""Takes the README's screenshots of the real window during a real run: running.png, run.png and hardware.png.

    .venv/bin/python packaging/screenshots.py docs

Works without a display. The pictures are of this machine, as it is now: let nothing else run. LLMSCOPE_HOME may name a
data folder in which its ceilings are known already; else they are measured first.
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
#: The test that the Hardware page shows: in the quick preset the one nearest to a roof.
SHOWN = "tg32"


class Window(MainWindow):
    """The window, with the names of the events it was told."""

    def __init__(self, settings: Settings) -> None:
        self.heard: list[events.Event] = []
        super().__init__(RunThread, settings=settings)

    def _handle(self, event: events.Event) -> None:
        super()._handle(event)
        self.heard.append(event)

    def wait(self, condition: Callable[[events.Event], bool]) -> None:
        """Wait for an event; a run that is over without it ends the program with a line."""
        while not any(map(condition, self.heard)):
            if any(isinstance(event, events.RunEnded) for event in self.heard):
                self.close()
                sys.exit("The run was over too soon for all pictures: close other programs and start this again.")
            QTest.qWait(STEP_MS)


def main(folder: Path) -> None:
    """Run the quick preset once, and take the pictures on the way."""
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

    window.wait(lambda e: isinstance(e, events.Devices) and e.complete)
    window.page.ask_run()
    window.wait(lambda e: isinstance(e, events.PhaseStarted) and e.phase == "generate")
    window.wait(lambda e: isinstance(e, events.Estimate))
    window.wait(lambda e: isinstance(e, events.Text) and e.sample >= 3)
    take("running")
    window.wait(lambda e: isinstance(e, events.RunEnded))
    take("run")
    window.show_page("hardware")
    show_test(window)
    take("hardware")
    window.close()


def show_test(window: Window) -> None:
    """Choose the test that the Hardware page is to show."""
    page = window.hardware.page
    assert page is not None
    page.choose(next(number for number, test in enumerate(page.look.tests) if test.row.test == SHOWN))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
