"""One segment of the heartbeat benchmark: prints the gaps of a 50 ms timer in ms, one a line."""

import itertools
import sys
import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

BEAT_MS = 50


def main(kind: str, seconds: float) -> None:
    """Run one window for some seconds: `empty`, or `ours` fed with a run's events in real time."""
    if kind == "ours":
        window, feed = _ours()
    else:
        import pyqtgraph

        QApplication([])
        window, feed = pyqtgraph.GraphicsLayoutWidget(), None
        window.resize(1440, 900)
    window.show()
    beats: list[float] = []
    beat = QTimer()
    beat.setTimerType(Qt.TimerType.PreciseTimer)
    beat.timeout.connect(lambda: beats.append(time.perf_counter()))
    app = QApplication.instance()
    assert app is not None
    deadline = time.perf_counter() + 1.0
    while time.perf_counter() < deadline:
        app.processEvents()
    beat.start(BEAT_MS)
    if feed is not None:
        feed.start()
    QTimer.singleShot(int(seconds * 1000), app.quit)
    app.exec()
    print("\n".join(f"{(b - a) * 1e3:.2f}" for a, b in itertools.pairwise(beats)))
    window.close()


def _ours():  # type: ignore[no-untyped-def]
    from llmscope.core.spec import Cell
    from llmscope.gui.app import make_application
    from llmscope.gui.dialogs.ask import Question
    from llmscope.gui.main_window import MainWindow
    from tests.gui.stream import stream

    make_application()
    Question.ask = lambda *_: True  # type: ignore[method-assign]  # it is closed while its run goes on

    class Nobody:
        def __init__(self, push) -> None:  # type: ignore[no-untyped-def]
            self.push = push

        def start(self) -> None: ...
        def close(self) -> None: ...
        def cancel(self) -> None: ...
        def run_spec(self, spec: object, before: object = None) -> None: ...

    window = MainWindow(Nobody)
    events = list(stream([Cell("bundled", "gen", device="cpu", dtype="float32"),
                          Cell("bundled", "pp", device="cpu", dtype="float32")]))
    zero_ns, started = events[0].t_ns, time.perf_counter()
    place = 0
    timer = QTimer(window)
    timer.setInterval(20)

    def feed() -> None:
        nonlocal place
        now_ns = (time.perf_counter() - started) * 1e9
        while place < len(events) and events[place].t_ns - zero_ns <= now_ns:
            window.runner.push(events[place])
            place += 1

    timer.timeout.connect(feed)
    return window, timer


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
