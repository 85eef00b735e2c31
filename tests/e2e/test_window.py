"""The real window with the real worker: a run, Stop, closing in the middle."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from llmscope.core import events
from llmscope.core.results import COUNTED
from llmscope.core.spec import Cell, RunSpec
from llmscope.gui.dialogs.ask import Question
from llmscope.gui.main_window import MainWindow
from llmscope.gui.run_thread import RunThread
from llmscope.gui.settings import Settings
from tests.e2e.conftest import cell, phase


class Window(MainWindow):
    """The window, with a record of what it was told."""

    def __init__(self, settings: Settings) -> None:
        self.heard: list[events.Event] = []
        super().__init__(RunThread, settings=settings)

    def _handle(self, event: events.Event) -> None:
        super()._handle(event)
        self.heard.append(event)


@pytest.fixture(scope="module")
def window(qapp: QApplication, own_data_folder: Path) -> Iterator[Window]:
    """One window for all tests, with a run after another; the last one closes it."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Question, "ask", lambda *_: True)
        window = Window(Settings(own_data_folder / "window.ini"))
        window.show()
        yield window
        window.close()
        window.deleteLater()


def wait(qtbot: QtBot, window: Window, condition: Callable[[events.Event], bool], seconds: float = 90) -> None:
    qtbot.waitUntil(lambda: any(condition(e) for e in window.heard), timeout=int(seconds * 1000))


def start(qtbot: QtBot, window: Window, *cells: Cell) -> None:
    window.heard.clear()
    window.page.run_asked.emit(RunSpec(cells=cells, accuracy="quick", time_limit_s=0.7))
    wait(qtbot, window, lambda e: isinstance(e, events.RunStarted))


def over(event: events.Event) -> bool:
    return isinstance(event, events.RunEnded)


def test_a_run_fills_the_table_and_its_picture_can_be_saved(
        qtbot: QtBot, window: Window, tiny: Path, tmp_path: Path) -> None:
    start(qtbot, window, cell(tiny, "gen"), cell(tiny, "pp"))
    wait(qtbot, window, over)
    assert [row.verdict in COUNTED for row in window.page.run.rows] == [True, True]
    assert window.save_picture(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 50_000


def test_stop_by_keyboard_ends_the_run(qtbot: QtBot, window: Window, tiny: Path) -> None:
    # Other phases are stopped without a window, in the tests of faults.
    start(qtbot, window, cell(tiny, "gen", new=64), cell(tiny, "pp", batch=2))
    wait(qtbot, window, phase("generate"))
    asked = time.monotonic()
    qtbot.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    wait(qtbot, window, over, 5)
    assert time.monotonic() - asked < 5
    assert [row.verdict for row in window.page.run.rows] == ["cancelled", "cancelled"]


def test_closing_in_mid_run_asks_and_leaves_no_process(
        qtbot: QtBot, window: Window, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(qtbot, window, cell(tiny, "tg", new=200), cell(tiny, "pp"))
    wait(qtbot, window, phase("warm-up"))

    monkeypatch.setattr(Question, "ask", lambda *_: False)
    window.close()
    assert window.isVisible() and window.page.run.is_open

    monkeypatch.setattr(Question, "ask", lambda *_: True)
    children = psutil.Process().children(recursive=True)
    assert len(children) >= 2
    window.close()
    assert not window.isVisible()
    _, alive = psutil.wait_procs(children, 5)
    assert alive == []
