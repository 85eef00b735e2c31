"""The command line, as far as it needs no worker: what is understood, what is refused, what is printed."""

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from llmscope import __version__, cli, paths, terminal
from llmscope.__main__ import _write_any_text
from llmscope.core import events
from llmscope.core.events import Device, DtypeProbe, RunStarted
from llmscope.core.results import Row, Verdict
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, RunSpec, Sampling
from llmscope.runs import probe
from llmscope.runs.blocking import Finished
from llmscope.runs.sweep import with_threads
from tests.unit.models.folders import write_folder
from tests.unit.models.test_hub_cache import put

Capture = pytest.CaptureFixture[str]


class Measured:
    """Stands in for the run: keeps what was asked and answers with rows of a verdict."""

    def __init__(self) -> None:
        self.spec: RunSpec
        self.folder: Path | None
        self.verdict: Verdict = "valid"
        self.status: Any = "done"

    def __call__(self, spec: RunSpec, folder: Path | None) -> Finished:
        self.spec, self.folder = spec, folder
        rows = tuple(make_row("r", cell, spec.sampling, [0.5] * 10, self.verdict) for cell in spec.cells)
        started = RunStarted(t_ns=0, run="r", utc="2026-01-01T00:00:00+00:00", spec=spec, machine={}, versions={})
        return Finished(started, rows, events.RunEnded(t_ns=1, status=self.status, seconds=1.0))


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Measured:
    measured = Measured()
    monkeypatch.setattr(terminal, "measure", measured)
    return measured


def test_the_version_is_printed(capsys: Capture) -> None:
    assert cli.run(["--version"]) == 0 and capsys.readouterr().out == f"llmscope {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["bench", "--help"]])
def test_help_is_help(arguments: list[str], capsys: Capture) -> None:
    assert cli.run(arguments) == 0 and "Usage" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "said"), [
    (["--nope"], "--nope"), (["fly"], "fly"), (["bench", "--nope"], "--nope"), (["shot"], "file"),
    (["bench", "--threads", "two"], "--threads"), (["bench", "extra"], "extra"), (["bench", "--seed"], "--seed"),
    (["bench", "-o", "xml"], "md, json, jsonl, csv"), (["bench", "--accuracy", "best"], "quick, standard, rigorous"),
    (["bench", "--dtype", "float32,int8"], "int8"), (["bench", "--workload", "pp,fly"], "load-warm, tok, prep, pp, tg"),
    (["bench", "--optimizer", "sgd,lion"], "There is no optimizer 'lion': use adamw, sgd."),
    (["bench", "--checkpointing", "yes"], "There is no checkpointing 'yes': use off, on."),
    (["bench", "--scenario", "essay"], "There is no scenario 'essay': use assistant, translation, question."),
    (["bench", "--preset", "all"], "quick, inference"), (["bench", "--batch", "1,x"], "--batch"),
    (["bench", "--preset", "quick", "--workload", "pp"], "not both"),
    (["bench", "--batch", "0"], "--batch must be at least 1."),
    (["bench", "--seq", "-5"], "seq"),
    (["bench", "--new", "99999999999999999999999"], "new"),
    (["bench", "--depth", "-1"], "depth"),
    (["bench", "--threads", "0"], "threads"), (["bench", "--seed", "-1"], "seed"),
    (["bench", "--temperature", "-1"], "--temperature must be"),
    (["bench", "--top-p", "0"], "--top-p must be above 0."),
    (["bench", "--top-k", "-1"], "--top-k must be at least 0."),
    (["bench", "--out", "/nowhere/at/all.md"], "there is no folder"), (["bench", "--out", "/"], "is a folder"),
    (["shot", "/nowhere/at/all.png"], "there is no folder"),
    (["bench", "--temperature", "0", "--sequences", "2"], "above 0"),
    (["bench", "--in-turns", "--workload", "pp"], "not 1 of pp."),
    (["bench", "--in-turns", "--workload", "pp", "--batch", "1,2,3"], "not 3 of pp."),
    (["bench", "--in-turns", "--workload", "train", "--batch", "1,2"], "not 2 of train."),
    (["bench", "--in-turns", "--workload", "pp,tg"], "not 2 of pp, tg."),
    (["bench", "--seed", "1.5"], ": --seed takes a whole number."),
    (["bench", "--temperature", "x"], ": --temperature takes a number."),
    (["bench", "--sequences", "0"], "sequences"), (["shot", "a.jpg"], "a.png"),
    (["shot", "a.png", "--theme", "red"], "red")])
def test_wrong_use_is_one_line_and_code_2(arguments: list[str], said: str, capsys: Capture) -> None:
    assert cli.run(arguments) == cli.WRONG_USE
    out, err = capsys.readouterr()
    assert not out and err.startswith("llmscope: ") and err.count("\n") == 1 and said in err
    assert "$" not in err and "Traceback" not in err


