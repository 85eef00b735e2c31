"""Runs on disk as the program writes them, made in a moment."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from llmscope.core import events
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, RunSpec
from llmscope.paths import sample_runs_folder
from llmscope.runs import store
from llmscope.runs.entry import Entry
from llmscope.runs.index import Index

CELLS = (Cell("bundled", "pp", device="cpu", dtype="float32"), Cell("bundled", "tg", device="cpu", dtype="float32"))
MACHINE = {"cpu": "AMD EPYC", "label": "AMD EPYC, 2 cores", "gpus": [{"name": "NVIDIA GeForce RTX 4070 Laptop GPU"}]}
FIRST = datetime(2026, 11, 21, 18, 40, tzinfo=UTC)


def copy_measured(runs: Path, machine: dict[str, Any]) -> Path:
    """Copy the first run that comes with llmscope, really measured, as one of this machine."""
    shipped = min(folder for folder in sample_runs_folder().iterdir() if folder.is_dir())
    copy = Path(shutil.copytree(shipped, runs / shipped.name))
    manifest = json.loads((copy / store.MANIFEST).read_text())
    manifest["started"]["machine"] = machine
    (copy / store.MANIFEST).write_text(json.dumps(manifest))
    return copy


def write_run(runs: Path, number: int = 0, *, cells: tuple[Cell, ...] = CELLS, status: Any = "done",
              verdict: Any = "valid", minutes: int = 1) -> Path:
    """Write a run that began so many minutes after the first; `status` None leaves it without an end."""
    utc = (FIRST + timedelta(minutes=number * minutes)).isoformat()
    run = store.new_run_id(runs, utc)
    started = events.RunStarted(t_ns=0, run=run, utc=utc, spec=RunSpec(cells, accuracy="quick"), machine=MACHINE,
                                versions={"torch": "2.11.0"})
    writer = store.RunWriter(runs / run, store.Manifest(store.SCHEMA, "llmscope 0.1.0", started))
    writer.write(started)
    rows = [make_row(run, cell, started.spec.sampling, [0.1 + 0.001 * n for n in range(8)], verdict) for cell in cells]
    finished = rows if status is not None else rows[:1]
    for index, row in enumerate(finished):
        writer.write(events.CellStarted(t_ns=index * 10**9, cell=index))
        writer.write(events.CellEnded(t_ns=(index + 1) * 10**9, cell=index, row=row))
    if status is None:
        writer.close()
        return runs / run
    ended = events.RunEnded(t_ns=len(rows) * 10**9, status=status, seconds=float(len(rows)))
    writer.write(ended)
    writer.finish(store.Result(store.SCHEMA, ended, tuple(rows)))
    return runs / run


def listed(runs: Path) -> list[Entry]:
    """Return what a new index of the folder lists, which must not need memory."""
    here = Index(runs)
    try:
        here.refresh()
        assert not here.note
        return here.entries()
    finally:
        here.close()
