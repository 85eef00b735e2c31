"""`llmscope compare`: what it prints, what it refuses in one line, and its picture."""

import json
from pathlib import Path

import pytest

from llmscope import cli, paths, terminal
from llmscope.core.spec import Cell
from llmscope.core.units import NBSP
from llmscope.runs import owner, store
from llmscope.runs.marks import Marks, write_marks
from tests.unit.runs.stored import write_run

Capture = pytest.CaptureFixture[str]
HALF = (Cell("bundled", "pp", device="cpu", dtype="bfloat16"), Cell("bundled", "tg", device="cpu", dtype="bfloat16"))
A, B, C, D, E = (f"2026-11-21_184{n}00" for n in range(5))


@pytest.fixture
def runs() -> Path:
    folder = paths.runs_folder()
    write_run(folder)
    write_run(folder, 1, cells=HALF)
    write_run(folder, 2, status=None)
    write_run(folder, 3, cells=(Cell("arch:gpt2", "pp", device="cuda:0", dtype="bfloat16"),))
    write_run(folder, 4, verdict="failed")
    return folder


def test_two_runs_of_another_precision_are_compared(runs: Path, capsys: Capture) -> None:
    assert cli.run(["compare", A, B]) == 0
    out, err = capsys.readouterr()
    out = out.replace(NBSP, " ")
    assert out.startswith("B and A cannot be told apart: no difference resolved in reading prompts (±") and not err
    assert "| pp512 | bundled | B | 4,950 |" in out and "| Precision | f32 | bf16 | compared |" in out
    assert "% assumed: its speed varied during the run, too few stored repeats" in out
    assert f"A: run {A}, AMD EPYC" in out


def test_tests_of_another_definition_are_named_below_with_the_reason(runs: Path, capsys: Capture) -> None:
    for file in (runs / B).iterdir():
        if file.suffix in (".json", ".jsonl"):
            file.write_bytes(file.read_bytes().replace(b'"tg/1"', b'"tg/99"'))
    assert cli.run(["compare", A, B]) == 0
    assert "- tg128: not compared: measured by the definition tg/99, the baseline by tg/1" in capsys.readouterr().out


def test_the_comparison_as_json_has_rows_ratios_and_settings(runs: Path, capsys: Capture) -> None:
    assert cli.run(["compare", A, B, "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == 1 and document["headline"].startswith("B and A cannot be told apart")
    assert [run["run"] for run in document["runs"]] == [A, B] and document["runs"][0]["baseline"]
    first, second = document["tests"][0]["values"]
    assert first["times_as_fast"] is None and first["row"]["median"] == second["row"]["median"]
    times = second["times_as_fast"]
    assert times["ratio"] == 1.0 and times["low"] < 1 < times["high"] and not times["resolved"]
    precision = {"name": "Precision", "kind": "compared", "values": ["f32", "bf16"], "differing": [1]}
    assert precision in document["settings"]


def test_a_name_given_in_history_stands_before_the_run(runs: Path, capsys: Capture) -> None:
    write_marks(runs / B, Marks("Half | precision"))
    assert cli.run(["compare", A, B]) == 0
    assert f"- B: Half | precision, run {B}, AMD EPYC" in capsys.readouterr().out
    cli.run(["compare", A, B, "-o", "json"])
    assert [run["name"] for run in json.loads(capsys.readouterr().out)["runs"]] == [None, "Half | precision"]


def test_a_failed_test_is_told_and_gives_code_1(runs: Path, capsys: Capture) -> None:
    assert cli.run(["compare", A, B, E]) == terminal.FAILED
    out = capsys.readouterr().out
    assert "| pp512 | bundled | C | — | failed | — |  | failed |" in out and "| 0" not in out


def test_runs_that_are_not_whole_are_compared_as_far_as_they_are_and_it_is_said(runs: Path, capsys: Capture) -> None:
    assert cli.run(["compare", A, C]) == 0
    out, err = capsys.readouterr()
    assert f"llmscope: run {C} was cut off" in err and "| tg128 | bundled | B | — | stopped: the run was cut off" in out
    owner.claim(runs / C)
    cli.run(["compare", A, C])
    assert "goes on" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "said"), [
    ([], "Missing argument"), ([A], "1 run given: compare two to four"), ([A, A], f"Run {A} is named twice"),
    ([A, B, C, D, E], "5 runs given"), ([A, "nothing"], "There is no run 'nothing': 'llmscope runs list'"),
    ([A, "../runs"], "There is no run"), ([A, B, "-o", "csv"], "There is no format 'csv': use md, json"),
    ([A, D], "of the same id, model and lengths: A has pp512 of bundled"), ([A, E], "(failed)"),
    ([A, B, "--picture", "x.jpg"], "write 'x.png'"), ([A, B, "--picture", "nowhere/x.png"], "no folder"),
    ([A, B, "--theme", "blue"], "dark, light")])
def test_wrong_use_is_one_line_and_code_2(runs: Path, arguments: list[str], said: str, capsys: Capture) -> None:
    assert cli.run(["compare", *arguments]) == cli.WRONG_USE
    out, err = capsys.readouterr()
    assert not out and err.startswith("llmscope: ") and err.count("\n") == 1 and said in err


def test_a_damaged_run_is_one_line(runs: Path, capsys: Capture) -> None:
    (runs / B / store.MANIFEST).write_bytes(b"{")
    assert cli.run(["compare", A, B]) == cli.WRONG_USE
    assert "no readable run" in capsys.readouterr().err


def test_repeats_in_the_folder_give_the_floor(runs: Path, capsys: Capture) -> None:
    for number in range(5, 9):
        write_run(runs, number)
    cli.run(["compare", A, B, "-o", "json"])
    document = json.loads(capsys.readouterr().out)
    assert [(run["repeats"], run["repeat_floor"]) for run in document["runs"]] == [
        (5, 0.01), (5, 0.01)]  # the one that was cut off counts too, and a machine repeats itself as well in bf16


@pytest.mark.parametrize(("arguments", "said"), [
    (["--page", "compare"], "--page compare together with --runs A,B"), (["--runs", f"{A},{B}"], "--page compare"),
    (["--page", "moon"], "run, compare, race, hardware, history"), (["--kind", "round"], "page, card, square"),
    (["--page", "hardware", "--kind", "card"], "--kind page"), (["--page", "history", "--runs", A], "leave out"),
    (["--runs", "nothing"], "no run")])
def test_a_shot_needs_a_page_that_there_is(runs: Path, tmp_path: Path, arguments: list[str], said: str,
                                           capsys: Capture) -> None:
    assert cli.run(["shot", str(tmp_path / "x.png"), *arguments]) == cli.WRONG_USE
    assert said in capsys.readouterr().err and not list(tmp_path.glob("x.png"))
