from collections.abc import Callable, Iterable

import pytest

from llmscope.core.events import Event
from llmscope.gui.main_window import MainWindow
from tests.gui.stream import stream


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_a_question_that_nobody_answers_is_answered_safely_and_told(
        window: MainWindow, play: Callable[[Iterable[Event]], None], no_question_waits: list[str]) -> None:
    play(stream(until_s=4.0))
    assert not window.close() and window.isVisible()
    assert no_question_waits == ["A run is going on. Stop it and close?"]
    no_question_waits.clear()
