"""Stored runs read for a comparison: the runs themselves, repeats of them, and what their machines can do at most."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from llmscope.analysis.ceilings import Ceilings, ceilings_of
from llmscope.analysis.compare import LEAST_RUNS, MOST_RUNS, Comparison, compare
from llmscope.analysis.compare_settings import Side
from llmscope.core.errors import BadInput
from llmscope.runs import references
from llmscope.runs.ceilings import FILE, CeilingStore, fingerprint
from llmscope.runs.entry import Entry
from llmscope.runs.index import Index
from llmscope.runs.marks import read_marks
from llmscope.runs.store import StoredRun, read_run

#: The latest repeats tell how well a machine repeats itself; older ones are not read.
MOST_REPEATS = 24


class Compared(Struct, frozen=True):
    """A comparison, the ceilings of each run's devices, and what is to be said of runs that are not whole."""

    comparison: Comparison
    ceilings: tuple[Mapping[str, Ceilings], ...]
    notes: tuple[str, ...] = ()


def compare_stored(runs: Path, ids: Sequence[str], baseline: int = 0) -> Compared:
    """Return two to four stored runs side by side, the one at the place `baseline` as what the others are held against.

    Reads the index of all runs. Raises BadInput with one line where a run is named twice, missing or not readable.
    """
    _check(ids)
    stored = [read_run(references.find(runs, run)) for run in ids]
    sides = [side_of(run) for run in stored]
    empty = next((side.run for side in sides if not side.rows), None)
    if empty is not None:
        raise BadInput(f"Run {empty} has no results yet: compare runs with finished tests.")
    repeats = [side_of(read_run(folder)) for folder in _repeats(runs, ids)]
    known = CeilingStore(runs.parent / FILE)
    return Compared(compare(sides, baseline, repeats), tuple(_ceilings(known, side) for side in sides),
                    tuple(note for run in stored for note in _notes(run)))


def side_of(stored: StoredRun) -> Side:
    """Return a stored run as comparing needs it."""
    started = stored.manifest.started
    return Side(started, stored.rows, stored.manifest.program, fingerprint(started.machine),
                read_marks(stored.folder)[0].name, references.is_one(stored.folder))


def _check(ids: Sequence[str]) -> None:
    twice = next((run for run in ids if ids.count(run) > 1), None)
    if twice is not None:
        raise BadInput(f"Run {twice} is named twice: give different runs.")
    if not LEAST_RUNS <= len(ids) <= MOST_RUNS:
        raise BadInput(f"{len(ids)} run{'s' if len(ids) != 1 else ''} given: compare two to four, by their ids "
                       "as 'llmscope runs list' prints them.")


def _repeats(runs: Path, ids: Sequence[str]) -> list[Path]:
    """Return the folders of the latest other runs with a test and settings of these, as far as the index tells."""
    index = Index(runs)
    try:
        index.refresh()
        entries = references.beside(index.entries())
    finally:
        index.close()
    wanted = {key for entry in entries if entry.id in ids for key in _keys(entry)}
    alike = [entry for entry in entries if entry.id not in ids and entry.can_open and wanted & _keys(entry)]
    return [references.folder_of(runs, entry) for entry in alike[:MOST_REPEATS]]


def _keys(entry: Entry) -> set[tuple[str, ...]]:
    return {(entry.device, brief.test, brief.model, brief.same) for brief in entry.tests if brief.counted}


def _ceilings(known: CeilingStore, side: Side) -> dict[str, Ceilings]:
    """Return what is known of a run's devices: kept for its machine, else measured by the run itself."""
    started, found = side.started, {}
    for device in dict.fromkeys(row.device for row in side.rows):
        ceilings = known.get(started.machine, device) or ceilings_of(
            side.rows, device, started.utc, side.run, started.versions)
        if ceilings is not None:
            found[device] = ceilings
    return found


def _notes(stored: StoredRun) -> list[str]:
    run = stored.manifest.started.run
    cut_off = {"interrupted": "was cut off: its finished tests are compared",
               "running": "goes on: its finished tests are compared"}.get(stored.status)
    return [f"run {run} {cut_off}"] * (cut_off is not None) + [f"run {run}: {warning}" for warning in stored.warnings]
