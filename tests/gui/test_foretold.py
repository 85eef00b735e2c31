"""What stored runs foretell: in the rows of planned tests, in their tooltips after the run, and in What if."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.core import events as ev
from llmscope.core.spec import Sampling
from llmscope.gui import foretold
from llmscope.gui.main_window import MainWindow
from llmscope.runs.foretold import Learnt, learn
from tests.gui.fakes import MACHINE
from tests.gui.stream import stream
from tests.gui.test_whatif_panel import choose
from tests.gui.test_window_states import before_the_run
from tests.unit.runs.stored import copy_measured

Play = Callable[[Iterable[ev.Event]], None]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing before the runs are read."""
    monkeypatch.setattr(foretold, "AFTER_START_MS", 0)
    monkeypatch.setattr(foretold, "AFTER_CHOICE_MS", 0)
    copy_measured(paths.runs_folder(), msgspec.to_builtins(MACHINE))


def details(window: MainWindow) -> list[str]:
    table = window.page.body.results.table.results
    return [table.detail(row) for row in range(table.rowCount())]


def test_planned_tests_say_what_they_are_expected_to_give(window: MainWindow, play: Play, qtbot: QtBot) -> None:
    play(before_the_run())
    qtbot.waitUntil(lambda: all("expected" in line for line in details(window)))
    assert details(window)[0].startswith("expected ") and "tok/s" in details(window)[0]
    assert details(window)[1].startswith("SmolLM2-135M: expected ")
    before = details(window)[0]
    window.page.rail.take(replace(window.page.rail.choices, batch=4))
    assert "expected" not in details(window)[0]  # no number of another test stands there meanwhile
    qtbot.waitUntil(lambda: "expected" in details(window)[0])
    assert details(window)[0] != before


def test_nothing_is_worked_out_while_a_run_goes_on(window: MainWindow, play: Play, qtbot: QtBot) -> None:
    play(before_the_run())
    looks = window.page.foretold._latest
    qtbot.waitUntil(lambda: "expected" in details(window)[0] and looks._thread is None)
    play(stream(until_s=14.0))
    assert window.page.run.is_open
    window.page.foretold.forget()
    window.page.control.resolve()
    window.page._on_resolved()
    assert not window.page.foretold._timer.isActive() and looks._thread is None


def test_a_run_that_begins_stops_what_was_about_to_be_read(window: MainWindow, play: Play,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foretold, "AFTER_CHOICE_MS", 60_000)
    play(before_the_run())
    asked = window.page.foretold
    asked.close()
    asked.forget()
    asked.ask(window.page.control.setup.cells, Sampling())
    assert asked._timer.isActive()
    play(stream(until_s=14.0))
    assert window.page.run.is_open and not asked._timer.isActive() and not asked._wanted


def test_after_a_run_its_tooltip_says_what_was_expected(window: MainWindow, play: Play, qtbot: QtBot) -> None:
    play(before_the_run())
    qtbot.waitUntil(lambda: "expected" in details(window)[0])
    model = window.page.body.results.table.results
    said = model.run.cells[1].foretold
    play(stream())
    told = model.data(model.index(1, 0), Qt.ItemDataRole.ToolTipRole)
    assert said and f"Before it ran, {said} were expected." in told and "expected" not in details(window)[1]


def test_where_no_run_tells_rows_say_what_a_test_does(window: MainWindow, play: Play, qtbot: QtBot) -> None:
    for folder in paths.runs_folder().iterdir():
        (folder / "manifest.json").write_text("{")
    play(before_the_run())
    with qtbot.waitSignal(window.page.foretold.told):
        pass
    assert details(window)[0] == "answering a request with 128 tokens"


def test_what_if_has_this_machine_by_its_runs_too(window: MainWindow, play: Play, qtbot: QtBot) -> None:
    play(before_the_run())
    qtbot.waitUntil(lambda: window.page.foretold.learnt is not None)
    window.show_page("hardware")
    panel = window.hardware.make_page().whatif
    panel.fill()
    choose(panel.wish.model, "arch:smollm2-135m")
    choose(panel.wish.format, "float32")
    qtbot.waitUntil(lambda: any("plain transformers" in one.target.name for one in panel.table.rows.found))


def test_more_answers_to_a_prompt_are_foretold_anew(window: MainWindow, play: Play, qtbot: QtBot) -> None:
    play(before_the_run())
    qtbot.waitUntil(lambda: "expected" in details(window)[0])
    one = details(window)[0]
    window.page.body.generation.fields.sequences.setValue(4)
    qtbot.waitUntil(lambda: "expected" in details(window)[0] and details(window)[0] != one)


def test_a_look_that_raised_does_not_stop_the_next(window: MainWindow, play: Play, qtbot: QtBot,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(*_: object) -> Learnt:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch, qtbot.captureExceptions() as raised:
        patch.setattr("llmscope.runs.foretold.learn", raising)
        play(before_the_run())
        qtbot.waitUntil(lambda: bool(raised))
    assert window.page.foretold.learnt is None
    window.page.rail.take(replace(window.page.rail.choices, batch=4))
    qtbot.waitUntil(lambda: "expected" in details(window)[0])


def test_what_a_later_wish_overtook_is_not_read_again(window: MainWindow, play: Play, qtbot: QtBot,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Learnt] = []
    may_end = threading.Event()

    def slow(*of: Any) -> Learnt:
        may_end.wait(10)
        reads.append(learn(*of))
        return reads[-1]

    monkeypatch.setattr("llmscope.runs.foretold.learn", slow)
    play(before_the_run())
    qtbot.waitUntil(lambda: window.page.foretold._latest._thread is not None)
    window.page.rail.take(replace(window.page.rail.choices, batch=4))
    qtbot.waitUntil(lambda: window.page.foretold._latest._next is not None)
    may_end.set()
    qtbot.waitUntil(lambda: "expected" in details(window)[0])
    assert len(reads) == 1
