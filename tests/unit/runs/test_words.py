"""What goes in and comes out as text: comma lists, tables, outcomes, choices of device."""

import csv
import io
import json
from typing import Any

import msgspec
import pytest

from llmscope.core.errors import BadInput
from llmscope.core.events import Device, DtypeProbe, RunStarted
from llmscope.core.rows import make_row
from llmscope.core.spec import WORKLOADS, Cell, RunSpec, Sampling, preset_cells
from llmscope.runs.export import export
from llmscope.runs.outcome import Outcome
from llmscope.runs.resolve import refusals, resolve, that_fits
from llmscope.runs.sweep import sweep

ASKED: dict[str, Any] = {"model": "bundled", "device": "auto", "dtype": "auto", "batch": "1", "seq": "512",
                         "new": "128", "depth": "0", "workload": None, "preset": None}
CPU = Device("cpu", "CPU", "cpu", 1, (DtypeProbe("float32", True), DtypeProbe("bfloat16", False)))
CUDA = Device("cuda:0", "GPU", "cuda", 1, (DtypeProbe("float32", True), DtypeProbe("bfloat16", True)))


def test_a_sweep_is_the_product_with_each_test_once() -> None:
    cells = sweep(**(ASKED | {"batch": "1,4", "seq": "128,512", "workload": "pp,tg,load-warm"}))
    tests = [(c["workload"], c["batch"], c["seq"]) for c in cells]
    assert sorted(tests) == [("load-warm", 1, 128), ("pp", 1, 128), ("pp", 1, 512), ("pp", 4, 128), ("pp", 4, 512),
                             ("tg", 1, 128), ("tg", 4, 128)]


def test_a_sweep_goes_over_models_devices_and_dtypes_and_forgives_spaces() -> None:
    cells = sweep(**(ASKED | {"model": "bundled, arch:gpt2", "dtype": "float32,bfloat16", "workload": " pp ,pp",
                              "seq": " 128 , 128"}))
    assert [(c["model"], c["dtype"], c["seq"]) for c in cells] == [
        ("bundled", "float32", 128), ("bundled", "bfloat16", 128), ("arch:gpt2", "float32", 128),
        ("arch:gpt2", "bfloat16", 128)]


def test_every_workload_has_its_settings_and_only_those_multiply() -> None:
    many = {"batch": "1,2", "seq": "8,16", "new": "4,6", "depth": "0,9"}
    counts = {w: len(sweep(**(ASKED | many | {"workload": w}))) for w in WORKLOADS}
    assert counts == {
        "load-cold": 1, "load-warm": 1, "tok": 1, "prep": 2, "pp": 4, "tg": 8, "ttft": 4, "gen": 8, "fwd": 4, "bwd": 4,
        "opt": 1, "train": 4, "val": 4, "gemm": 18, "dense": 3, "membw-read": 10, "membw-copy": 10, "h2d": 1, "d2h": 1,
        "disk-read": 1}


def test_a_preset_is_swept_too_and_its_fixed_tests_run_once() -> None:
    cells = sweep(**(ASKED | {"preset": "quick", "new": "16,32"}))
    assert [(c["workload"], c["new"]) for c in cells] == [("gen", 16), ("pp", 16), ("tg", 32), ("gen", 32)]


@pytest.mark.parametrize("wrong", [
    {"batch": "1,x"}, {"seq": ""}, {"new": "1,,2"}, {"depth": "1.5"}, {"workload": ","}, {"workload": "pp,nope"},
    {"preset": "fast"}, {"preset": "quick", "workload": "pp"}, {"optimizer": "adamw,lion"}, {"checkpointing": "yes"},
    {"scenario": "essay"}, {"scenario": ""}])
def test_wrong_words_are_said_in_one_line(wrong: dict[str, str]) -> None:
    with pytest.raises(BadInput) as error:
        sweep(**(ASKED | wrong))
    assert "\n" not in str(error.value)


