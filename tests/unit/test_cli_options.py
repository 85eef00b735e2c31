"""Options of `bench` that would be ignored are refused, and what is stopped says so."""

import io
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from llmscope import cli, cli_options, paths, terminal
from llmscope.core import events
from llmscope.core.rows import make_row
from llmscope.core.spec import WORKLOADS, Cell, RunSpec
from llmscope.ending import Ending
from llmscope.runs.blocking import Finished
from tests.unit.test_cli import Capture, Measured, measured  # noqa: F401


@pytest.mark.parametrize(("asked", "said"), [
    ("--workload pp --scenario assistant", "--scenario is for gen, not for pp: leave it out, or choose one of"),
    ("--workload pp --new 64", "--new is for tg, gen, not for pp:"),
    ("--workload tg --temperature 0.5", "--temperature is for ttft, gen, not for tg:"),
    ("--workload tg --top-k 5", "--top-k is for ttft, gen, not for tg:"),
    ("--workload pp,tg --prompt Hello", "--prompt is for ttft, gen, not for pp or tg:"),
    ("--workload tg --seq 512", "not for tg:"),
    ("--checkpointing on", "--checkpointing is for fwd, bwd, train, not for pp or tg or gen:"),
    ("--workload train --cache static", "--cache is for tg, gen, not for train:"),
    ("--workload tok --backend compile", "not for tok:"), ("--workload tok --device cpu", "not for tok:"),
    ("--workload gemm --model bundled", "not for gemm:"), ("--preset hardware --dtype float32", "preset hardware:"),
    ("--preset training --new 5", "--new is for tg, gen, not for the preset training:"),
    ("--workload load-warm --seed 3", "not for load-warm:"), ("--workload tok --threads 2", "not for tok:"),
    ("--preset quick --depth 512", "--depth 512 would be ignored: the preset quick takes 0. Leave it out."),
    ("--preset inference --batch 8", "--batch 8 would be ignored: the preset inference takes 1, 4."),
    ("--workload gen --scenario question --new 128", "the scenario question takes 32."),
    ("--workload gen --scenario assistant --temperature 0.1", "the scenario assistant takes 0.8."),
    ("--workload gen --scenario assistant --prompt Hello", "the scenario assistant takes its own."),
    ("--preset hardware --threads 1,2", "--threads 1, 2 would be ignored: the preset hardware takes its own."),
    ("--predict --in-turns --workload pp --seq 32,64", "leave out --in-turns."),
    ("--predict --out rows.md", "leave out --out."), ("--predict --no-save", "leave out --save or --no-save."),
    ("--workload ''", "--workload is empty: give a value, or leave it out."), ("--model ,", "--model is empty"),
    ("--preset ''", "--preset is empty"), ("--batch ' '", "--batch is empty")])
def test_an_option_that_would_be_ignored_is_refused_in_one_line(asked: str, said: str, measured: Measured,  # noqa: F811
                                                                capsys: Capture) -> None:
    assert cli.run(["bench", *shlex.split(asked)]) == cli.WRONG_USE
    out, err = capsys.readouterr()
    assert not out and err.startswith("llmscope: ") and err.count("\n") == 1 and said in err


@pytest.mark.parametrize("asked", [
    "", "--batch 1,4 --workload pp,opt", "--new 64 --scenario assistant --workload gen,tg", "--prompt ''",
    "--threads 1,2 --workload pp --seq 64 --in-turns", "--device auto --dtype auto --attention auto --seed 1234",
    "--preset quick --batch 1,2 --seq 32 --new 8 --dtype float32", "--preset training --optimizer adamw",
    "--preset training --checkpointing on --batch 2", "--preset hardware --device cpu --threads 1 --seed 3",
    "--workload ttft --sequences 3 --batch 01", "--workload train --checkpointing off,on"])
def test_an_option_that_some_test_reads_is_taken(asked: str, measured: Measured) -> None:  # noqa: F811
    assert cli.run(["bench", *shlex.split(asked)]) == 0


def test_every_setting_of_a_cell_is_read_by_some_test() -> None:
    settings = {*Cell.__struct_fields__, "temperature", "top_k", "top_p", "sequences", "prompt", "seed"}
    assert {name for workload in WORKLOADS for name in cli_options.reads(workload)} == settings - {"workload"}


def _interrupted(*_: object, **__: object) -> Finished:
    raise KeyboardInterrupt


