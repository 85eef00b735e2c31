"""A race in the window: how one comes to it, and how one leaves it."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.core.spec import Cell
from llmscope.gui.main_window import MainWindow
from tests.gui.history_runs import show_history, write_run
from tests.gui.race_runs import write_race

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture
def folders(own_data_folder: Path) -> tuple[Path, Path]:
    return write_race(paths.runs_folder())


def select(window: MainWindow, qtbot: QtBot, *names: str) -> None:
    table = show_history(window, qtbot).table
    model = table.selectionModel()
    model.clearSelection()
    for name in names:
        model.select(table.runs.index(table.runs.row_of(name), 0),
                     model.SelectionFlag.Select | model.SelectionFlag.Rows)
    show_history(window, qtbot)._on_moved()


@pytest.mark.parametrize("oldest_first", [False, True])
def test_two_runs_selected_in_history_are_raced_the_older_one_as_a(
        window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot, oldest_first: bool,
        monkeypatch: pytest.MonkeyPatch) -> None:
    select(window, qtbot, folders[0].name)
    button = show_history(window, qtbot).details.race_button
    assert not button.isVisible()
    select(window, qtbot, folders[1].name, folders[0].name)
    assert button.isVisible() and button.isEnabled()
    table = show_history(window, qtbot).table
    found = sorted(table.selected(), key=lambda entry: entry.at_s, reverse=not oldest_first)
    monkeypatch.setattr(table, "selected", lambda: found)
    button.click()
    qtbot.waitUntil(lambda: window.pages.name == "race")
    page = window.race.page
    assert page is not None and page.race is not None
    assert [e.entry.id for e in page.race.entrants] == [folder.name for folder in folders]
    page.back.click()
    assert window.pages.name == "history"


def test_two_runs_that_are_compared_are_raced_and_back_leads_to_compare(
        window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot) -> None:
    window.compare.show_runs([folder.name for folder in folders])
    window.show_page("compare")
    compare = window.compare.page
    assert compare is not None
    qtbot.waitUntil(lambda: window.compare.is_idle and compare.compared is not None)
    assert compare.race.isVisible()
    compare.race.click()
    qtbot.waitUntil(lambda: window.pages.name == "race")
    page = window.race.page
    assert page is not None and page.race is not None
    assert [e.entry.id for e in page.race.entrants] == [folder.name for folder in folders]
    page.back.click()
    assert window.pages.name == "compare"
    qtbot.waitUntil(lambda: window.race._thread is None)  # its end is told after its result
    shutil.rmtree(folders[0])
    compare.race.click()  # told in a line
    assert window.pages.name == "compare" and window.race._thread is None


def test_a_run_without_the_test_gen_cannot_be_raced(
        window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot) -> None:
    plain = write_run(paths.runs_folder(), datetime.now(UTC), (Cell("bundled", "tg", "cpu", "float32"),), "done", 1.0)
    select(window, qtbot, folders[0].name, plain.name)
    button = show_history(window, qtbot).details.race_button
    assert button.isVisible() and not button.isEnabled() and plain.name in button.toolTip()


def test_f11_gives_the_race_the_whole_screen_and_esc_or_another_page_take_it_back(
        window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot) -> None:
    window.show_race(*folders)
    qtbot.waitUntil(lambda: window.pages.name == "race")
    page = window.race.page
    assert page is not None
    size = page.title.font().pixelSize()
    for leave in (Qt.Key.Key_F11, Qt.Key.Key_Escape):
        QTest.keyClick(page, Qt.Key.Key_F11)
        assert window.isFullScreen() and not window.top.isVisible() and not window.status.isVisible()
        assert page.title.font().pixelSize() == round(1.35 * size) and not page.back.isVisible()
        QTest.keyClick(page, leave)
        assert not window.isFullScreen() and window.top.isVisible() and page.title.font().pixelSize() == size
    QTest.keyClick(page, Qt.Key.Key_F11)
    window.show_page("run")
    assert not window.isFullScreen() and window.top.isVisible() and window.status.isVisible()


def test_a_refusal_is_told_and_the_page_stays(window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot) -> None:
    said: list[str] = []
    window.race.said.connect(said.append)
    window.show_page("history")
    window.show_race(folders[0], folders[1].with_name("gone"))
    qtbot.waitUntil(lambda: window.race._thread is None)
    assert window.pages.name == "history" and "no readable run" in said[-1]


def test_a_race_asked_for_while_the_one_before_still_ends_is_shown_too(
        window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot) -> None:
    shown: list[str] = []

    def back_and_again() -> None:  # the thread has told its race, and its end is not heard of yet
        shown.append(window.race.page.race.entrants[0].entry.id)  # type: ignore[union-attr]
        if len(shown) == 1:
            window.show_page("history")
            window.show_race(*reversed(folders))

    window.race.shown.connect(back_and_again)
    window.show_race(*folders)
    qtbot.waitUntil(lambda: len(shown) == 2)
    assert shown == [folders[0].name, folders[1].name] and window.pages.name == "race"


def test_of_races_asked_for_while_one_is_read_the_last_is_shown(
        window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot) -> None:
    said: list[str] = []
    window.race.said.connect(said.append)
    window.show_race(folders[0], folders[1].with_name("gone"))
    window.show_race(folders[1].with_name("gone too"), folders[0])
    window.show_race(*reversed(folders))
    qtbot.waitUntil(lambda: window.pages.name == "race")
    assert window.race.page is not None and window.race.page.race is not None
    assert window.race.page.race.entrants[0].entry.id == folders[1].name
    assert not any("no readable run" in line for line in said)


def test_the_window_can_be_closed_while_a_race_is_read(window: MainWindow, folders: tuple[Path, Path]) -> None:
    window.show_race(*folders)
    window.close()
    assert window.race._thread is None or window.race._thread.isFinished()


def test_a_window_closed_while_it_presents_keeps_the_size_it_had_before(
        window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot) -> None:
    window.show_race(*folders)
    qtbot.waitUntil(lambda: window.race.page is not None and window.pages.name == "race")
    assert window.race.page is not None
    window.race.page.present(True)
    qtbot.waitUntil(lambda: window.width() != 1440)
    window.close()
    size = [window.settings.number(f"window/{side}", 0, 0, 10_000) for side in ("width", "height")]
    assert size == [1440, 900]
