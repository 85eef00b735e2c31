"""Takes the README's pictures of the real window from real runs: running, run, hardware, compare, card, race, sweep.

    .venv/bin/python packaging/screenshots.py docs

Works without a display, and takes about ten minutes. The pictures are of this machine, as it is now: let nothing else
run. LLMSCOPE_HOME may name a data folder in which its ceilings are known already; else they are measured first.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("LLMSCOPE_HOME", tempfile.mkdtemp())

from PySide6.QtTest import QTest

from llmscope import paths
from llmscope.core import events
from llmscope.core.spec import Dtype
from llmscope.gui.app import make_application
from llmscope.gui.cards.choice import Choice
from llmscope.gui.choices import Choices
from llmscope.gui.main_window import MainWindow
from llmscope.gui.run_thread import RunThread
from llmscope.gui.settings import Settings
from llmscope.gui.theme import theme

STEP_MS, SETTLE_MS = 50, 200
#: The test that the Hardware page shows: in the quick preset the one nearest to a roof.
SHOWN = "pp512"
#: What is compared and raced, once in each precision, and the sweep of twelve tests.
COMPARED = Choices(preset=None, ticked=("pp", "tg", "ttft", "gen", "train"))
PRECISIONS: tuple[Dtype, ...] = ("float32", "bfloat16")
SWEPT = Choices(preset=None, ticked=("pp",), sweep=(("batch", (1, 4, 16)), ("seq", (64, 128, 256, 512))))
#: The moment of the race that is shown, as a share of it.
RACED = 0.4


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

    def measure(self, choices: Choices) -> str:
        """Run what is chosen to its end, and return the run's id."""
        self.show_page("run")
        self.page.rail.take(choices)
        self.heard.clear()
        self.page.ask_run()
        self.wait(lambda event: isinstance(event, events.RunEnded))
        return self.page.run.run

    def take(self, file: Path) -> None:
        """Save what the window looks like."""
        self.tick()
        QTest.qWait(SETTLE_MS)
        self.grab().save(str(file))


def main(folder: Path) -> None:
    """Measure, and take the pictures on the way."""
    folder.mkdir(parents=True, exist_ok=True)
    make_application()
    theme().set_mode("dark")
    window = Window(Settings(Path(os.environ["LLMSCOPE_HOME"]) / "window.ini"))
    window.resize(1440, 900)
    window.show()
    window.wait(lambda e: isinstance(e, events.Devices) and e.complete)
    take_run(window, folder)
    take_hardware(window, folder)
    runs = [window.measure(replace(COMPARED, dtype=dtype)) for dtype in PRECISIONS]
    take_compared(window, folder, runs)
    take_race(window, folder, runs)
    take_sweep(window, folder)
    window.close()


def take_run(window: Window, folder: Path) -> None:
    """Run the quick preset once: while text streams, and at its end."""
    window.page.ask_run()
    window.wait(lambda e: isinstance(e, events.PhaseStarted) and e.phase == "generate")
    window.wait(lambda e: isinstance(e, events.Estimate))
    window.wait(lambda e: isinstance(e, events.Text) and e.sample >= 3)
    window.take(folder / "running.png")
    window.wait(lambda e: isinstance(e, events.RunEnded))
    window.take(folder / "run.png")


def take_hardware(window: Window, folder: Path) -> None:
    """Show the ceilings, and what limits one test."""
    window.show_page("hardware")
    page = window.hardware.page
    assert page is not None
    page.choose(next(number for number, test in enumerate(page.look.tests) if test.row.test == SHOWN))
    wait_until(lambda: bool(page.whatif.table.rows.found))
    window.take(folder / "hardware.png")


def take_compared(window: Window, folder: Path, runs: Sequence[str]) -> None:
    """Compare two runs, and save their card as Save picture does."""
    window.compare.show_runs(runs)
    window.show_page("compare")
    wait_until(lambda: window.compare.is_idle)
    window.take(folder / "compare.png")
    window.save_picture(folder / "card.png", Choice("card"))


def take_race(window: Window, folder: Path, runs: Sequence[str]) -> None:
    """Race them up to a moment."""
    a, b = (paths.runs_folder() / run for run in runs)
    window.show_race(a, b)
    wait_until(lambda: window.pages.name == "race")
    page = window.race.page
    assert page is not None
    page.seek(round(RACED * page.clock.end_ns))
    window.take(folder / "race.png")


def take_sweep(window: Window, folder: Path) -> None:
    """Measure twelve tests, and show them as a grid."""
    window.measure(SWEPT)
    view = window.page.body.results.view
    view.set_value("map")
    view.chosen.emit("map")
    window.take(folder / "sweep.png")


def wait_until(is_so: Callable[[], bool]) -> None:
    """Let the window go on until something is so."""
    while not is_so():
        QTest.qWait(STEP_MS)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
