"""Render every state of the window into a folder: `python -m tests.gui.screenshots FOLDER [NAME…]`."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["LLMSCOPE_HOME"] = tempfile.mkdtemp()

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from llmscope.core.events import Event
from llmscope.core.spec import RunSpec
from llmscope.core.units import GIB
from llmscope.gui.main_window import MainWindow
from llmscope.gui.theme import theme
from llmscope.hardware.host import Machine
from tests.gui.stream import CELLS, IDLE_S, stream

SIZES = {"": QSize(1440, 900), "_small": QSize(1024, 640), "_wide": QSize(1920, 1080)}
MACHINE = Machine(
    label="AMD EPYC, 2 cores · 16.0 GiB", cpu="AMD EPYC", cores=2, threads=2, threads_usable=2, cpu_limit_cores=None,
    memory_bytes=16 * GIB, memory_available_bytes=12 * GIB, memory_limit_bytes=None, system="Linux", kernel="6",
    architecture="x86_64", virtual=True, on_battery=False, gpus=(),
    not_readable={"cpu_power_w": "no CPU power counter is exposed to this virtual machine",
                  "cpu_temperature_c": "no CPU temperature sensor is exposed to this virtual machine",
                  "gpus": "no NVIDIA driver is installed"},
)
#: Name → (how the run ends, with a GPU, seconds of the run that are shown; None is all).
STATES = {"idle": ("done", False, -IDLE_S / 2), "running": ("done", False, 14.0), "done": ("done", False, None),
          "failed": ("oom", False, None), "stopped": ("stopped", False, None), "gpu": ("done", True, 25.0),
          "gpu_done": ("done", True, None)}


class NoRunner:
    """Takes orders and does nothing."""

    def __init__(self, push: Callable[[Event], None]) -> None:
        self.push = push
        self.specs: list[RunSpec] = []
        self.orders: list[str] = []

    def start(self) -> None:
        self.orders.append("start")

    def run_spec(self, spec: RunSpec) -> None:
        self.specs.append(spec)

    def cancel(self) -> None:
        self.orders.append("cancel")

    def close(self) -> None:
        self.orders.append("close")


def feed(window: MainWindow, name: str) -> None:
    """Let the events of a state through, with a tick now and then as the timer would."""
    outcome, gpu, until_s = STATES[name]
    if name == "idle":
        until_s = 0.0
    for number, event in enumerate(stream(CELLS, outcome=outcome, gpu=gpu, until_s=until_s)):  # type: ignore[arg-type]
        if name == "idle" and type(event).__name__ in ("RunStarted", "CellStarted", "PhaseStarted"):
            break
        window.feed.push(event)
        if number % 60 == 0:
            window.tick()
    for _ in range(3):
        window.tick()


def main(folder: Path, wanted: list[str]) -> None:
    app = QApplication([])
    theme().apply(app)
    folder.mkdir(parents=True, exist_ok=True)
    for name in STATES:
        for suffix, size in SIZES.items():
            for mode in ("dark", "light"):
                file = f"{name}{suffix}" + ("_light" if mode == "light" else "")
                if wanted and file not in wanted:
                    continue
                theme().set_mode(mode)  # type: ignore[arg-type]
                window = MainWindow(NoRunner, lambda: MACHINE)
                window.resize(size)
                window.show()
                window._look.wait()
                app.processEvents()
                feed(window, name)
                app.processEvents()
                for _ in range(4):
                    window.tick()
                    app.processEvents()
                window.grab().save(str(folder / f"{file}.png"))
                if name != "idle" and not suffix:
                    window.save_picture(folder / f"picture_{file}.png")
                window.page.run.status = "idle"
                window.close()
                window.deleteLater()
                app.processEvents()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
