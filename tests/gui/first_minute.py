"""Reference runs of other machines, and a run of this one beside the first of them."""

from pathlib import Path
from typing import Any

import msgspec

from llmscope import paths
from llmscope.core.events import RunStarted
from llmscope.core.spec import Cell
from llmscope.gui.main_window import MainWindow
from tests.gui.compare_runs import LAPTOP, TOWER, write
from tests.gui.fakes import MACHINE
from tests.gui.stream import Outcome, stream

TESTS = (("bundled", "gen", 128), ("arch:smollm2-135m", "pp", 128), ("arch:smollm2-135m", "tg", 32))
#: Machine and device of each, the latest last.
MACHINES: tuple[tuple[dict[str, Any], str], ...] = (
    (LAPTOP | {"label": "Core i7-13700H, 14 cores · 32.0 GiB"}, "cpu"), (TOWER, "cuda:0"), (LAPTOP, "cuda:0"))


def write_references(folder: Path, count: int = 1, dtype: str = "float32") -> list[str]:
    """Write reference runs and return their ids."""
    return [write(folder, number, machine, tuple(
        Cell(model, test, device, dtype, new=new) for model, test, new in TESTS), {})  # type: ignore[arg-type]
        for number, (machine, device) in enumerate(MACHINES[:count])]


def run_beside(window: MainWindow, outcome: Outcome = "done") -> str:
    """Press the button and let the run through, which is stored as it would be; returns its id."""
    strip = window.page.body.reference
    assert strip is not None
    strip.compare.click()
    return let_through(window, outcome)


def let_through(window: MainWindow, outcome: Outcome = "done") -> str:
    """Let the run that was ordered last through; returns its id."""
    cells = window.runner.specs[-1].cells  # type: ignore[attr-defined]
    run = write(paths.runs_folder(), 30, msgspec.to_builtins(MACHINE), cells, {"gen": 0.6, "tg": 0.7})
    for event in stream(cells, outcome=outcome):
        window.feed.push(msgspec.structs.replace(event, run=run) if isinstance(event, RunStarted) else event)
    for _ in range(3):
        window.tick()
    return run
