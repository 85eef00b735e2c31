"""Models under the names that other programs give them."""

from typing import Any

import msgspec
import pytest

from llmscope.analysis.compare import compare
from llmscope.analysis.model_names import common_name, shown_name
from llmscope.core.results import Row
from llmscope.core.spec import Cell
from tests.unit.analysis.test_compare import row, side

OURS = Cell("arch:smollm2-135m", "pp", "cpu", "float32")


def of(model: str, value: float = 100.0, **extra: Any) -> Row:
    return msgspec.structs.replace(row(OURS, value, **extra), model=model)


@pytest.mark.parametrize("model", [
    "arch:smollm2-135m", "HuggingFaceTB/SmolLM2-135M", "/models/SmolLM2-135M/", "C:\\models\\SmolLM2-135M-Instruct",
    "SmolLM2-135M-Instruct-Q4_K_M.gguf", "smollm2-135m-f16-00001-of-00002.gguf"])
def test_a_model_has_one_name_wherever_it_comes_from(model: str) -> None:
    assert common_name(of(model)) == "smollm2-135m"


@pytest.mark.parametrize("model", ["bundled", "arch:gpt2", "arch:qwen3-30b-a3b", "arch:phi-3-mini-4k"])
def test_what_belongs_to_a_name_stays(model: str) -> None:
    assert common_name(of(model)) == model.removeprefix("arch:")


def test_a_file_of_another_program_stands_beside_the_same_model_and_both_names_are_told() -> None:
    theirs = of("llama 135M F16", 300.0, model_name="smollm2-135m-f16.gguf", parameters=134_515_008)
    found = compare([side(of("arch:smollm2-135m", parameters=134_515_008)), side(theirs, run="b")])
    assert found.lines[0].model == "arch:smollm2-135m" and found.lines[0].values[1].times is not None
    assert found.settings[0].name == "Model" and found.settings[0].differing == (1,)
    assert found.settings[0].values == ("arch:smollm2-135m", "smollm2-135m-f16.gguf")
    alike = compare([side(of("arch:smollm2-135m")), side(of("arch:smollm2-135m"), run="b")])
    assert "Model" not in [setting.name for setting in alike.settings]


@pytest.mark.parametrize(("model", "shown"), [
    ("/home/anna/SmolLM2-135M", "SmolLM2-135M"), ("C:\\anna\\SmolLM2-135M", "SmolLM2-135M"),
    ("../anna/SmolLM2-135M/", "SmolLM2-135M"), ("arch:gpt2", "arch:gpt2"), ("openai/gpt2", "openai/gpt2")])
def test_of_a_folder_only_its_name_is_told(model: str, shown: str) -> None:
    assert shown_name(of(model)) == shown
    found = compare([side(of(f"x/{shown}")), side(of(model), run="b")])
    assert not any("anna" in (value or "") for setting in found.settings for value in setting.values)


def test_one_name_with_other_parameters_is_not_compared() -> None:
    found = compare([side(of("arch:smollm2-135m", parameters=134_515_008)),
                     side(of("me/smollm2-135m", parameters=120_000_000), run="b")])
    assert found.lines[0].values[1].times is None
    assert found.lines[0].values[1].why == (
        "not compared: its model has 120,000,000 parameters, the baseline's 134,515,008")


def test_two_models_of_one_name_in_a_run_stay_what_they_are() -> None:
    found = compare([side(of("arch:smollm2-135m"), of("me/smollm2-135m", 200.0)),
                     side(of("arch:smollm2-135m", 50.0), of("other/smollm2-135m"), run="b")])
    assert [line.model for line in found.lines] == ["arch:smollm2-135m"]
    assert [len(names) for names in found.alone] == [1, 1]
