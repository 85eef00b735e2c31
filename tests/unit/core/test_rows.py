"""Rows, specs and ids: what is asked and what is kept."""

from typing import Any, get_args

import msgspec
import pytest

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.definitions import test_id as make_id
from llmscope.core.results import VERDICT_WORDS, Verdict
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, RunSpec, Sampling, preset_cells

PP = Cell("bundled", "pp", device="cpu", dtype="float32", batch=2, seq=100)
LOAD = Cell("bundled", "load-warm", device="cpu", dtype="float32")
TIMES = [1.0, 1.2, 0.9, 1.1, 0.95, 1.05, 1.0]


def test_a_rate_turns_the_interval_of_the_times() -> None:
    row = make_row("r", PP, Sampling(), TIMES, "valid")
    assert row.test == "pp100 b2" and row.unit == "tok/s" and row.n == 7
    assert row.median == pytest.approx(200 / 1.0)
    assert row.low == pytest.approx(200 / 1.2) and row.high == pytest.approx(200 / 0.9)
    assert row.timed_s == pytest.approx(sum(TIMES))


def test_seconds_stay_as_they_are() -> None:
    row = make_row("r", LOAD, Sampling(), TIMES, "valid")
    assert (row.median, row.low, row.high) == (1.0, 0.9, 1.2)


def test_several_answers_count_all_their_tokens() -> None:
    cell = Cell("bundled", "gen", batch=2, new=10)
    assert make_row("r", cell, Sampling(sequences=3), [1.0] * 6, "valid").median == 60


@pytest.mark.parametrize("verdict", ["failed", "invalid"])
def test_a_failure_never_becomes_a_number(verdict: str) -> None:
    row = make_row("r", PP, Sampling(), TIMES, verdict, "why")  # type: ignore[arg-type]
    assert row.median is None and row.low is None and row.n == 0 and row.samples == ()


def test_a_stopped_test_keeps_what_it_had_and_too_few_give_no_interval() -> None:
    row = make_row("r", PP, Sampling(), TIMES[:3], "cancelled", "stopped")
    assert row.median == 200 and row.low is None and row.n == 3


def test_a_test_that_was_stopped_before_its_first_sample_has_no_value() -> None:
    row = make_row("r", PP, Sampling(), (), "cancelled", "stopped")
    assert (row.median, row.low, row.high, row.half_width) == (None, None, None, None) and row.n == row.timed_s == 0


def test_nothing_is_dropped_and_the_half_width_is_a_share_of_the_median() -> None:
    times = [*[1.0, 1.1] * 10, 10.0]
    row = make_row("r", LOAD, Sampling(), times, "valid")
    assert row.n == len(row.samples) == 21 and row.timed_s == sum(times) and row.samples == tuple(times)
    assert row.median == 1.1 and row.half_width == pytest.approx((row.high - row.low) / 2 / 1.1)  # type: ignore[operator]


@pytest.mark.parametrize(("workload", "tokens"), [
    ("pp", 200), ("train", 200), ("tg", 20), ("gen", 60), ("load-warm", None), ("val", 200),
    ("tok", None), ("opt", None), ("ttft", None)])
def test_each_kind_of_test_counts_its_own_tokens(workload: str, tokens: int | None) -> None:
    cell = Cell("bundled", workload, batch=2, seq=100, new=10, depth=50)  # type: ignore[arg-type]
    assert cell.work(Sampling(sequences=3)) == tokens


def test_a_time_in_ms_and_a_rate_of_work_that_only_the_samples_know() -> None:
    ttft = make_row("r", Cell("m", "ttft"), Sampling(), [0.02, 0.04, 0.03], "valid")
    assert (ttft.median, ttft.unit, ttft.samples) == (pytest.approx(30), "ms", (20, 40, 30))
    tok = make_row("r", Cell("m", "tok"), Sampling(), [0.5] * 8, "valid", work=1000)
    assert tok.median == tok.low == tok.high == 2000
    with pytest.raises(ValueError, match="not known"):
        make_row("r", Cell("m", "tok"), Sampling(), [0.5], "valid")


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_every_verdict_has_a_word_and_a_definition_label_with_its_version(verdict: Verdict) -> None:
    assert VERDICT_WORDS[verdict] and make_row("r", PP, Sampling(), (), verdict).definition == "pp/1"


