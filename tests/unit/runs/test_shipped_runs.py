"""The reference runs in the checkout: each is whole, has speeds, and names neither a person nor a host."""

import re
import socket
from pathlib import Path

import pytest

from llmscope import paths
from llmscope.core.results import COUNTED
from llmscope.core.spec import MACHINE
from llmscope.hardware.host import Machine
from llmscope.models.catalog import resolve
from llmscope.runs.store import EVENTS, MANIFEST, RESULT, read_events, read_run

SHIPPED = sorted(folder.parent for folder in (paths.resources() / "sample_runs").glob(f"*/{MANIFEST}"))
#: Home folders as systems lay them out; none may stand in what is shipped.
HOMES = re.compile(r"/home/|/Users/|/root\b|[A-Za-z]:\\\\+Users", re.IGNORECASE)


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_run_is_whole_and_has_speeds_to_compare_with(folder: Path) -> None:
    run = read_run(folder)
    assert (run.status, run.warnings, run.read_only) == ("done", (), False)
    assert run.manifest.started.run == folder.name and run.manifest.program.startswith("llmscope ")
    assert len(run.rows) == len(run.manifest.started.spec.cells)
    speeds = [row for row in run.rows if row.model != MACHINE]
    assert speeds and all(row.verdict in COUNTED and row.median for row in speeds)
    assert all(resolve(model).title for model in {row.model for row in speeds})
    warnings: list[str] = []
    assert sum(1 for _ in read_events(folder, warnings)) > len(run.rows) and warnings == []
    assert {file.name for file in folder.iterdir()} <= {MANIFEST, EVENTS, RESULT, "marks.json"}


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_run_holds_nothing_personal(folder: Path) -> None:
    machine = read_run(folder).manifest.started.machine
    assert set(machine) <= set(Machine.__struct_fields__) and machine["label"].startswith(machine["cpu"])
    for file in folder.iterdir():
        text = file.read_text("utf-8")
        found = HOMES.search(text)
        assert found is None, f"{file.name} names a home folder: {text[max(0, found.start() - 60):found.end() + 60]}"
        assert socket.gethostname() == "localhost" or socket.gethostname() not in text
