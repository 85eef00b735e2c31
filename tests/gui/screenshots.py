"""Render every state of the window into a folder: `python -m tests.gui.screenshots FOLDER [NAME…]`."""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["LLMSCOPE_HOME"] = tempfile.mkdtemp()

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from llmscope.core.events import RunStarted
from llmscope.gui.main_window import MainWindow
from llmscope.gui.theme import theme
from tests.gui.fakes import MACHINE, FakeRunner
from tests.gui.stream import CELLS, Outcome, stream

SIZES = {"": QSize(1440, 900), "_small": QSize(1024, 640), "_wide": QSize(1920, 1080)}
#: Name → how the run ends, whether there is a GPU, and how many seconds of the run are shown (None: all).
STATES: dict[str, tuple[Outcome, bool, float | None]] = {
    "idle": ("done", False, 0.0), "running": ("done", False, 14.0), "done": ("done", False, None),
    "failed": ("oom", False, None), "stopped": ("stopped", False, None), "gpu": ("done", True, 25.0),
    "gpu_done": ("done", True, None)}


def feed(window: MainWindow, name: str) -> None:
    """Let the events of a state through, with a tick now and then as the timer would."""
    outcome, gpu, until_s = STATES[name]
    for number, event in enumerate(stream(CELLS, outcome=outcome, gpu=gpu, until_s=until_s)):
        if name == "idle" and isinstance(event, RunStarted):
            break
        window.feed.push(event)
        if number % 60 == 0:
            window.tick()


def main(folder: Path, wanted: list[str]) -> None:
    app = QApplication([])
    theme().apply(app)
    folder.mkdir(parents=True, exist_ok=True)
    for name in STATES:
        for suffix, size in SIZES.items():
            for mode in ("dark", "light"):
                file = f"{name}{suffix}" + ("_light" if mode == "light" else "")
                if wanted and file not in wanted:
                    continue
                theme().set_mode(mode)  # type: ignore[arg-type]
                window = MainWindow(FakeRunner, lambda: MACHINE)
                window.resize(size)
                window.show()
                window._look.wait()
                app.processEvents()
                feed(window, name)
                app.processEvents()
                for _ in range(4):
                    window.tick()
                    app.processEvents()
                window.grab().save(str(folder / f"{file}.png"))
                if name != "idle" and not suffix:
                    window.save_picture(folder / f"picture_{file}.png")
                window.page.run.status = "idle"
                window.close()
                window.deleteLater()
                app.processEvents()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
