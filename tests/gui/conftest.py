"""The window with a fake runner, and a check that no test leaves a window behind."""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QEventLoop, QSize, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from llmscope import paths
from llmscope.core.events import Event
from llmscope.gui.main_window import MainWindow
from llmscope.gui.theme import theme
from llmscope.models import catalog
from llmscope.models.catalog import Model
from tests.gui.fakes import MACHINE, FakeRunner, know_ceilings
from tests.gui.history_runs import write_history


@pytest.fixture(autouse=True)
def no_window_left(qapp: QApplication) -> Iterator[None]:
    """Fail a test that leaves a top-level widget behind."""
    before = set(map(id, qapp.topLevelWidgets()))
    yield
    for _ in range(3):
        qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]
        qapp.processEvents()
    left = [widget for widget in qapp.topLevelWidgets() if id(widget) not in before and widget.isVisible()]
    assert not left, f"left open: {left}"


@pytest.fixture(autouse=True)
def no_question_waits(qapp: QApplication) -> Iterator[list[str]]:
    """Close a question that nobody answers, by its safe answer, and fail the test: it would wait for ever."""
    asked: list[str] = []

    def close() -> None:
        dialog = qapp.activeModalWidget()
        if isinstance(dialog, QMessageBox | QFileDialog):
            asked.append(dialog.windowTitle())
            dialog.close()

    timer = QTimer()
    timer.timeout.connect(close)
    timer.start(250)
    yield asked
    timer.stop()
    assert not asked, f"nobody answered: {asked}"


@pytest.fixture(scope="session", autouse=True)
def themed(qapp: QApplication) -> None:
    """Style the application once."""
    theme().apply(qapp)
    theme().set_mode("dark")


@pytest.fixture(scope="session")
def offered() -> tuple[Model, ...]:
    """The models that come with llmscope, checked once for all windows."""
    return catalog.available()


@pytest.fixture(scope="session")
def written_history(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The runs of a used machine, written once; tests have copies."""
    return write_history(tmp_path_factory.mktemp("history"))


@pytest.fixture
def runs(written_history: list[Path]) -> list[Path]:
    """The runs of a used machine in the program's folder, the latest first."""
    return [Path(shutil.copytree(run, paths.runs_folder() / run.name)) for run in written_history]


@pytest.fixture
def window(qapp: QApplication, own_data_folder: Path, offered: tuple[Model, ...]) -> Iterator[MainWindow]:
    """The main window at its reference size, shown, driven by nobody."""
    with open_window(offered) as window:
        yield window


#: A shipped architecture is read and checked once for all windows.
architecture = cache(catalog._architecture)


@contextmanager
def open_window(offered: tuple[Model, ...]) -> Iterator[MainWindow]:
    """Open a window that has these models, knows the machine's ceilings and is closed in the end."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(catalog, "available", lambda: offered)
        monkeypatch.setattr(catalog, "_architecture", architecture)
        know_ceilings()
        window = MainWindow(FakeRunner, lambda: MACHINE)
        window.resize(QSize(1440, 900))
        window.show()
        window._timer.stop()
        release_keys(window)
        wait(lambda: window.machine is not None)
        yield window
        window.feed.drain()
        window.page.run.status = "idle"
        window.close()
        window.deleteLater()


def release_keys(window: MainWindow) -> None:
    """Let go of Shift and Ctrl: Qt takes them for held after a test that pressed a key with them."""
    QTest.keyRelease(window, Qt.Key.Key_Shift)


def wait(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Let the window work until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)


@pytest.fixture
def play(window: MainWindow) -> Callable[[Iterable[Event]], None]:
    """Push events to the window and let it take them, as its timer would."""
    return partial(play_to, window)


def play_to(window: MainWindow, events: Iterable[Event]) -> None:
    """Push events to a window and let it take them."""
    for event in events:
        window.feed.push(event)
    for _ in range(3):  # while a test is timed, texts are not brought up to date at every tick
        window.tick()
