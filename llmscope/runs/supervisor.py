"""Runs specs on worker processes: starts, watches, cancels and kills them, and merges what they say.

Knows nothing of Qt. All state belongs to the thread in `serve` or `step`; other threads only put
orders into the inbox.
"""

import os
import queue
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from llmscope import __version__, paths
from llmscope.core import commands, events
from llmscope.core.errors import BadInput
from llmscope.core.spec import RunSpec
from llmscope.hardware.host import machine
from llmscope.runs.active import ActiveRun
from llmscope.runs.ceilings import FILE as CEILINGS_FILE
from llmscope.runs.ceilings import CeilingStore
from llmscope.runs.child import Child, Ended, Heard
from llmscope.runs.resolve import refusals, resolve, with_ceilings
from llmscope.runs.resume import Earlier, taken_over
from llmscope.runs.store import new_run_id

TICK_S = 0.1
#: From the order to stop: seconds until the worker is asked to end, and until it is killed.
TERMINATE_AFTER_S, KILL_AFTER_S = 2.0, 3.0
#: Workers that died in a row before they could do anything; then it is their start that is broken.
FAILED_STARTS = 3


class _Submit(Struct, frozen=True):
    spec: RunSpec
    before: Earlier | None = None


class _Order(Struct, frozen=True):
    what: Literal["cancel", "close"]


