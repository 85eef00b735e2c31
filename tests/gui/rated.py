"""A run on a GPU that is in the list of hardware."""

from llmscope.core.spec import Cell
from llmscope.gui.main_window import MainWindow
from llmscope.gui.pages.hardware_page import HardwarePage
from tests.gui.conftest import play_to
from tests.gui.fakes import CPU, GPU, GPU_MACHINE, know_ceilings
from tests.gui.stream import stream

#: A GPU's test and a CPU's.
CELLS = (Cell("arch:smollm2-135m", "tg", "cuda:0", "bfloat16"), Cell("arch:smollm2-135m", "tg", "cpu", "float32"))


def show_on_gpu(window: MainWindow) -> HardwarePage:
    """Give the window such a machine and a run, and return its Hardware page."""
    know_ceilings(GPU_MACHINE)
    window.page.control.take_machine(GPU_MACHINE)
    play_to(window, stream(CELLS, gpu=True))
    window.page.control.take_devices((CPU, GPU), True)
    window.show_page("hardware")
    assert window.hardware.page is not None
    return window.hardware.page
