"""Two stored runs that answer a request beside each other: what is raced, and who wins. No Qt in here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path

import msgspec

from llmscope.analysis.compare import compare
from llmscope.analysis.compare_settings import Side
from llmscope.core import events as ev
from llmscope.core.errors import BadInput
from llmscope.core.results import Row
from llmscope.core.spec import Cell
from llmscope.gui.race_requests import Request, measured_requests, middle
from llmscope.gui.race_track import Recorder, Track
from llmscope.gui.replay import STEP, Cancelled
from llmscope.runs.compare import side_of
from llmscope.runs.entry import Entry, read_entry
from llmscope.runs.store import StoredRun, read_events, read_run

#: Readings so long before and after a request are kept, so that its curves reach its ends.
MARGIN_NS = 1_000_000_000
#: What makes two tests alike, the most telling first.
_ALIKE = ("model", "test", "new", "seq", "batch", "dtype", "backend", "device")
Check = Callable[[], bool]


@dataclass(frozen=True)
class Entrant:
    """A run in a race: one request of a test, chosen from `requests` of them, up to the finish.

    `side` is the run with the row of that test alone, as comparing needs it.

    `answers` are those to each prompt, `sequences` those to all prompts of a batch, `new_tokens` the ids of all.
    """

    entry: Entry
    side: Side
    cell: Cell
    row: Row | None
    requests: int
    answers: int
    sequences: int
    new_tokens: int
    track: Track

    def rate_at(self, at_ns: int) -> float | None:
        """Return the new tokens per second since the request; None before the first token."""
        tokens, gone_ns = self.track.tokens_at(at_ns), min(at_ns, self.track.end_ns)
        return tokens / gone_ns * 1e9 if tokens and gone_ns else None


@dataclass(frozen=True)
class Race:
    """A and B, both until they have the same number of new tokens."""

    entrants: tuple[Entrant, Entrant]
    tokens: int

    @property
    def end_ns(self) -> int:
        """When the second one is at the finish."""
        return max(entrant.track.end_ns for entrant in self.entrants)

    @property
    def winner(self) -> int | None:
        """The place of the one that was first at the finish; None where both were there at once."""
        a, b = (entrant.track.end_ns for entrant in self.entrants)
        return None if a == b else int(b < a)

    @property
    def times_as_fast(self) -> float:
        """How many times as fast the winner was."""
        ends_ns = [entrant.track.end_ns for entrant in self.entrants]
        return max(ends_ns) / max(1, min(ends_ns))

    @cached_property
    def is_doubtful(self) -> bool:
        """Whether the tests that the requests are of can be compared, and do not tell the winner to be faster."""
        times = [value.times for line in compare([entrant.side for entrant in self.entrants]).lines
                 for value in line.values if value.times is not None]
        return any(not of.is_resolved or int(of.ratio > 1) != self.winner for of in times)


def read_race(folders: tuple[Path, Path], is_cancelled: Check = lambda: False) -> Race:
    """Return the race of two stored runs: of the `gen` tests that are most alike, the middle request of each.

    Raises BadInput where a run cannot be read or has no text to show, and Cancelled.
    """
    stored = [read_run(folder) for folder in folders]
    found = [_found(run, is_cancelled) for run in stored]
    pairs = product(*found)
    cells = max(pairs, key=lambda pair: _likeness(*(run.manifest.started.spec.cells[place]
                                                    for run, place in zip(stored, pair, strict=True))))
    a, b = (_entrant(run, requests[cell], is_cancelled)
            for run, requests, cell in zip(stored, found, cells, strict=True))
    return race_of(a, b)


def race_of(a: Entrant, b: Entrant) -> Race:
    """Return the race of two entrants to the number of new tokens that both have."""
    tokens = min(len(a.track.token_ns), len(b.track.token_ns))
    return Race((_up_to(a, tokens), _up_to(b, tokens)), tokens)


def _up_to(entrant: Entrant, tokens: int) -> Entrant:
    return replace(entrant, track=entrant.track.up_to(tokens))


def _found(stored: StoredRun, is_cancelled: Check) -> dict[int, list[Request]]:
    run = stored.folder.name
    if stored.status == "running":
        raise BadInput(f"Run {run} goes on: race it when it is over.")
    found = measured_requests(_events(stored.folder, is_cancelled), stored.manifest.started.spec.cells)
    if not found:
        raise BadInput(f"Run {run} holds no streamed text: a race needs two runs of the test gen.")
    return found


def _likeness(a: Cell, b: Cell) -> tuple[bool, ...]:
    return tuple(getattr(a, name) == getattr(b, name) for name in _ALIKE)


def _entrant(stored: StoredRun, requests: list[Request], is_cancelled: Check) -> Entrant:
    chosen = middle(requests)
    cell = stored.manifest.started.spec.cells[chosen.cell]
    row = stored.rows[chosen.cell] if chosen.cell < len(stored.rows) else None
    recorder = Recorder(chosen.request_ns)
    for event in _events(stored.folder, is_cancelled):
        match event:
            case ev.Text() if (event.cell, event.request_ns) == (chosen.cell, chosen.request_ns):
                recorder.add_text(event.sequence, event.text, event.token_ns, event.token_chars)
            case ev.Telemetry() if chosen.request_ns - MARGIN_NS <= event.t_ns <= chosen.end_ns + MARGIN_NS:
                recorder.add_reading(event.t_ns, *_shares(event, cell.device))
    entry = read_entry(stored.folder.parent, stored.folder.name)
    answers = cell.sampling(stored.manifest.started.spec.sampling).sequences
    side = msgspec.structs.replace(side_of(stored), rows=() if row is None else (row,))
    return Entrant(entry, side, cell, row, len(requests), answers, chosen.sequences, chosen.tokens, recorder.track())


def _events(folder: Path, is_cancelled: Check) -> Iterator[ev.Event]:
    for number, event in enumerate(read_events(folder, [])):
        if number % STEP == 0 and is_cancelled():
            raise Cancelled
        yield event


def _shares(event: ev.Telemetry, device: str) -> tuple[float | None, float | None]:
    """Return how busy a device was and how full its memory, in percent."""
    if device == "cpu":
        return event.cpu_percent, _percent(event.memory_used_bytes, event.memory_total_bytes)
    number = int(device.partition(":")[2] or 0) if device.partition(":")[2].isdecimal() else 0
    gpu = next((gpu for gpu in event.gpus if gpu.index == number), None)
    return (None, None) if gpu is None else (gpu.utilization, _percent(gpu.memory_used_bytes, gpu.memory_total_bytes))


def _percent(used: int | None, total: int | None) -> float | None:
    return 100 * used / total if used is not None and total else None
