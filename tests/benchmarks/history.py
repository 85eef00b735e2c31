"""Ten thousand stored runs: how long History takes to open and to filter, with an index that is up to date."""

import gc
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks.report import Bar, interval, shown

RUNS, OPENINGS = 10_000, 12
OPEN_S, FILTER_S = 0.3, 0.05
SEARCHES = ("g", "gp", "gpt2", "gpt2 f32", "steady", "nov", "no such run", "")


def bars() -> Iterator[Bar]:
    """Yield the seconds to make the index, then those from the click on the tab to the drawn table, and of a filter."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QEventLoop

    from llmscope.gui.app import make_application

    app = make_application()

    def wait() -> None:  # without turning: the thread that reads needs the interpreter
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    with tempfile.TemporaryDirectory() as home:
        os.environ["LLMSCOPE_HOME"] = home
        _write_runs(Path(home) / "runs")
        cold_s, _ = _open(wait)
        openings, filters = [], []
        for _ in range(OPENINGS):
            seconds, filtered = _open(wait)
            openings.append(seconds)
            filters += filtered
    opened, filtered_s = interval(openings), interval(filters)
    yield Bar("History, 10,000 runs: making the index", f"{cold_s:.1f} s", "—", True)
    yield Bar("History, 10,000 runs: opening", shown(opened, 3, " s"), "≤ 0.3 s", opened.median <= OPEN_S)
    yield Bar("History, 10,000 runs: filtering and drawing", shown(filtered_s, 4, " s"), "≤ 0.05 s",
              filtered_s.median <= FILTER_S)
    yield Bar("History, 10,000 runs: the slowest filter", f"{max(filters):.4f} s", "≤ 0.05 s", max(filters) <= FILTER_S)


def _write_runs(runs: Path) -> None:
    """Write a few runs as the program does, and copy each into many, with an id and a moment of its own."""
    from tests.gui.history_runs import write_history

    made = [folder for folder in write_history(runs.parent / "made")
            if (folder / "result.json").exists() and '"utc"' in (folder / "manifest.json").read_text()]
    runs.mkdir()
    for number in range(RUNS):
        source = made[number % len(made)]
        day, hour = divmod(number, 24)
        name = f"{2000 + day // 336:04d}-{1 + day // 28 % 12:02d}-{1 + day % 28:02d}_{hour:02d}0000"
        utc = f"{name[:10]}T{hour:02d}:00:00+00:00"
        (runs / name).mkdir()
        shutil.copyfile(source / "result.json", runs / name / "result.json")
        manifest = (source / "manifest.json").read_text()
        began = manifest.index('"utc"')
        end = manifest.index(",", began)
        (runs / name / "manifest.json").write_text(f'{manifest[:began]}"utc": "{utc}"{manifest[end:]}')


def _open(let_go_on: Callable[[], None]) -> tuple[float, list[float]]:
    """Return the seconds until the table of a new window is drawn, and those of each search."""
    from PySide6.QtWidgets import QApplication

    from llmscope.gui.main_window import MainWindow
    from llmscope.gui.settings import Settings
    from tests.gui.fakes import MACHINE, FakeRunner

    with tempfile.TemporaryDirectory() as folder:
        window = MainWindow(FakeRunner, lambda: MACHINE, Settings(Path(folder) / "window.ini"))
        window.show()
        gc.freeze()  # as the program does
        window._look.wait()
        while not window.references._references:  # nobody clicks before the first page is all there
            let_go_on()
        began = time.perf_counter()
        window.show_page("history")
        page = window.history.make_page()
        while len(page.model.entries) < RUNS:
            let_go_on()
        QApplication.processEvents()
        seconds = time.perf_counter() - began
        while not page.reading.is_idle:
            let_go_on()
        filters = []
        for text in SEARCHES:
            began = time.perf_counter()
            page.search.setText(text)
            QApplication.processEvents()
            filters.append(time.perf_counter() - began)
        window.close()
        window.deleteLater()
        let_go_on()
    return seconds, filters