def test_what_is_asked_is_what_is_measured(measured: Measured) -> None:
    code = cli.run(["bench", "--model", "arch:gpt2", "--device", "cpu", "--dtype", "float32,bfloat16", "--batch", "1,4",
                    "--seq", "64", "--new", "16", "--workload", "pp,gen", "--threads", "3", "--temperature", "0.5",
                    "--top-k", "7", "--top-p", "0.4", "--sequences", "2", "--prompt", "Hello", "--seed", "9"])
    spec = measured.spec
    assert code == 0 and measured.folder == paths.runs_folder()
    assert [(c.test, c.dtype) for c in spec.cells] == [
        ("pp64", "float32"), ("pp64 b4", "float32"), ("gen16", "float32"), ("gen16 b4", "float32"),
        ("pp64", "bfloat16"), ("pp64 b4", "bfloat16"), ("gen16", "bfloat16"), ("gen16 b4", "bfloat16")]
    assert spec.sampling == Sampling(0.5, 7, 0.4, 2)
    assert (spec.threads, spec.prompt, spec.seed, spec.accuracy, spec.time_limit_s) == (3, "Hello", 9, "standard", None)


def test_options_of_training_and_scenarios_are_taken(measured: Measured) -> None:
    code = cli.run(["bench", "--workload", "train,gen", "--dtype", "amp", "--optimizer", "adamw,sgd", "--checkpointing",
                    "off,on", "--scenario", "assistant,translation,question"])
    assert code == 0 and [c.test for c in measured.spec.cells] == [
        "train512", "train512 checkpointing", "train512 sgd", "train512 sgd checkpointing", "gen128 assistant",
        "gen64 translation", "gen32 question"]
    assert {c.dtype for c in measured.spec.cells} == {"amp"}


def test_the_quick_preset_is_quick_unless_told_otherwise(measured: Measured) -> None:
    assert cli.run(["bench", "--preset", "quick", "--no-save"]) == 0
    assert (measured.spec.accuracy, measured.spec.preset, measured.folder) == ("quick", "quick", None)
    assert [c.test for c in measured.spec.cells] == ["gen128", "pp512", "tg32"] and measured.spec.time_limit_s
    cli.run(["bench", "--preset", "quick", "--accuracy", "rigorous"])
    assert (measured.spec.accuracy, measured.spec.time_limit_s) == ("rigorous", None)


@pytest.mark.parametrize(("verdict", "status", "code"), [
    ("valid", "done", 0), ("warn", "done", 0), ("not_converged", "done", 0), ("invalid", "done", 1),
    ("failed", "failed", 1), ("valid", "stopped", 130), ("cancelled", "stopped", 130)])
def test_the_exit_code_tells_how_it_went(measured: Measured, verdict: Verdict, status: str, code: int) -> None:
    measured.verdict, measured.status = verdict, status
    assert cli.run(["bench", "--workload", "pp"]) == code


def test_one_failed_row_among_good_ones_is_code_1() -> None:
    good, bad = (make_row("r", Cell("m", "pp"), Sampling(), [1.0], v) for v in ("valid", "failed"))  # type: ignore[arg-type]
    assert terminal.exit_code([good, bad], "done") == 1
    assert terminal.exit_code([good], "done") == 0 and terminal.exit_code([], "failed") == 1


def test_results_go_to_stdout_in_the_format_asked_for(measured: Measured, capsys: Capture) -> None:
    cli.run(["bench", "--workload", "pp", "-o", "json"])
    assert json.loads(capsys.readouterr().out)["rows"][0]["median"] == 1024
    cli.run(["bench", "--workload", "pp", "-o", "csv"])
    assert next(csv.DictReader(io.StringIO(capsys.readouterr().out)))["test"] == "pp512"
    cli.run(["bench", "--workload", "pp"])
    assert capsys.readouterr().out.startswith("| test | result |")