@pytest.mark.parametrize(("settings", "shown"), [
    ({"kind": "pp"}, "pp512"), ({"kind": "tg", "depth": 512}, "tg128 @ d512"),
    ({"kind": "gen", "batch": 4}, "gen128 b4"), ({"kind": "gemm", "size": 2048, "dtype": "bf16"}, "gemm2048-bf16"),
    ({"kind": "membw-read", "size": 64 * 1024**2}, "membw-read 64MiB"),
    ({"kind": "train", "options": {"optimizer": "sgd", "checkpointing": True}}, "train512 sgd checkpointing"),
    ({"kind": "load-warm", "batch": 4}, "load-warm"), ({"kind": "tg", "depth": 8, "batch": 2}, "tg128 @ d8 b2")])
def test_ids_follow_the_grammar(settings: dict[str, object], shown: str) -> None:
    assert make_id(**({"seq": 512, "new": 128} | settings)) == shown  # type: ignore[arg-type]


@pytest.mark.parametrize("settings", [
    {"cells": []}, {"cells": [{"model": "m", "workload": "pp", "batch": 0}]}, {"threads": 0}, {"seed": -1},
    {"cells": [{"model": "m", "workload": "pp", "seq": 0}]}, {"cells": [{"model": "m", "workload": "sleep"}]},
    {"cells": [{"model": "m", "workload": "tg", "depth": -1}]}, {"cells": [{"model": "m", "workload": "pp", "x": 1}]},
    {"cells": [{"model": "m", "workload": "pp", "dtype": "int8"}]}, {"accuracy": "best"}, {"time_limit_s": 0},
    {"sampling": {"temperature": -0.1}}, {"sampling": {"top_p": 0}}, {"sampling": {"top_p": 1.1}},
    {"sampling": {"sequences": 0}}, {"sampling": {"temperature": 0, "sequences": 2}}])
def test_settings_out_of_bounds_are_refused(settings: dict[str, Any]) -> None:
    whole = {"cells": [{"model": "m", "workload": "pp"}]}
    msgspec.convert(whole, RunSpec)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(whole | settings, RunSpec)


def test_several_equal_answers_are_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="need a temperature above 0"):
        Sampling(temperature=0, sequences=2)


def test_quick_adds_the_yardstick_only_to_the_bundled_model() -> None:
    assert [c.test for c in preset_cells("quick", "bundled")] == ["gen128", "pp512", "tg32"]
    assert [c.test for c in preset_cells("quick", "arch:gpt2")] == ["gen128"]
    assert "load-warm" not in [c.test for c in preset_cells("inference", "arch:gpt2")]


INFERENCE = ["load-warm", "tok", "ttft64", "pp64", "tg8", "gen8", "ttft64 b4", "pp64 b4", "tg8 b4", "gen8 b4"]
TRAINING = ["fwd64", "bwd64", "opt", "train64", "val64"]


@pytest.mark.parametrize(("preset", "tests"), [
    ("inference", INFERENCE), ("training", TRAINING),
    ("everything", ["load-cold", *INFERENCE, "gen128 assistant", "gen64 translation", "gen32 question", "prep64",
                    *TRAINING, "train64 sgd", "train64 checkpointing", "train64"])])
def test_presets_take_the_lengths_they_are_given(preset: Any, tests: list[str]) -> None:
    assert [c.test for c in preset_cells(preset, "bundled", seq=64, new=8) if c.model == "bundled"] == tests


def test_the_hardware_preset_has_no_model_and_everything_ends_with_it() -> None:
    hardware = preset_cells("hardware", "bundled")
    assert {c.model for c in hardware} == {"machine"} and len(set(hardware)) == len(hardware)
    assert {c.workload for c in hardware} == {k for k, d in DEFINITIONS.items() if d.of_machine}
    assert preset_cells("everything", "bundled")[-len(hardware):] == hardware
