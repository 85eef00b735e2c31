"""What narrows and sorts the list of stored runs."""

import time
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from llmscope.gui.main_window import MainWindow
from llmscope.gui.models.history_filter import Choices, Wanted, choices, kept, ordered
from llmscope.gui.models.history_model import DEVICE, KEY, MODEL, SAME, SECOND, TAGS, VERDICT, WHEN, HistoryModel
from llmscope.gui.pages.history_page import HistoryPage
from llmscope.runs.entry import Brief, Entry
from llmscope.runs.marks import Marks
from tests.gui.fakes import MACHINE, FakeRunner
from tests.gui.history_runs import show_history

DAY_S = 86_400.0


@pytest.fixture
def page(window: MainWindow, runs: list[Path], qtbot: QtBot) -> HistoryPage:
    return show_history(window, qtbot)


def take(page: HistoryPage, name: str, key: str) -> None:
    picker = page.filters.pickers[name]
    assert picker.findData(key) > 0, [picker.itemData(i) for i in range(picker.count())]
    picker.setCurrentIndex(picker.findData(key))
    picker.activated.emit(picker.currentIndex())


def entry(run: str, days_ago: float = 0.0, **what: object) -> Entry:
    brief = Brief("tg32", "arch:gpt2", "tok/s", 10.0, 0.01, 8, "valid", "", "same")
    return Entry(run, time.time() - days_ago * DAY_S, **({  # type: ignore[arg-type]
        "status": "done", "models": ("arch:gpt2",), "device": "CPU", "tests": (brief,), "planned": ("tg32",)} | what))


def test_each_filter_shows_the_runs_that_have_it(page: HistoryPage) -> None:
    on_the_gpu = sum(one.device == "RTX 4070 Laptop" for one in page.model.entries)
    for name, key, count in (
            ("model", "arch:gpt2", 4), ("device", "RTX 4070 Laptop", on_the_gpu), ("test", "train128", 4),
            ("verdict", "failed", 1), ("verdict", "interrupted", 1), ("verdict", "stopped", 1), ("date", "year", 21),
            ("date", "month", 19)):
        take(page, name, key)
        assert len(page.model.found) == count and page.table.isVisible(), key
        assert page.filters.clear_button.isVisible(), key
        page.filters.clear_button.click()
        assert len(page.model.found) == 21 and not page.filters.clear_button.isVisible(), key


def test_filters_and_the_search_narrow_together_and_none_found_says_what_to_do(page: HistoryPage) -> None:
    take(page, "model", "bundled")
    take(page, "test", "tg32")
    page.search.setText("stopped")
    assert len(page.model.found) == 1
    take(page, "verdict", "failed")
    assert not page.model.found and page._empty.clear.isVisible() and page._count.text() == "0 of 21 runs"
    page._empty.clear.click()
    assert len(page.model.found) == 21 and page.table.isVisible() and not page.search.text()


def test_a_test_that_is_asked_for_is_the_key_test(page: HistoryPage) -> None:
    take(page, "test", "train128")
    assert page.model.key == page.key.taken() == "train128"


def test_filters_are_remembered_even_where_no_run_has_them(page: HistoryPage, window: MainWindow,
                                                          qtbot: QtBot) -> None:
    take(page, "device", "RTX 4070 Laptop")
    take(page, "date", "month")
    window.settings.keep("history/tag", "gone")
    window.settings.keep("history/verdict", "limited by [[evil")
    window.close()
    again = MainWindow(FakeRunner, lambda: MACHINE)
    qtbot.addWidget(again)
    again.show()
    later = show_history(again, qtbot)
    assert later.filters.wanted() == Wanted(device="RTX 4070 Laptop", date="month", tag="gone",
                                            verdict="limited by [[evil")
    assert not later.model.found and later._empty.clear.isVisible()
    again.close()


def test_the_filter_is_by_the_badge_that_is_shown(page: HistoryPage) -> None:
    take(page, "verdict", "steady")
    before = len(page.model.found)
    assert {page.model.texts(one)[VERDICT] for one in page.model.found} == {"steady"}
    page.filters.take_key("train128")
    assert {page.model.texts(one)[VERDICT] for one in page.model.found} == {"steady"} and before > 1


def test_what_a_run_was_limited_by_can_be_asked_for() -> None:
    runs = [entry("a", limiters=("compute", "storage")), entry("b", limiters=("compute",)), entry("c")]
    assert choices(runs).verdicts == ("steady", "limited by compute", "limited by storage")
    found = kept(runs, Wanted(verdict="limited by storage"), lambda _: "")
    assert [one.id for one in found] == ["a"]


