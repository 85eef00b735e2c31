"""What the drawing window costs the measured test, and how evenly it draws while the machine is busy."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.benchmarks.report import Bar, interval, shown

PAIRS = 60
WINDOW_S, SETTLE_S = 2.0, 0.2
BEAT_MS, BEAT_SEGMENT_S, BEAT_SEGMENTS = 50, 10.0, 6


def bars() -> Iterator[Bar]:
    """Yield the ratio of tokens/s with and without drawing and the window's CPU time, then the heartbeat under load."""
    yield from _ratio()
    yield from _heartbeat()


def _ratio() -> Iterator[Bar]:
    """Let tg run in the real window, and hide and show the window in turns."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from llmscope.core import events
    from llmscope.core.spec import Cell, RunSpec
    from llmscope.gui.app import make_application
    from llmscope.gui.main_window import MainWindow
    from llmscope.gui.run_thread import RunThread
    from llmscope.gui.settings import Settings

    make_application()
    heard: list[events.Event] = []

    def runner(push):  # type: ignore[no-untyped-def]
        def both(event: events.Event) -> None:
            heard.append(event)
            push(event)

        return RunThread(both)

    with tempfile.TemporaryDirectory() as home:
        os.environ["LLMSCOPE_HOME"] = home
        window = MainWindow(runner, settings=Settings(Path(home) / "window.ini"))
        window.show()
        _wait(lambda: any(isinstance(e, events.Devices) for e in heard))
        cell = Cell("bundled", "tg", new=32)
        window.runner.run_spec(RunSpec(cells=(cell,) * 100, accuracy="rigorous"))
        _wait(lambda: any(isinstance(e, events.Sample) for e in heard))
        spans, cpu_ms = [], []
        for pair in range(PAIRS):
            for drawn in ((True, False) if pair % 2 else (False, True)):
                window.setVisible(drawn)
                _pass_time(SETTLE_S)
                start, cpu = time.perf_counter_ns(), time.thread_time()
                _pass_time(WINDOW_S)
                spans.append((pair, drawn, start, time.perf_counter_ns()))
                if drawn and window.page.run.now and window.page.run.now.phase == "decode":
                    cpu_ms.append(1000 * (time.thread_time() - cpu) / WINDOW_S)
        window.runner.cancel()
        _wait(lambda: any(isinstance(e, events.RunEnded) for e in heard))
        window.close()
        window.deleteLater()
    samples = [e for e in heard if isinstance(e, events.Sample)]
    speed = {(pair, drawn): _speed(samples, start, end) for pair, drawn, start, end in spans}
    found = interval([speed[p, True] / speed[p, False] for p in range(PAIRS) if speed[p, True] and speed[p, False]])
    yield Bar("tokens/s, window drawing ÷ not drawing", shown(found), "lower end ≥ 0.97", (found.low or 0) >= 0.97)
    cost = interval(cpu_ms)
    yield Bar("window's thread while tg is timed, CPU time a second", shown(cost, 1, " ms"), "≤ 20 ms",
              cost.median <= 20)


def _speed(samples, start_ns: int, end_ns: int) -> float:  # type: ignore[no-untyped-def]
    """Return samples a second of those that lie wholly inside a span."""
    inside = [e.seconds for e in samples if e.t_ns - e.seconds * 1e9 >= start_ns and e.t_ns <= end_ns]
    return len(inside) / sum(inside) if inside else 0.0


def _pass_time(seconds: float) -> None:
    """Let the window live, without waking it up oftener than it does itself."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def _wait(condition) -> None:  # type: ignore[no-untyped-def]
    while not condition():
        _pass_time(0.05)


def _heartbeat() -> Iterator[Bar]:
    """Compare the lateness of a 50 ms timer in our window during a run and in an empty one, both cores busy."""
    spinners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 2)]
    late: dict[str, list[float]] = {"empty": [], "ours": []}
    try:
        for segment in range(2 * BEAT_SEGMENTS):
            kind = ("empty", "ours")[segment % 2]
            done = subprocess.run([sys.executable, "-m", "tests.benchmarks.heartbeat", kind, str(BEAT_SEGMENT_S)],
                                  env=os.environ | {"QT_QPA_PLATFORM": "offscreen"}, capture_output=True, text=True,
                                  check=True)
            late[kind] += [float(x) for x in done.stdout.split()]
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()
    p99 = {kind: float(np.quantile(values, 0.99)) for kind, values in late.items()}
    difference = p99["ours"] - p99["empty"]
    n = len(late["ours"])
    yield Bar("50 ms heartbeat, both cores busy: p99 gap − empty window's",
              f"{p99['ours']:.0f} − {p99['empty']:.0f} = {difference:+.0f} ms, n {n}", "≤ +20 ms", difference <= 20)
