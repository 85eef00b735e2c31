"""What the live graphs draw: the event stream as bounded series on one time axis.

The worker thread pushes events; the window's one display timer drains them. No Qt in here.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from llmscope.core import events as ev
from llmscope.gui.series import Series

#: A series is known by its pane and its source: `work`, `cpu`, `gpu0`, `gpu1`, …
SeriesKey = tuple[str, str]

#: Seconds of history shown while nothing runs.
IDLE_S = 60.0
#: A pause in telemetry or in progress of more than this is a gap in the line.
TELEMETRY_GAP_S = 2.0
PROGRESS_GAP_S = 30.0
#: A phase that begins is looked for among so many of the planned ones.
PLAN_AHEAD = 4
#: More phases than this are merged where they are too short to be seen.
MAX_PHASES = 1000


@dataclass(slots=True)
class PhaseSpan:
    """One phase of one cell, in seconds of the run; `end_s` is None while it lasts."""

    name: str
    start_s: float
    end_s: float | None
    cell: int


class LiveFeed:
    """Ring of series, phases and latest values; `push` from any thread, everything else from the window's."""

    def __init__(self) -> None:
        self._queue: deque[ev.Event] = deque()
        self.plan: list[tuple[str, float]] = []
        self._zero_ns: int | None = None
        self.running = False
        self.telemetry: ev.Telemetry | None = None
        self._clear()

    def _clear(self) -> None:
        self.series: dict[SeriesKey, Series] = {}
        self.phases: list[PhaseSpan] = []
        self.now_s = 0.0
        self.ended = self._is_stored = False
        self._plan_at = -1
        self._left: list[tuple[str, float]] = []

    def push(self, event: ev.Event) -> None:
        """Take an event; safe from any thread and cheap."""
        self._queue.append(event)

    def drain(self) -> list[ev.Event]:
        """Take up all events that were pushed, and return them in order."""
        events = []
        while self._queue:
            event = self._queue.popleft()
            self._take(event)
            events.append(event)
        return events

    def show(self, other: "LiveFeed") -> None:
        """Show what another feed took up, such as a stored run; the other one is used up."""
        self.series, self.phases, self.now_s = other.series, other.phases, other.now_s
        self.running, self.ended, self._is_stored, self.telemetry = False, True, True, other.telemetry
        self._zero_ns, self._left, self.plan, self._plan_at = other._zero_ns, [], [], -1

    def set_plan(self, plan: Iterable[tuple[str, float]]) -> None:
        """Set the phases that the run is expected to have, each with its seconds."""
        self.plan = list(plan)
        self._plan_at = -1
        if self.running:
            for span in self.phases:
                self._pass_in_plan(span.name)

    def planned(self) -> list[tuple[str, float]]:
        """Return the phases still to come with their seconds; the first may be the rest of the present one."""
        if self.ended:
            return self._left
        rest = self.plan[self._plan_at + 1 :]
        open_phase = self.open_phase
        if self._plan_at >= 0 and open_phase is not None:
            name, seconds = self.plan[self._plan_at]
            left = seconds - (self.now_s - open_phase.start_s)
            if left > 0:
                return [(name, left), *rest]
        return rest

    @property
    def open_phase(self) -> PhaseSpan | None:
        """The phase that lasts now, if any."""
        return self.phases[-1] if self.phases and self.phases[-1].end_s is None else None

    def values(self, pane: str) -> dict[str, Series]:
        """Return the series of a pane by source, the CPU last."""
        sources = [source for key, source in self.series if key == pane]
        return {source: self.series[pane, source] for source in sorted(sources, key=lambda s: (s == "cpu", s))}

    def tokens_per_s(self) -> float | None:
        """Return the median rate of the last seconds of the present phase, None where there is none."""
        series = self.series.get(("tokens", "work"))
        return None if series is None else series.recent(2.0)

    def _take(self, event: ev.Event) -> None:
        match event:
            case ev.RunStarted():
                self._clear()
                self._zero_ns, self.running = event.t_ns, True
            case ev.RunEnded() if self.running:
                self._close_phase(self._seconds(event))
                self._left = [] if event.status == "done" else self.planned()
                self.running, self.ended = False, True
            case ev.Telemetry():
                self.telemetry = event if not self._is_stored else self.telemetry
                self._take_telemetry(event)
            case ev.PhaseStarted() if self.running:
                self._start_phase(event.phase, self._seconds(event), event.cell)
            case ev.CellEnded() if self.running:
                self._close_phase(self._seconds(event))
            case ev.Progress() if self.running and event.tokens_per_s is not None:
                self._add("tokens", "work", self._seconds(event), event.tokens_per_s, PROGRESS_GAP_S)

    def _seconds(self, event: ev.Event) -> float:
        """Return the event's time on the axis and let the present reach it."""
        if self._zero_ns is None:
            self._zero_ns = event.t_ns
        seconds = (event.t_ns - self._zero_ns) / 1e9
        self.now_s = max(self.now_s, seconds)
        return seconds

    def _start_phase(self, name: str, at_s: float, cell: int) -> None:
        self._close_phase(at_s)
        self.phases.append(PhaseSpan(name, at_s, None, cell))
        self._pass_in_plan(name)
        if len(self.phases) > MAX_PHASES:
            self.phases = _merge_short(self.phases, 4 * self.now_s / MAX_PHASES)

    def _pass_in_plan(self, name: str) -> None:
        ahead = [planned for planned, _ in self.plan[self._plan_at + 1 :][:PLAN_AHEAD]]
        if name in ahead:
            self._plan_at += 1 + ahead.index(name)

    def _close_phase(self, at_s: float) -> None:
        open_phase = self.open_phase
        if open_phase is not None:
            open_phase.end_s = at_s
        for series in self.series.values():
            series.mark()
        if ("tokens", "work") in self.series:
            self.series["tokens", "work"].interrupt()

    def _take_telemetry(self, event: ev.Telemetry) -> None:
        if self.ended:
            return
        at_s = self._seconds(event)
        if self.running and at_s < 0:
            return
        self._add("utilization", "cpu", at_s, event.cpu_percent)
        self._add("memory", "cpu", at_s, _share(event.memory_used_bytes, event.memory_total_bytes))
        self._add("power", "cpu", at_s, event.cpu_power_w)
        self._add("temperature", "cpu", at_s, event.cpu_temperature_c)
        for gpu in event.gpus:
            source = f"gpu{gpu.index}"
            self._add("utilization", source, at_s, gpu.utilization)
            self._add("memory", source, at_s, _share(gpu.memory_used_bytes, gpu.memory_total_bytes))
            self._add("power", source, at_s, gpu.power_w)
            self._add("temperature", source, at_s, gpu.temperature_c)
        if not self.running:
            for series in self.series.values():
                series.drop_before(at_s - IDLE_S)

    def _add(self, pane: str, source: str, at_s: float, value: float | None, gap_s: float = TELEMETRY_GAP_S) -> None:
        series = self.series.get((pane, source))
        if series is None:
            if value is None:
                return
            series = self.series[pane, source] = Series(gap_s)
        series.add(at_s, value)


def _share(used: int | None, total: int | None) -> float | None:
    return 100 * used / total if used is not None and total else None


def _merge_short(phases: list[PhaseSpan], width_s: float) -> list[PhaseSpan]:
    """Return the phases with those that begin within the same so many seconds as one, named as the first."""
    merged = [phases[0]]
    for span in phases[1:]:
        last = merged[-1]
        if span.end_s is not None and int(span.start_s // width_s) == int(last.start_s // width_s):
            last.end_s = span.end_s
        else:
            merged.append(span)
    return merged
