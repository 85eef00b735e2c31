"""One run from start to end, as the terminal needs it."""

import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from msgspec import Struct

from llmscope.core import events
from llmscope.core.errors import BadInput
from llmscope.core.results import Row
from llmscope.core.spec import RunSpec
from llmscope.runs.resolve import refusals, resolve, that_fits
from llmscope.runs.resume import Earlier
from llmscope.runs.supervisor import Supervisor


class Finished(Struct):
    """A run that is over: how it began, its rows in the plan's order, and how it ended."""

    started: events.RunStarted
    rows: tuple[Row, ...]
    ended: events.RunEnded


def run_blocking(spec: RunSpec, on_event: Callable[[events.Event], None], runs_folder: Path | None,
                 before: Earlier | None = None) -> Finished:
    """Run a spec and return when every process is gone; Ctrl+C and SIGTERM stop the run and keep what is finished.

    With `before` the finished tests of that run are taken over.

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

    handlers = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        supervisor.open()
        while heard.devices is None and heard.ended is None and not heard.stop_asked:
            supervisor.step()
        if heard.devices is None:
            if heard.stop_asked:
                raise KeyboardInterrupt
            raise BadInput(heard.ended.reason or "The worker cannot start." if heard.ended else "The worker is gone.")
        _refuse(resolve(spec, heard.devices), heard.devices)
        supervisor.submit(spec, before)
        while heard.ended is None:
            supervisor.step()
    finally:
        supervisor.close()
        supervisor.step_until_closed()
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if heard.started is None:
        raise KeyboardInterrupt
    return Finished(heard.started, tuple(row for _, row in sorted(heard.rows.items())), heard.ended)


def _refuse(spec: RunSpec, devices: tuple[events.Device, ...] | None) -> None:
    for index, problem in refusals(spec, devices):
        cell = spec.cells[index]
        raise BadInput(problem.text if problem.field == "model" else
                       f"{cell.test} of {cell.model} cannot run: {problem.text}")


class _Hearing:
    def __init__(self, on_event: Callable[[events.Event], None]) -> None:
        self._on_event = on_event
        self.devices: tuple[events.Device, ...] | None = None
        self.started: events.RunStarted | None = None
        self.rows: dict[int, Row] = {}
        self.ended: events.RunEnded | None = None
        self.stop_asked = False

    def __call__(self, event: events.Event) -> None:
        match event:
            case events.Devices(devices=devices, complete=True):
                self.devices = devices
            case events.RunStarted():
                self.started = event
            case events.CellEnded(cell=cell, row=row) | events.Judged(cell=cell, row=row):
                self.rows[cell] = row
            case events.RunEnded():
                self.ended = event
        self._on_event(event)
