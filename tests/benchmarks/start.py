"""Start to first paint and memory of the window, against an empty window of the same libraries."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from tests.benchmarks.report import Bar, interval, shown

PAIRS = 10

_COMMON = """
import json, os, sys, time
import psutil
def painted(kind):
    # The process began when the system says it did: the interpreter's own start is counted.
    info = psutil.Process()
    print(json.dumps({"s": time.time() - info.create_time(), "mb": info.memory_info().rss / 1e6,
                      "bad": [m for m in ("torch", "transformers", "scipy") if m in sys.modules]}), flush=True)
"""
_EMPTY = _COMMON + """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
import pyqtgraph
app = QApplication([])
window = QMainWindow()
window.setCentralWidget(pyqtgraph.GraphicsLayoutWidget())
window.resize(1440, 900)
window.show()
app.processEvents(); window.grab()
painted("empty")
os._exit(0)
"""
_OURS = _COMMON + """
from llmscope.gui.app import make_application
app = make_application()
from llmscope.gui.main_window import MainWindow
class Nobody:
    def __init__(self, push): pass
    start = close = cancel = lambda self: None
    def run_spec(self, spec, before=None): pass
window = MainWindow(Nobody)
window.show()
app.processEvents(); window.grab()
painted("ours")
os._exit(0)
"""


def bars() -> Iterator[Bar]:
    """Yield the ratio of start times, the memory, and which heavy libraries were loaded."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"LLMSCOPE_HOME": home, "QT_QPA_PLATFORM": "offscreen"}
        for script in (_EMPTY, _OURS):
            _start(script, environment)
        pairs = [(_start(_EMPTY, environment), _start(_OURS, environment)) for _ in range(PAIRS)]
    ratio = interval([ours["s"] / empty["s"] for empty, ours in pairs])
    seconds, megabytes = interval([ours["s"] for _, ours in pairs]), interval([ours["mb"] for _, ours in pairs])
    heavy = sorted({name for _, ours in pairs for name in ours["bad"]})
    yield Bar("start to first paint ÷ empty window", shown(ratio, 2), "≤ 1.5", ratio.median <= 1.5)
    yield Bar("start to first paint", shown(seconds, 2, " s"), "—", True)
    yield Bar("memory at first paint", shown(megabytes, 0, " MB"), "≤ 220 MB", (megabytes.high or 999) <= 220)
    yield Bar("heavy libraries loaded", ", ".join(heavy) or "none", "no torch, no scipy", not heavy)


def _start(script: str, environment: dict[str, str]) -> dict:  # type: ignore[type-arg]
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))
