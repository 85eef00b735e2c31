"""Render every state of the window into a folder: `python -m tests.gui.screenshots FOLDER [NAME…]`."""

import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["LLMSCOPE_HOME"] = tempfile.mkdtemp()

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QScrollArea

from llmscope import paths
from llmscope.core.events import RunStarted
from llmscope.core.spec import Cell
from llmscope.gui.choices import Choices
from llmscope.gui.main_window import MainWindow
from llmscope.gui.theme import theme
from tests.gui.fakes import MACHINE, FakeRunner, know_ceilings
from tests.gui.history_runs import write_history
from tests.gui.stream import CELLS, Outcome, stream
from tests.gui.sweeps import sweep
from tests.gui.turns import SAME, SLOWER, turns

SIZES = {"": QSize(1440, 900), "_small": QSize(1024, 640), "_wide": QSize(1920, 1080)}
#: Name → how the run ends, whether there is a GPU, and how many seconds of the run are shown (None: all).
STATES: dict[str, tuple[Outcome, bool, float | None]] = {
    "idle": ("done", False, 0.0), "running": ("done", False, 14.0), "done": ("done", False, None),
    "failed": ("oom", False, None), "stopped": ("stopped", False, None), "gpu": ("done", True, 25.0),
    "gpu_done": ("done", True, None), "sequences": ("done", True, 7.0), "options": ("done", False, 0.0),
    "options_done": ("done", True, None), "writing": ("done", False, 34.0), "two_devices": ("done", True, None)}
#: Tests with options, of which two have several sequences.
WITH_OPTIONS = (
    Cell("bundled", "gen", "cpu", "float32", scenario="assistant"),
    Cell("bundled", "gen", "cpu", "float32", batch=4, new=64),
    Cell("bundled", "train", "cpu", "float32", seq=128, optimizer="sgd"),
    Cell("bundled", "train", "cpu", "amp", seq=128),
    Cell("bundled", "train", "cpu", "float32", seq=128, optimizer="sgd", checkpointing=True))
#: States of the Hardware page, each with that of the run: nothing known, a run under way, ceilings and a run; its lower
#: end, with other hardware; changes that were tried and one that is.
HARDWARE = {"hardware_empty": "idle", "hardware_running": "writing", "hardware": "done", "hardware_gpu": "two_devices",
            "hardware_whatif": "done", "hardware_compared": "done"}
#: Tests of two devices.
TWO_DEVICES = (
    *(Cell("arch:smollm2-135m", test, "cuda:0", "bfloat16", batch=batch)  # type: ignore[arg-type]
      for test, batch in (("pp", 1), ("pp", 4), ("tg", 1), ("tg", 8), ("train", 1))),
    *(Cell("arch:smollm2-135m", test, "cpu", "float32") for test in ("pp", "tg")))  # type: ignore[arg-type]
#: States of History: the table, with the details a small window opens, a run that was cut off, none found, no run,
#: and a stored run on the Run page.
HISTORY = ("history", "history_details", "history_cut_off", "history_search", "history_empty", "stored",
           "stored_failed")


#: States of a sweep: asked for, chosen in the rail, under way, done as a grid and as curves.
SWEEPS = ("sweep_dialog", "sweep_rail", "sweep", "sweep_done", "sweep_curves", "sweep_memory")


def show_sweep(window: MainWindow, name: str) -> None:
    """Bring the Run page into a state of a sweep."""
    page = window.page
    if name in ("sweep_dialog", "sweep_rail"):
        feed(window, "idle")
        over = (("batch", (1, 4, 16)), ("seq", (64, 128, 256, 512)), ("dtype", ("float32", "bfloat16")))
        page.rail.take(replace(Choices(preset=None, ticked=("pp",)), sweep=over))
        if name == "sweep_dialog":
            page.rail.sweep.ask.click()
        return
    for number, event in enumerate(sweep(until_s=45.0 if name == "sweep" else None)):
        window.feed.push(event)
        if number % 60 == 0:
            window.tick()
    window.tick()
    results = page.body.results
    page.body.tabs.choose(0)
    results.view._choose("curves" if name == "sweep_curves" else "map")
    if name == "sweep_memory":
        results.sweep.choices["figure"].picker.setCurrentIndex(1)
        results.sweep._on_chosen()