def test_auto_takes_the_accelerator_and_the_dtype_it_is_fast_at() -> None:
    spec = RunSpec((Cell("bundled", "pp"), Cell("bundled", "pp", device="cpu")))
    first, second = resolve(spec, (CPU, CUDA)).cells
    assert (first.device, first.dtype) == ("cuda:0", "bfloat16")
    assert (second.device, second.dtype) == ("cpu", "float32")
    assert resolve(RunSpec((Cell("bundled", "pp", device="cuda"),)), (CPU, CUDA)).cells[0].device == "cuda:0"
    with pytest.raises(BadInput, match="use cpu or cuda:0"):
        resolve(RunSpec((Cell("bundled", "pp", device="mps"),)), (CPU, CUDA))


def test_options_multiply_only_the_tests_that_have_them() -> None:
    def tests(**options: str) -> set[str]:
        given = ASKED | {"workload": "pp,opt,train", "seq": "16,32"} | options
        found = [msgspec.convert(cell, Cell).test for cell in sweep(**given)]
        assert len(set(found)) == len(found)
        return set(found)

    assert tests(optimizer="sgd,adamw") == {
        "pp16", "pp32", "opt sgd", "opt", "train16 sgd", "train16", "train32 sgd", "train32"}
    assert tests(checkpointing=" off , on") == {
        "pp16", "pp32", "opt", "train16", "train16 checkpointing", "train32", "train32 checkpointing"}
    assert tests(workload="pp,train,gen", scenario="question,translation") == {
        "pp16", "train16", "gen32 question", "gen64 translation", "pp32", "train32"}
    assert tests(optimizer="sgd", checkpointing="on", seq="16") == {"pp16", "opt sgd", "train16 sgd checkpointing"}


def test_options_also_multiply_a_preset() -> None:
    cells = sweep(**(ASKED | {"preset": "training", "optimizer": "adamw,sgd", "dtype": "amp"}))
    assert [msgspec.convert(cell, Cell).test for cell in cells] == [
        "fwd512", "bwd512", "opt", "opt sgd", "train512", "train512 sgd", "val512"]
    assert {cell["dtype"] for cell in cells} == {"amp"}


def test_everything_leaves_out_what_it_brings_by_itself_and_cannot_work() -> None:
    poor = Device("cpu", "CPU", "cpu", 1, (DtypeProbe("float32", True),))

    def brought(model: str, device: Device) -> list[str]:
        cells = tuple(c for c in preset_cells("everything", model) if c.model == model)
        spec = resolve(that_fits(RunSpec(cells, preset="everything"), None), (device,))
        assert not list(refusals(spec, (device,)))
        return [f"{c.test} {c.dtype}" for c in spec.cells if c.scenario or c.dtype == "amp"]

    scenarios = ["gen128 assistant float32", "gen64 translation float32", "gen32 question float32"]
    assert brought("bundled", CPU) == [*scenarios, "train512 amp"] and brought("bundled", poor) == scenarios
    assert brought("arch:gpt2", CPU) == [*scenarios[:2], "train512 amp"]  # 1,024 positions
    cells = (Cell("bundled", "fwd"), Cell("bundled", "train", dtype="amp"))
    asked = resolve(RunSpec(cells, preset="training"), (poor,))
    assert asked.cells[1].dtype == "amp" and set(dict(refusals(asked, (poor,)))) == {1}


def test_what_cannot_work_is_told_cell_by_cell() -> None:
    cells = (Cell("arch:gpt2", "pp", "cpu", "float32", seq=2000), Cell("arch:gpt2", "pp", "cpu", "float32"),
             Cell("arch:gpt2", "pp", "cpu", "float16"))
    found = dict(refusals(RunSpec(cells), (CPU,)))
    assert set(found) == {0, 2} and found[0].field == "seq" and found[2].field == "dtype"


