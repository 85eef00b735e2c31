"""The run at hand: what is still to do, what was heard of it, and the rows so far."""

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from llmscope.analysis.bottleneck import finding
from llmscope.analysis.ceilings import Ceilings, ceilings_of, judged
from llmscope.core import events
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import COUNTED, Row, Verdict
from llmscope.core.rows import make_row
from llmscope.core.spec import RunSpec
from llmscope.runs import deadlines
from llmscope.runs.awake import Awake
from llmscope.runs.ceilings import CeilingStore
from llmscope.runs.outcome import last_words
from llmscope.runs.store import SCHEMA, Manifest, Result, RunWriter
from llmscope.runs.watch import Watch

NOT_STARTED = "not started"


class ActiveRun:
    """State of one run; the supervisor feeds it events and asks it what comes next."""

    def __init__(self, started: events.RunStarted, ceilings: CeilingStore | None = None) -> None:
        self.started = started
        self.rows: dict[int, Row] = {}
        self._ceilings = ceilings or CeilingStore(None)
        self._unjudged: dict[int, Row] = {}
        self.todo = list(range(len(started.spec.cells)))
        self.current: int | None = None
        self.stop_asked_s: float | None = None
        self._phase = "start"
        self._limit_s = deadlines.START_S
        self._seconds: dict[int, list[float]] = {}
        self._work: dict[int, int | None] = {}
        self._watches: defaultdict[int, Watch] = defaultdict(Watch)
        self._counter = -1
        self._heard_s = self._moved_s = time.perf_counter()
        self._writer: RunWriter | None = None
        self._awake = Awake()

    @property
    def spec(self) -> RunSpec:
        """The resolved spec."""
        return self.started.spec

    def save_in(self, folder: Path, program: str) -> str | None:
        """Start keeping the run in a folder; returns why it cannot be kept, or None."""
        try:
            self._writer = RunWriter(folder / self.started.run, Manifest(SCHEMA, program, self.started))
        except OSError as error:
            return f"This run cannot be saved in {folder}: {error.strerror or error}. Its results are shown, not kept."
        return None

    def write(self, event: events.Event) -> str | None:
        """Keep an event; returns why nothing more can be kept, or None."""
        if self._writer is None:
            return None
        try:
            self._writer.write(event)
        except OSError as error:
            return self._stop_saving(error)
        return None

    def keep_log(self, text: str) -> None:
        """Keep what a dead worker wrote to stderr."""
        if self._writer is not None and text:
            with contextlib.suppress(OSError):
                self._writer.write_log(text)

    def hear(self, event: events.Event) -> None:
        """Take note of a worker's event."""
        now = time.perf_counter()
        self._heard_s = now
        match event:
            case events.CellStarted(cell=cell):
                self.current, self._moved_s = cell, now
                self._seconds[cell] = []
                self._watches.pop(cell, None)
            case events.PhaseStarted(cell=cell, phase=phase):
                self.current, self._phase, self._moved_s = cell, phase, now
                self._limit_s = deadlines.progress_deadline_s(self.spec.cells[cell], phase)
            case events.Progress(counter=counter) if counter != self._counter:
                self._counter, self._moved_s = counter, now
            case events.Sample(cell=cell, seconds=seconds, work=work, excluded=None):
                self._seconds[cell].append(seconds)
                self._work[cell] = work
            case events.CellEnded(cell=cell, row=row):
                self.end_cell(cell, row)

    def watch(self, event: events.Event) -> None:
        """Take note of the sampler's event."""
        if isinstance(event, events.Telemetry):
            if self.current is None:
                return
            cell = self.spec.cells[self.current]
            is_measured = self._phase == DEFINITIONS[cell.workload].phase
            self._watches[self.current].take(event, cell.device, is_measured)

    def judged(self, cell: int, row: Row) -> Row:
        """Return a row with what is to be known of it: whether the CPU was busy, and how near it came to a ceiling."""
        self._unjudged[cell] = row = self._watches[cell].said_of(row)
        return self._explained(row, self._ceilings.get(self.started.machine, row.device))

    def judged_again(self) -> Iterator[tuple[int, Row]]:
        """Keep the ceilings that this run measured, and yield the rows that they change."""
        started = self.started
        if started.spec.threads is not None:
            return  # these are not what the machine can do
        for device in dict.fromkeys(cell.device for cell in started.spec.cells):
            found = ceilings_of(self.rows.values(), device, started.utc, started.run, started.versions)
            if found is None:
                continue
            best = self._ceilings.put(started.machine, found)
            for cell, row in self._unjudged.items():
                again = self._explained(row, best) if row.device == device else self.rows[cell]
                if again != self.rows[cell]:
                    self.rows[cell] = again
                    yield cell, again

    @staticmethod
    def _explained(row: Row, ceilings: Ceilings | None) -> Row:
        """Return a row held against the ceilings, with what limits it under `bottleneck`."""
        row = judged(row, ceilings)
        found = finding(row, ceilings)
        return row if found is None else msgspec.structs.replace(
            row, extra=row.extra | {"bottleneck": msgspec.json.decode(msgspec.json.encode(found))})

    def end_cell(self, cell: int, row: Row) -> None:
        """Take the final row of a cell."""
        self.rows[cell] = row
        self.todo.remove(cell)
        self.current = None
        self._heard_s = self._moved_s = time.perf_counter()

    def stopped_row(self, cell: int) -> Row:
        """Return the row of a cell that the run will not come to any more, with the samples of turns that it had."""
        return self.row_for(cell, "cancelled", "stopped" if self._seconds.get(cell) else NOT_STARTED)

    def row_for(self, cell: int, verdict: Verdict, reason: str, log: str = "") -> Row:
        """Return a row for a cell that its worker could not finish, from the samples that were heard."""
        extra = {"worker_log": last_words(log)} if log else {}
        return make_row(self.started.run, self.spec.cells[cell], self.spec.sampling, self._seconds.get(cell, ()),
                        verdict, reason, extra, self._work.get(cell))

    def stuck(self) -> str | None:
        """Return why the worker must be taken for stuck, or None."""
        now = time.perf_counter()
        if self.current is None:
            return f"the worker did not start within {deadlines.START_S:.0f} s" if (
                now - self._heard_s > deadlines.START_S) else None
        if now - self._heard_s > deadlines.SILENT_S:
            return f"the worker stopped answering for {deadlines.SILENT_S:.0f} s"
        if now - self._moved_s > self._limit_s:
            return f"no progress for {self._limit_s:.0f} s in the phase {self._phase}"
        return None

    def end(self) -> events.RunEnded:
        """Return the event that ends the run: `stopped`, `failed` if no test has a value that counts, or `done`."""
        status: Literal["done", "stopped", "failed"] = "stopped"
        if self.stop_asked_s is None:
            status = "done" if any(row.verdict in COUNTED for row in self.rows.values()) else "failed"
        now_ns = time.perf_counter_ns()
        return events.RunEnded(t_ns=now_ns, status=status, seconds=(now_ns - self.started.t_ns) / 1e9,
                               kept_awake=self._awake.release())

    def finish(self, ended: events.RunEnded) -> str | None:
        """Write the result and close the files; returns why it cannot be kept, or None."""
        if self._writer is not None:
            rows = tuple(self.rows[i] for i in sorted(self.rows))
            try:
                self._writer.finish(Result(SCHEMA, ended, rows))
            except OSError as error:
                return self._stop_saving(error)
        return None

    def _stop_saving(self, error: OSError) -> str:
        """Let go of the files after the disk refused; returns what to say of it."""
        if self._writer is not None:
            with contextlib.suppress(OSError):
                self._writer.close()
        self._writer = None
        return f"Saving the run stopped: {error.strerror or error}. What was saved before is safe."

