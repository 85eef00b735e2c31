"""`llmscope whatif`: tables, JSON, prices of one's own, and what is refused in one line."""

import json
from pathlib import Path

import pytest

from llmscope import cli, cli_whatif, paths
from llmscope.analysis.ceilings import Ceiling, Ceilings
from llmscope.core.units import GIB
from llmscope.runs.here import Here, measured_here

Capture = pytest.CaptureFixture[str]
ASKED = ["whatif", "--model", "arch:qwen2.5-7b", "--context", "4096"]


def lines_of(text: str) -> dict[str, list[str]]:
    table = [line for line in text.partition("Predicted against")[0].splitlines() if line.startswith("| ")]
    return {cells[0]: cells for cells in ([cell.strip() for cell in line.strip("|").split("|")] for line in table)}


def test_the_table_has_all_hardware_and_where_each_line_is_from(capsys: Capture) -> None:
    assert cli.run(ASKED) == 0
    out, err = capsys.readouterr()
    lines = lines_of(out)
    assert len(lines) == 89 + 2 and not err
    head = lines["hardware"]
    assert head[-1] == "where from" and all(cells[-1] for cells in lines.values())
    line = dict(zip(head, lines["NVIDIA GeForce RTX 4060 8GB"], strict=True))
    assert "short; int4 fits" in line["fits"]
    assert line["writing, tok/s"] == line["reading, tok/s"] == line["J/token at most"] == "unknown"
    assert line["price"] == "$299 (price at launch, 2023)"


def test_a_list_to_choose_from_has_reasons(capsys: Capture) -> None:
    assert cli.run([*ASKED, "--users", "4", "--speed", "20", "--budget", "2500"]) == 0
    out = capsys.readouterr().out
    assert "| meets |" in out and "under the budget" in out and "of 89 do not meet it" in out


def test_predicted_stands_against_measured(capsys: Capture) -> None:
    assert cli.run(ASKED) == 0
    held = capsys.readouterr().out.partition("Predicted against measured, 17 of 19 inside:")[2]
    assert "| 58.7 | 28 to 60 | inside | llmfit, pull request 1046 |" in held and "| slower |" in held
    assert cli.run([*ASKED, "-o", "json"]) == 0
    measured = json.loads(capsys.readouterr().out)["measured"]
    assert len(measured) == 19 and measured[0]["predicted_tok_s"]["provenance"] == "predicted"


def test_where_nothing_serves_that_is_said(capsys: Capture) -> None:
    assert cli.run([*ASKED, "--speed", "1000000"]) == 0
    assert capsys.readouterr().out.startswith("Nothing known here meets this.\n\n89 of 89 do not meet it")


def test_json_has_ids_null_and_provenance(capsys: Capture) -> None:
    assert cli.run([*ASKED, "-o", "json"]) == 0
    rows = {row["target"]["id"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    assert rows["h100-sxm"]["decode_tok_s"]["provenance"] == "predicted"
    assert rows["h100-sxm"]["target"]["price_usd"] is None and rows["rtx-4060"]["decode_tok_s"] is None
    assert cli.run([*ASKED, "--users", "2", "-o", "json"]) == 0
    choices = json.loads(capsys.readouterr().out)["rows"]
    assert len(choices) == 89 and {"verdict", "reasons", "projection"} <= choices[0].keys()


def test_prices_of_ones_own_are_shown(capsys: Capture, own_data_folder: Path) -> None:
    own_data_folder.mkdir()
    (paths.data_folder() / "prices.json").write_text('{"h100-sxm": 25000}')
    cli.run(ASKED)
    assert "$25,000 (your price)" in lines_of(capsys.readouterr().out)["NVIDIA H100 80GB SXM5"]


def test_a_measured_machine_stands_among_them(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    ceilings = Ceilings("cpu", "2026-11-22T06:00:00+00:00", "r", {}, {"bfloat16": Ceiling("g", 0.5, "TFLOPS")},
                        {GIB // 2: Ceiling("a", 50.0, "GB/s"), GIB: Ceiling("b", 50.0, "GB/s")})
    monkeypatch.setattr(cli_whatif, "measured_here", lambda: (Here("This machine, CPU", ceilings, 64 * GIB),))
    cli.run(ASKED)
    assert "measured here on 2026-11-22" in lines_of(capsys.readouterr().out)["This machine, CPU"][-1]


def test_without_ceilings_nothing_is_known_of_this_machine() -> None:
    assert measured_here() == ()


def test_the_bundled_model_takes_as_many_tokens_as_it_has(capsys: Capture) -> None:
    assert cli.run(["whatif"]) == 0
    assert "2,048 tokens" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "words"), [
    (["--dtype", "q4"], "no dtype 'q4'"), (["-o", "csv"], "no format 'csv'"), (["--context", "0"], "must be 1 to"),
    (["--batch", "0"], "--batch must be 1 to 65,536.\n"), (["--users", "70000"], "--users must be 1 to 65,536.\n"),
    (["--speed", "0"], "--speed must be above"),
    (["--budget", "nan"], "--budget must be above"), (["--users", "2", "--batch", "2"], "--users instead of --batch"),
    (["--model", "arch:bert-base-uncased"], "closed form"), (["--model", "nothing"], "no model"),
])
def test_wrong_use_is_one_line(arguments: list[str], words: str, capsys: Capture) -> None:
    assert cli.run(["whatif", *arguments]) == 2
    out, err = capsys.readouterr()
    assert not out and words in err and err.count("\n") == 1