def test_results_go_to_a_file_and_to_stdout_if_it_cannot_be_written(
        measured: Measured, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.run(["bench", "--workload", "pp", "-o", "jsonl", "--out", str(tmp_path / "rows.jsonl")])
    assert capsys.readouterr().out == "" and json.loads((tmp_path / "rows.jsonl").read_text())["n"] == 10
    (tmp_path / "rows.jsonl").unlink()
    monkeypatch.setattr(terminal, "check_writable", lambda file: None)  # as if the folder went away meanwhile
    assert cli.run(["bench", "--workload", "pp", "-o", "jsonl", "--out", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["n"] == 10 and "cannot be written" in err


def test_ctrl_c_before_the_run_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(terminal, "measure", interrupted)
    assert cli.run(["bench"]) == terminal.CANCELLED


def test_a_fault_of_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "measure", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.run(["bench"])


def test_devices_are_listed_with_what_is_not_readable(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    found = (Device("cpu", "CPU", "cpu", None, (DtypeProbe("float32", True), DtypeProbe("bfloat16", False))),
             Device("xpu:0", "Arc", "xpu", 8 * 1024**3, (DtypeProbe("float32", True),), tested=False))
    monkeypatch.setattr(probe, "probe_devices", lambda: (None, found))
    cli.run(["devices"])
    head, cpu, xpu = capsys.readouterr().out.splitlines()
    assert head.split() == ["device", "name", "memory", "dtypes", "default"]
    assert "not readable" in cpu and "f32, bf16 (slow)" in cpu and "untested" in xpu and "8.00\u00a0GiB" in xpu
    cli.run(["devices", "--json"])
    assert json.loads(capsys.readouterr().out)[0]["memory_bytes"] is None


def test_models_are_listed(capsys: Capture) -> None:
    assert cli.run(["models"]) == 0 and "arch:gpt2" in capsys.readouterr().out
    cli.run(["models", "--json"])
    assert {"arch:gpt2", "arch:smollm2-135m"} <= {m["model"] for m in json.loads(capsys.readouterr().out)}


def test_models_of_the_hub_cache_are_listed_those_that_cannot_be_used_with_the_reason(
        capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    put(tmp_path / "hub", "org/tiny", of=write_folder(tmp_path / "tiny"))
    (tmp_path / "tiny" / "model.safetensors").unlink()
    put(tmp_path / "hub", "org/part", of=tmp_path / "tiny")
    assert cli.run(["models"]) == 0
    *_, usable, reason = capsys.readouterr().out.splitlines()
    assert usable.startswith("org/tiny") and reason.startswith("org/part: ") and "no model.safetensors" in reason
    cli.run(["models", "--json"])
    tiny, part = json.loads(capsys.readouterr().out)[-2:]
    assert tiny["revision"] == "1" * 40 and tiny["source"] == part["source"] == "hub" and "reason" in part


def test_the_window_without_qt_says_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "llmscope.gui.app", None)
    monkeypatch.setitem(sys.modules, "llmscope.gui.shot", None)
    for arguments in ([], ["shot", "a.png"]):
        assert cli.run(arguments) == 2
        assert "PySide6" in (err := capsys.readouterr().err) and "llmscope bench" in err


def _story() -> list[events.Event]:
    spec = RunSpec((Cell("m", "pp"),))
    row: Row = make_row("r", spec.cells[0], spec.sampling, (), "failed", "out of memory")
    return [RunStarted(t_ns=0, run="r", utc="", spec=spec, machine={}, versions={}),
            events.PhaseStarted(t_ns=0, cell=0, phase="prefill"),
            events.Progress(t_ns=0, cell=0, counter=1, sample=0, tokens_per_s=1234.5),
            events.Progress(t_ns=0, cell=0, counter=2, sample=0),
            events.Estimate(t_ns=0, cell=0, n=4, median=1000.0, low=None, high=None),
            events.CellEnded(t_ns=0, cell=0, row=row), events.Stopping(t_ns=0), events.Note(t_ns=0, text="a note")]


@pytest.mark.parametrize("live", [True, False])
def test_progress_is_redrawn_only_on_a_terminal(live: bool, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: live)
    show = terminal.Progress()
    for event in _story():
        show(event)
    out, err = capsys.readouterr()
    assert not out and ("1,234 tok/s" in err) is live and ("\r" in err) is live
    assert "failed: out of memory" in err and "—" in err and err.endswith("stopping …\na note\n")


def test_progress_names_what_tells_tests_of_one_id_apart(capsys: Capture) -> None:
    cells = (Cell("m", "tg", "cpu", "float32"), Cell("m", "tg", "cpu", "bfloat16"), Cell("m", "pp", "cpu", "float32"),
             Cell("other", "pp", "cpu", "float32"), Cell("m", "gen", "cpu", "float32"))
    spec = RunSpec(cells)
    show = terminal.Progress()
    show(RunStarted(t_ns=0, run="r", utc="", spec=spec, machine={}, versions={}))
    capsys.readouterr()
    names = ["tg128 · f32", "tg128 · bf16", "pp512 · m", "pp512 · other", "gen128"]
    for index, (cell, name) in enumerate(zip(cells, names, strict=True)):
        show(events.CellStarted(t_ns=0, cell=index))
        show(events.CellEnded(t_ns=0, cell=index, row=make_row("r", cell, spec.sampling, [0.5] * 10, "valid")))
        begun, ended = capsys.readouterr().err.splitlines()
        assert begun == f"{index + 1} of 5  {name} …" and ended.partition("  ")[0] == name


@pytest.mark.parametrize(("encoding", "chosen", "written"), [
    ("cp1252", "", "模型 ±".encode()), ("ascii", "ascii", b"\\u6a21\\u578b \\xb1"), ("utf-8", "", "模型 ±".encode())])
def test_results_may_hold_any_characters_whatever_a_pipe_takes(
        encoding: str, chosen: str, written: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(pipe, encoding=encoding))
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    if chosen:
        monkeypatch.setenv("PYTHONIOENCODING", chosen)
    _write_any_text()
    print("模型 ±", end="", flush=True)
    assert pipe.getvalue() == written
    print("\udcff", end="", flush=True)  # of a name that is no text


def test_several_numbers_of_threads_are_for_what_runs_on_the_device() -> None:
    cells = [{"workload": workload} for workload in ("tok", "pp", "gemm")]
    assert with_threads(cells, [1, 2]) == [
        {"workload": "tok"}, {"workload": "pp", "threads": 1}, {"workload": "pp", "threads": 2}, {"workload": "gemm"}]
