"""`llmscope runs`: what is listed, shown and deleted, and what is refused in one line."""

import csv
import io
import json
from pathlib import Path

import pytest

from llmscope import cli, paths
from llmscope.core.spec import Cell
from llmscope.runs import owner, store
from llmscope.runs.index import Index
from tests.unit.runs.stored import write_run

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def runs() -> Path:
    folder = paths.runs_folder()
    write_run(folder)
    write_run(folder, 1, cells=(Cell("arch:gpt2", "pp", device="cuda:0", dtype="bfloat16"),))
    write_run(folder, 2, status=None)
    return folder


def test_runs_are_listed_latest_first(runs: Path, capsys: Capture) -> None:
    assert cli.run(["runs", "list"]) == 0
    out, err = capsys.readouterr()
    head, *lines = out.splitlines()
    assert head.split()[:3] == ["run", "model", "device"] and not err
    assert [line.split()[0][-6:] for line in lines] == ["184200", "184100", "184000"]
    assert "interrupted" in lines[0] and "pp512" in lines[0] and "RTX 4070" in lines[1] and "bf16" in lines[1]
    assert "tok/s" in lines[2] and "done" in lines[2]


def test_a_search_and_a_limit_narrow_the_list(runs: Path, capsys: Capture) -> None:
    cli.run(["runs", "list", "--search", "BF16 rtx"])
    assert len(capsys.readouterr().out.splitlines()) == 2
    cli.run(["runs", "list", "--limit", "1"])
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2 and err == "llmscope: 1 of 3 runs: --limit 0 lists all\n"
    assert cli.run(["runs", "list", "--search", "qwen"]) == 0
    out, err = capsys.readouterr()
    assert not out and "no run has all of 'qwen'" in err