def feed(window: MainWindow, name: str) -> None:
    """Let the events of a state through, with a tick now and then as the timer would."""
    outcome, gpu, until_s = STATES[name]
    cells, sequences = (CELLS, 1) if name not in ("sequences", "options_done") else (WITH_OPTIONS, 3)
    cells = TWO_DEVICES if name == "two_devices" else cells
    events = stream(cells, outcome=outcome, gpu=gpu, until_s=until_s, sequences=sequences)
    for number, event in enumerate(events):
        if name in ("idle", "options") and isinstance(event, RunStarted):
            break
        window.feed.push(event)
        if number % 60 == 0:
            window.tick()
    if name == "options":
        window.page.rail.take(Choices(preset=None, ticked=("gen", "train"), optimizer="sgd", scenario="question"))
    elif name == "sequences":
        window.page.body.tabs.choose(1)


def compare(window: MainWindow) -> None:
    """Try two changes of a test, and begin with a third."""
    page = window.hardware.page
    assert page is not None
    window.tick()
    window.hardware.refresh()
    page.choose([test.row.test for test in page.look.tests].index("tg32"))
    for button, compared in zip(page.card.trials.buttons, (SLOWER, SAME, None), strict=False):
        button.click()
        if compared is not None:
            for event in turns([state.cell for state in window.page.run.cells], compared):
                window.feed.push(event)
        window.tick()
        window.hardware.refresh()


def show_history(window: MainWindow, name: str) -> None:
    """Bring History, or a run of it, into a state."""
    shutil.rmtree(paths.data_folder(), ignore_errors=True)
    runs = [] if name == "history_empty" else write_history(paths.runs_folder())
    window.show_page("history")
    page = window.history.page
    assert page is not None
    _wait(lambda: page._is_loaded and page._thread is None)
    wanted = {"history_cut_off": 7, "stored": 4, "stored_failed": 2}.get(name, 0)
    if runs:
        page.table.go_to(runs[wanted].name)
    if name in ("history_details", "history_cut_off"):
        page.table.opened.emit() if page._narrow else None
    elif name == "history_search":
        page.search.setText("qwen bf16")
    elif name.startswith("stored"):
        page.open_asked.emit(runs[wanted])
        _wait(lambda: window.page.run.is_stored)


def show_whatif(window: MainWindow) -> None:
    """Scroll the Hardware page down to other hardware."""
    page = window.hardware.page
    assert page is not None
    _wait(lambda: page.whatif.table.rows.shown)
    QApplication.processEvents()
    bar = page.findChild(QScrollArea).verticalScrollBar()
    bar.setValue(bar.maximum())


def _wait(condition) -> None:  # type: ignore[no-untyped-def]
    while not condition():
        QApplication.processEvents()


def main(folder: Path, wanted: list[str]) -> None:
    app = QApplication([])
    theme().apply(app)
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*STATES, *HARDWARE, *HISTORY, *SWEEPS):
        for suffix, size in SIZES.items():
            for mode in ("dark", "light"):
                file = f"{name}{suffix}" + ("_light" if mode == "light" else "")
                if wanted and file not in wanted:
                    continue
                theme().set_mode(mode)  # type: ignore[arg-type]
                if name == "hardware_empty":
                    shutil.rmtree(paths.data_folder(), ignore_errors=True)
                elif name in HARDWARE or (name in STATES and name != "idle"):
                    know_ceilings()
                window = MainWindow(FakeRunner, lambda: MACHINE)
                window.show_page("run")
                window.resize(size)
                window.show()
                window._look.wait()
                app.processEvents()
                if name in STATES:
                    feed(window, name)
                elif name in SWEEPS:
                    show_sweep(window, name)
                elif name in HARDWARE:
                    feed(window, HARDWARE[name])
                    window.show_page("hardware")
                    if name == "hardware_compared":
                        compare(window)
                else:
                    feed(window, "idle")
                    show_history(window, name)
                app.processEvents()
                for _ in range(4):
                    window.tick()
                    app.processEvents()
                if name == "hardware_whatif":
                    show_whatif(window)
                dialog = app.activeModalWidget()
                (dialog or window).grab().save(str(folder / f"{file}.png"))
                if dialog is not None:
                    dialog.close()
                if name not in ("idle", "options", *HARDWARE, *HISTORY[:-2], *SWEEPS[:2]) and not suffix:
                    window.save_picture(folder / f"picture_{file}.png")
                window.page.run.status = "idle"
                window.close()
                window.deleteLater()
                app.processEvents()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
