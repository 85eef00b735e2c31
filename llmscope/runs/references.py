"""The runs that come with llmscope: measured with it on machines that they name, listed beside one's own, read only."""

import contextlib
from functools import lru_cache
from operator import attrgetter
from pathlib import Path

from msgspec import Struct

from llmscope import paths
from llmscope.core.errors import BadInput
from llmscope.core.events import RunStarted
from llmscope.core.results import Row
from llmscope.runs import folders
from llmscope.runs.entry import Entry, read_entry
from llmscope.runs.store import read_run


class Reference(Struct, frozen=True):
    """A run that comes with llmscope: as the list has it, what was run and where, and its rows in the plan's order."""

    entry: Entry
    started: RunStarted
    rows: tuple[Row, ...]


def shipped() -> list[Reference]:
    """Return the reference runs that came to their end, the latest first; their events are not read."""
    folder = paths.sample_runs_folder()
    return [_reference(folder, entry) for entry in beside([]) if entry.status == "done"]


def _reference(folder: Path, entry: Entry) -> Reference:
    stored = read_run(folder / entry.id)
    return Reference(entry, stored.manifest.started, stored.rows)


def beside(own: list[Entry]) -> list[Entry]:
    """Return one's own runs with the reference runs, the latest first; a run that is both is one's own."""
    folder = paths.sample_runs_folder()
    found: list[Entry] = []
    with contextlib.suppress(OSError):  # where they cannot be read, one's own are listed all the same
        found = [_entry(folder, run, stamp) for run, stamp in folders.stamps(folder).items()]
    known = {entry.id for entry in own} if found else set()
    new = [entry for entry in found if entry.id not in known]
    return sorted([*own, *new], key=attrgetter("at_s", "id"), reverse=True) if new else own


@lru_cache(maxsize=256)
def _entry(folder: Path, run: str, stamp: str) -> Entry:
    """Return what is to be shown of a reference, read once as long as its stamp stays."""
    return read_entry(folder, run, is_reference=True)


def is_one(folder: Path) -> bool:
    """Return whether the run of a folder comes with llmscope."""
    return folder.parent == paths.sample_runs_folder()


def folder_of(runs: Path, entry: Entry) -> Path:
    """Return where a listed run lies."""
    return (paths.sample_runs_folder() if entry.is_reference else runs) / entry.id


def find(runs: Path, run: str) -> Path:
    """Return the folder of a run of one's own or of a reference; raises GoneRun."""
    try:
        return folders.find(runs, run)
    except folders.GoneRun:
        return folders.find(paths.sample_runs_folder(), run)


def find_own(runs: Path, run: str) -> Path:
    """Return the folder of a run that may be changed; raises GoneRun, and BadInput for a reference."""
    if find(runs, run).parent != runs:
        raise BadInput(f"Run {run} is a reference that comes with llmscope: it stays as it is.")
    return runs / run
