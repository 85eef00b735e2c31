"""A stored run as the window knew it at its end: its events folded again, without a timer."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from llmscope.core import events as ev
from llmscope.gui.live_feed import LiveFeed
from llmscope.gui.run_state import RunState
from llmscope.runs import references
from llmscope.runs.store import StoredRun, read_events, read_run

#: Events between two looks at whether the answer is still wanted.
STEP = 2000


class Cancelled(Exception):
    """Nobody wants the run any more."""


@dataclass
class Replayed:
    """A stored run, what the window knows of it, and the lines of its graphs."""

    stored: StoredRun
    run: RunState
    feed: LiveFeed


def replay(folder: Path, is_cancelled: Callable[[], bool] = lambda: False) -> Replayed:
    """Return a stored run; memory stays bounded however long it was. Raises NoRun, and Cancelled."""
    stored = read_run(folder)
    run, feed, warnings = RunState(), LiveFeed(), list(stored.warnings)
    _take(run, feed, stored.manifest.started)
    cells = range(len(run.cells))
    for number, event in enumerate(read_events(folder, warnings)):
        if number % STEP == 0 and is_cancelled():
            raise Cancelled
        if not isinstance(event, ev.RunStarted | ev.RunEnded) and getattr(event, "cell", 0) in cells:
            _take(run, feed, event)
    _take(run, feed, _end(stored, run))
    for state, row in zip(run.cells, stored.rows, strict=False):
        state.row = row
    run.status = "failed" if run.status == "done" and run.failed_row is not None else run.status
    run.run = folder.name  # an imported run may have had to take another name
    run.is_stored, run.was_cut_off = True, stored.status == "interrupted"
    run.is_reference = references.is_one(folder)
    run.program = stored.manifest.program
    run.notes += [warning for warning in dict.fromkeys(warnings) if warning not in run.notes]
    return Replayed(stored, run, feed)


def _end(stored: StoredRun, run: RunState) -> ev.RunEnded:
    """Return how the run ended; one that was cut off ended with its last event."""
    if stored.ended is not None:
        return stored.ended
    began_ns = stored.manifest.started.t_ns
    return ev.RunEnded(t_ns=run.now_ns, status="stopped", seconds=max(0, run.now_ns - began_ns) / 1e9)


def _take(run: RunState, feed: LiveFeed, event: ev.Event) -> None:
    run.apply(event)
    feed.push(event)
    feed.drain()
