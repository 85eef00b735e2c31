"""What the Compare page shows of four runs: bars, rooflines, settings, and how they are copied and saved."""


import msgspec
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QComboBox
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.analysis.compare_floors import Floor
from llmscope.analysis.compare_names import called
from llmscope.core.units import NBSP
from llmscope.gui import compare_look as look
from llmscope.gui.compare_cards import RunCard
from llmscope.gui.compare_roofline import Drawing, roofs
from llmscope.gui.dialogs.help_dialog import HelpDialog
from llmscope.gui.main_window import MainWindow
from llmscope.gui.pages.compare_page import ComparePage
from llmscope.gui.theme import theme
from llmscope.runs.compare import compare_stored
from llmscope.runs.marks import Marks, write_marks
from tests.gui.compare_runs import shown_bars, write_compared
from tests.gui.conftest import wait


@pytest.fixture(scope="module")
def ids(window: MainWindow) -> list[str]:
    return write_compared(paths.runs_folder(), 4)


@pytest.fixture(scope="module")
def page(window: MainWindow, ids: list[str]) -> ComparePage:
    window.compare.show_runs(ids)
    window.show_page("compare")
    wait(lambda: window.compare._thread is None)
    assert window.compare.page is not None
    return window.compare.page


def settings(page: ComparePage) -> dict[str, tuple[str, ...]]:
    return {line[0]: tuple(text.replace(NBSP, " ") for text in line[1:]) for line in page.body.settings.rows.lines}


def test_the_tabs_are_in_the_order_of_their_keys(window: MainWindow) -> None:
    assert list(window.top.tabs) == ["run", "compare", "hardware", "history"]


def test_the_bars_have_their_numbers_in_cells(page: ComparePage) -> None:
    lines = shown_bars(page)
    assert lines[0][0] == "pp512, reading a prompt of 512 tokens" and lines[1] == (
        "A · Intel Core i7-13700H", "931.8", "±13 tok/s", "1×", "")
    assert lines[2][0].startswith("B · ") and lines[2][3:] == ("37.0×", "±0.7")
    failed = next(line for line in lines if "out of memory" in line[2])
    assert failed[0].startswith("D · ") and failed[1] == "—" and failed[3] == "—"
    assert any(line[3] == "no difference" and line[4].startswith("±") for line in lines)
    assert any("lower is better" in line[0] for line in lines)


def test_settings_that_differ_are_told_from_what_is_compared(page: ComparePage) -> None:
    found = settings(page)
    assert found["Device"][-1] == found["Precision"][-1] == "compared"
    assert found["torch"] == ("2.11.0", "2.11.0", "2.10.0", "2.11.0", "may affect C")
    assert found["Power source"][-1] == "may affect D" and found["Driver"][:2] == ("—", "576.52")
    assert found["Assumed repeat"][0].endswith(" %") and "Backend" not in found
    assert found["Assumed repeat"][-1] == "speed varied"
    page.body.every.click()
    assert settings(page)["Backend"] == ("eager",) * 4 + ("",) and page.body.every.text() == "Show less"
    page.body.every.click()


def test_how_well_machines_repeat_and_whose_speed_varied_is_told(page: ComparePage) -> None:
    assert page.compared is not None
    found = page.compared.comparison
    floors = Floor(0.03, 4, 3), Floor(), Floor(0.2, 0, 7), Floor()
    told = look.settings_lines(msgspec.structs.replace(found, floors=floors), False)[-1][1]
    assert [text.replace(NBSP, " ") for text in told] == [
        "Repeats within", "±3.0 % of 4 repeats", "±5.0 % assumed", "±20.0 % assumed", "±5.0 % assumed", "varied in C"]
    told = look.settings_lines(msgspec.structs.replace(found, floors=(Floor(),) * 4), False)[-1][1]
    assert [text.replace(NBSP, " ") for text in told] == ["Assumed repeat", *("±5.0 %",) * 4, ""]


def test_runs_on_one_device_are_told_apart_by_what_differs(page: ComparePage) -> None:
    assert page.compared is not None
    assert [called(page.compared.comparison, place) for place in range(4)] == [
        "Intel Core i7-13700H", "mains power, RTX 4070 Laptop", "RTX 4090", "on battery, RTX 4070 Laptop"]


def test_a_reference_is_called_one(page: ComparePage, ids: list[str]) -> None:
    found = compare_stored(paths.runs_folder(), ids[:2]).comparison
    reference = msgspec.structs.replace(found.sides[0], is_reference=True)
    both = msgspec.structs.replace(found, sides=(reference, found.sides[1]))
    assert [called(both, place) for place in (0, 1)] == ["Reference, Intel Core i7-13700H", "RTX 4070 Laptop"]


