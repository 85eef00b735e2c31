"""Render every state of the window into a folder: `python -m tests.gui.screenshots FOLDER [NAME…]`."""

import os
import shutil
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["LLMSCOPE_HOME"] = tempfile.mkdtemp()

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QScrollArea

from llmscope import paths
from llmscope.core.events import RunStarted
from llmscope.core.spec import Cell
from llmscope.gui.choices import Choices
from llmscope.gui.main_window import MainWindow
from llmscope.gui.replay import replay
from llmscope.gui.theme import theme
from llmscope.runs.marks import Marks, write_marks
from tests.gui.compare_runs import write_apart, write_compared, write_varied
from tests.gui.fakes import CPU, GPU, GPU_MACHINE, MACHINE, FakeRunner, know_ceilings
from tests.gui.first_minute import run_beside, write_references
from tests.gui.history_runs import write_history, write_run
from tests.gui.race_runs import write_race
from tests.gui.stream import CELLS, Outcome, stream
from tests.gui.sweeps import sweep
from tests.gui.test_save_dialog import own_run
from tests.gui.turns import SAME, SLOWER, turns

SIZES = {"": QSize(1440, 900), "_small": QSize(1024, 640), "_wide": QSize(1920, 1080)}
#: Name → how the run ends, whether there is a GPU, and how many seconds of the run are shown (None: all).
STATES: dict[str, tuple[Outcome, bool, float | None]] = {
    "idle": ("done", False, 0.0), "running": ("done", False, 14.0), "done": ("done", False, None),
    "failed": ("oom", False, None), "stopped": ("stopped", False, None), "gpu": ("done", True, 25.0),
    "gpu_done": ("done", True, None), "sequences": ("done", True, 7.0), "options": ("done", False, 0.0),
    "options_done": ("done", True, None), "writing": ("done", False, 34.0), "two_devices": ("done", True, None),
    "lengths": ("done", False, None)}
#: Tests with options, of which two have several sequences.
WITH_OPTIONS = (
    Cell("bundled", "gen", "cpu", "float32", scenario="assistant"),
    Cell("bundled", "gen", "cpu", "float32", batch=4, new=64),
    Cell("bundled", "train", "cpu", "float32", seq=128, optimizer="sgd"),
    Cell("bundled", "train", "cpu", "amp", seq=128),
    Cell("bundled", "train", "cpu", "float32", seq=128, optimizer="sgd", checkpointing=True))
#: Ten tests with one id, told apart by their length alone.
LENGTHS = tuple(Cell("bundled", "gen", "cpu", "float32", seq=seq, new=4)
                for seq in (16, 32, 64, 96, 128, 192, 256, 512, 768, 1024))
#: States of the Hardware page, each with that of the run: nothing known, a run under way, ceilings and a run; its lower
#: end, with other hardware; changes that were tried and one that is; hardware to choose from; what was measured.
HARDWARE = {"hardware_empty": "idle", "hardware_running": "writing", "hardware": "done", "hardware_gpu": "two_devices",
            "hardware_whatif": "done", "hardware_compared": "done", "hardware_choose": "done",
            "hardware_held": "done"}
#: Tests of two devices.
TWO_DEVICES = (
    *(Cell("arch:smollm2-135m", test, "cuda:0", "bfloat16", batch=batch)  # type: ignore[arg-type]
      for test, batch in (("pp", 1), ("pp", 4), ("tg", 1), ("tg", 8), ("train", 1))),
    *(Cell("arch:smollm2-135m", test, "cpu", "float32") for test in ("pp", "tg")))  # type: ignore[arg-type]
#: States of History: the table, with the details a small window opens, a run that was cut off, none found, no run,
#: names and tags with one deleted, a reference, sorted and filtered, and a stored run on the Run page.
HISTORY = ("history", "history_details", "history_cut_off", "history_search", "history_empty", "history_marks",
           "history_reference", "history_sorted", "history_lengths", "stored", "stored_failed")


#: What a person said of some runs of the history.
MARKS = {0: Marks("After the driver update", ("demo", "baseline"), "2 % faster than on 16 Nov"),
         1: Marks("", ("demo",)), 2: Marks("", ("batch 2",)), 6: Marks("Before the driver update", ("driver 572.16",)),
         8: Marks("", ("on the train, no mains power",)), 11: Marks("First day")}
