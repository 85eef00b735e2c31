"""What the window knows of the run at hand: the event stream folded into one plain object."""

from dataclasses import dataclass, field
from typing import Any, Literal

from llmscope.core import events as ev
from llmscope.core.errors import BadInput
from llmscope.core.results import COUNTED, Row
from llmscope.core.spec import MACHINE, Cell, RunSpec
from llmscope.runs.resume import Earlier, going_on

Status = Literal["idle", "starting", "running", "stopping", "done", "stopped", "failed"]


@dataclass
class CellState:
    """One test of the plan: `row` once it ended; before that what is known so far.

    Tests may take turns: `turns` counts those it had, the one at hand included, and `took_s` is the time of those that
    are over. `foretold` is what it was expected to give before it ran, such as `48 to 70 tok/s`, empty where nothing
    told.
    """

    cell: Cell
    row: Row | None = None
    phase: ev.Phase | None = None
    estimate: ev.Estimate | None = None
    sample: int = 0
    seconds: list[float] = field(default_factory=list)
    turns: int = 0
    took_s: float = 0.0
    foretold: str = ""

    @property
    def test(self) -> str:
        """The id of the test; of one that another program measured only the row tells it."""
        return self.cell.test if self.row is None else self.row.test


@dataclass
class RunState:
    """A run from the press of the button to its end.

    `status` is `failed` when nothing could be measured or a test of it failed; the rows say which.
    `waits_for_worker` says that it was ordered while no worker stood by, so that it begins some seconds later.
    `spoken` is the text of the last `gen` test. `is_stored` says that it was read from its folder, `program` then what
    measured it; `was_cut_off` that its process ended before it, `is_reference` that it comes with llmscope. `aside` is
    a line more that is to be told of its end.
    """

    status: Status = "idle"
    spec: RunSpec | None = None
    run: str = ""
    utc: str = ""
    machine: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    cells: list[CellState] = field(default_factory=list)
    current: int | None = None
    current_since_ns: int = 0
    started_ns: int | None = None
    now_ns: int = 0
    seconds: float = 0.0
    reason: str | None = None
    notes: list[str] = field(default_factory=list)
    on_battery: bool | None = None
    waits_for_worker: bool = False
    spoken: list[ev.Text] = field(default_factory=list)
    is_stored: bool = False
    program: str = ""
    was_cut_off: bool = False
    is_reference: bool = False
    aside: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a run is going on."""
        return self.status in ("starting", "running", "stopping")

    @property
    def other_program(self) -> str:
        """What measured the run where it was not llmscope."""
        return "" if self.program.startswith("llmscope") else self.program

    @property
    def every_row(self) -> list[Row]:
        """All finished rows in the plan's order."""
        return [state.row for state in self.cells if state.row is not None]

    @property
    def rows(self) -> list[Row]:
        """The finished rows of the tests that have one of their own, in the plan's order."""
        return [row for number in self.shown if (row := self.cells[number].row) is not None]

    @property
    def shown(self) -> list[int]:
        """Numbers of the tests that have a row of their own: those of the machine only where they are all there is."""
        of_model = [number for number, state in enumerate(self.cells) if state.cell.model != MACHINE]
        return of_model or list(range(len(self.cells)))

    @property
    def ceilings(self) -> list[CellState]:
        """The tests of the machine that have no row of their own."""
        return [] if len(self.shown) == len(self.cells) else [s for s in self.cells if s.cell.model == MACHINE]

    @property
    def counted(self) -> list[Row]:
        """Rows whose value stands."""
        return [row for row in self.rows if row.verdict in COUNTED]

    @property
    def failed_row(self) -> Row | None:
        """The first failed or invalid row."""
        return next((row for row in self.every_row if row.verdict in ("failed", "invalid")), None)

    @property
    def earlier(self) -> Earlier | None:
        """What a stopped run leaves to go on with, None where that is nothing."""
        if self.is_open or self.spec is None or not self.run:
            return None
        started = ev.RunStarted(t_ns=0, run=self.run, utc=self.utc, spec=self.spec, machine=self.machine,
                                versions=self.versions)
        try:
            return going_on(started, {number: state.row for number, state in enumerate(self.cells) if state.row})
        except BadInput:
            return None

    @property
    def now(self) -> CellState | None:
        """The test that is being measured."""
        return self.cells[self.current] if self.current is not None else None

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run started; its whole length once it is over."""
        if not self.is_open:
            return self.seconds
        return max(0.0, (self.now_ns - self.started_ns) / 1e9) if self.started_ns is not None else 0.0

    def begin(self, spec: RunSpec) -> None:
        """Take a new plan, before the first event of its run has come."""
        self.__init__(status="starting", spec=spec, cells=[CellState(cell) for cell in spec.cells])  # type: ignore[misc]

    def apply(self, event: ev.Event) -> None:
        """Fold an event in."""
        self.now_ns = max(self.now_ns, event.t_ns)
        match event:
            case ev.RunStarted():
                self._start(event)
            case ev.Telemetry() if self.is_open:
                self.on_battery = event.on_battery
            case ev.CellStarted(cell=index):
                self.cells[index].turns = 0  # it begins anew where a worker has died
                self._take_up(index, event.t_ns)
            case ev.PhaseStarted(cell=index):
                self._take_up(index, event.t_ns)
                self.cells[index].phase = event.phase
            case ev.Progress(cell=index):
                self.cells[index].sample = event.sample
            case ev.Text():
                if self.spoken and self.spoken[0].cell != event.cell:
                    self.spoken.clear()
                self.spoken.append(event)
            case ev.Sample(cell=index, excluded=None):
                self.cells[index].seconds.append(event.seconds)
            case ev.Estimate(cell=index):
                self.cells[index].estimate = event
            case ev.CellEnded(cell=index):
                self.cells[index].row = event.row
                if self.current == index:
                    self._take_up(None, event.t_ns)
            case ev.Judged(cell=index):
                self.cells[index].row = event.row
            case ev.Note():
                self.notes.append(event.text)
            case ev.Stopping():
                self.status = "stopping"
            case ev.RunEnded() if self.is_open or self.spec is None:  # else it is of a worker that cannot start
                self._end(event)

    def took_s(self, state: CellState) -> float:
        """Return the seconds that a test has taken until now."""
        return state.took_s + ((self.now_ns - self.current_since_ns) / 1e9 if state is self.now else 0.0)

    def _take_up(self, index: int | None, t_ns: int) -> None:
        """Turn to a test, or to none; the time until now was that of the one at hand."""
        if index == self.current:
            return
        if self.now is not None:
            self.now.took_s += (t_ns - self.current_since_ns) / 1e9
            self.now.phase = None
        self.current, self.current_since_ns = index, t_ns
        if self.now is not None:
            self.now.turns += 1

    def _start(self, event: ev.RunStarted) -> None:
        if not self.is_open:
            self.begin(event.spec)
        self.status = "running" if self.status == "starting" else self.status
        self.spec, self.run, self.utc = event.spec, event.run, event.utc
        self.machine, self.versions = event.machine, event.versions
        self.cells = [CellState(cell) for cell in event.spec.cells]
        self.started_ns = event.t_ns

    def _end(self, event: ev.RunEnded) -> None:
        self.seconds, self.reason, self.current = event.seconds, event.reason, None
        self.status = "failed" if event.status == "done" and self.failed_row is not None else event.status
