"""What History shows of the runs of a used machine, and how it is searched."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.gui.main_window import MainWindow
from llmscope.gui.models.history_model import KEY, SECOND, TYPE, VERDICT, HistoryModel
from llmscope.gui.models.history_trends import trends
from llmscope.gui.pages.history_page import HistoryPage
from llmscope.gui.theme import theme
from llmscope.runs.index import Index
from tests.gui.conftest import wait
from tests.gui.history_runs import write_history

#: Places in what `write_history` returns.
LATEST, OUT_OF_MEMORY, GPU_DONE, STOPPED, CUT_OFF, DAMAGED = 0, 2, 4, 5, 7, 14


@pytest.fixture(scope="module")
def runs(window: MainWindow) -> list[Path]:
    return write_history(paths.runs_folder())


@pytest.fixture(scope="module")
def opened(window: MainWindow, runs: list[Path]) -> HistoryPage:
    window.show_page("history")
    page = window.history.page
    assert page is not None
    wait(lambda: page.is_loaded and page.reading.is_idle)
    return page


@pytest.fixture
def page(opened: HistoryPage, runs: list[Path]) -> HistoryPage:
    opened.search.clear()
    opened.table.go_to(runs[LATEST].name)
    return opened


def entries() -> list:  # type: ignore[type-arg]
    index = Index(paths.runs_folder())
    index.refresh()
    found = index.entries()
    index.close()
    return found


def badges(page: HistoryPage) -> list[str]:
    return [page.model.texts(entry)[VERDICT] for entry in page.model.found]


def test_runs_stand_under_their_days_latest_first(page: HistoryPage, runs: list[Path]) -> None:
    model = page.model
    assert model.day(0) in ("Today", "Yesterday, " + model.day(0).partition(", ")[2]) and model.entry(0) is None
    assert [entry.id for entry in model.found] == sorted((run.name for run in runs), reverse=True)
    assert page._count.text() == "21 runs" and len(model.found) == 21
    shown = badges(page)
    assert shown[OUT_OF_MEMORY] == "failed" and shown[STOPPED] == "stopped" and shown[CUT_OFF] == "interrupted"
    assert shown[DAMAGED] == "damaged" and shown[LATEST] == "steady"
    assert model.texts(model.found[OUT_OF_MEMORY])[KEY] == "—"


def test_the_model_keeps_to_qts_rules(runs: list[Path], qtmodeltester: object) -> None:
    model = HistoryModel()
    model.show_entries(entries())
    qtmodeltester.check(model)  # type: ignore[attr-defined]


def test_a_key_test_can_be_chosen_and_is_remembered(page: HistoryPage, window: MainWindow) -> None:
    assert (page.model.key, page.model.second) == ("gen64", "pp512")
    page.key.setCurrentIndex(page.key.findData("tg32"))
    page.key.activated.emit(0)
    assert page.model.headerData(KEY, Qt.Orientation.Horizontal) == "tg32, tok/s" and page.model.second == "gen64"
    assert window.settings.text("history/key", "") == "tg32"
    page.key.setCurrentIndex(page.key.findData("gen64"))
    page.key.activated.emit(0)


def test_the_small_line_compares_only_runs_of_the_same_settings(runs: list[Path]) -> None:
    model = HistoryModel()
    found = entries()
    model.show_entries(found)
    model.show_trends(trends(found))
    latest = found[LATEST]
    values = model.same(latest)
    assert len(values) == 7 and values[-1] == latest.test("gen64").median
    assert all(abs(value / values[-1] - 1) < 0.3 for value in values)  # none of the CPU's, a ninth as fast
    assert len(model.same(found[GPU_DONE])) == 7 and model.same(found[DAMAGED]) == []


def test_a_search_shows_runs_with_all_words(page: HistoryPage, qtbot: QtBot) -> None:
    for words, count in (("RTX bf16", 10), ("rtx  BF16 ", 10), ("interrupted", 1), ("damaged", 1),
                         ("gpt2 train128", 4), ("qwen", 0)):
        page.search.clear()
        page.focus_search()
        qtbot.keyClicks(page.search, words)
        assert len(page.model.found) == count and page.table.isVisible() is bool(count), words
        assert page._count.text() == f"{count} of 21 runs", words
    qtbot.keyClick(page.search, Qt.Key.Key_Escape)
    assert len(page.model.found) == 21 and page.table.isVisible()


def test_a_search_keeps_the_run_at_hand_and_enter_leads_to_it(page: HistoryPage, runs: list[Path],
                                                              qtbot: QtBot) -> None:
    page.table.go_to(runs[GPU_DONE].name)
    page.search.setText("rtx")
    assert page.table.current().id == runs[GPU_DONE].name  # type: ignore[union-attr]
    page.search.setText("gpt2")
    assert page.table.current() is page.model.found[0]
    page.search.setFocus()
    qtbot.keyClick(page.search, Qt.Key.Key_Return)
    assert page.table.hasFocus()


def test_the_details_follow_the_arrow_keys(page: HistoryPage, qtbot: QtBot) -> None:
    page.table.go_to("")
    assert "2 of 3" not in page.details._badge.accessibleName()
    assert page.details._badge.accessibleName() == "3 of 3 tests steady"
    assert page.details._when.full_text.endswith("Quick ±3\u00a0%") and "took" in page.details._when.full_text
    assert "gen64" in page.details._tests.accessibleName()
    for _ in range(2):
        qtbot.keyClick(page.table, Qt.Key.Key_Down)
    assert page.table.current() is page.model.found[OUT_OF_MEMORY]
    assert page.details._badge.accessibleName() == "0 of 1 test steady"
    page.table.go_to(page.model.found[DAMAGED].id)
    assert not page.details.open_button.isEnabled() and "manifest.json is damaged" in page.details._reason.text()


def test_in_a_small_window_enter_opens_the_details_first_and_esc_closes_them(
        window: MainWindow, page: HistoryPage, qtbot: QtBot) -> None:
    assert page.details.isVisible()
    window.resize(1024, 640)
    assert not page.details.isVisible() and page.table.isColumnHidden(TYPE) and page.table.isColumnHidden(SECOND)
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert page.details.isVisible() and page.details.open_button.hasFocus() and window.history._opening is None
    qtbot.keyClick(page.details.open_button, Qt.Key.Key_Escape)
    assert not page.details.isVisible() and page.table.hasFocus()
    window.resize(1440, 900)
    assert page.details.isVisible() and not page.table.isColumnHidden(TYPE)


def test_every_control_has_a_name_for_screen_readers(page: HistoryPage) -> None:
    nameless = [widget for kind in (QAbstractButton, QComboBox, QLineEdit) for widget in page.findChildren(kind)
                if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not widget.accessibleName()]
    assert not nameless
    row = page.model.index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "RTX 4070 Laptop" in row and "steady" in row and "tok" not in row


@pytest.fixture
def both_themes() -> Iterator[None]:
    yield
    theme().set_mode("dark")


def test_both_themes_draw_the_page(window: MainWindow, page: HistoryPage, both_themes: None) -> None:
    dark = page.table.viewport().grab().toImage()
    window.show_theme("light")
    light = page.table.viewport().grab().toImage()
    assert dark.pixelColor(300, 60) != light.pixelColor(300, 60)


def test_badges_of_the_table_take_the_colours_of_another_theme(window: MainWindow, page: HistoryPage,
                                                               qapp: QApplication) -> None:
    def ground() -> str:
        view = page.table
        place = view.columnViewportPosition(VERDICT) + 4, view.rowViewportPosition(2) + view.rowHeight(2) // 2
        return view.viewport().grab().toImage().pixelColor(*place).name()

    for mode, fill in (("dark", "#1b2f27"), ("light", "#e2f2e8"), ("dark", "#1b2f27")):
        window.show_theme(mode)  # type: ignore[arg-type]
        qapp.processEvents()
        assert ground() == fill


def test_a_filter_shows_the_details_once(page: HistoryPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr(page.details, "show_trend", lambda test, points: shown.append(page.table.current()))
    before = page.table.current()
    qtbot.keyClicks(page.search, "o")
    page.search.setText("interrupted")
    assert len(shown) == 2 and shown[-1] is page.table.current() is not before