#: States of Compare: three runs side by side; four, of which one has a failed test, with all settings; none;
#: two that share no test; and two of which one varied too much to be compared.
COMPARE = ("compare", "compare_all", "compare_empty", "compare_apart", "compare_varied")
#: Races of two stored runs: under way, over, of different work, and the whole screen.
RACES = ("race", "race_done", "race_unlike", "race_present")
#: Save picture: of two runs, and of one with a prompt and a model folder of somebody's own.
SAVING = ("save_compare", "save_own")


#: States with reference runs: before the first run with one, with several, and with one that cannot be run here; one
#: opened, and a run beside it with its picture.
FIRST_MINUTE = ("first", "first_several", "first_impossible", "first_example", "first_picture")


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
    cells = {"two_devices": TWO_DEVICES, "lengths": LENGTHS}.get(name, cells)
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
    if name == "history_lengths":
        runs.insert(0, write_run(paths.runs_folder(), datetime.now(UTC), LENGTHS, "done", 1.0))
    marked = name in ("history_marks", "history_reference", "history_sorted")
    folder = paths.data_folder() / "reference"
    paths.sample_runs_folder = lambda: folder
    if marked:
        for number, marks in MARKS.items():
            write_marks(runs[number], marks)
        moved = folder / runs[10].name
        folder.mkdir()
        runs[10].rename(moved)
        runs[10] = moved
    window.show_page("history")
    page = window.history.page
    assert page is not None
    _wait(lambda: page._is_loaded and page.reading.is_idle)
    page.filters.clear()
    wanted = {"history_cut_off": 7, "stored": 4, "stored_failed": 2, "history_reference": 10}.get(name, 0)
    if name == "history_lengths":
        page.filters.take_key("gen4")
    if runs:
        page.table.go_to(runs[wanted].name)
    if name == "history_marks":
        page.table.setCurrentIndex(page.model.index(page.model.row_of(runs[3].name), 0))
        page.table.unwanted.emit()
        page.table.go_to(runs[0].name)
        _wait(lambda: page.reading.is_idle)
    elif name == "history_sorted":
        page.table.sorted.emit(4)
        page.filters.pickers["date"].setCurrentIndex(3)
        page.filters.pickers["date"].activated.emit(3)
    if name in ("history_details", "history_cut_off", "history_reference", "history_lengths"):
        page.table.opened.emit() if page._narrow else None
    elif name == "history_search":
        page.search.setText("qwen bf16")
    elif name.startswith("stored"):
        page.open_asked.emit(runs[wanted])
        _wait(lambda: window.page.run.is_stored)


def show_compare(window: MainWindow, name: str) -> None:
    """Put made-up runs side by side."""
    shutil.rmtree(paths.data_folder(), ignore_errors=True)
    runs = paths.runs_folder()
    ids = {"compare_empty": list, "compare_apart": lambda: write_apart(runs),
           "compare_varied": lambda: write_varied(runs)}.get(
        name, lambda: write_compared(runs, 4 if name == "compare_all" else 3))()
    window.compare.show_runs(ids)
    window.show_page("compare")
    page = window.compare.page
    assert page is not None
    _wait(lambda: window.compare._thread is None)
    page.body.every.setChecked(name == "compare_all")


def show_saving(window: MainWindow, name: str) -> None:
    """Ask which picture is to be saved."""
    if name == "save_compare":
        show_compare(window, "compare")
    else:
        shutil.rmtree(paths.data_folder(), ignore_errors=True)
        window.show_stored(replay(own_run(paths.runs_folder())))
    window._on_save_picture()


