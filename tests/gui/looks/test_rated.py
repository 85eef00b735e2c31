"""The vendor's figures on the Hardware page, beside the measured ceilings of a GPU that is in the list of hardware."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from llmscope.core.units import NBSP
from llmscope.gui.main_window import MainWindow
from llmscope.gui.numbers_table import EDGE, LIMIT, RATED
from llmscope.gui.pages.hardware_page import HardwarePage
from llmscope.gui.theme import theme
from tests.gui.rated import show_on_gpu


@pytest.fixture(scope="module")
def page(window: MainWindow) -> HardwarePage:
    return show_on_gpu(window)


def test_shares_of_the_vendors_figures_stand_beside_those_of_the_ceilings(page: HardwarePage) -> None:
    assert not page.table.isColumnHidden(RATED[0])
    gpu, cpu = page.look.tests
    assert gpu.rated["memory bandwidth"].ceiling == 896 and gpu.rated["compute"].ceiling == 87.9
    texts = page.table.numbers.texts(0)
    assert texts[RATED[1]] == f"{100 * gpu.rated['memory bandwidth'].share:.0f}{NBSP}%" != texts[7]
    assert not cpu.rated and [page.table.numbers.texts(1)[column] for column in RATED] == ["—", "—"]
    tip = page.table.numbers.index(0, RATED[0]).data(Qt.ItemDataRole.ToolTipRole)
    assert "vendor's peak 87.9 TFLOPS bf16 dense: NVIDIA GeForce RTX 5070 Ti" in tip


def test_what_limits_a_test_is_not_cut_where_they_have_columns(page: HardwarePage) -> None:
    table = page.table
    for narrow, width in ((False, 1256), (True, 986)):
        table.set_narrow(narrow)
        table.resize(width, table.height())
        widest = max(QFontMetrics(theme().font("body", 600)).horizontalAdvance(name) for name in (
            "memory bandwidth", "host overhead", "memory capacity"))
        assert table.columnWidth(LIMIT) - 3 * EDGE >= widest
        assert sum(map(table.columnWidth, range(LIMIT + 1))) <= table.viewport().width()


def test_the_verdict_tells_them_and_where_they_are_from(page: HardwarePage) -> None:
    page.choose(0)
    assert page.card.rated.isVisibleTo(page) and f"896{NBSP}GB/s" in page.card.rated.text()
    assert f"87.9{NBSP}TFLOPS dense" in page.card.rated.text() and "RTX 5070 Ti" in page.card.rated.toolTip()
    page.choose(1)
    assert not page.card.rated.isVisibleTo(page)