def test_a_run_that_is_stopped_before_it_begins_says_so(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(terminal, "run_blocking", _interrupted)
    assert cli.run(["bench"]) == terminal.CANCELLED
    assert capsys.readouterr() == ("", "llmscope: Stopped: no test was finished.\n")


def test_any_command_that_is_stopped_says_so(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(cli, "sweep", _interrupted)
    assert cli.run(["bench"]) == terminal.CANCELLED
    assert capsys.readouterr() == ("", "llmscope: Stopped.\n")


@pytest.mark.parametrize(("verdicts", "options", "is_kept", "said"), [
    (("valid", "cancelled"), [], True, "Stopped: 1 of 2 tests was finished, kept in "),
    (("valid", "cancelled"), [], False, "Stopped: 1 of 2 tests was finished, not kept."),
    (("valid", "warn"), ["--no-save"], False, "Stopped: 2 of 2 tests were finished, not kept."),
    (("valid", "warn"), [], True, "Stopped: 2 of 2 tests were finished, kept in "),
    (("cancelled", "cancelled"), [], False, "Stopped: no test was finished."),
    (("cancelled", "cancelled"), [], True, "Stopped: no test was finished. Go on with it: llmscope runs resume r7")])
def test_a_run_that_is_stopped_says_what_is_left_of_it(
        verdicts: tuple[str, str], options: list[str], is_kept: bool, said: str, monkeypatch: pytest.MonkeyPatch,
        capsys: Capture) -> None:
    def stopped(spec: RunSpec, *_: object) -> Finished:
        if is_kept:
            (paths.runs_folder() / "r7").mkdir(parents=True)
        rows = tuple(make_row("r7", spec.cells[0], spec.sampling, [0.5], verdict)  # type: ignore[arg-type]
                     for verdict in verdicts)
        started = events.RunStarted(t_ns=0, run="r7", utc="2026-01-01T00:00:00+00:00", spec=spec, machine={},
                                    versions={})
        return Finished(started, rows, events.RunEnded(t_ns=1, status="stopped", seconds=1.0))

    monkeypatch.setattr(terminal, "run_blocking", stopped)
    assert cli.run(["bench", "--workload", "pp,tg", *options]) == terminal.CANCELLED
    last = capsys.readouterr().err.splitlines()[-1]
    assert said in last and ("runs resume r7" in last) is (is_kept and "cancelled" in verdicts)


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe is told otherwise there")
@pytest.mark.parametrize("arguments", [["models"], ["--version"], ["models", "--json"]])
def test_a_reader_that_goes_ends_a_command_without_a_word(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run([sys.executable, "-m", "llmscope", *arguments], stdout=writing, stderr=subprocess.PIPE,
                           timeout=60, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (terminal.UNREAD, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="this is a shell's way of saying it")
@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_a_stream_that_was_closed_before_the_start_fails_nothing(closed: str) -> None:
    ended = subprocess.run(f"{shlex.join([sys.executable, '-m', 'llmscope', '--version'])} {closed}", shell=True,
                           capture_output=True, timeout=60, check=False)
    assert ended.returncode == 0 and bool(ended.stdout) is (closed != ">&-") and not ended.stderr


def test_a_run_goes_on_when_nobody_reads_its_progress_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(spec: RunSpec, on_event: Callable[[events.Event], None], folder: Path, *_: object) -> Finished:
        for text in ("first", "second"):
            on_event(events.Note(t_ns=0, text=text))
        return Measured()(spec, folder)

    monkeypatch.setattr(terminal, "run_blocking", run)
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as unread:  # noqa: PTH123  it has no path
        monkeypatch.setattr(sys, "stderr", unread)
        assert cli.run(["bench", "--workload", "pp"]) == 0


@pytest.mark.parametrize(("answer", "code", "said"), [
    (None, 2, "llmscope: m needs more. Lower it.\n"), ("\n", 130, "m needs more. Lower it. Run it anyway? [y/N] "),
    ("n\n", 130, "nothing was measured"), ("y\n", 0, "Run it anyway? [y/N] ")])
def test_a_run_that_is_expected_not_to_fit_asks_first(answer: str | None, code: int, said: str, capsys: Capture,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    def run(spec: RunSpec, on_event: object, folder: Path, before: None,
            doubt: Callable[[list[str]], None]) -> Finished:
        doubt(["m needs more. Lower it."])
        return Measured()(spec, folder)

    stdin = io.StringIO(answer)
    monkeypatch.setattr(stdin, "isatty", lambda: answer is not None)
    monkeypatch.setattr("sys.stdin", stdin)
    monkeypatch.setattr(terminal, "run_blocking", run)
    assert cli.run(["bench", "--workload", "pp"]) == code
    out, err = capsys.readouterr()
    assert said in err and ("pp512" in out) is (code == 0)


def test_a_picture_that_is_stopped_says_so(capsys: Capture, tmp_path: Path) -> None:
    assert terminal.print_shot(lambda *_, **__: (terminal.CANCELLED, None, ()), tmp_path / "a.png", "dark") == 130
    assert capsys.readouterr().err.splitlines()[-1] == "llmscope: Stopped: no test was finished."


def test_a_signal_while_the_window_is_imported_waits_until_it_cannot_crash_anything() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    ended = []
    with Ending() as ending:
        ending.check()
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            ending.check()
        ending.by(lambda: ended.append("asked before"))
        signal.raise_signal(signal.SIGINT)
    assert len(ended) == 2 and before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_program_is_imported_is_told_in_one_line(number: signal.Signals) -> None:
    code = ("import signal, sys; from llmscope import __main__\n"
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # tests in the background are to ignore it
            "class Stops:\n"
            "    def find_spec(self, name, *_):\n"
            f"        if name == 'llmscope.cli': signal.raise_signal({int(number)})\n"
            "sys.meta_path.insert(0, Stops()); __main__.main()")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "llmscope: Stopped before anything began.\n")
