"""The picture of a quick run, where nobody sits before the window."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from llmscope.core import events as ev
from llmscope.core.errors import BadInput
from llmscope.ending import Ending
from llmscope.gui import shot
from llmscope.gui.dialogs.ask import Question
from tests.gui.fakes import FakeRunner
from tests.gui.stream import stream


class FullRunner(FakeRunner):
    """Tells of a machine whose memory is all in use."""

    def start(self) -> None:
        for event in stream(until_s=0.0):
            if isinstance(event, ev.Telemetry):
                event = msgspec.structs.replace(event, memory_used_bytes=event.memory_total_bytes, worker_rss_bytes=0)
            if isinstance(event, ev.Hello | ev.Devices | ev.Telemetry):
                self.push(event)


class Asked(Ending):
    """Ends a window that asks."""

    def by(self, end: Callable[[], object]) -> None:
        self.end = end


def test_a_run_that_is_expected_not_to_fit_is_refused_where_nobody_can_be_asked(
        qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ending, asked = Asked(), list[str]()
    monkeypatch.setattr(shot, "RunThread", FullRunner)
    monkeypatch.setattr(Question, "ask", lambda *words: bool(asked.append(words[2]) or ending.end()))
    with pytest.raises(BadInput, match="free"):
        shot.shoot(tmp_path / "picture.png", ending)
    assert not asked and not list(tmp_path.iterdir())
