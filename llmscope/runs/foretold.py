"""What a test that was not run would give on this machine, learnt from the stored runs of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from llmscope.analysis.ceilings import Ceilings
from llmscope.analysis.prediction import Prediction, predict
from llmscope.core.results import COUNTED, Row
from llmscope.core.spec import MACHINE, Cell
from llmscope.runs import folders
from llmscope.runs.ceilings import CeilingStore, fingerprint
from llmscope.runs.store import NoRun, read_run

#: So many of the latest runs are looked at: reading takes about a millisecond each.
MOST_RUNS = 100


class Learnt(Struct, frozen=True):
    """The tests of models that this machine measured, the earliest first, and the ceilings of its devices."""

    rows: tuple[Row, ...] = ()
    ceilings: Mapping[str, Ceilings | None] = {}

    def foretell(self, cell: Cell) -> Prediction | None:
        """Return what a test with device and dtype named would give, None where the runs do not tell."""
        return predict(self.rows, cell, self.ceilings.get(cell.device))


def learn(runs: Path, machine: Mapping[str, Any], ceilings: CeilingStore) -> Learnt:
    """Return what the latest stored runs of this machine measured; runs that cannot be read are left out."""
    rows: list[Row] = []
    try:
        names = sorted(folders.stamps(runs))[-MOST_RUNS:]
    except OSError:
        return Learnt()
    here = fingerprint(machine)
    for name in names:
        try:
            run = read_run(runs / name)
        except NoRun:
            continue
        if fingerprint(run.manifest.started.machine) == here:
            rows += (row for row in run.rows if row.model != MACHINE and row.verdict in COUNTED)
    return Learnt(tuple(rows), {device: ceilings.get(machine, device) for device in {row.device for row in rows}})
