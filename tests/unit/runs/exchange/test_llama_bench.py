"""llama-bench in both directions: every field comes back, and only what it has a test for is told."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmscope.core.errors import BadInput
from llmscope.core.results import Row
from llmscope.core.spec import Cell
from llmscope.runs import store
from llmscope.runs.compare import compare_stored
from llmscope.runs.entry import read_entry
from llmscope.runs.exchange import llama_bench_export as out
from llmscope.runs.exchange.importing import import_path
from llmscope.runs.export import export
from llmscope.runs.export_grid import asked_grids, grid_markdown
from tests.unit.runs.exchange.files import LLAMA_BENCH, LLAMA_BENCH_CSV, VLLM, as_json
from tests.unit.runs.stored import CELLS, write_run


def stored(tmp_path: Path, content: str | bytes, name: str = "lb") -> store.StoredRun:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    run, = import_path(tmp_path / name, tmp_path / "runs")
    return store.read_run(tmp_path / "runs" / run.run)


def row_of(tmp_path: Path, **change: Any) -> Row:
    return stored(tmp_path, as_json([LLAMA_BENCH | change])).rows[0]


def test_a_file_becomes_an_ordinary_run_that_says_who_measured_it(tmp_path: Path) -> None:
    run = stored(tmp_path, as_json([LLAMA_BENCH, LLAMA_BENCH | {"n_prompt": 0, "n_gen": 64, "n_depth": 4096}]))
    assert (run.status, run.warnings) == ("done", ()) and run.manifest.program == "llama-bench 0104b15 (9700)"
    assert run.manifest.started.utc == "2026-08-01T12:09:57+00:00"
    first, second = run.rows
    assert (first.test, first.definition, first.unit) == ("pp512", "pp/1", "tok/s")
    assert (first.median, first.n, first.samples) == (5120.0, 3, (5120.0, 5069.31, 5171.72))
    assert (first.low, first.high, first.timed_s) == (None, None, 0.3)
    assert (first.device, first.dtype, first.backend) == ("cuda:0", "Q4_K_M", "llama.cpp CUDA")
    assert first.verdict == "warn" and (first.reason or "").startswith("llama-bench: steadiness not checked")
    assert (second.test, second.definition, second.depth, second.new) == ("tg64 @ d4096", "tg/1", 4096, 64)
    entry = read_entry(tmp_path / "runs", run.folder.name)
    assert (entry.device, entry.dtypes, entry.planned) == ("RTX 4090", ("Q4_K_M",), ("pp512", "tg64 @ d4096"))
    assert entry.accuracy == "" and entry.models == ("qwen3 4B Q4_K - Medium",) and entry.can_open


@pytest.mark.parametrize(("change", "test", "definition", "said"), [
    ({"n_gen": 128}, "pp512+tg128", "gen/llama-bench", "counted together"),
    ({"n_gen": 128, "n_depth": 8}, "pp512+tg128 @ d8", "gen/llama-bench", "counted together"),
    ({"n_depth": 4096}, "pp512 @ d4096", "pp/llama-bench", "not checked")])
def test_tests_that_llmscope_has_not_have_a_definition_of_their_own(
        tmp_path: Path, change: dict[str, Any], test: str, definition: str, said: str) -> None:
    row = row_of(tmp_path, **change)
    assert (row.test, row.definition) == (test, definition) and said in (row.reason or "")


@pytest.mark.parametrize(("change", "device", "dtype"), [
    ({"backends": "CPU", "gpu_info": ""}, "cpu", "Q4_K_M"), ({"backends": "BLAS"}, "cpu", "Q4_K_M"),
    ({"backends": "Metal,BLAS", "model_type": "llama 7B mostly Q4_0"}, "mps:0", "Q4_0"),
    ({"backends": "Vulkan", "model_type": "gemma3 1B BF16"}, "vulkan:0", "BF16"),
    ({"backends": "CUDA", "model_type": "llama 8B IQ4_XS - 4.25 bpw"}, "cuda:0", "IQ4_XS"),
    ({"backends": "ROCm", "model_type": "tiny"}, "cuda:0", "not told")])
def test_device_and_precision_are_read_off_the_fields(
        tmp_path: Path, change: dict[str, Any], device: str, dtype: str) -> None:
    row = row_of(tmp_path, **change)
    assert (row.device, row.dtype) == (device, dtype)
    assert read_entry(tmp_path / "runs", row.run).device in ("RTX 4090", "AMD Ryzen 9 7950X", "Ryzen 9 7950X")


def test_without_samples_there_is_the_mean_alone_and_without_a_speed_no_number(tmp_path: Path) -> None:
    row = stored(tmp_path, LLAMA_BENCH_CSV).rows[0]
    assert (row.median, row.n, row.low, row.timed_s) == (5120.512345, 1, None, 0.1)
    assert "a mean, its repeats are not in the file" in (row.reason or "")
    for nothing in (None, 0, float("nan"), "fast"):
        row = row_of(tmp_path, avg_ts=nothing, samples_ts=[], samples_ns=[])
        assert (row.median, row.n, row.verdict) == (None, 0, "failed"), nothing


def test_a_table_and_its_json_have_the_same_fields(tmp_path: Path) -> None:
    told, _ = out.tests([stored(tmp_path, LLAMA_BENCH_CSV)])
    assert told == [{name: value for name, value in LLAMA_BENCH.items() if not name.startswith("samples")}]
    assert out.text(told, "llama-bench-csv") == LLAMA_BENCH_CSV


def test_older_and_newer_fields_are_read_by_name_and_kept(tmp_path: Path) -> None:
    older = {"build_commit": "3469684", "cuda": True, "f16_kv": True, "model_type": "llama 7B mostly Q4_0",
             "n_prompt": 512, "n_gen": 0, "avg_ts": 2410.97, "not_known_yet": [1, 2.5]}
    run = stored(tmp_path, json.dumps(older) + "\n" + json.dumps(older | {"n_prompt": 64}) + "\n", "lb.jsonl")
    assert [row.test for row in run.rows] == ["pp512", "pp64"] and run.manifest.started.utc == ""
    assert out.tests([run])[0] == [older, older | {"n_prompt": 64}]


PRINTABLE = st.text("aZ0 _-./\\\"'|=+@é€😀", max_size=12)
VALUES = st.booleans() | st.integers(-2**53, 2**53) | st.floats(allow_nan=False, allow_infinity=False) | PRINTABLE
FIELDS = st.fixed_dictionaries(
    {"n_prompt": st.integers(1, 10**6), "n_gen": st.integers(0, 10**6), "avg_ts": st.floats(1e-3, 1e9),
     "samples_ts": st.lists(st.floats(1e-3, 1e9), max_size=4)},
    optional={"n_depth": st.integers(0, 10**6), "test_time": PRINTABLE, "model_type": PRINTABLE, "devices": PRINTABLE,
              "flash_attn": st.integers(-1, 1), "no_host": st.booleans(), "type_k": PRINTABLE, "a_new_one": VALUES,
              "another_new_one": st.lists(st.floats(0, 1e9), max_size=3)})


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FIELDS, min_size=1, max_size=3), st.sampled_from(["llama-bench-json", "llama-bench-jsonl"]))
def test_all_fields_survive_import_and_export(tmp_path: Path, tests: list[dict[str, Any]], form: Any) -> None:
    told, others = out.tests([stored(tmp_path, as_json(tests))])
    text = out.text(told, form)
    again = json.loads(text) if form == "llama-bench-json" else [json.loads(line) for line in text.splitlines()]
    assert again == tests and not others
    assert [list(test) for test in again] == [list(test) for test in tests]
    assert out.tests([stored(tmp_path, text)])[0] == tests


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(PRINTABLE, min_size=3, max_size=3), counts=st.lists(st.integers(0, 2**53), min_size=2),
       speed=st.floats(1e-3, 1e9), truth=st.booleans())
def test_the_40_fields_survive_as_a_table(
        tmp_path: Path, texts: list[str], counts: list[int], speed: float, truth: bool) -> None:
    fields = {name: value for name, value in LLAMA_BENCH.items() if not name.startswith("samples")} | {
        "cpu_info": texts[0], "model_filename": texts[1], "devices": texts[2], "model_size": counts[0],
        "avg_ns": counts[1], "avg_ts": speed, "no_host": truth}
    told, _ = out.tests([stored(tmp_path, as_json([fields]))])
    text = out.text(told, "llama-bench-csv")
    assert not any(cell.startswith(("=", "+", "@")) for line in csv.reader(io.StringIO(text)) for cell in line)
    assert out.tests([stored(tmp_path, text, "lb.csv")])[0] == [fields]


def test_own_tests_are_told_in_llama_bench_s_terms(tmp_path: Path) -> None:
    cells = (*CELLS, Cell("bundled", "gen", device="cpu", dtype="float32"),
             Cell("bundled", "pp", device="cpu", dtype="float32", batch=4))
    run = store.read_run(write_run(tmp_path, cells=cells))
    told, others = out.tests([run])
    assert others == ["gen128", "pp512 b4"] and len(told) == 2
    prompt, decode = told
    assert list(prompt)[:len(LLAMA_BENCH)] == list(out._OWN) and set(LLAMA_BENCH) == set(out._OWN)
    assert (prompt["n_prompt"], prompt["n_gen"], decode["n_prompt"], decode["n_gen"]) == (512, 0, 0, 128)
    assert prompt["samples_ns"][0] == 100_000_000 and prompt["test_time"] == "2026-11-21T18:40:00Z"
    assert prompt["avg_ts"] == pytest.approx(sum(prompt["samples_ts"]) / 8) and prompt["n_batch"] is None
    assert prompt["llmscope_definition"] == "pp/1" and prompt["llmscope_median"] == run.rows[0].median
    again = stored(tmp_path, out.text(told, "llama-bench-json"))
    assert [row.test for row in again.rows] == ["pp512", "tg128"]
    assert again.rows[0].median == pytest.approx(run.rows[0].median, rel=1e-12)


def test_a_failed_test_is_not_told_as_a_number(tmp_path: Path) -> None:
    run = store.read_run(write_run(tmp_path, verdict="failed"))
    assert out.tests([run]) == ([], ["pp512", "tg128"])


def test_samples_that_cannot_be_are_not_told(tmp_path: Path) -> None:
    run = store.read_run(write_run(tmp_path))
    rows = tuple(msgspec.structs.replace(row, samples=(odd, 1.0))
                 for row, odd in zip(run.rows, (0.0, 1e308), strict=True))
    assert out.tests([msgspec.structs.replace(run, rows=rows)]) == ([], ["pp512", "tg128"])


def test_the_table_is_llama_bench_s_own(tmp_path: Path) -> None:
    tests = [LLAMA_BENCH, LLAMA_BENCH | {"n_prompt": 0, "n_gen": 128, "n_depth": 4096, "type_k": "q8_0"}]
    assert out.text(tests, "llama-bench-md").splitlines() == [
        "| model                          |       size |     params | backend    | ngl | type_k |            test |"
        "                  t/s |",
        "| ------------------------------ | ---------: | ---------: | ---------- | --: | -----: | --------------: |"
        " -------------------: |",
        "| qwen3 4B Q4_K - Medium         |   2.33 GiB |     4.02 B | CUDA       |  -1 |    f16 |           pp512 |"
        "      5120.51 ± 51.25 |",
        "| qwen3 4B Q4_K - Medium         |   2.33 GiB |     4.02 B | CUDA       |  -1 |   q8_0 |   tg128 @ d4096 |"
        "      5120.51 ± 51.25 |",
        "", "build: 0104b15 (9700)"]


BAD: dict[str, tuple[bytes, str]] = {
    "no lengths": (as_json([LLAMA_BENCH | {"n_prompt": 0}]), "neither a prompt nor new tokens"),
    "a text for a count": (as_json([LLAMA_BENCH | {"n_prompt": "512"}]), "n_prompt is no count"),
    "negative": (as_json([LLAMA_BENCH | {"n_gen": -1}]), "n_gen is no count"),
    "too long": (as_json([LLAMA_BENCH | {"n_prompt": 10**9}]), "cannot be used"),
    "a time that is a path": (as_json([LLAMA_BENCH | {"test_time": "../../evil", "n_prompt": True}]), "no count"),
    "half a file": (as_json([LLAMA_BENCH])[:-30], "cannot be imported: it is cut off or damaged"),
    "a line too few": ((LLAMA_BENCH_CSV + '"1","2"\n').encode(), "damaged"),
    "half a token": (as_json([LLAMA_BENCH]).replace(b'"n_gen": 0', b'"n_gen": 0.5'), "n_gen is no count"),
    "deep": (as_json([LLAMA_BENCH | {"devices": json.loads("[" * 40 + "]" * 40)}]), "nested too deeply"),
    "a million deep": (b"[" * 10**6, "nested too deeply"), "5,000 digits": (b"[" + b"9" * 5000 + b"]", "imported"),
    "other JSON": (b'{"hello": 1}', "no results that llmscope knows"), "empty": (b"", "no results"),
    "empty list": (b"[]", "no results"),
    "a text": (b"hello, world\n", "no results"), "Latin-1": (b'["\xe9"]', "cannot"),
    "YAML": (b"!!python/object/apply:os.system ['touch canary']", "no results"),
}


@pytest.mark.parametrize(("content", "said"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "bad.json").write_bytes(content)
    with pytest.raises(BadInput, match=said) as caught:
        import_path(tmp_path / "bad.json", tmp_path / "runs")
    assert str(caught.value).startswith("bad.json") and str(caught.value).isprintable()
    assert not list((tmp_path / "runs").glob("*"))


def test_what_is_no_number_is_missing_and_the_same_file_comes_once(tmp_path: Path) -> None:
    content = as_json([LLAMA_BENCH | {"stddev_ts": float("nan")}]).replace(b"1000000,", b"1e999,")
    kept = stored(tmp_path, content).rows[0].extra["llama_bench"]
    assert (kept["stddev_ns"], kept["stddev_ts"]) == (None, None)
    assert not import_path(tmp_path / "lb", tmp_path / "runs")[0].is_new


def test_what_others_define_in_their_way_is_no_test_of_llama_bench(tmp_path: Path) -> None:
    told, others = out.tests([stored(tmp_path, as_json(VLLM))])
    assert not told and len(others) == 3


def test_a_file_is_compared_with_a_run_of_the_same_model(tmp_path: Path) -> None:
    cell = Cell("arch:qwen3-4b", "pp", "cpu", "bfloat16")
    ours = write_run(tmp_path / "runs", cells=(cell,))
    run = stored(tmp_path, as_json([LLAMA_BENCH | {"model_filename": "models\\Qwen3-4B-Q4_K_M.gguf"}]))
    line, = compare_stored(tmp_path / "runs", [ours.name, run.folder.name]).comparison.lines
    assert line.model == "arch:qwen3-4b" and line.values[1].counted and not line.values[1].why


def test_texts_of_others_do_nothing(tmp_path: Path) -> None:
    row = row_of(tmp_path, model_type="\x1b]0;evil\x07\u202eQ4_0", cpu_info="=cmd|'x'!A0\nb")
    assert row.model.isprintable() and "\x1b" not in json.dumps(msgspec.to_builtins(row), ensure_ascii=False)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_beyond_the_calendar_is_not_told(tmp_path: Path, at: str) -> None:
    run = stored(tmp_path, as_json([LLAMA_BENCH | {"test_time": at}]))
    assert run.manifest.started.utc == ""
    own = store.read_run(write_run(tmp_path / "own"))
    manifest = msgspec.structs.replace(own.manifest, started=msgspec.structs.replace(own.manifest.started, utc=at))
    told, _ = out.tests([msgspec.structs.replace(own, manifest=manifest)])
    assert told[0]["test_time"] is None


def swept(tmp_path: Path, name: str, factor: float) -> store.StoredRun:
    """Store a sweep over threads and flash attention, as `llama-bench -t 2,4 -fa 0,1` writes it."""
    return stored(tmp_path, as_json([
        LLAMA_BENCH | {"n_threads": threads, "flash_attn": fa, "avg_ts": factor * threads, "samples_ts": [],
                       "test_time": f"2026-08-0{name}T00:00:00Z"} for threads in (2, 4) for fa in (False, True)]), name)


def test_settings_that_vary_tell_tests_of_one_id_apart(tmp_path: Path) -> None:
    one, two = swept(tmp_path, "1", 10.0), swept(tmp_path, "2", 20.0)
    entry = read_entry(tmp_path / "runs", one.folder.name)
    assert [brief.apart for brief in entry.tests] == [
        f"{threads} threads · flash_attn {fa}" for threads in (2, 4) for fa in ("off", "on")]
    table = export(one.rows, one.manifest.started, "md", one.manifest.program)
    assert table.startswith("| flash_attn | threads | test |") and "| on | 4 | pp512 |" in table
    assert "accuracy" not in table  # none was asked for
    grid, = asked_grids(one.rows, "flash_attn,threads", "speed", None)
    assert [spot.value for spot in grid.spots] == [20.0, 40.0, 20.0, 40.0] and "| off | 20.0 " in grid_markdown(grid)
    lines = compare_stored(tmp_path / "runs", [one.folder.name, two.folder.name]).comparison.lines
    assert [[value.row.median for value in line.values if value.row] for line in lines] == [
        [10.0 * threads, 20.0 * threads] for threads in (2, 2, 4, 4)]


@pytest.mark.parametrize("threads", [None, 0, -1, True, "4", 2**40, 10**30])
def test_an_odd_number_of_threads_is_not_told(tmp_path: Path, threads: Any) -> None:
    row = row_of(tmp_path, n_threads=threads)
    assert "threads" not in row.options and row.extra["threads"] is None


def test_reading_a_prompt_goes_out_without_a_depth(tmp_path: Path) -> None:
    cells = tuple(msgspec.structs.replace(cell, depth=256) for cell in CELLS)
    told, _ = out.tests([store.read_run(write_run(tmp_path, cells=cells))])
    assert [(test["n_prompt"], test["n_depth"]) for test in told] == [(512, 0), (0, 256)]
