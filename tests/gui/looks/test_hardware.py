"""The Hardware page after a run: what plot, card and table show of it."""

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QComboBox
from pytestqt.qtbot import QtBot

from llmscope.core.units import NBSP
from llmscope.gui import words
from llmscope.gui.main_window import MainWindow
from llmscope.gui.pages.hardware_page import HardwarePage
from llmscope.gui.theme import theme
from tests.gui.conftest import play_to, wait
from tests.gui.stream import CELLS, stream


@pytest.fixture(scope="module")
def page(window: MainWindow) -> HardwarePage:
    """The page after a run."""
    play_to(window, stream())
    window.show_page("hardware")
    assert window.hardware.page is not None
    return window.hardware.page


def names(page: HardwarePage) -> list[str]:
    return [test.name.split(NBSP)[0] for test in page.look.tests]


def test_the_ceilings_stand_with_their_values_from_small_to_large(page: HardwarePage) -> None:
    shown = dict(page.ceilings.texts())
    assert shown["f32"] == f"0.420{NBSP}TFLOPS" and shown[f"1{NBSP}MiB"] == f"163{NBSP}GB/s"
    assert shown[f"1.00{NBSP}GiB"] == f"45.2{NBSP}GB/s" and shown["Disk, cold read"] == f"1.28{NBSP}GB/s"
    assert "measured 21" in page.look.about and "AMD EPYC" in page.look.machine


def test_every_test_of_the_run_is_in_plot_card_and_table(page: HardwarePage) -> None:
    assert names(page) == [cell.test for cell in CELLS]
    assert page.card.picker.count() == page.table.numbers.rowCount() == len(page.plot.points) == len(CELLS)
    tg = page.table.numbers.texts(names(page).index("tg32"))
    assert tg[3] == "0.500" and tg[7] == f"73{NBSP}%" and tg[-1] == "memory bandwidth"


def test_one_click_on_a_point_shows_its_formula_and_what_limits_it(page: HardwarePage, qtbot: QtBot) -> None:
    number = names(page).index("pp512")
    at = page.plot.place(number).toPoint()
    qtbot.mouseClick(page.plot, Qt.MouseButton.LeftButton, pos=at)
    assert page.formula.text().startswith("pp512: ") and "FLOP/byte" in page.formula.text()
    assert page.card.limiter.text() == "Compute" and page.card.badge.accessibleName() == "sure"
    assert page.card.picker.taken() == str(number) and page.table.currentIndex().row() == number
    qtbot.mouseClick(page.plot, Qt.MouseButton.LeftButton, pos=QPoint(page.plot.width() - 30, page.plot.height() - 60))
    assert page.card.limiter.text() == "Compute"  # a click beside all points changes nothing


def test_arrow_keys_lead_through_plot_and_table(page: HardwarePage, qtbot: QtBot) -> None:
    page.choose(names(page).index("train128"))
    qtbot.keyClick(page.plot, Qt.Key.Key_Right)
    assert page.formula.text().startswith("pp512: ")
    qtbot.keyClick(page.plot, Qt.Key.Key_Right)
    assert page.formula.text().startswith("pp512: ")  # it is the last one
    qtbot.keyClick(page.table, Qt.Key.Key_Down)
    assert page.formula.text().startswith("tg32: ")


def test_the_card_tells_shares_of_the_time_and_what_would_help_by_how_much(page: HardwarePage) -> None:
    page.choose(names(page).index("tg32"))
    assert page.card.limiter.text() == "Memory bandwidth" and "GB per token" in page.card.evidence.text()
    assert "20&nbsp;% faster memory:&nbsp;×1.17" in page.card.help.text()
    assert "20&nbsp;% faster arithmetic" in page.card.no_help.text()
    first = page.card._claims[0]
    assert first.name.text() == "Memory bandwidth" and first.share.text() == f"88{NBSP}%"
    assert first.gauge.accessibleName() == f"Memory bandwidth: 88{NBSP}%"


def test_ctrl_c_copies_rows_with_their_titles(page: HardwarePage, qtbot: QtBot) -> None:
    page.choose(1)
    qtbot.keyClick(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    head, line = QGuiApplication.clipboard().text().splitlines()
    assert head.startswith("Test\tGFLOP\tGB") and line.startswith("pp512") and line.endswith("compute")


def test_a_small_window_puts_the_verdict_above_the_roofline_and_cuts_nothing(window: MainWindow,
                                                                            page: HardwarePage) -> None:
    window.resize(QSize(1024, 640))
    wait(lambda: page.card.geometry().right() <= page.width() <= 1024)
    page.grab()
    assert page.card.y() < page.roofline.y() and page.card.x() == page.roofline.x()
    assert page.card.geometry().right() <= page.width() and page.table.viewport().width() <= page.width()
    columns = sum(page.table.columnWidth(column) for column in range(page.table.numbers.columnCount()))
    assert columns <= page.table.viewport().width()


def test_every_control_has_a_name_and_the_plot_reads_as_a_sentence(page: HardwarePage) -> None:
    for widget in (*page.findChildren(QAbstractButton), *page.findChildren(QComboBox), page.table, page.plot):
        if widget.isVisible():
            assert widget.accessibleName(), widget
    assert "tg32" in page.plot.accessibleName() and "FLOP per byte" in page.plot.accessibleName()


def test_both_themes_draw_the_plot(page: HardwarePage) -> None:
    dark = page.plot.grab().toImage()
    theme().set_mode("light")
    light = page.plot.grab().toImage()
    theme().set_mode("dark")
    assert dark.pixelColor(5, 5).lightness() < 60 < 200 < light.pixelColor(5, 5).lightness()


def test_the_model_keeps_to_qts_rules(page: HardwarePage, qtmodeltester: object) -> None:
    qtmodeltester.check(page.table.numbers)  # type: ignore[attr-defined]


def test_a_result_row_and_the_strip_name_the_limiter_and_the_tooltip_its_evidence(window: MainWindow,
                                                                                 page: HardwarePage) -> None:
    model = window.page.body.results.table.results
    assert model.texts(2)[5].replace(NBSP, " ").startswith("limited by memory bandwidth: 73 % of 45.2 GB/s")
    assert model.texts(0)[5].replace(NBSP, " ").startswith("limited by host overhead: 71 % of the time")
    of_ceiling = window.page.run.rows[0].extra["limit"]["share"]
    assert words.limit_share(window.page.run.rows[0]) == of_ceiling != pytest.approx(0.71)
    tip = model.data(model.index(2, 0), Qt.ItemDataRole.ToolTipRole)
    assert "GB per token" in tip
    assert f"gen64 limited by host overhead: 71{NBSP}% of the time." in window.page.body.strip.words()


def test_the_saved_picture_of_the_run_holds_the_limiter(window: MainWindow, page: HardwarePage) -> None:
    window.show_page("run")
    results = window.picture().text("Results")
    window.show_page("hardware")
    assert "tg32" in results and "limited by memory bandwidth" in results
