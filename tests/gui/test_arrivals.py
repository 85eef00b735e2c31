"""Pictures that carry their run, and results of elsewhere that are dropped on the window."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.gui import main_window
from llmscope.gui.cards.choice import Choice
from llmscope.gui.dialogs.save_dialog import SaveDialog
from llmscope.gui.main_window import MainWindow
from llmscope.gui.picture_files import PAGE
from llmscope.runs import folders, store
from llmscope.runs.exchange import importing
from llmscope.runs.exchange.importing import import_path
from tests.gui.stream import stream
from tests.gui.test_models import drop
from tests.unit.models.folders import write_folder
from tests.unit.runs.exchange.files import LLAMA_BENCH, VLLM, as_json, png
from tests.unit.runs.stored import write_run

Play = Callable[[object], None]


@pytest.fixture
def said(window: MainWindow) -> Iterator[list[str]]:
    """All that the window says in its status bar."""
    lines: list[str] = []
    for source in (window.arrivals, window.pictures):
        source.said.connect(lines.append)
    yield lines


def dropped(window: MainWindow, qtbot: QtBot, *files: Path) -> None:
    assert drop(window, *files)
    qtbot.waitUntil(lambda: window.arrivals._thread is None)


def opened(window: MainWindow, qtbot: QtBot, run: str) -> None:
    window.history.make_page().open_asked.emit(paths.runs_folder() / run)
    qtbot.waitUntil(lambda: window.page.run.run == run and window.history._opening is None)


@pytest.mark.qt_no_exception_capture
def test_an_import_that_ends_in_a_way_nobody_foresaw_is_said_and_keeps_no_later_one_out(
        window: MainWindow, qtbot: QtBot, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "bench.json"
    file.write_bytes(as_json([LLAMA_BENCH]))

    def fail(*_: object) -> None:
        raise RuntimeError("a fault")

    with monkeypatch.context() as broken:
        broken.setattr(importing, "import_path", fail)
        dropped(window, qtbot, file)
    assert "ended in an error" in said[-1]
    dropped(window, qtbot, file)
    assert said[-1].startswith("Imported run ")


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_a_saved_picture_dropped_on_another_machine_s_window_brings_its_run(
        window: MainWindow, qtbot: QtBot, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        runs: list[Path]) -> None:
    run = runs[0]
    opened(window, qtbot, run.name)
    picture = tmp_path / "é card.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(picture), ""))
    window.top.save.click()
    dialog = window.findChild(SaveDialog)
    assert dialog is not None
    dialog.save.click()
    assert said == ["Picture saved: é card.png"] and QImage(str(picture)).width() == 1200 and not dialog.isVisible()
    assert QImage(str(picture)).text("llmscope-runs").startswith('{"format":"llmscope-runs"')
    monkeypatch.setenv("LLMSCOPE_HOME", str(tmp_path / "other"))
    window.history.page._runs = paths.runs_folder()  # type: ignore[union-attr]
    dropped(window, qtbot, picture)
    assert said[-1] == f"Imported run {run.name}" and window.pages.name == "history"
    qtbot.waitUntil(lambda: window.history.page.model.row_of(run.name) >= 0)  # type: ignore[union-attr]
    for name in (store.MANIFEST, store.EVENTS, store.RESULT):
        assert (paths.runs_folder() / run.name / name).read_bytes() == (run / name).read_bytes()
    dropped(window, qtbot, picture)
    assert said[-1] == f"There already: {run.name}"


def test_results_of_others_and_run_folders_are_taken_together(
        window: MainWindow, qtbot: QtBot, said: list[str], tmp_path: Path) -> None:
    (tmp_path / "lb.JSON").write_bytes(as_json([LLAMA_BENCH]))
    folder = write_run(tmp_path / "usb")
    dropped(window, qtbot, tmp_path / "lb.JSON", folder)
    assert said == ["Imported 2 runs"] and len(folders.stamps(paths.runs_folder())) == 2


def test_what_carries_nothing_is_said_and_the_rest_is_imported(
        window: MainWindow, qtbot: QtBot, said: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    dropped(window, qtbot, tmp_path / "a.png", write_run(tmp_path / "usb"))
    line, = said
    assert line.startswith("a.png: This picture carries no runs: ") and line.endswith("Imported run 2026-11-21_184000")
    before = window.pages.name
    window.show_page("run")
    dropped(window, qtbot, tmp_path / "a.png")
    assert window.pages.name == "run" != before


def test_a_model_and_results_dropped_together_go_to_their_places_and_the_rest_is_named(
        window: MainWindow, qtbot: QtBot, said: list[str], tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "model")
    window.show_page("history")
    assert drop(window, folder) and window.page.rail.choices.folder == str(folder) and window.pages.name == "run"
    (tmp_path / "lb.json").write_bytes(as_json([LLAMA_BENCH]))
    (tmp_path / "notes.txt").write_text("")
    write_run(tmp_path / "usb")
    other = write_folder(tmp_path / "other")
    dropped(window, qtbot, tmp_path / "lb.json", other, tmp_path / "usb", tmp_path / "notes.txt")
    assert said == ["Imported 2 runs · Not taken: notes.txt. Drop a model's folder, a run's folder, a picture of "
                    "llmscope, or a file of results."]
    assert window.page.rail.choices.folder == str(other)


def test_what_is_neither_model_nor_results_is_said_in_one_line(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_text("")
    assert drop(window, tmp_path / "m.gguf", write_folder(tmp_path / "a"), write_folder(tmp_path / "b"))
    assert window.status._said.full_text == (
        "2 models were dropped: drop one. · Not taken: m.gguf. Drop a model's folder, a run's folder, a picture of "
        "llmscope, or a file of results.")
    assert window.page.rail.choices.source == "bundled"


def test_nothing_is_taken_during_a_run(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    window.page.run.status = "running"
    assert not drop(window, tmp_path / "a.png")


def test_a_picture_of_a_run_that_is_not_stored_says_that_it_has_no_data(
        window: MainWindow, play: Play, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play(stream())
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "a"), ""))
    picture = window.page.picture()
    assert picture is not None
    window.pictures.save(picture, PAGE)
    assert said[0].startswith("Picture saved: a.png · without its data: ") and "There is no run" in said[0]
    assert QImage(str(tmp_path / "a.png")).width() == 2 * 1136


def test_an_imported_run_of_another_name_is_found_by_its_folder(
        window: MainWindow, qtbot: QtBot, runs: list[Path], tmp_path: Path) -> None:
    run = runs[0]
    other = run.rename(tmp_path / run.name)
    with (other / store.EVENTS).open("ab") as file:
        file.write(b"\n")
    write_run(tmp_path)
    (tmp_path / "2026-11-21_184000").rename(paths.runs_folder() / run.name)
    arrived, = import_path(other, paths.runs_folder())
    assert arrived.run == f"{run.name}-2"
    opened(window, qtbot, arrived.run)
    picture = window.page.picture()
    assert picture is not None and picture.runs == (arrived.run,)


@pytest.mark.parametrize("found", [[LLAMA_BENCH, LLAMA_BENCH | {"n_gen": 64}, LLAMA_BENCH | {"avg_ts": 0,
                                                                                            "samples_ts": []}], VLLM])
def test_what_another_program_measured_is_shown_and_pictured(
        window: MainWindow, qtbot: QtBot, tmp_path: Path, found: object) -> None:
    (tmp_path / "other.json").write_bytes(as_json(found))
    arrived, = import_path(tmp_path / "other.json", paths.runs_folder())
    opened(window, qtbot, arrived.run)
    table = window.page.body.results.table.results
    rows = store.read_run(paths.runs_folder() / arrived.run).rows
    assert "Measured by" in window.page.body.strip.words() and "llmscope" not in window.picture().text("Software")
    assert [table.texts(number)[0] for number in range(len(rows))] == [row.test for row in rows]
    assert not window.page.run.notes and window.picture().text("Results").startswith(rows[0].test)
    assert main_window.MainWindow.save_picture(window, tmp_path / "p.png")
    assert main_window.MainWindow.save_picture(window, tmp_path / "card.png", Choice("card"))
    assert QImage(str(tmp_path / "card.png")).width() == 1200
    assert not import_path(tmp_path / "p.png", paths.runs_folder())[0].is_new
