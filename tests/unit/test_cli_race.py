"""`llmscope shot --page race`: what it refuses in one line."""

from pathlib import Path

import pytest

from llmscope import cli, paths
from tests.gui.race_runs import write_race


@pytest.mark.parametrize("arguments, why", [
    (["--page", "race"], "--page race together with --runs"), (["--at", "1"], "give it with --page race"),
    (["--page", "race", "--runs", "A,B", "--at", "-1"], "0 or more"),
    (["--page", "race", "--runs", "A,B", "--at", "nan"], "0 or more"),
    (["--page", "race", "--runs", "A,B", "--at", "1", "--kind", "card"], "leave out --at"),
    (["--page", "race", "--runs", "A"], "between two runs, not 1"),
    (["--page", "race", "--runs", "A,B,C"], "between two runs, not 3"),
    (["--page", "race", "--runs", "A,B"], "There is no run 'A'")])
def test_wrong_use_is_told_in_one_line_and_nothing_is_written(
        arguments: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["shot", str(tmp_path / "x.png"), *arguments]) == cli.WRONG_USE
    said = capsys.readouterr().err
    assert why in said and said.count("\n") == 1 and not list(tmp_path.glob("x.png"))


def test_runs_without_text_are_refused_in_one_line(
        own_data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = write_race(paths.runs_folder())
    (a / "events.jsonl").write_text("")
    assert cli.run(["shot", str(tmp_path / "x.png"), "--page", "race", "--runs", f"{a.name},{b.name}"]) == cli.WRONG_USE
    assert f"Run {a.name} holds no streamed text" in capsys.readouterr().err
