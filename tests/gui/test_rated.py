"""The vendor's figures on the Hardware page: beside the measured ceilings where the GPU is known, else not at all."""

from collections.abc import Callable, Iterable

from msgspec import structs

from llmscope.core.events import Event
from llmscope.core.units import GIB
from llmscope.gui.main_window import MainWindow
from llmscope.gui.numbers_table import RATED
from tests.gui.fakes import GPU
from tests.gui.rated import show_on_gpu
from tests.gui.stream import stream

Play = Callable[[Iterable[Event]], None]


def test_a_slice_of_a_gpu_is_not_taken_for_the_whole(window: MainWindow) -> None:
    page = show_on_gpu(window)
    window.page.control.take_devices((structs.replace(GPU, name=f"{GPU.name} MIG 1g.2gb", memory_bytes=GIB),), True)
    window.hardware.refresh()
    assert not any(test.rated for test in page.look.tests)


def test_on_a_machine_without_a_known_gpu_nothing_is_said_of_it(window: MainWindow, play: Play) -> None:
    play(stream())
    window.show_page("hardware")
    page = window.hardware.page
    assert page is not None and all(page.table.isColumnHidden(column) for column in RATED)
    assert not page.card.rated.isVisibleTo(page)
