"""Runs as cards need them: made up, of all kinds."""

from collections.abc import Sequence
from pathlib import Path

from llmscope.core.spec import Cell
from llmscope.gui.cards.compare_content import compare_content
from llmscope.gui.cards.content import Content
from llmscope.gui.cards.run_content import run_content
from llmscope.gui.run_state import RunState
from llmscope.runs.compare import compare_stored
from tests.gui.compare_runs import write_compared
from tests.gui.stream import stream

TESTS = ("gen", "pp", "tg", "train", "load-warm")


def run_state(gpu: bool = True, tests: Sequence[str] = TESTS, model: str = "arch:smollm2-135m",
              outcome: str = "done") -> RunState:
    """Return a run as the window knows it at its end."""
    device, dtype = ("cuda:0", "bfloat16") if gpu else ("cpu", "float32")
    cells = tuple(Cell(model, test, device, dtype) for test in tests)  # type: ignore[arg-type]
    run = RunState()
    for event in stream(cells, outcome=outcome, gpu=gpu):  # type: ignore[arg-type]
        run.apply(event)
    return run


def of_run(run: RunState, label: str = "") -> Content:
    """Return the card of a run."""
    return run_content(run, label)


def of_compared(runs: Path, count: int, labels: Sequence[str] = ()) -> Content:
    """Return the card of two to four runs."""
    return compare_content(compare_stored(runs, write_compared(runs, count)), labels)
