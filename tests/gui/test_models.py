"""Where a model comes from: the list of architectures, a folder that is dropped, the Hub cache."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from pytestqt.qtbot import QtBot

from llmscope.gui.choices import Choices, keep
from llmscope.gui.main_window import MainWindow
from llmscope.gui.settings import Settings
from tests.gui.fakes import MACHINE, FakeRunner
from tests.unit.models.folders import write_folder
from tests.unit.models.test_hub_cache import put


def drop(window: MainWindow, *paths: Path) -> bool:
    """Drag files over the window and drop them; returns whether they were welcome."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    actions, button, key = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), actions, data, button, key)
    enter.ignore()
    window.dragEnterEvent(enter)
    if enter.isAccepted():
        window.dropEvent(QDropEvent(QPointF(9, 9), actions, data, button, key))
    return enter.isAccepted()


def test_every_architecture_is_offered(window: MainWindow) -> None:
    picker = window.page.rail.architecture
    offered = {picker.itemData(i): picker.itemText(i) for i in range(picker.count())}
    assert len(offered) == 36 and offered["arch:qwen3-30b-a3b"] == "Qwen3-30B-A3B" and "bundled" not in offered


def test_a_folder_that_is_dropped_is_the_model(window: MainWindow, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "mein Modell")
    assert drop(window, folder)
    rail = window.page.rail
    assert (rail.choices.source, rail.choices.folder) == ("disk", str(folder))
    assert rail.source.value() == "disk" and rail.folder.currentText() == "mein Modell"
    assert window.page.control.setup.cells[0].model == str(folder)


def test_nothing_is_welcome_during_a_run(window: MainWindow, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "m")
    before = window.page.rail.choices
    assert not drop(window)
    window.page.run.status = "running"
    assert not drop(window, folder)
    assert window.page.rail.choices == before


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Hub cache of one model that can be used and one that cannot."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    put(tmp_path / "hub", "org/tiny", of=write_folder(tmp_path / "tiny"))
    (part := write_folder(tmp_path / "part") / "model.safetensors").unlink()
    put(tmp_path / "hub", "org/part", of=part.parent)
    return tmp_path / "hub"


def opened(qtbot: QtBot, settings: Settings) -> MainWindow:
    window = MainWindow(FakeRunner, lambda: MACHINE, settings)
    window.show()
    qtbot.waitUntil(lambda: window.machine is not None)
    return window


def shown_sources(window: MainWindow) -> list[str]:
    return list(window.page.rail.source._choices)


def test_the_hub_cache_is_a_source_where_it_holds_what_can_be_used(
        cached: Path, qtbot: QtBot, tmp_path: Path, closed: Callable[[MainWindow], None]) -> None:
    window = opened(qtbot, Settings(tmp_path / "s.ini"))
    rail = window.page.rail
    qtbot.waitUntil(lambda: "hub" in shown_sources(window))
    assert [rail.cached.itemText(i) for i in range(rail.cached.count())] == ["org/tiny"]
    rail.source.set_value("hub")
    rail.source.chosen.emit("hub")
    assert rail.choices.model == "org/tiny" and rail.pickers.currentWidget() is rail.cached
    assert {cell.model for cell in window.page.control.setup.cells} == {"org/tiny", "machine"}
    closed(window)


def test_without_models_in_the_cache_it_is_no_source(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.wait(400)
    assert shown_sources(window) == ["bundled", "architecture", "disk"]


@pytest.mark.parametrize(("name", "source"), [("org/tiny", "hub"), ("org/gone", "bundled")])
def test_a_model_of_the_cache_is_remembered_while_it_is_there(
        cached: Path, qtbot: QtBot, tmp_path: Path, name: str, source: str,
        closed: Callable[[MainWindow], None]) -> None:
    settings = Settings(tmp_path / "s.ini")
    keep(settings, Choices(source="hub", cached=name))
    window = opened(qtbot, settings)
    assert window.page.rail.choices.source == source == window.page.rail.source.value()
    closed(window)


@pytest.fixture
def closed() -> Callable[[MainWindow], None]:
    """Return a function that closes a window for good."""
    def close(window: MainWindow) -> None:
        window.close()
        window.deleteLater()

    return close
