"""Going on with a run that was stopped or cut off: its finished tests are taken over, the others are measured."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from llmscope.core.errors import BadInput
from llmscope.core.events import RunStarted
from llmscope.core.results import Row
from llmscope.runs.ceilings import fingerprint
from llmscope.runs.store import StoredRun

#: Tests that did not come to their end: a failed one did.
_OPEN = ("cancelled", "interrupted")


class Earlier(Struct, frozen=True):
    """A run that another one goes on with: how it began, and the rows of its finished tests by their place."""

    started: RunStarted
    rows: dict[int, Row]


def earlier(stored: StoredRun) -> Earlier:
    """Return what a stored run leaves to go on with; raises BadInput where nothing is left to do, or it goes on."""
    run, rows = stored.manifest.started.run, dict(enumerate(stored.rows))
    if stored.status == "running":
        raise BadInput(f"Run {run} goes on: stop it first, or wait for its end.")
    if stored.read_only or len(rows) != len(stored.manifest.started.spec.cells):
        raise BadInput(f"Run {run} does not hold what its tests came to: run its tests anew.")
    return going_on(stored.manifest.started, rows)


def going_on(started: RunStarted, rows: Mapping[int, Row]) -> Earlier:
    """Return what the rows of an ended run, by their place, leave to go on with; BadInput where all came to an end."""
    finished = {index: row for index, row in rows.items() if row.verdict not in _OPEN}
    if len(finished) == len(started.spec.cells):
        raise BadInput(f"All tests of run {started.run} came to their end: there is nothing to go on with.")
    return Earlier(started, finished)


def taken_over(before: Earlier, machine: Mapping[str, Any], versions: Mapping[str, str]) -> tuple[dict[int, Row], str]:
    """Return the rows that may stand beside new ones, and in one line what is done with the earlier run.

    On another machine, or with other versions of torch and its like, all is measured anew.
    """
    run = before.started.run
    if fingerprint(before.started.machine) != fingerprint(machine):
        return {}, f"Run {run} was measured on another machine: all its tests are measured anew."
    if before.started.versions != versions:
        names = [name for name in {**versions, **before.started.versions}
                 if versions.get(name) != before.started.versions.get(name)]
        return {}, f"Run {run} was measured with another {', '.join(names)}: all its tests are measured anew."
    tests = "1 finished test is" if len(before.rows) == 1 else f"{len(before.rows)} finished tests are"
    return before.rows, f"Goes on with run {run}: its {tests} taken over."