def test_choices_are_what_the_runs_have() -> None:
    runs = [entry("a", marks=Marks(tags=("demo", "Alpha"))), entry("b", status="failed", device="", is_reference=True)]
    assert choices(runs) == Choices(("arch:gpt2",), ("CPU",), ("tg32",), ("failed", "steady"),
                                    ("Alpha", "demo", "reference"))


def test_dates_go_by_days_of_the_calendar() -> None:
    since_midnight = (time.time() - time.mktime((*time.localtime()[:3], 0, 0, 0, 0, 0, -1))) / DAY_S
    runs = [entry("today", since_midnight / 2), entry("week", since_midnight + 5.4), entry("month", 20),
            entry("old", 400)]
    for date, count in (("today", 1), ("week", 2), ("month", 3), ("year", 3), ("", 4)):
        assert len(kept(runs, Wanted(date=date), lambda _: "")) == count


def test_runs_without_a_value_come_last_either_way() -> None:
    runs = [entry("a"), entry("none", tests=()), entry("b")]
    values = {"a": 2.0, "b": 1.0}
    for descending, wanted in ((True, ["a", "b", "none"]), (False, ["b", "a", "none"])):
        assert [one.id for one in ordered(runs, lambda one: values.get(one.id), descending)] == wanted


def test_a_click_on_a_title_sorts_and_another_turns_it_round(page: HistoryPage, qtbot: QtBot) -> None:
    header = page.table.horizontalHeader()

    def click(column: int) -> None:
        at = QPoint(header.sectionViewportPosition(column) + header.sectionSize(column) // 2, header.height() // 2)
        qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)

    current = page.table.current()
    click(KEY)
    known = [brief.median for one in page.model.found if (brief := one.test("gen64")) and brief.median]
    assert known == sorted(known, reverse=True) and page.model.rowCount() == 21  # no bands of days
    assert page.table.current() is current and page.model.texts(page.model.found[0])[WHEN].count(" ") == 2
    click(KEY)
    turned = [brief.median if (brief := one.test("gen64")) else None for one in page.model.found]
    assert turned[: len(known)] == known[::-1] and not any(turned[len(known):])
    click(MODEL)
    assert page.model.order == (MODEL, False)
    click(SAME)
    assert page.model.order == (MODEL, False)
    click(WHEN)
    assert page.model.order == (WHEN, True) and page.model.day(0) and page.model.found == page.model.entries
    click(WHEN)
    assert page.model.found == page.model.entries[::-1] and page.model.day(0)


def test_a_sorted_list_keeps_to_qts_rules_and_its_order_when_filtered(page: HistoryPage, qtmodeltester: object) -> None:
    for column in (MODEL, DEVICE, SECOND, VERDICT, TAGS):
        page.table.sorted.emit(column)
        every = [one.id for one in page.model.found]
        take(page, "model", "bundled")
        found = [one.id for one in page.model.found]
        assert len(every) == 21 and 0 < len(found) < 21 and found == [run for run in every if run in found], column
        qtmodeltester.check(page.model)  # type: ignore[attr-defined]
        page.filters.clear_button.click()


def test_the_menu_sorts_for_those_who_do_not_click(page: HistoryPage) -> None:
    menu = page.table.sort_menu(page)
    titles = [action.text() for action in menu.actions()]
    assert titles[:3] == ["When", "Model", "Device"] and "Same settings" not in titles and menu.actions()[0].isChecked()
    menu.actions()[1].trigger()
    assert page.model.order == (MODEL, False)
    menu.deleteLater()


def test_the_menu_key_offers_what_the_keys_do(page: HistoryPage) -> None:
    menu = page.table.menu()
    assert [action.text() for action in menu.actions() if action.text()] == [
        "Open\tEnter", "Name, tags and note\tF2", "Delete\tDel", "Sort by"]
    menu.actions()[1].trigger()
    assert page.details.marks.name.hasFocus()
    menu.deleteLater()


def test_a_name_stands_in_the_copied_line_and_sorts(page: HistoryPage) -> None:
    model = HistoryModel()
    named = msgspec.structs.replace(entry("b"), marks=Marks("Alpha"))
    model.show_entries([entry("a"), named])
    model.order_by(MODEL)
    assert [one.id for one in model.found] == ["b", "a"]
