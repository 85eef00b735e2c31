"""One run from start to end, as the terminal needs it."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from msgspec import Struct

from llmscope.core import events
from llmscope.core.errors import BadInput
from llmscope.core.results import Row
from llmscope.core.spec import RunSpec
from llmscope.runs.fit import too_large
from llmscope.runs.resolve import refusals, resolve, that_fits
from llmscope.runs.resume import Earlier
from llmscope.runs.supervisor import Supervisor

#: The longest wait for the sampler's first reading, which tells what memory is free; it comes before torch is imported.
READING_S = 5.0


class Finished(Struct):
    """A run that is over: how it began, its rows in the plan's order, and how it ended."""

    started: events.RunStarted
    rows: tuple[Row, ...]
    ended: events.RunEnded


def run_blocking(spec: RunSpec, on_event: Callable[[events.Event], None], runs_folder: Path | None,
                 before: Earlier | None = None, doubt: Callable[[Sequence[str]], None] = lambda lines: None
                 ) -> Finished:
    """Run a spec and return when every process is gone; Ctrl+C and SIGTERM stop the run and keep what is finished.

    With `before` the finished tests of that run are taken over. `doubt` gets a line for each model that is expected
    not to fit in memory now, before anything is measured, and raises where the run is not wanted then.

    Raises BadInput before anything is measured if a cell cannot work, and KeyboardInterrupt if it was
    stopped before it began.
    """
    spec = that_fits(spec, None)
    _refuse(spec, None)
    heard = _Hearing(on_event)
    supervisor = Supervisor(heard, runs_folder)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        heard.stop_asked = True
        supervisor.cancel()

    with _on_signal(stop):
        try:
            supervisor.open()
            begun_s = time.perf_counter()
            while not heard.stop_asked and heard.ended is None and (heard.devices is None or (
                    heard.telemetry is None and time.perf_counter() - begun_s < READING_S)):
                supervisor.step()
            if heard.devices is None:
                if heard.stop_asked:
                    raise KeyboardInterrupt
                raise BadInput(heard.ended.reason or "The worker cannot start." if heard.ended
                               else "The worker is gone.")
            _refuse(resolved := resolve(spec, heard.devices), heard.devices)
            if heard.telemetry is not None and (lines := [*too_large(resolved, heard.devices, heard.telemetry)]):
                with _on_signal(signal.default_int_handler):  # a question that waits for its answer ends at once
                    doubt(lines)
            supervisor.submit(spec, before)
            while heard.ended is None:
                supervisor.step()
        finally:
            supervisor.close()
            supervisor.step_until_closed()
    if heard.started is None:
        raise KeyboardInterrupt
    return Finished(heard.started, tuple(row for _, row in sorted(heard.rows.items())), heard.ended)


@contextmanager
def _on_signal(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Have Ctrl+C and SIGTERM handled so for as long as it is entered."""
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _refuse(spec: RunSpec, devices: tuple[events.Device, ...] | None) -> None:
    for index, problem in refusals(spec, devices):
        cell = spec.cells[index]
        raise BadInput(problem.text if problem.field == "model" else
                       f"{cell.test} of {cell.model} cannot run: {problem.text}")


class _Hearing:
    def __init__(self, on_event: Callable[[events.Event], None]) -> None:
        self._on_event = on_event
        self.devices: tuple[events.Device, ...] | None = None
        self.telemetry: events.Telemetry | None = None
        self.started: events.RunStarted | None = None
        self.rows: dict[int, Row] = {}
        self.ended: events.RunEnded | None = None
        self.stop_asked = False

    def __call__(self, event: events.Event) -> None:
        match event:
            case events.Devices(devices=devices, complete=True):
                self.devices = devices
            case events.Telemetry():
                self.telemetry = event
            case events.RunStarted():
                self.started = event
            case events.CellEnded(cell=cell, row=row) | events.Judged(cell=cell, row=row):
                self.rows[cell] = row
            case events.RunEnded():
                self.ended = event
        self._on_event(event)
