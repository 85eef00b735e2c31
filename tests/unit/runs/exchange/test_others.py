"""optimum-benchmark, vLLM and our own JSON: mapped with a visible note, raw values kept, the missing left missing."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from llmscope.core.errors import BadInput
from llmscope.core.results import Row
from llmscope.runs import store
from llmscope.runs.entry import read_entry
from llmscope.runs.exchange.document import SCHEMA, Document, schema
from llmscope.runs.exchange.importing import import_path
from llmscope.runs.export import export
from tests.unit.runs.exchange.files import OPTIMUM_CONFIG, OPTIMUM_REPORT, VLLM, as_json
from tests.unit.runs.stored import write_run


def stored(tmp_path: Path, found: Any, name: str = "result.json") -> store.StoredRun:
    (tmp_path / name).write_bytes(as_json(found))
    run, = import_path(tmp_path / name, tmp_path / "runs")
    return store.read_run(tmp_path / "runs" / run.run)


def rows(run: store.StoredRun) -> dict[str, Row]:
    return {row.definition: row for row in run.rows}


def test_optimum_s_targets_are_the_nearest_tests_with_a_note(tmp_path: Path) -> None:
    run = stored(tmp_path, {"config": OPTIMUM_CONFIG, "report": OPTIMUM_REPORT})
    found = rows(run)
    assert [row.test for row in run.rows] == ["load-warm", "pp16 b2", "tg100 @ d16 b2", "gen101 b2"]
    assert found["pp/optimum-benchmark"].median == 2 * 16 / 0.02
    decode = found["tg/optimum-benchmark"]
    assert (decode.median, decode.n, decode.unit, decode.timed_s) == (2 * 100 / 2.0, 3, "tok/s", 7.0)
    assert decode.reason == "optimum-benchmark decode: choosing each token included"
    assert decode.extra["optimum_benchmark"]["latency"] == OPTIMUM_REPORT["decode"]["latency"]
    assert found["gen/optimum-benchmark"].median == pytest.approx(2 * 101 / 2.02)
    assert found["load-warm/optimum-benchmark"].median == 3.5
    started = run.manifest.started
    assert run.manifest.program == "optimum-benchmark 0.5.0" and started.utc == ""
    assert started.versions == {"transformers": "4.45.2", "pytorch": "2.4.0"}
    assert set(started.machine["optimum_benchmark"]["other_targets"]) == {"first_generate", "per_token"}
    entry = read_entry(tmp_path / "runs", run.folder.name)
    assert (entry.device, entry.dtypes, entry.models) == ("Tesla T4", ("float16",), ("org/tiny",))


def test_a_report_takes_the_config_beside_it_and_asks_for_it(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"report.json: .*benchmark_config.json belongs beside it"):
        stored(tmp_path, OPTIMUM_REPORT, "benchmark_report.json")
    (tmp_path / "benchmark_config.json").write_bytes(as_json(OPTIMUM_CONFIG))
    assert len(stored(tmp_path, OPTIMUM_REPORT, "benchmark_report.json").rows) == 4


def test_a_training_report_counts_tokens_of_a_step(tmp_path: Path) -> None:
    scenario = {"name": "training", "dataset_shapes": {"sequence_length": 32},
                "training_arguments": {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 4}}
    report = {"overall": OPTIMUM_REPORT["decode"], "train": OPTIMUM_REPORT["decode"]}
    row, = stored(tmp_path, {"config": OPTIMUM_CONFIG | {"scenario": scenario}, "report": report}).rows
    assert (row.test, row.batch, row.median) == ("train32 b8", 8, 8 * 32 / 2.0) and "instead of samples" in row.reason


@pytest.mark.parametrize(("part", "change", "said"), [
    ("scenario", {"input_shapes": {"batch_size": 2}}, "does not tell sequence_length"),
    ("scenario", {"generate_kwargs": {}}, "does not tell max_new_tokens"),
    ("scenario", {"input_shapes": "evil"}, "does not tell batch_size"),
    ("scenario", {"input_shapes": {"batch_size": -2}}, "batch_size is no count"),
    ("scenario", {"input_shapes": {"batch_size": 10**9, "sequence_length": 16}}, "cannot be used")])
def test_a_config_that_does_not_tell_is_refused(tmp_path: Path, part: str, change: dict[str, Any], said: str) -> None:
    config = OPTIMUM_CONFIG | {part: OPTIMUM_CONFIG[part] | change}
    with pytest.raises(BadInput, match=said):
        stored(tmp_path, {"config": config, "report": OPTIMUM_REPORT})
    assert not list((tmp_path / "runs").glob("*"))


def test_a_target_without_latency_is_no_number(tmp_path: Path) -> None:
    report = OPTIMUM_REPORT | {"prefill": {"latency": None, "memory": {"max_ram": 5}}}
    row = rows(stored(tmp_path, {"config": OPTIMUM_CONFIG, "report": report}))["pp/optimum-benchmark"]
    assert (row.median, row.n, row.verdict, row.reason) == (None, 0, "failed",
                                                            "optimum-benchmark tells no latency of prefill")
    assert row.extra["optimum_benchmark"]["memory"] == {"max_ram": 5}


def test_vllm_s_requests_are_the_nearest_tests_with_a_note(tmp_path: Path) -> None:
    run = stored(tmp_path, VLLM)
    assert run.manifest.started.utc == "2026-01-31T12:00:00" and run.manifest.program == "vLLM bench serve"
    assert [row.test for row in run.rows] == ["ttft1024 8-at-once", "tg128 @ d1024 8-at-once", "gen128 8-at-once"]
    first, each, together = run.rows
    assert run.ended is not None and run.ended.seconds == first.timed_s == 50.0
    assert (first.median, first.unit, first.n, first.low) == (110.0, "ms", 1, None)
    assert (each.median, each.unit) == (50.0, "tok/s") and "1000 ÷ median TPOT" in (each.reason or "")
    assert together.median == 250.88 and "2 requests failed" in (together.reason or "")
    assert first.options == {"concurrency": 8, "request_rate": "inf"} and first.device == "server"
    kept = each.extra["vllm"]
    assert kept["p99_tpot_ms"] == 30.0 and kept["mean_itl_ms"] == 20.5 and "generated_texts" not in kept
    assert {row.verdict for row in run.rows} == {"warn"}


def test_vllm_s_samples_are_taken_where_they_are_told(tmp_path: Path) -> None:
    row = stored(tmp_path, VLLM | {"ttfts": [0.1, 0.2, 0.4, 0.3] * 5, "median_tpot_ms": 0.0}).rows
    assert (row[0].median, row[0].n, row[0].low) == (250.0, 20, None)
    assert (row[1].median, row[1].verdict, row[1].reason) == (None, "failed", "vLLM bench serve tells no such time")


@pytest.mark.parametrize("odd", [1e308, 1e-308, -1, "50", None, True])
def test_a_figure_that_cannot_be_is_missing(tmp_path: Path, odd: Any) -> None:
    run = stored(tmp_path, VLLM | {"duration": odd, "median_ttft_ms": odd, "median_tpot_ms": odd})
    assert [row.median for row in run.rows] == [None, None, 250.88] and run.rows[2].timed_s == 0


def test_a_server_that_answered_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No request in it was answered"):
        stored(tmp_path, VLLM | {"completed": 0, "total_output_tokens": 0})


def test_an_export_fits_its_schema_and_comes_back_as_a_run(tmp_path: Path) -> None:
    run = store.read_run(write_run(tmp_path / "here"))
    text = export(run.rows, run.manifest.started, "json", run.manifest.program)
    told = msgspec.json.decode(text, type=Document, strict=True)
    assert told.rows == run.rows and told.schema == SCHEMA
    told_names = set(msgspec.json.decode(text))
    assert told_names == set(schema()["$defs"]["Document"]["required"]) == set(Document.__struct_fields__)
    assert set(msgspec.json.decode(text)["rows"][0]) == set(schema()["$defs"]["Row"]["properties"])
    again = stored(tmp_path, msgspec.json.decode(text))
    assert again.rows == run.rows and again.folder.name == run.folder.name
    assert again.manifest.started.spec == run.manifest.started.spec
    arrived, = import_path(tmp_path / "result.json", tmp_path / "here")
    assert not arrived.is_new and arrived.run == run.folder.name


@pytest.mark.parametrize(("change", "said"), [
    ({"schema": 2}, "A newer llmscope"), ({"rows": [{}]}, "does not fit the schema"), ({"run": "../x"}, "cannot be"),
    ({"rows": []}, "cannot be used"), ({"schema": "1"}, "does not fit"), ({"run": "CON"}, "cannot be")])
def test_a_document_that_does_not_fit_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    run = store.read_run(write_run(tmp_path / "here"))
    document = msgspec.json.decode(export(run.rows, run.manifest.started, "json"))
    with pytest.raises(BadInput, match=said):
        stored(tmp_path, document | change)
    for bad in ({"n": -1}, {"timed_s": 1e308}, {"low": 9.0, "high": 1.0}):
        with pytest.raises(BadInput, match="cannot be"):
            stored(tmp_path, document | {"rows": [document["rows"][0] | bad]})


def test_foreign_rows_survive_our_own_json(tmp_path: Path) -> None:
    run = stored(tmp_path, VLLM)
    text = export(run.rows, run.manifest.started, "json", run.manifest.program)
    (tmp_path / "again.json").write_text(text, "utf-8")
    again, = import_path(tmp_path / "again.json", tmp_path / "there")
    assert store.read_run(tmp_path / "there" / again.run).rows == run.rows
