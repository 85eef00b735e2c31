"""`llmscope demo` without a worker: what is measured, what it is held against, and when there is no comparison."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from llmscope import cli, paths, terminal
from llmscope.core.events import Device, DtypeProbe
from llmscope.core.spec import RunSpec
from llmscope.runs.store import read_run
from tests.unit.runs.stored import write_run

CPU = Device("cpu", "AMD EPYC", "cpu", 2**34, (DtypeProbe("float32", True),))


@dataclass
class Measured:
    """Takes the place of a worker: writes a run as it would be stored."""

    status: Any = "done"
    verdict: str = "valid"
    specs: list[RunSpec] = field(default_factory=list)

    def __call__(self, spec: RunSpec, folder: Path) -> SimpleNamespace:
        self.specs.append(spec)
        run = read_run(write_run(folder, 60, cells=spec.cells, status=self.status, verdict=self.verdict))
        return SimpleNamespace(rows=run.rows, started=run.manifest.started, ended=run.ended)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Measured:
    made = Measured()
    monkeypatch.setattr(terminal, "measure", made)
    monkeypatch.setattr("llmscope.cli_demo.probe_devices", lambda: (None, (CPU,)))
    return made


def test_it_measures_what_the_reference_did_and_compares(
        measured: Measured, capsys: pytest.CaptureFixture[str]) -> None:
    reference = write_run(paths.sample_runs_folder(), 5)
    assert cli.run(["demo"]) == terminal.OK
    out = capsys.readouterr().out
    assert f"A: Reference, AMD EPYC, run {reference.name}, " in out and "B: run 2026-11-21_194000, " in out
    spec, = measured.specs
    assert [cell.test for cell in spec.cells] == ["pp512", "tg128"] and spec.accuracy == "quick"


@pytest.mark.parametrize(("status", "verdict", "code"), [("stopped", "cancelled", 130), ("done", "failed", 1)])
def test_what_did_not_come_to_its_end_is_not_compared(
        status: str, verdict: str, code: int, measured: Measured, capsys: pytest.CaptureFixture[str]) -> None:
    reference = write_run(paths.sample_runs_folder(), 5)
    measured.status, measured.verdict = status, verdict
    assert cli.run(["demo"]) == code
    out, err = capsys.readouterr()
    assert out == "" and err == f"llmscope: not compared with the reference {reference.name}\n"


def test_nothing_is_measured_where_it_cannot_be_compared_or_pictured(
        measured: Measured, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli.run(["demo"]) == 2
    assert "No reference run came with this llmscope" in capsys.readouterr().err
    write_run(paths.sample_runs_folder(), 5)
    assert cli.run(["demo", "--picture", "a.jpg"]) == 2
    assert "The picture is a PNG" in capsys.readouterr().err
    other = Device("cpu", "AMD EPYC", "cpu", 2**34, (DtypeProbe("bfloat16", True),))
    monkeypatch.setattr("llmscope.cli_demo.probe_devices", lambda: (None, (other,)))
    assert cli.run(["demo"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "llmscope: pp512 is left out. float32 does not work on AMD EPYC. Use bfloat16."
    assert said[-1].startswith("llmscope: None of the tests of the reference ") and measured.specs == []
