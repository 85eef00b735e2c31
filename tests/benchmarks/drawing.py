"""What the drawing window costs the measured test, and how evenly it draws while the machine is busy."""

import gc
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.benchmarks.report import Bar, interval, shown

PAIRS, NEW = 400, 8
#: A span has each graph and text drawn once, as they are while a test is timed; samples that fill less than this share
#: of it do not count.
SPAN_S, SETTLE_S, FILLED = 1.0, 0.1, 0.5
RATIO, RATIO_BAR = "tokens/s, window drawing ÷ not drawing", "lower end ≥ 0.97"
BEAT_MS, BEAT_SEGMENT_S, BEAT_SEGMENTS = 50, 10.0, 6


def bars() -> Iterator[Bar]:
    """Yield the ratio of tokens/s with and without drawing and the window's CPU time, then the heartbeat under load."""
    yield from _ratio()
    yield from _heartbeat()


def _ratio() -> Iterator[Bar]:
    """Let tg run in the real window, which draws or rests in turns."""
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
        gc.freeze()  # as the program does
        _wait(lambda: any(isinstance(e, events.Devices) for e in heard))
        window.runner.run_spec(RunSpec(cells=(Cell("bundled", "tg", new=NEW),) * 100, accuracy="rigorous"))
        _wait(lambda: any(isinstance(e, events.Sample) for e in heard))
        spans = _spans(window)
        window.runner.cancel()
        _wait(lambda: any(isinstance(e, events.RunEnded) for e in heard))
        window.close()
        window.deleteLater()
    yield from _found(spans, [e for e in heard if isinstance(e, events.Sample)])


class Span(NamedTuple):
    """A second in which the window drew, or did not; `cpu_ms` is what its thread took."""

    pair: int
    drawn: bool
    start_ns: int
    end_ns: int
    cpu_ms: float


def _spans(window) -> list[Span]:  # type: ignore[no-untyped-def]
    """Return pairs of a span with drawing and one without, in an order that is drawn by lot."""
    lot, spans = random.Random(1), []
    for pair in range(PAIRS):
        for drawn in lot.sample((True, False), 2):
            _show(window, drawn)
            _pass_time(SETTLE_S)
            start_ns, cpu_s = time.perf_counter_ns(), time.thread_time()
            _pass_time(SPAN_S)
            cpu_ms = 1000 * (time.thread_time() - cpu_s)
            spans.append(Span(pair, drawn, start_ns, time.perf_counter_ns(), cpu_ms))
    _show(window, True)  # it hears of the end
    return spans


def _show(window, drawn: bool) -> None:  # type: ignore[no-untyped-def]
    """Let the window draw, or rest: hidden, and without the timer that brings graphs and texts up to date."""
    window.setVisible(drawn)
    if not drawn:
        window._timer.stop()
    elif not window._timer.isActive():
        window._timer.start()


def _found(spans: list[Span], samples) -> Iterator[Bar]:  # type: ignore[no-untyped-def]
    """Yield what pairs say of which both spans were filled with samples: between two tests nothing is timed."""
    speed = {(span.pair, span.drawn): _speed(samples, span) for span in spans}
    pairs = {pair for pair, _ in speed if speed[pair, True] and speed[pair, False]}
    if not pairs:
        yield Bar(RATIO, "no sample fits into a span", RATIO_BAR, False)
        return
    found = interval([speed[pair, True] / speed[pair, False] for pair in sorted(pairs)])
    yield Bar(RATIO, shown(found), RATIO_BAR, (found.low or 0) >= 0.97)
    drawing, resting = (interval([span.cpu_ms / SPAN_S for span in spans if span.drawn == drawn and span.pair in pairs])
                        for drawn in (True, False))
    yield Bar("window's thread while tg is timed, CPU time a second", shown(drawing, 1, " ms"), "≤ 20 ms",
              drawing.median <= 20)
    yield Bar("the same while it does not draw", shown(resting, 1, " ms"), "—", True)


def _speed(samples, span: Span) -> float | None:  # type: ignore[no-untyped-def]
    """Return samples a second of those that lie wholly inside a span, None where they do not fill most of it."""
    inside = [e.seconds for e in samples if e.t_ns - e.seconds * 1e9 >= span.start_ns and e.t_ns <= span.end_ns]
    return len(inside) / sum(inside) if sum(inside) >= FILLED * SPAN_S else None


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
