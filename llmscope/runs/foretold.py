"""What a test that was not run would give on this machine, learnt from the stored runs of it."""

import contextlib
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from llmscope.analysis.ceilings import Ceilings
from llmscope.analysis.prediction import Prediction, predict
from llmscope.core.results import COUNTED, Row
from llmscope.core.spec import MACHINE, Cell
from llmscope.runs import folders
from llmscope.runs.ceilings import CeilingStore, fingerprint
from llmscope.runs.store import NoRun, StoredRun, read_manifest, read_run

#: So many of this machine's latest runs are read, which takes some milliseconds each, of so many that are looked at.
MOST_RUNS, MOST_LOOKED_AT = 100, 1000


class Learnt(Struct, frozen=True):
    """The tests of models that this machine measured, the earliest first, and the ceilings of its devices."""

    rows: tuple[Row, ...] = ()
    ceilings: Mapping[str, Ceilings | None] = {}

    def foretell(self, cell: Cell) -> Prediction | None:
        """Return what a test within its run, with device and dtype named, would give; None where no run tells."""
        return predict(self.rows, cell, self.ceilings.get(cell.device))


def learn(runs: Path, machine: Mapping[str, Any], ceilings: CeilingStore) -> Learnt:
    """Return what the latest stored runs of this machine measured; runs that cannot be read are left out."""
    latest = list(islice(_of_machine(runs, fingerprint(machine)), MOST_RUNS))
    rows = tuple(_with_threads(row, run) for run in reversed(latest) for row in run.rows
                 if row.model != MACHINE and row.verdict in COUNTED)
    return Learnt(rows, {device: ceilings.get(machine, device) for device in {row.device for row in rows}})


def _of_machine(runs: Path, here: str) -> Iterator[StoredRun]:
    for name in folders.latest(runs)[:MOST_LOOKED_AT]:
        with contextlib.suppress(NoRun):
            if fingerprint(read_manifest(runs / name)[0].started.machine) == here:
                yield read_run(runs / name)


def _with_threads(row: Row, run: StoredRun) -> Row:
    """Return a row that names the threads that the whole run was asked for, as rows name those of their own."""
    asked = run.manifest.started.spec.threads
    return row if asked is None else structs.replace(row, options={"threads": asked} | row.options)