def show_race(window: MainWindow, name: str) -> None:
    """Race two made-up runs up to a moment."""
    shutil.rmtree(paths.data_folder(), ignore_errors=True)
    window.show_race(*write_race(paths.runs_folder(), unlike=name == "race_unlike"))
    _wait(lambda: window.pages.name == "race")
    page = window.race.page
    assert page is not None
    page.present(name == "race_present")
    window.setWindowState(Qt.WindowState.WindowNoState)  # a screen of the size that is wanted
    page.seek(page.clock.end_ns if name == "race_done" else page.clock.end_ns // 4)


def prepare_first_minute(name: str) -> None:
    """Put reference runs where the window looks for them when it starts."""
    shutil.rmtree(paths.data_folder(), ignore_errors=True)
    folder = paths.data_folder() / "reference"
    paths.sample_runs_folder = lambda: folder
    count, dtype = 3 if name == "first_several" else 1, "float16" if name == "first_impossible" else "float32"
    write_references(folder, count, dtype)


def show_first_minute(window: MainWindow, name: str) -> None:
    """Open or compare a reference run."""
    feed(window, "idle")
    window.tick()
    _wait(lambda: window.page.body.reference is not None)
    if name == "first_example":
        window.page.body.example.click()  # type: ignore[union-attr]
        _wait(lambda: window.page.run.is_stored)
    elif name == "first_picture":
        run_beside(window)
        _wait(lambda: QApplication.activeModalWidget() is not None)


def show_whatif(window: MainWindow, name: str) -> None:
    """Scroll the Hardware page down to other hardware."""
    page = window.hardware.page
    assert page is not None
    _wait(lambda: page.whatif.table.rows.shown)
    QApplication.processEvents()
    if name == "hardware_choose":
        for box, value in ((page.whatif.wish.users, 4), (page.whatif.wish.speed, 20), (page.whatif.wish.budget, 2500)):
            box.setValue(value)
        page.whatif.mode._choose("choose")
        page.whatif.choice.table.selectRow(0)
        QApplication.processEvents()
    if name == "hardware_held":
        page.whatif.mode._choose("held")
        _wait(lambda: page.whatif.held.table.rows.held)
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
    for name in (*STATES, *HARDWARE, *HISTORY, *COMPARE, *RACES, *SAVING, *SWEEPS, *FIRST_MINUTE):
        for suffix, size in SIZES.items():
            for mode in ("dark", "light"):
                file = f"{name}{suffix}" + ("_light" if mode == "light" else "")
                if wanted and file not in wanted:
                    continue
                theme().set_mode(mode)  # type: ignore[arg-type]
                machine = GPU_MACHINE if name == "hardware_gpu" else MACHINE
                if name in FIRST_MINUTE:
                    prepare_first_minute(name)
                elif name == "hardware_empty":
                    shutil.rmtree(paths.data_folder(), ignore_errors=True)
                elif name in HARDWARE or (name in STATES and name != "idle"):
                    know_ceilings(machine)
                window = MainWindow(FakeRunner, lambda machine=machine: machine)
                window.show_page("run")
                window.resize(size)
                window.show()
                window._look.wait()
                app.processEvents()
                if name in STATES:
                    feed(window, name)
                elif name in SAVING:
                    show_saving(window, name)
                elif name in SWEEPS:
                    show_sweep(window, name)
                elif name in FIRST_MINUTE:
                    show_first_minute(window, name)
                elif name in HARDWARE:
                    feed(window, HARDWARE[name])
                    if name == "hardware_gpu":
                        window.page.control.take_devices((CPU, GPU), True)
                    window.show_page("hardware")
                    if name == "hardware_compared":
                        compare(window)
                elif name in COMPARE:
                    feed(window, "idle")
                    show_compare(window, name)
                elif name in RACES:
                    feed(window, "idle")
                    show_race(window, name)
                    window.resize(size)
                else:
                    feed(window, "idle")
                    show_history(window, name)
                app.processEvents()
                for _ in range(4):
                    window.tick()
                    app.processEvents()
                if name in ("hardware_whatif", "hardware_choose", "hardware_held"):
                    show_whatif(window, name)
                dialog = app.activeModalWidget()
                (dialog or window).grab().save(str(folder / f"{file}.png"))
                if dialog is not None:
                    dialog.close()
                if window.pages.page().picture() is not None and not suffix:
                    window.save_picture(folder / f"picture_{file}.png")
                window.page.run.status = "idle"
                window.close()
                window.deleteLater()
                app.processEvents()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
