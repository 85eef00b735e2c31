"""What can be changed of the stored runs from History: names, tags, notes, deleting with undo; references stay."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.core.errors import BadInput
from llmscope.gui import history_changes
from llmscope.gui.history_trend import change
from llmscope.gui.main_window import MainWindow
from llmscope.gui.models.history_model import TAGS, WHEN
from llmscope.gui.pages.history_page import HistoryPage
from llmscope.runs import folders
from llmscope.runs.index import Index
from llmscope.runs.marks import FILE, Marks, read_marks, write_marks
from tests.gui.fakes import MACHINE, FakeRunner
from tests.gui.history_runs import settle, show_history

Settle = Callable[[], None]


@pytest.fixture
def reference(runs: list[Path]) -> Path:
    folder = paths.sample_runs_folder() / runs[10].name
    folder.parent.mkdir()
    return runs[10].rename(folder)


@pytest.fixture
def page(window: MainWindow, runs: list[Path], qtbot: QtBot) -> HistoryPage:
    return show_history(window, qtbot)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_f2_names_a_run_and_enter_leads_back_to_the_table(page: HistoryPage, runs: list[Path], qtbot: QtBot) -> None:
    page.table.go_to(runs[1].name)
    before = names(runs[1])
    qtbot.keyClick(page.table, Qt.Key.Key_F2)
    assert page.details.marks.name.hasFocus()
    qtbot.keyClicks(page.details.marks.name, "Before")
    qtbot.keyClick(page.details.marks.name, Qt.Key.Key_Return)
    assert page.table.hasFocus() and read_marks(runs[1])[0] == Marks("Before") and names(runs[1]) == before | {FILE}
    current = page.table.current()
    assert current is not None and (current.id, current.name) == (runs[1].name, "Before")
    assert page.details.remark.full_text == "Before" and page.details._models.isVisible()
    settle(page, qtbot)
    page.search.setText("before")
    assert [entry.id for entry in page.model.found] == [runs[1].name]  # the index knows it too


def test_tags_and_note_are_kept_when_their_field_is_left_and_tags_get_a_column(
        page: HistoryPage, runs: list[Path], qtbot: QtBot) -> None:
    assert page.table.isColumnHidden(TAGS)
    page.table.go_to(runs[0].name)
    form = page.details.marks
    form.tags.setFocus()
    qtbot.keyClicks(form.tags, "demo, Base line")
    qtbot.keyClick(form.tags, Qt.Key.Key_Tab)
    qtbot.keyClicks(form.note, "two")
    qtbot.keyClick(form.note, Qt.Key.Key_Return)
    qtbot.keyClicks(form.note, "lines")
    page.table.setFocus()
    assert read_marks(runs[0])[0] == Marks("", ("demo", "Base line"), "two\nlines")
    settle(page, qtbot)
    assert not page.table.isColumnHidden(TAGS) and page.model.texts(page.model.found[0])[TAGS] == "demo, Base line"
    assert form.tags.text() == "demo, Base line" and "demo" in page.filters._label("tag", "demo")
    assert page.filters.pickers["tag"].findData("Base line") > 0


def test_esc_forgets_what_was_written(page: HistoryPage, runs: list[Path], qtbot: QtBot) -> None:
    page.details.marks.name.setFocus()
    qtbot.keyClicks(page.details.marks.name, "Never")
    qtbot.keyClick(page.details.marks.name, Qt.Key.Key_Escape)
    assert page.table.hasFocus() and not page.details.marks.name.text() and not (runs[0] / FILE).exists()


def test_marks_that_cannot_be_kept_are_said_and_not_shown(page: HistoryPage, window: MainWindow, qtbot: QtBot,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise BadInput("cannot be kept (Read-only file system): allow writing")

    monkeypatch.setattr(history_changes, "write_marks", refuse)
    page.details.marks.edited.emit(page.model.found[0].id, Marks("x"))
    assert "cannot be kept" in window.status._said.full_text and not page.model.found[0].name


def test_del_takes_runs_away_at_once_and_undo_brings_them_back(page: HistoryPage, runs: list[Path],
                                                               qtbot: QtBot) -> None:
    page.table.go_to(runs[1].name)
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    assert page.undo.isVisible() and "Run deleted" in page.undo.button.accessibleName() and not runs[1].exists()
    qtbot.keyClick(page.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert page.details.delete_button.text() == "Delete 2"
    page.details.delete_button.click()
    settle(page, qtbot)
    assert len(page.model.found) == 18 and "3 runs deleted" in page.undo.button.accessibleName()
    assert {path.name for path in paths.runs_folder().glob(".*")} == {f".deleted-{run.name}" for run in runs[1:4]}
    qtbot.keyClick(page.table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(page, qtbot)
    assert len(page.model.found) == 21 and not page.undo.isVisible() and not list(paths.runs_folder().glob(".*"))
    current = page.table.current()
    assert current is not None and current.id == runs[1].name
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    assert "Run deleted" in page.undo.button.accessibleName()  # and not four: what came back is no longer away


def test_when_the_time_is_over_or_the_window_closes_the_files_are_gone(page: HistoryPage, window: MainWindow,
                                                                       runs: list[Path], qtbot: QtBot) -> None:
    assert page.undo._timer.interval() == 10_000
    page.undo._timer.setInterval(300)
    for run, end in ((runs[1], lambda: None), (runs[2], window.close)):
        page.table.go_to(run.name)
        page.table.unwanted.emit()
        assert page.undo._timer.isActive() and (paths.runs_folder() / f".deleted-{run.name}").is_dir()
        end()
        qtbot.waitUntil(lambda: not list(paths.runs_folder().glob(".*")))
        assert not page.undo._timer.isActive() and not page.undo.isVisible()
        page.undo._timer.setInterval(60_000)
    assert runs[3].is_dir() and page.reading._thread is not None and page.reading._thread.isFinished()


def test_runs_deleted_one_after_the_other_for_more_than_a_minute_all_come_back(
        page: HistoryPage, runs: list[Path], qtbot: QtBot) -> None:
    for run in runs[1:4]:
        for away in paths.runs_folder().glob(".deleted-*"):  # that was half a minute ago
            os.utime(away, (away.stat().st_mtime - 35,) * 2)
        page.table.go_to(run.name)
        page.table.unwanted.emit()
        settle(page, qtbot)
    folders.sweep(paths.runs_folder())
    page.undo.undo()
    settle(page, qtbot)
    assert all(run.is_dir() for run in runs[1:4]) and len(page.model.entries) == 21


def test_another_window_does_not_list_what_was_put_away_and_leaves_it_to_the_first(
        page: HistoryPage, runs: list[Path], qtbot: QtBot) -> None:
    page.table.go_to(runs[1].name)
    page.table.unwanted.emit()
    other = MainWindow(FakeRunner, lambda: MACHINE)
    qtbot.addWidget(other)
    other.show()
    listed = show_history(other, qtbot)
    assert len(listed.model.entries) == 20 and not listed.undo.isVisible()
    other.close()
    page.undo.undo()
    settle(page, qtbot)
    assert runs[1].is_dir() and len(page.model.entries) == 21


def test_what_a_window_that_crashed_had_put_away_is_cleaned_by_the_next(window: MainWindow, runs: list[Path],
                                                                        qtbot: QtBot) -> None:
    folders.put_away(paths.runs_folder(), runs[1].name)
    away = paths.runs_folder() / f".deleted-{runs[1].name}"
    os.utime(away, (away.stat().st_mtime - 3600,) * 2)
    assert len(show_history(window, qtbot).model.entries) == 20 and not away.exists()


def test_a_run_that_somebody_else_deleted_leaves_the_list(page: HistoryPage, window: MainWindow,
                                                          runs: list[Path]) -> None:
    folders.delete(paths.runs_folder(), runs[1].name)
    page.table.go_to(runs[1].name)
    page.table.unwanted.emit()
    assert window.status._said.full_text == "This run is no longer there." and page.model.row_of(runs[1].name) < 0
    assert not page.undo.isVisible()


def test_a_reference_is_listed_with_its_origin_and_stays_as_it_is(
        reference: Path, runs: list[Path], window: MainWindow, qtbot: QtBot) -> None:
    page = show_history(window, qtbot)
    before = {path: path.read_bytes() for path in reference.iterdir()}
    page.table.go_to(reference.name)
    assert len(page.model.found) == 21 and not page.table.isColumnHidden(TAGS)
    origin = page.details._origin.text()
    assert page.details._origin.isVisible() and "Measured with llmscope 0.1.0 on" in origin and "i7-13700H" in origin
    assert not page.details.delete_button.isEnabled() and not page.details.marks.isVisible()
    assert not page.details.trend.isVisible()  # another machine's values stand in no line of one's own
    own = next(entry for entry in page.model.found if entry.id == runs[1].name)
    assert len(page.model.series(own, 99)) == 5
    for key in (Qt.Key.Key_F2, Qt.Key.Key_Delete):
        qtbot.keyClick(page.table, key)
        assert "comes with llmscope" in window.status._said.full_text
    settle(page, qtbot)
    assert len(page.model.found) == 21 and {path: path.read_bytes() for path in reference.iterdir()} == before
    page.filters.pickers["tag"].setCurrentIndex(page.filters.pickers["tag"].findData("reference"))
    page.filters.pickers["tag"].activated.emit(0)
    assert [entry.id for entry in page.model.found] == [reference.name]
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.page.run.run == reference.name)
    qtbot.waitUntil(lambda: window.history._opening is None)
    index = Index(paths.runs_folder())
    assert reference.name not in {entry.id for entry in index.entries()}
    index.close()


def test_at_the_first_start_only_the_references_are_listed(window: MainWindow, reference: Path, runs: list[Path],
                                                          qtbot: QtBot) -> None:
    shutil.rmtree(paths.runs_folder())
    write_marks(reference, Marks("Two cores", (), "in a cloud"))
    page = show_history(window, qtbot)
    assert [entry.id for entry in page.model.found] == [reference.name] and page.table.isVisible()
    assert page.details.remark.full_text == "Two cores" and page.details.marks.note.toPlainText() == "in a cloud"
    assert not page.details.marks.note.isEnabled() and not paths.runs_folder().exists()


def test_the_details_show_the_runs_with_the_same_settings(page: HistoryPage, runs: list[Path]) -> None:
    page.table.go_to(runs[0].name)
    trend = page.details.trend
    assert trend.isVisible() and trend._title.text() == "gen64, 9 runs with these settings"
    assert trend._line._values[-1] == page.model.found[0].test("gen64").median  # type: ignore[union-attr]
    assert "%" in trend._change.text() and "±" in trend._change.text() and "gen64" in trend._line.accessibleName()
    page.table.go_to(runs[18].name)
    assert "first run" in trend._title.text() and not trend._line.isVisible()
    page.table.go_to(runs[2].name)
    assert not trend.isVisible()  # its test failed


def test_a_change_has_the_intervals_of_both_values() -> None:
    assert change((0, 100.0, 0.03), (1, 110.0, 0.04)).replace("\u00a0", " ") == "+10.0 % ±5.5 %"
    assert change((0, 100.0, None), (1, 97.5, 0.04)).replace("\u00a0", " ") == "−2.5 %"


def test_ctrl_c_copies_the_selected_runs_with_their_date(page: HistoryPage, runs: list[Path], qtbot: QtBot) -> None:
    page.table.go_to(runs[0].name)
    qtbot.keyClick(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    head, line = QGuiApplication.clipboard().text().splitlines()
    assert head.split("\t")[:2] == ["When", "Model"] and len(line.split("\t")) == TAGS + 1
    assert line.split("\t")[WHEN].startswith(("Today", "Yesterday")) and "RTX 4070 Laptop" in line
