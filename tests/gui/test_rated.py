"""The vendor's figures on the Hardware page: beside the measured ceilings where the GPU is known, else not at all."""

from collections.abc import Callable, Iterable

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

from llmscope.core.events import Event
from llmscope.core.spec import Cell
from llmscope.core.units import GIB, NBSP
from llmscope.gui.main_window import MainWindow
from llmscope.gui.numbers_table import EDGE, LIMIT, RATED
from llmscope.gui.theme import theme
from tests.gui.fakes import CPU, GPU, GPU_MACHINE, know_ceilings
from tests.gui.stream import stream

Play = Callable[[Iterable[Event]], None]
#: A GPU's test and a CPU's.
CELLS = (Cell("arch:smollm2-135m", "tg", "cuda:0", "bfloat16"), Cell("arch:smollm2-135m", "tg", "cpu", "float32"))


@pytest.fixture
def on_gpu(window: MainWindow, play: Play) -> MainWindow:
    """The window on a machine whose GPU is in the list of hardware, after a run."""
    know_ceilings(GPU_MACHINE)
    window.page.control.take_machine(GPU_MACHINE)
    play(stream(CELLS, gpu=True))
    window.page.control.take_devices((CPU, GPU), True)
    window.show_page("hardware")
    return window


def test_shares_of_the_vendors_figures_stand_beside_those_of_the_ceilings(on_gpu: MainWindow) -> None:
    page = on_gpu.hardware.page
    assert page is not None and not page.table.isColumnHidden(RATED[0])
    gpu, cpu = page.look.tests
    assert gpu.rated["memory bandwidth"].ceiling == 896 and gpu.rated["compute"].ceiling == 87.9
    texts = page.table.numbers.texts(0)
    assert texts[RATED[1]] == f"{100 * gpu.rated['memory bandwidth'].share:.0f}{NBSP}%" != texts[7]
    assert not cpu.rated and [page.table.numbers.texts(1)[column] for column in RATED] == ["—", "—"]
    tip = page.table.numbers.index(0, RATED[0]).data(Qt.ItemDataRole.ToolTipRole)
    assert "vendor's peak 87.9 TFLOPS bf16 dense: NVIDIA GeForce RTX 5070 Ti" in tip


def test_what_limits_a_test_is_not_cut_where_they_have_columns(on_gpu: MainWindow) -> None:
    page = on_gpu.hardware.page
    assert page is not None
    table = page.table
    for narrow, width in ((False, 1256), (True, 986)):
        table.set_narrow(narrow)
        table.resize(width, table.height())
        widest = max(QFontMetrics(theme().font("body", 600)).horizontalAdvance(name) for name in (
            "memory bandwidth", "host overhead", "memory capacity"))
        assert table.columnWidth(LIMIT) - 3 * EDGE >= widest
        assert sum(map(table.columnWidth, range(LIMIT + 1))) <= table.viewport().width()


def test_the_verdict_tells_them_and_where_they_are_from(on_gpu: MainWindow) -> None:
    page = on_gpu.hardware.page
    assert page is not None
    page.choose(0)
    assert page.card.rated.isVisibleTo(page) and f"896{NBSP}GB/s" in page.card.rated.text()
    assert f"87.9{NBSP}TFLOPS dense" in page.card.rated.text() and "RTX 5070 Ti" in page.card.rated.toolTip()
    page.choose(1)
    assert not page.card.rated.isVisibleTo(page)


def test_a_slice_of_a_gpu_is_not_taken_for_the_whole(on_gpu: MainWindow) -> None:
    on_gpu.page.control.take_devices((structs.replace(GPU, name=f"{GPU.name} MIG 1g.2gb", memory_bytes=GIB),), True)
    on_gpu.hardware.refresh()
    page = on_gpu.hardware.page
    assert page is not None and not any(test.rated for test in page.look.tests)


def test_on_a_machine_without_a_known_gpu_nothing_is_said_of_it(window: MainWindow, play: Play) -> None:
    play(stream())
    window.show_page("hardware")
    page = window.hardware.page
    assert page is not None and all(page.table.isColumnHidden(column) for column in RATED)
    assert not page.card.rated.isVisibleTo(page)
