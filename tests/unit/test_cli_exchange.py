"""`llmscope runs export`, `runs import` and `schema` in the terminal."""

import csv
import io
import json
from pathlib import Path

import pytest

from llmscope import cli, paths
from llmscope.runs.exchange import bundle
from tests.unit.runs.exchange.files import LLAMA_BENCH, OPTIMUM_CONFIG, OPTIMUM_REPORT, VLLM, as_json, png
from tests.unit.runs.stored import write_run

Capture = pytest.CaptureFixture[str]
FIRST, SECOND = "2026-11-21_184000", "2026-11-21_184100"


@pytest.fixture
def runs() -> Path:
    folder = paths.runs_folder()
    write_run(folder)
    write_run(folder, 1)
    return folder


def test_what_is_exported_is_imported_elsewhere(
        runs: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli.run(["runs", "export", FIRST, SECOND, "--out", str(tmp_path / "b.json")]) == 0
    out, err = capsys.readouterr()
    assert not out and err == f"llmscope: written: {tmp_path / 'b.json'}\n"
    monkeypatch.setenv("LLMSCOPE_HOME", str(tmp_path / "other"))
    assert cli.run(["runs", "import", str(tmp_path / "b.json")]) == 0
    out, err = capsys.readouterr()
    assert out.split() == [FIRST, SECOND] and err.count("imported run") == 2
    assert cli.run(["runs", "import", str(tmp_path / "b.json")]) == 0
    assert capsys.readouterr().err.count("is there already") == 2
    cli.run(["runs", "show", FIRST])
    assert "llmscope: imported from b.json (bundle), 20" in capsys.readouterr().err


def test_a_file_that_cannot_be_imported_keeps_nobody_from_the_others(tmp_path: Path, capsys: Capture) -> None:
    files = [tmp_path / name for name in ("cut.json", "good.json", "gone.json")]
    files[0].write_text("[{")
    files[1].write_bytes(as_json([LLAMA_BENCH]))
    assert cli.run(["runs", "import", *map(str, files)]) == cli.WRONG_USE
    out, err = capsys.readouterr()
    assert [run.name for run in paths.runs_folder().iterdir()] == out.split() and len(out.split()) == 1
    assert "cut.json cannot be imported" in err and "gone.json cannot be read" in err


def test_a_bundle_is_what_is_exported_if_nothing_is_said(runs: Path, capsys: Capture) -> None:
    assert cli.run(["runs", "export", FIRST, FIRST]) == 0
    assert [run.name for run in bundle.unpack(capsys.readouterr().out.encode()).runs] == [FIRST]


def test_a_reference_is_exported_as_ones_own_runs_are(runs: Path, capsys: Capture) -> None:
    reference = write_run(paths.sample_runs_folder(), 20).name
    assert cli.run(["runs", "export", reference, FIRST]) == 0
    assert [run.name for run in bundle.unpack(capsys.readouterr().out.encode()).runs] == [reference, FIRST]


def test_every_format_of_several_runs_can_be_read(runs: Path, capsys: Capture) -> None:
    def text(form: str) -> str:
        assert cli.run(["runs", "export", FIRST, SECOND, "-o", form]) == 0
        return capsys.readouterr().out

    assert [found["run"] for found in json.loads(text("json"))] == [FIRST, SECOND]
    assert len([json.loads(line) for line in text("jsonl").splitlines()]) == 4
    assert [row["run"] for row in csv.DictReader(io.StringIO(text("csv")))] == [FIRST] * 2 + [SECOND] * 2
    assert text("md").count("| test | result |") == 2
    assert [found["llmscope_run"] for found in json.loads(text("llama-bench-json"))] == [FIRST] * 2 + [SECOND] * 2
    assert len(text("llama-bench-jsonl").splitlines()) == 4
    assert len(list(csv.DictReader(io.StringIO(text("llama-bench-csv"))))) == 4
    assert "build: llmscope" in text("llama-bench-md")


@pytest.mark.parametrize("form", ["jsonl", "csv", "md"])
def test_of_llmscopes_own_exports_those_that_are_not_read_back_are_named(
        form: str, runs: Path, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / f"e.{form}"
    cli.run(["runs", "export", FIRST, "-o", form, "--out", str(file)])
    capsys.readouterr()
    assert cli.run(["runs", "import", str(file)]) == cli.WRONG_USE
    assert "a JSON export of llmscope (bundle or json: its jsonl, csv and md are not" in capsys.readouterr().err


def test_several_documents_come_back_as_several_runs(
        runs: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.run(["runs", "export", FIRST, SECOND, "-o", "json", "--out", str(tmp_path / "two.json")])
    monkeypatch.setenv("LLMSCOPE_HOME", str(tmp_path / "other"))
    capsys.readouterr()
    assert cli.run(["runs", "import", str(tmp_path / "two.json")]) == 0
    assert capsys.readouterr().out.split() == [FIRST, SECOND]


def test_results_of_others_are_listed_with_what_they_are(tmp_path: Path, capsys: Capture) -> None:
    names = []
    for name, found in {"lb.json": [LLAMA_BENCH], "v.json": VLLM,
                        "o.json": {"config": OPTIMUM_CONFIG, "report": OPTIMUM_REPORT}}.items():
        (tmp_path / name).write_bytes(as_json(found))
        names.append(str(tmp_path / name))
    assert cli.run(["runs", "import", *names]) == 0
    capsys.readouterr()
    cli.run(["runs", "list"])
    out = capsys.readouterr().out
    assert "RTX 4090" in out and "qwen3 4B Q4_K - Medium" in out and "Q4_K_M" in out
    assert "ttft1024 8-at-once" in out and "load-warm, pp16 b2 and 2 more" in out


@pytest.mark.parametrize(("arguments", "said"), [
    (["runs", "export", "nothing"], "There is no run 'nothing'"),
    (["runs", "export", FIRST, "-o", "xml"], "bundle, md"),
    (["runs", "export", FIRST, "--out", "/no/such/folder/x"], "there is no folder"),
    (["runs", "import", "no such file"], "no such file cannot be read: No such file"),
    (["runs", "import", "picture.png"], "picture.png: This picture carries no runs"), (["runs", "import"], "files")])
def test_wrong_use_is_one_line_and_code_2(
        runs: Path, tmp_path: Path, arguments: list[str], said: str, capsys: Capture,
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture.png").write_bytes(png())
    assert cli.run(arguments) == cli.WRONG_USE
    out, err = capsys.readouterr()
    assert not out and err.startswith("llmscope: ") and err.count("\n") == 1 and said.lower() in err.lower()
    assert len(list(runs.iterdir())) == 2


def test_runs_that_llama_bench_has_no_test_for_are_said(runs: Path, capsys: Capture) -> None:
    write_run(runs, 2, verdict="failed")
    assert cli.run(["runs", "export", "2026-11-21_184200", "-o", "llama-bench-md"]) == cli.WRONG_USE
    assert "export as json instead" in capsys.readouterr().err
    assert cli.run(["runs", "export", FIRST, "2026-11-21_184200", "-o", "llama-bench-md"]) == 0
    out, err = capsys.readouterr()
    assert "pp512" in out and err.startswith("llmscope: left out") and "pp512, tg128" in err


def test_the_schema_is_printed(capsys: Capture) -> None:
    assert cli.run(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"].endswith("2020-12/schema") and "rows" in schema["$defs"]["Document"]["properties"]
