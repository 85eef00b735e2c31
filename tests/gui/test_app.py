import os
import signal
import subprocess
import sys

import pytest

from llmscope.gui import app

START = """
import sys
from PySide6.QtCore import QTimer
from llmscope.gui.app import make_application
from llmscope.gui.main_window import MainWindow
from tests.gui.fakes import MACHINE, FakeRunner
qt = make_application()
window = MainWindow(FakeRunner, lambda: MACHINE)
window.show()
QTimer.singleShot(300, window.close)
code = qt.exec()
heavy = sorted({name.partition('.')[0] for name in sys.modules} & {'torch', 'transformers', 'scipy', 'matplotlib'})
print(code, heavy)
"""


def test_without_a_display_the_window_says_what_to_do_and_returns_2(monkeypatch: pytest.MonkeyPatch,
                                                                   capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert app.main() == 2
    assert "llmscope shot" in capsys.readouterr().err


def test_the_window_starts_without_torch_or_scipy_and_ends_with_0() -> None:
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, timeout=100,
                          env=os.environ | {"QT_QPA_PLATFORM": "offscreen"}, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "0 []"


ENDED = """
import os, signal, sys, threading, time
from llmscope.gui import app, run_thread
from tests.gui.fakes import FakeRunner
run_thread.RunThread = FakeRunner

def end():
    while signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # as long as the window is being made
        time.sleep(0.05)
    time.sleep(0.5)
    os.kill(os.getpid(), int(sys.argv[1]))

threading.Thread(target=end, daemon=True).start()
print(app.main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_in_the_terminal_and_sigterm_close_the_window_in_order(number: signal.Signals) -> None:
    done = subprocess.run([sys.executable, "-c", ENDED, str(int(number))], capture_output=True, text=True, timeout=50,
                          env=os.environ | {"QT_QPA_PLATFORM": "offscreen"}, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


def test_a_fault_that_repeats_opens_one_dialog(monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    dialog, opened = app.ErrorDialog(), []

    class Box:
        Icon = app.QMessageBox.Icon

        def __init__(self, *words: object) -> None:
            opened.append(words)

        def __getattr__(self, name: str) -> object:
            return lambda *words: None

        def exec(self) -> None:
            dialog.show(ValueError, ValueError("again"), None)

    monkeypatch.setattr(app, "QMessageBox", Box)
    dialog.show(ValueError, ValueError("once"), None)
    assert len(opened) == 1
    assert "again" in capsys.readouterr().err


GARBAGE = """
import gc, weakref
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from llmscope.gui.app import make_application
qt = make_application()
widget = QWidget()
widget.itself, gone = widget, weakref.ref(widget)
del widget
gc.set_threshold(1, 1, 1)
QTimer.singleShot(1500, qt.quit)
qt.exec()
print(gc.isenabled(), gone())
"""


def test_garbage_is_looked_for_by_the_windows_own_thread_alone() -> None:
    done = subprocess.run([sys.executable, "-c", GARBAGE], capture_output=True, text=True, timeout=100,
                          env=os.environ | {"QT_QPA_PLATFORM": "offscreen"}, check=False)
    assert done.stdout.strip() == "False None", done.stderr