class Supervisor:
    """Owns the sampler, the standby worker and the run at hand; everything is told through `on_event`.

    `runs_folder` None keeps nothing on disk; what is known of the machine's ceilings is read all the same.
    """

    def __init__(self, on_event: Callable[[events.Event], None], runs_folder: Path | None) -> None:
        self._on_event, self._runs_folder = on_event, runs_folder
        self._ceilings = (CeilingStore.copy_of(paths.data_folder() / CEILINGS_FILE) if runs_folder is None
                          else CeilingStore(runs_folder.parent / CEILINGS_FILE))
        self._inbox: queue.Queue[object] = queue.Queue()
        self._sampler: Child | None = None
        self._worker: Child | None = None
        self._retired: list[Child] = []
        self._hello: events.Hello | None = None
        self._devices: tuple[events.Device, ...] | None = None
        self._waiting: _Submit | None = None
        self._run: ActiveRun | None = None
        self._failed_starts = 0
        self._worked = False
        self._closed = False

    # Orders, from any thread.

    def submit(self, spec: RunSpec, before: Earlier | None = None) -> None:
        """Run a spec, or go on with an earlier run of it; ignored while another one runs."""
        self._inbox.put(_Submit(spec, before))

    def cancel(self) -> None:
        """Stop the run: answered at once, over within 5 s, whatever the worker is doing."""
        self._inbox.put(_Order("cancel"))

    def close(self) -> None:
        """Stop everything; `serve` returns when no process is left."""
        self._inbox.put(_Order("close"))

    # The thread that serves.

    def open(self) -> None:
        """Start the sampler and a standby worker."""
        try:
            self._sampler = Child("llmscope.hardware", self._inbox)
        except OSError as error:
            self._emit(events.Note(t_ns=_now(), text=f"No live readings: the sampler cannot start ({_said(error)})."))
        self._start_worker()

    def serve(self) -> None:
        """Work until `close` is ordered."""
        self.open()
        self.step_until_closed()

    def step_until_closed(self) -> None:
        """Work until a `close` ordered before or meanwhile is done."""
        while not self._closed:
            self.step()

    def step(self) -> None:
        """Handle what lies in the inbox, or look after the run if nothing comes for a tick."""
        try:
            item = self._inbox.get(timeout=TICK_S)
        except queue.Empty:
            item = None
        match item:
            case Heard(child=child, event=event):
                self._hear(child, event)
            case Ended(child=child):
                self._lose(item)
            case _Submit():
                self._submit(item)
            case _Order(what="cancel"):
                self._cancel()
            case _Order(what="close"):
                self._close()
        if self._run is not None:
            self._look_after(self._run)

    def _emit(self, event: events.Event) -> None:
        self._on_event(event)
        if self._run is not None and (trouble := self._run.write(event)):
            self._on_event(events.Note(t_ns=_now(), text=trouble))

    def _hear(self, child: Child, event: events.Event) -> None:
        run = self._run
        if child is self._sampler:
            if run is not None:
                run.watch(event)
            self._emit(event)
            return
        if child is not self._worker:
            return  # the last words of a worker that was given up
        match event:
            case events.Hello():
                self._hello = event
            case events.Devices(devices=devices, complete=complete):
                self._devices = devices if complete else None
            case events.CellStarted():
                self._worked, self._failed_starts = True, 0
        if run is not None and isinstance(event, events.CellEnded):
            event = msgspec.structs.replace(event, row=run.judged(event.cell, event.row))
        if run is not None and not isinstance(event, events.Hello | events.Devices):
            run.hear(event)
        self._emit(event)
        if isinstance(event, events.Devices) and self._devices:
            self._begin_waiting()
        if isinstance(event, events.CellEnded) and run is not None:
            self._end_if_done(run)

    def _submit(self, order: _Submit) -> None:
        if self._run is None and self._waiting is None:
            self._waiting = order
            if self._worker is None:
                self._failed_starts = 0
                self._start_worker()
            self._begin_waiting()

    def _begin_waiting(self) -> None:
        """Begin the run that was ordered, as soon as the devices are known."""
        if self._waiting is None or self._hello is None or self._devices is None or self._worker is None:
            return
        asked, before, self._waiting = self._waiting.spec, self._waiting.before, None
        utc = datetime.now(UTC).isoformat(timespec="seconds")
        folder = self._runs_folder
        run_id = new_run_id(folder, utc) if folder is not None else utc[:19].replace(":", "").replace("T", "_")
        refused: dict[int, str] = {}
        machine_now = msgspec.to_builtins(machine())
        try:
            spec = with_ceilings(resolve(asked, self._devices), self._devices, self._ceilings, machine_now,
                                 self._hello.versions)
            refused = {index: problem.text for index, problem in refusals(spec, self._devices)}
        except BadInput as error:
            spec = asked
            refused = dict.fromkeys(range(len(asked.cells)), str(error))
        started = events.RunStarted(t_ns=_now(), run=run_id, utc=utc, spec=spec,
                                    machine=machine_now, versions=self._hello.versions)
        run = self._run = ActiveRun(started, self._ceilings)
        trouble = run.save_in(folder, f"llmscope {__version__}") if folder is not None else None
        self._emit(started)
        if trouble:
            self._emit(events.Note(t_ns=_now(), text=trouble))
        if before is not None:
            self._take_over(run, before)
        for index, reason in refused.items():
            if index in run.todo:
                self._end_cell(run, index, "failed", reason)
        self._hand_over(run)

    def _take_over(self, run: ActiveRun, before: Earlier) -> None:
        """Let the finished tests of an earlier run stand in this one, as far as they may."""
        rows, words = taken_over(before, run.started.machine, run.started.versions)
        self._emit(events.Note(t_ns=_now(), text=words))
        for cell, row in rows.items():
            run.end_cell(cell, row)
            self._emit(events.CellEnded(t_ns=_now(), cell=cell, row=row))

    def _hand_over(self, run: ActiveRun) -> None:
        if self._worker is not None and run.todo:
            order = commands.RunCells(run.started.run, run.spec, tuple(run.todo))
            self._worker.tell(commands.encode(order))
        self._end_if_done(run)

    def _cancel(self) -> None:
        run = self._run
        if run is None and self._waiting is not None:
            self._waiting = None
            self._emit(events.RunEnded(t_ns=_now(), status="stopped", seconds=0.0, reason="stopped before it began"))
        elif run is not None and run.stop_asked_s is None:
            run.stop_asked_s = time.perf_counter()
            self._emit(events.Stopping(t_ns=_now()))
            if self._worker is not None:
                self._worker.tell(commands.encode(commands.Cancel()))

    def _look_after(self, run: ActiveRun) -> None:
        """Press a stop that is not obeyed, and end a worker that is stuck."""
        worker = self._worker
        if worker is None:
            return
        if run.stop_asked_s is not None:
            waited_s = time.perf_counter() - run.stop_asked_s
            if waited_s > KILL_AFTER_S:
                worker.kill()
            elif waited_s > TERMINATE_AFTER_S:
                worker.terminate()
        elif (why := run.stuck()) is not None:
            worker.kill()
            self._retired.append(worker)
            self._give_up_worker(run, why, worker)

    def _lose(self, ended: Ended) -> None:
        child = ended.child
        if child in self._retired:
            self._retired.remove(child)
            return
        if child is self._sampler:
            self._sampler = None
            if not self._closed:
                self._emit(events.Note(t_ns=_now(), text="The sampler ended: no live readings until the next start."))
            return
        if child is not self._worker:
            return
        self._emit(events.WorkerEnded(t_ns=_now(), pid=child.pid, words=ended.outcome.words))
        if not self._worked:
            self._failed_starts += 1
        if self._run is not None:
            self._give_up_worker(self._run, ended.outcome.words, child)
        else:
            self._worker = None
            self._start_worker()

    def _give_up_worker(self, run: ActiveRun, why: str, child: Child) -> None:
        """Close the test at hand as failed, or as stopped, and go on with the others in a new worker."""
        self._worker = None
        if run.current is not None:
            run.keep_log(child.log)
            verdict: Literal["cancelled", "failed"] = "failed" if run.stop_asked_s is None else "cancelled"
            self._end_cell(run, run.current, verdict, why if verdict == "failed" else "stopped", child.log)
        self._end_if_done(run)
        if self._run is not None:
            self._start_worker()

    def _end_cell(self, run: ActiveRun, cell: int, verdict: Literal["cancelled", "failed"], why: str,
                  log: str = "") -> None:
        row = run.row_for(cell, verdict, why, log if verdict == "failed" else "")
        run.end_cell(cell, row)
        self._emit(events.CellEnded(t_ns=_now(), cell=cell, row=row))

    def _end_if_done(self, run: ActiveRun) -> None:
        """End the run when nothing is left to do, or nothing may be done any more."""
        if run.stop_asked_s is not None and run.current is None:
            for cell in tuple(run.todo):
                row = run.stopped_row(cell)
                run.end_cell(cell, row)
                self._emit(events.CellEnded(t_ns=_now(), cell=cell, row=row))
        if run.todo or self._run is not run:
            return
        for cell, row in run.judged_again():
            self._emit(events.Judged(t_ns=_now(), cell=cell, row=row))
        ended = run.end()
        if (trouble := run.write(ended) or run.finish(ended)) is not None:
            self._on_event(events.Note(t_ns=_now(), text=trouble))
        self._run = None
        self._on_event(ended)
        self._retire_worker()
        if not self._closed:
            self._start_worker()

    def _start_worker(self) -> None:
        """Start a worker that waits with torch imported, unless starting has failed too often."""
        self._hello = self._devices = None
        self._worked = False
        reason = "The worker process cannot start: see the log, and install llmscope again."
        if self._failed_starts < FAILED_STARTS:
            try:
                self._worker = Child("llmscope.engine", self._inbox)
            except OSError as error:  # the system has no memory, or no process, for one more
                reason = f"The worker process cannot start ({_said(error)}): close other programs, then run again."
        if self._worker is None:
            self._emit(events.Note(t_ns=_now(), text=reason))
            self._fail_all(reason)
            return
        if self._sampler is not None:
            self._sampler.tell(msgspec.json.encode({"watch": [self._worker.pid, os.getpid()]}) + b"\n")
        if self._run is not None:
            self._hand_over(self._run)

    def _fail_all(self, reason: str) -> None:
        run = self._run
        if run is not None:
            for cell in tuple(run.todo):
                self._end_cell(run, cell, "failed", reason)
            self._end_if_done(run)
        else:
            self._waiting = None
            self._emit(events.RunEnded(t_ns=_now(), status="failed", seconds=0.0, reason=reason))

    def _retire_worker(self) -> None:
        if self._worker is not None:
            self._worker.dismiss()
            self._retired.append(self._worker)
            self._worker = None

    def _close(self) -> None:
        """End the run as stopped, then every process; returns when all are gone."""
        run = self._run
        self._closed = True
        if run is not None:
            run.stop_asked_s = run.stop_asked_s or time.perf_counter()
            if run.current is not None:
                self._end_cell(run, run.current, "cancelled", "stopped")
            self._end_if_done(run)
        self._retire_worker()
        children = [*self._retired, *([self._sampler] if self._sampler else [])]
        for child in children:
            child.dismiss()
        for child in children:
            if not child.gone(1.0):
                child.kill()
                child.gone(5.0)


def _now() -> int:
    return time.perf_counter_ns()


def _said(error: OSError) -> str:
    return error.strerror or str(error)
