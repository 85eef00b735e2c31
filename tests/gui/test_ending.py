"""An end from outside closes the window in whatever it is in."""

from collections.abc import Callable, Iterable

import pytest

from llmscope.core.events import Event
from llmscope.gui.dialogs.ask import Question
from llmscope.gui.main_window import MainWindow
from tests.gui.stream import stream

Play = Callable[[Iterable[Event]], None]


def test_an_end_from_outside_answers_the_question_that_stands(window: MainWindow, play: Play,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: object) -> bool:
        window.end()  # closes the question, which then has its safe answer
        return False

    play(stream(until_s=9.0))
    monkeypatch.setattr(Question, "ask", ask)
    window.close()
    assert not window.isVisible() and window.runner.orders[-1] == "close"  # type: ignore[attr-defined]


def test_who_keeps_running_is_asked_again(window: MainWindow, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    play(stream(until_s=9.0))
    asked: list[bool] = []
    monkeypatch.setattr(Question, "ask", lambda *_: bool(asked.append(True)))
    window.close()
    window.close()
    assert window.isVisible() and asked == [True, True]


def test_stopping_says_what_becomes_of_the_open_sample(window: MainWindow, play: Play) -> None:
    play(stream(until_s=9.0))
    window.page.ask_stop()
    look = window.page.rail.run_button.look
    assert (look.word, look.first) == ("Stopping", "drops this sample")