def test_the_table_is_copied_as_markdown_and_its_rows_for_a_spreadsheet(page: ComparePage, qtbot: QtBot) -> None:
    page.copy.click()
    lines = QGuiApplication.clipboard().text().replace(NBSP, " ").splitlines()
    assert lines[0] == "| Test | Run | Result | ± | times as fast as A | ± | Verdict |"
    assert "| pp512 | B | 34,480 | ±400 tok/s | 37.0× | ±0.7 | steady |" in lines and len(lines) == 2 + 5 * 4 + 2
    assert lines[-1].startswith("A: Intel Core i7-13700H; B: mains power, RTX 4070 Laptop; C: RTX 4090; D: ")
    page.body.speed.selectRow(2)
    qtbot.keyClick(page.body.speed, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().splitlines()[1].startswith("pp512\tB\t34,480")
    page.body.settings.selectRow(0)
    qtbot.keyClick(page.body.settings, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().splitlines()[1].startswith("Device\tIntel Core")


def test_each_run_has_its_roof_and_equal_ones_are_one(page: ComparePage) -> None:
    found = roofs(page.body.roofline.points, 4)
    assert [places for *_, places in found] == [(0,), (1, 3), (2,)]
    assert found[1][:2] == pytest.approx((34.1, 231.0))
    assert {name for name, *_ in page.body.roofline.points} == {"pp512", "tg128"}  # others would stand on their line
    assert "pp512 of B: 256 FLOP per byte" in page.body.roofline.accessibleName().replace(NBSP, " ")


def test_a_test_is_named_once_below_the_places_that_its_runs_have(page: ComparePage) -> None:
    points = [(name, place, msgspec.structs.replace(point, bytes_moved=point.bytes_moved / 2) if place == 1 else point)
              for name, place, point in page.body.roofline.points]
    ticks = Drawing(points, roofs(points, 4), 600, 400)._ticks()
    assert [name for name, _ in ticks] == ["tg128", "pp512"]
    assert all(len(places) == 4 and places[0] == places[2] < places[3] for _, places in ticks)


def test_a_small_window_puts_all_in_one_column_and_cuts_nothing(window: MainWindow, page: ComparePage,
                                                                qtbot: QtBot) -> None:
    speed, roofline, settings_ = page.body._panels
    qtbot.waitUntil(lambda: roofline.x() > speed.x() and settings_.geometry().bottom() <= page.height())
    window.resize(QSize(1024, 640))
    page.grab()
    qtbot.waitUntil(lambda: speed.y() < roofline.y() < settings_.y())
    assert roofline.x() == speed.x() == settings_.x()
    table = page.body.speed
    assert table.height() >= table.height_of(table.rows.rowCount()) and page.body.width() <= page.width()
    for shown in (table, page.body.settings):
        assert sum(shown.columnWidth(n) for n in range(shown.rows.columnCount())) <= shown.viewport().width() + 1


def test_both_themes_draw_it_while_it_is_shown(page: ComparePage) -> None:
    dark = page.body.roofline.grab().toImage()
    theme().set_mode("light")
    light = page.body.roofline.grab().toImage()
    page.grab()
    theme().set_mode("dark")
    assert dark.pixelColor(5, 5).lightness() < 60 < 200 < light.pixelColor(5, 5).lightness()


def test_every_control_has_a_name_and_a_place_in_the_order_of_focus(page: ComparePage) -> None:
    for widget in (*page.findChildren(QAbstractButton), *page.findChildren(QComboBox), page.body.speed,
                   page.body.settings, page.body.roofline):
        if widget.isVisible():
            assert widget.accessibleName(), widget
    order, widget = [], page.baseline.nextInFocusChain()
    while widget is not page.baseline:
        order.append(widget)
        widget = widget.nextInFocusChain()
    wanted = (page.copy, page.body.cards.shown[0].remove, page.body.cards.shown[3].remove, page.body.speed,
              page.body.roofline, page.body.every, page.body.settings)
    places = [order.index(widget) for widget in wanted]
    assert places == sorted(places)


def test_the_models_keep_to_qts_rules(page: ComparePage, qtmodeltester: object) -> None:
    for table in (page.body.speed, page.body.settings):
        qtmodeltester.check(table.rows)  # type: ignore[attr-defined]


def test_the_picture_is_that_of_the_page_that_is_shown(window: MainWindow, page: ComparePage) -> None:
    assert window.top.save.isEnabled()
    picture = window.picture()
    assert picture.width() == 2720 and picture.text("Title") == page.title.text()
    assert "D\t—\tfailed: out of memory" in picture.text("Results")
    assert page.compared is not None and "Accuracy standard" in look.same(page.compared.comparison)


def test_f1_tells_about_the_page(window: MainWindow, page: ComparePage) -> None:
    dialog = HelpDialog(window, "compare")
    assert dialog.windowTitle() == "Compare"
    dialog.close()


@pytest.mark.qt_log_ignore("propagateSizeHints")
@pytest.mark.parametrize("name", ["", "a machine whose processor has a long name"])
def test_the_chip_of_the_baseline_touches_no_word(ids: list[str], qtbot: QtBot, name: str) -> None:
    write_marks(paths.runs_folder() / ids[0], Marks(name))
    card = RunCard(0, compare_stored(paths.runs_folder(), ids))
    qtbot.addWidget(card)
    card.show()
    seen = []
    for width in range(120, 460, 20):
        card.resize(width, card.height())
        chip, seen = card.baseline, [*seen, card.baseline.isVisible()]
        words = [line.geometry().adjusted(0, 0, line.sizeHint().width() - line.width(), 0) for line in card.lines]
        assert chip.isHidden() or not any(chip.geometry().adjusted(-4, 0, 0, 0).intersects(word) for word in words)
    assert seen[-1] and not seen[0] and seen == sorted(seen)
    write_marks(paths.runs_folder() / ids[0], Marks())