@pytest.mark.parametrize("asked", [["-o", "json"], ["--output", "json"], ["--json"]])
def test_the_list_as_json_has_names_and_moments(runs: Path, capsys: Capture, asked: list[str]) -> None:
    assert cli.run(["runs", "list", *asked]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [run["status"] for run in found] == ["interrupted", "done", "done"]
    assert found[2]["tests"][0]["test"] == "pp512" and found[2]["began"].startswith("2026-11-2")


def test_a_figure_or_a_test_without_a_grid_is_refused(runs: Path, capsys: Capture) -> None:
    for option in (["--figure", "memory"], ["--test", "pp"]):
        assert cli.run(["runs", "show", "any", *option]) == 2
        out, err = capsys.readouterr()
        assert not out and "--grid" in err and len(err.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("arguments", [["--version"], ["runs", "list"]])
def test_output_to_a_full_disk_ends_in_one_line(runs: Path, arguments: list[str], capfd: pytest.CaptureFixture[str],
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    # Closed unbuffered, so that what was not written does not fail a second time.
    full = io.TextIOWrapper(Path("/dev/full").open("wb", buffering=0), write_through=True)  # noqa: SIM115
    monkeypatch.setattr("sys.stdout", full)
    assert cli.run(arguments) == 1
    monkeypatch.undo()
    full.close()
    err = capfd.readouterr().err
    assert "no space is left" in err and len(err.splitlines()) == 1


def test_without_runs_the_list_says_so(capsys: Capture) -> None:
    assert cli.run(["runs", "list"]) == 0
    out, err = capsys.readouterr()
    assert not out and "there are no runs" in err
    cli.run(["runs", "list", "--json"])
    assert json.loads(capsys.readouterr().out) == []


def test_a_run_is_shown_in_every_format(runs: Path, capsys: Capture) -> None:
    run = "2026-11-21_184000"
    assert cli.run(["runs", "show", run]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("| test | result |") and "llmscope 0.1.0" in out and not err
    cli.run(["runs", "show", run, "-o", "json"])
    document = json.loads(capsys.readouterr().out)
    assert document["run"] == run and len(document["rows"]) == 2 and document["program"] == "llmscope 0.1.0"
    cli.run(["runs", "show", run, "-o", "jsonl"])
    assert len(capsys.readouterr().out.splitlines()) == 2
    cli.run(["runs", "show", run, "-o", "csv"])
    assert [row["test"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))] == ["pp512", "tg128"]


def test_what_is_wrong_with_a_shown_run_goes_to_stderr(runs: Path, capsys: Capture) -> None:
    run = "2026-11-21_184200"
    with (runs / run / store.EVENTS).open("ab") as file:
        file.write(b"{torn")
    cli.run(["runs", "show", run])
    out, err = capsys.readouterr()
    assert "tg128" in out and "the last event was cut off" in err and "this run was cut off" in err
    owner.claim(runs / run)
    cli.run(["runs", "show", run])
    out, err = capsys.readouterr()
    assert "tg128" not in out and "this run goes on" in err


@pytest.mark.parametrize(("arguments", "said"), [
    (["runs", "show", "nothing"], "There is no run 'nothing': 'llmscope runs list'"),
    (["runs", "show", "../runs"], "There is no run"), (["runs", "show"], "run"),
    (["runs", "show", "2026-11-21_184000", "-o", "xml"], "md, json, jsonl, csv"),
    (["runs", "delete", "2026-11-21_184000", "nothing", "--yes"], "There is no run 'nothing'"),
    (["runs", "delete", "2026-11-21_184000"], "add --yes"), (["runs", "delete", "--yes"], "runs"),
    (["runs", "list", "--limit", "-1"], "--limit must be at least 0."),
    (["runs", "list", "-o", "csv"], "There is no list as 'csv': use text or json."), (["runs", "fly"], "fly")])
def test_wrong_use_is_one_line_and_code_2_and_deletes_nothing(
        runs: Path, arguments: list[str], said: str, capsys: Capture) -> None:
    assert cli.run(arguments) == cli.WRONG_USE
    out, err = capsys.readouterr()
    assert not out and err.startswith("llmscope: ") and err.count("\n") == 1 and said in err
    assert len(list(runs.iterdir())) == 3


def test_deleting_asks_on_a_terminal(runs: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    for answer, code, left in (("n\n", 130, 3), ("", 130, 3), ("y\n", 0, 2)):
        stdin = io.StringIO(answer)
        monkeypatch.setattr(stdin, "isatty", lambda: True)
        monkeypatch.setattr("sys.stdin", stdin)
        assert cli.run(["runs", "delete", "2026-11-21_184000"]) == code
        assert "Delete run 2026-11-21_184000?" in capsys.readouterr().err and len(list(runs.iterdir())) == left


def test_several_runs_are_deleted_at_once_and_leave_the_list(runs: Path, capsys: Capture) -> None:
    cli.run(["runs", "list"])
    capsys.readouterr()
    assert cli.run(["runs", "delete", "--yes", "2026-11-21_184000", "2026-11-21_184200", "2026-11-21_184000"]) == 0
    assert capsys.readouterr().err.count("deleted run") == 2
    cli.run(["runs", "list", "--json"])
    assert [run["id"] for run in json.loads(capsys.readouterr().out)] == ["2026-11-21_184100"]


def test_a_run_that_goes_on_is_not_deleted(runs: Path, capsys: Capture) -> None:
    owner.claim(runs / "2026-11-21_184200")
    assert cli.run(["runs", "delete", "--yes", "2026-11-21_184200"]) == cli.WRONG_USE
    assert "goes on: stop it" in capsys.readouterr().err and len(list(runs.iterdir())) == 3


def test_a_list_that_cannot_be_kept_is_listed_and_says_so(runs: Path, capsys: Capture) -> None:
    (paths.data_folder() / "index.sqlite").mkdir()
    assert cli.run(["runs", "list"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 4 and "cannot be kept" in err and err.count("\n") == 1
    Index(runs).close()


def test_a_run_gets_a_name_tags_and_a_note_and_is_found_by_them(runs: Path, capsys: Capture) -> None:
    run = "2026-11-21_184000"
    assert cli.run(["runs", "edit", run, "--name", "Before", "--tags", "demo, Slow", "--note", "two\nlines"]) == 0
    assert cli.run(["runs", "edit", run, "--tags", "demo"]) == 0
    cli.run(["runs", "list", "--tag", "DEMO"])
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2 and "Before · demo" in out and "Slow" not in out and not err
    cli.run(["runs", "list", "--tag", "demo", "--json"])
    found, = json.loads(capsys.readouterr().out)
    assert (found["name"], found["tags"], found["note"]) == ("Before", ["demo"], "two\nlines")
    cli.run(["runs", "list", "--tag", "slow"])
    assert "no run fits" in capsys.readouterr().err
    assert cli.run(["runs", "edit", run, "--name", "", "--tags", "", "--note", ""]) == 0
    cli.run(["runs", "list"])
    assert "name and tags" not in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "said"), [
    (["2026-11-21_184000"], "give --name"), (["nothing", "--name", "x"], "There is no run 'nothing'"),
    (["2026-11-21_184000", "--tags", "reference"], "use another tag"),
    (["2026-11-21_190000", "--name", "x"], "comes with llmscope")])
def test_what_cannot_be_named_is_refused_in_one_line(runs: Path, arguments: list[str], said: str,
                                                     capsys: Capture) -> None:
    write_run(paths.sample_runs_folder(), 20)
    assert cli.run(["runs", "edit", *arguments]) == cli.WRONG_USE
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


def test_reference_runs_are_listed_and_shown_and_stay_as_they_are(runs: Path, capsys: Capture) -> None:
    reference = write_run(paths.sample_runs_folder(), 20)
    cli.run(["runs", "list"])
    assert "reference" in capsys.readouterr().out.splitlines()[1]
    assert cli.run(["runs", "show", reference.name]) == 0
    assert "tg128" in capsys.readouterr().out
    for command in (["delete", "--yes"], ["edit", "--name", "x"], ["resume"]):
        assert cli.run(["runs", *command, reference.name]) == cli.WRONG_USE
        err = capsys.readouterr().err
        assert "is a reference that comes with llmscope: it stays as it is" in err and err.count("\n") == 1
    assert reference.is_dir()


def test_a_run_is_shown_as_a_grid(capsys: Capture) -> None:
    cells = tuple(Cell("bundled", "pp", "cpu", "float32", batch=batch, seq=seq)
                  for batch in (1, 4) for seq in (64, 128))
    run = write_run(paths.runs_folder(), 3, cells=cells).name
    assert cli.run(["runs", "show", run, "--grid", "batch,seq"]) == 0
    out, _ = capsys.readouterr()
    assert "| batch \\ sequence | 64 | 128 |" in out and "| 4 |" in out and "**" in out
    assert cli.run(["runs", "show", run, "--grid", "dtype"]) == 2
    assert "does not vary dtype" in capsys.readouterr().err
