"""Files dragged over the real window, as the system brings them: to whatever lies below the pointer."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from llmscope.gui.main_window import MainWindow
from tests.gui.history_runs import settle, show_history
from tests.unit.models.folders import write_folder
from tests.unit.runs.exchange.files import LLAMA_BENCH, as_json
from tests.unit.runs.stored import write_run

COPY, LEFT, NO_KEY = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def drag(window: MainWindow, widget: QWidget, data: QMimeData) -> bool:
    """Drag something over a widget of the window and drop it there; returns whether it was welcome."""
    QApplication.processEvents()
    at, handle = QPointF(widget.mapTo(window, widget.rect().center())), window.windowHandle()
    enter = QDragEnterEvent(at.toPoint(), COPY, data, LEFT, NO_KEY)
    QApplication.sendEvent(handle, enter)
    move = QDragMoveEvent(at.toPoint(), COPY, data, LEFT, NO_KEY)
    move.setAccepted(enter.isAccepted())
    QApplication.sendEvent(handle, move)
    if move.isAccepted():
        drop = QDropEvent(at, COPY, data, LEFT, NO_KEY)
        drop.setDropAction(COPY)
        QApplication.sendEvent(handle, drop)
    return move.isAccepted()


def files(*paths: Path, with_text: bool = True) -> QMimeData:
    """Return files as a file manager drags them, most of them with their names as a text."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    if with_text:
        data.setText("\n".join(map(str, paths)))
    return data


FIELDS: dict[str, Callable[[MainWindow], QWidget]] = {
    "prompt": lambda window: window.page.body.generation._prompt, "batch": lambda window: window.page.rail.batch,
    "search": lambda window: window.history.page.search,  # type: ignore[union-attr]
    "name": lambda window: window.history.page.details.marks.name,  # type: ignore[union-attr]
    "note": lambda window: window.history.page.details.marks.note}  # type: ignore[union-attr]


@pytest.mark.parametrize("with_text", [True, False])
def test_files_dropped_on_a_field_for_text_are_imported_and_not_typed(
        window: MainWindow, qtbot: QtBot, tmp_path: Path, runs: list[Path], with_text: bool) -> None:
    window.page.body.show_welcome(False)
    page = show_history(window, qtbot)
    said: list[str] = []
    for field, widget_of in FIELDS.items():
        window.show_page("run" if field in ("prompt", "batch") else "history")
        settle(page, qtbot)
        file = tmp_path / f"{field}.json"
        file.write_bytes(as_json([LLAMA_BENCH | {"n_prompt": 512 + len(said)}]))
        widget = widget_of(window)
        before = typed(widget)
        assert widget.isVisible() and drag(window, widget, files(file, with_text=with_text)), field
        qtbot.waitUntil(lambda: window.arrivals._thread is None)
        said.append(window.status._said.full_text)
        assert typed(widget) == before, field
    assert all("Imported run" in words for words in said) and len(set(said)) == len(FIELDS), said


def typed(widget: QWidget) -> str:
    return str(widget.toPlainText() if hasattr(widget, "toPlainText") else widget.text())  # type: ignore[attr-defined]


def test_words_dragged_to_a_field_are_its_own(window: MainWindow) -> None:
    prompt = window.page.body.generation._prompt
    window.page.body.show_welcome(False)
    prompt.clear()
    words = QMimeData()
    words.setText("To be")
    assert drag(window, prompt, words) and prompt.text() == "To be"


def test_a_file_of_a_model_or_a_run_stands_for_its_folder(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    model, run = write_folder(tmp_path / "model"), write_run(tmp_path / "usb")
    for name in ("config.json", "model.safetensors"):
        window.page.rail.take_folder("")
        assert drag(window, window.page, files(model / name))
        assert window.page.rail.choices.folder == str(model)
    assert drag(window, window.page, files(run / "manifest.json", run / "events.jsonl", run / "result.json"))
    qtbot.waitUntil(lambda: window.arrivals._thread is None)
    assert window.status._said.full_text == f"Imported run {run.name}"


def test_during_a_run_nothing_is_taken_and_that_is_said(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "lb.json").write_bytes(as_json([LLAMA_BENCH]))
    window.page.run.status = "running"
    assert not drag(window, window.page, files(tmp_path / "lb.json"))
    assert window.status._said.full_text == "A run goes on: drop this when it is over."
