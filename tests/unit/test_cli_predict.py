"""`bench --predict`: a line for each test, and nothing run."""

import json

import msgspec
import pytest

from llmscope import cli, cli_predict, paths
from llmscope.core.events import Device, DtypeProbe
from llmscope.core.units import GIB
from tests.gui.fakes import MACHINE
from tests.unit.runs.stored import copy_measured

Capture = pytest.CaptureFixture[str]
CPU = Device("cpu", "AMD EPYC", "cpu", 16 * GIB, (DtypeProbe("float32", True), DtypeProbe("bfloat16", False)))
ASKED = ["bench", "--predict", "--workload", "pp,tok", "--batch", "1,4", "--seq", "256"]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that needs no worker to be known."""
    monkeypatch.setattr(cli_predict, "machine", lambda: MACHINE)
    monkeypatch.setattr(cli_predict, "probe_devices", lambda: (None, (CPU,)))


def test_each_test_has_a_line_and_unknown_is_said(capsys: Capture) -> None:
    copy_measured(paths.runs_folder(), msgspec.to_builtins(MACHINE))
    assert cli.run(ASKED) == 0
    out = capsys.readouterr().out
    lines = {line.split("  ")[0]: line for line in out.splitlines()}
    assert list(lines) == ["test", "pp256", "tok", "pp256 b4"] or list(lines) == ["test", "pp256", "pp256 b4", "tok"]
    assert "tok/s to" not in lines["pp256"] and " to " in lines["pp256"] and "measured tests of" in lines["pp256"]
    assert "unknown" in lines["tok"]
    assert len(list(paths.runs_folder().iterdir())) == 1


def test_json_has_null_for_unknown(capsys: Capture) -> None:
    copy_measured(paths.runs_folder(), msgspec.to_builtins(MACHINE))
    assert cli.run([*ASKED, "-o", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    found = {row["test"]: row["predicted"] for row in rows}
    assert found["tok"] is None and found["pp256"]["low"] < found["pp256"]["value"] < found["pp256"]["high"]
    assert all(row["device"] == "cpu" and row["dtype"] == "float32" for row in rows)


def test_without_stored_runs_and_in_other_forms_it_is_refused_in_a_line(capsys: Capture) -> None:
    assert cli.run(ASKED) == 2 and "'llmscope bench --preset quick' first" in capsys.readouterr().err
    assert cli.run([*ASKED, "-o", "csv"]) == 2 and "md or json" in capsys.readouterr().err
    copy_measured(paths.runs_folder(), msgspec.to_builtins(MACHINE))
    assert cli.run(["bench", "--predict", "--preset", "hardware"]) == 2
    out, err = capsys.readouterr()
    assert not out and "tests of a model" in err


def test_answers_and_threads_of_the_run_count(capsys: Capture) -> None:
    copy_measured(paths.runs_folder(), msgspec.to_builtins(MACHINE))

    def predicted(*more: str) -> float | None:
        assert cli.run(["bench", "--predict", "--workload", "gen", "-o", "json", *more]) == 0
        found = json.loads(capsys.readouterr().out)["rows"][0]["predicted"]
        return None if found is None else float(found["value"])

    one, four = predicted(), predicted("--sequences", "4")
    assert one is not None and four is not None and four > 1.5 * one  # of the run that comes with llmscope
    assert predicted("--threads", "1") is None