def _rows() -> tuple[list[Any], RunStarted]:
    cells = (Cell("=cmd()", "pp", "cpu", "float32"), Cell("=cmd()", "tg", "cpu", "float32", batch=2))
    started = RunStarted(t_ns=0, run="r", utc="2026-01-01T00:00:00+00:00", spec=RunSpec(cells),
                         machine={"label": "Test machine"}, versions={"torch": "2.13"})
    rows = [make_row("r", cells[0], Sampling(), [0.5] * 10, "valid"),
            make_row("r", cells[1], Sampling(), (), "failed", "out of | memory")]
    return rows, started


def test_markdown_shows_what_varies_and_no_number_for_a_failure() -> None:
    lines = export(*_rows(), "md").splitlines()
    assert lines[0] == "| batch | test | result | ± | n | verdict | reason |"
    assert lines[2].split("|")[3].strip() == "1,024\u00a0tok/s"
    assert lines[3].split("|")[3].strip() == "—" and "out of \\| memory" in lines[3]
    assert "model =cmd()" in lines[-1] and "Test machine" in lines[-1] and "torch 2.13" in lines[-1]


def test_json_keeps_null_and_csv_leaves_it_empty_and_runs_no_formula() -> None:
    rows, started = _rows()
    document = json.loads(export(rows, started, "json"))
    assert document["rows"][1]["median"] is None and document["rows"][0]["median"] == 1024
    assert [json.loads(line)["test"] for line in export(rows, started, "jsonl").splitlines()] == ["pp512", "tg128 b2"]
    first, second = csv.DictReader(io.StringIO(export(rows, started, "csv")))
    assert first["model"] == "'=cmd()" and second["median"] == "" and json.loads(first["samples"]) == [1024] * 10


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1"])
def test_no_text_in_csv_can_be_run_as_a_formula(text: str) -> None:
    rows, started = _rows()
    row = msgspec.structs.replace(rows[0], reason=text + "\r-1,2\n=3", extra={"=x": "=y"})
    cell = next(csv.DictReader(io.StringIO(export([row], started, "csv"), newline="")))
    assert cell["reason"] == f"'{text} -1,2\n=3" and cell["extra"].startswith("{")


def test_no_row_is_an_empty_table_in_every_format() -> None:
    _, started = _rows()
    for form in ("md", "json", "jsonl", "csv"):
        assert "None" not in export([], started, form)  # type: ignore[arg-type]


def test_numbers_come_back_from_json_and_csv_bit_by_bit() -> None:
    _, started = _rows()
    row = make_row("r", Cell("m", "load-warm", "cpu", "float32"), Sampling(), [0.1 + 0.2, 1 / 3, 1e-9] * 3, "valid")
    for found in (json.loads(export([row], started, "jsonl")),
                  next(csv.DictReader(io.StringIO(export([row], started, "csv"))))):
        assert float(found["median"]) == row.median and float(found["low"]) == row.low
        samples = found["samples"] if isinstance(found["samples"], list) else json.loads(found["samples"])
        assert tuple(samples) == row.samples


@pytest.mark.parametrize(("code", "words"), [(0, "by itself"), (3, "code 3"), (-9, "SIGKILL"), (-11, "SIGSEGV"),
                                             (-7, "SIGBUS"), (-250, "signal 250")])
def test_an_exit_code_becomes_words(code: int, words: str) -> None:
    assert words in Outcome(code).words
    assert "memory" in Outcome(-9, out_of_memory=True).words


def test_the_line_below_the_table_tells_the_threads_that_were_asked_for() -> None:
    cell = Cell("bundled", "pp", "cpu", "float32")
    rows = [make_row("r", cell, Sampling(), [0.5] * 10, "valid", None, {}, 512)]
    for threads, told in ((1, True), (None, False)):
        started = RunStarted(t_ns=0, run="r", utc="", spec=RunSpec((cell,), threads=threads), machine={}, versions={})
        assert ("threads 1 · accuracy" in export(rows, started, "md")) is told
