"""A stopped run goes on from the Run page and from History."""

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from llmscope.core import events as ev
from llmscope.gui.main_window import MainWindow
from tests.gui.history_runs import show_history
from tests.gui.stream import CELLS, stream

Play = Callable[[Iterable[ev.Event]], None]
STOPPED, CUT_OFF, DONE = 5, 7, 1


def stopped() -> list[ev.Event]:
    """A run of which the third test was stopped and the fourth never began."""
    events = list(stream(outcome="stopped"))
    row = next(e.row for e in events if isinstance(e, ev.CellEnded) and e.cell == 2)
    last = msgspec.structs.replace(row, test="train128", median=None, n=0, verdict="cancelled")
    return [*events[:-1], ev.CellEnded(t_ns=events[-1].t_ns, cell=3, row=last), events[-1]]


def test_a_stopped_run_goes_on_from_the_strip(window: MainWindow, play: Play) -> None:
    play(stopped())
    button = window.page.body.strip.go_on
    assert button.isVisible()
    button.click()
    runner = window.runner
    before = runner.earlier[-1]  # type: ignore[attr-defined]
    assert runner.specs[-1].cells == CELLS and before is not None  # type: ignore[attr-defined]
    assert sorted(before.rows) == [0, 1] and before.started.run and window.page.run.status == "starting"


def test_a_finished_run_does_not_offer_to_go_on(window: MainWindow, play: Play) -> None:
    play(stream())
    assert not window.page.body.strip.go_on.isVisible() and window.page.run.earlier is None
    play(stream(until_s=5.0))
    assert window.page.run.earlier is None


@pytest.fixture
def history(window: MainWindow, runs: list[Path], qtbot: QtBot) -> list[Path]:
    show_history(window, qtbot)
    return runs


@pytest.mark.parametrize(("number", "finished"), [(STOPPED, [0]), (CUT_OFF, [0])])
def test_history_goes_on_with_a_run(window: MainWindow, history: list[Path], number: int, finished: list[int],
                                    qtbot: QtBot) -> None:
    page = window.history.page
    assert page is not None
    page.table.go_to(history[DONE].name)
    assert not page.details.go_on_button.isVisible()
    page.table.go_to(history[number].name)
    assert page.details.go_on_button.isVisible()
    page.details.go_on_button.click()
    runner = window.runner
    qtbot.waitUntil(lambda: bool(runner.earlier))  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: window.history._opening is None)
    before = runner.earlier[-1]  # type: ignore[attr-defined]
    assert before.started.run == history[number].name and sorted(before.rows) == finished
    assert window.pages.name == "run" and window.page.run.is_open


def test_of_runs_opened_one_right_after_the_other_the_last_is_shown_or_gone_on_with(
        window: MainWindow, history: list[Path], qtbot: QtBot) -> None:
    page, runner = window.history.page, window.runner
    assert page is not None
    page.open_asked.emit(history[DONE])
    page.open_asked.emit(history[CUT_OFF])
    qtbot.waitUntil(lambda: window.page.run.run == history[CUT_OFF].name)
    page.open_asked.emit(history[DONE])
    page.go_on_asked.emit(history[STOPPED])
    qtbot.waitUntil(lambda: bool(runner.earlier))  # type: ignore[attr-defined]
    assert runner.earlier[-1].started.run == history[STOPPED].name  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: window.history._opening is None)
