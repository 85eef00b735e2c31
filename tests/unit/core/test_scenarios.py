"""Shapes of `gen`: what they fix, and what of a cell they leave alone."""

import msgspec
import pytest

from llmscope.core.scenarios import SCENARIOS, Scenario
from llmscope.core.spec import Cell, Sampling

LENGTHS = {"assistant": (256, 128), "translation": (64, 64), "question": (1024, 32)}


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_a_scenario_fixes_the_lengths_however_the_cell_is_made(name: Scenario) -> None:
    cell = Cell("m", "gen", scenario=name, seq=7, new=7)
    read = msgspec.json.decode(msgspec.json.encode(cell), type=Cell)
    for made in (cell, read, msgspec.structs.replace(cell, seq=9), msgspec.convert({"model": "m", "workload": "gen",
                                                                                   "scenario": name}, Cell)):
        assert (made.seq, made.new) == LENGTHS[name]
    assert cell.test == f"gen{LENGTHS[name][1]} {name}" and cell.options == {"scenario": name}


def test_a_test_without_scenarios_keeps_its_lengths() -> None:
    cell = Cell("m", "pp", scenario="assistant", seq=7)
    assert (cell.seq, cell.test) == (7, "pp7")


def test_a_cell_samples_as_asked_or_as_its_scenario_says() -> None:
    asked = Sampling(0.3, 7, 0.5, 4)
    assert Cell("m", "gen").sampling(asked) == asked
    assert Cell("m", "gen", scenario="assistant").sampling(asked) == Sampling(0.8, 50, 0.9, 4)
    assert Cell("m", "gen", scenario="question").sampling(asked) == Sampling(0.2, 50, 0.9, 4)
    assert Cell("m", "gen", scenario="translation").sampling(asked) == Sampling(0.0, 0, 1.0, 1)


def test_the_work_of_a_scenario_is_that_of_the_answers_it_gives() -> None:
    asked = Sampling(sequences=4)
    assert Cell("m", "gen", batch=2, new=8).work(asked) == 64
    assert Cell("m", "gen", batch=2, scenario="assistant").work(asked) == 2 * 128 * 4
    assert Cell("m", "gen", batch=2, scenario="translation").work(asked) == 2 * 64


def test_mixed_precision_has_float32_weights() -> None:
    assert Cell("m", "train", dtype="amp").weights_dtype == "float32"
    assert Cell("m", "train", dtype="bfloat16").weights_dtype == "bfloat16"
