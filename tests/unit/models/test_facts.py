import json
from pathlib import Path
from typing import Any

import pytest

from llmscope.core.errors import ModelRefused
from llmscope.models.facts import DecoderFacts, Facts, facts_of
from llmscope.models.headers import Tensor
from llmscope.models.safety import check_folder
from tests.unit.models.built import CONFIGS, GPT2, GQA, network_of
from tests.unit.models.folders import TINY, TINY_PARAMETERS


@pytest.mark.parametrize("name", CONFIGS)
def test_parameters_are_those_of_the_built_model(name: str) -> None:
    network = network_of(CONFIGS[name])
    facts = facts_of(CONFIGS[name])
    assert facts.parameters == sum(weight.numel() for weight in network.parameters())
    assert facts.tied == (network.get_output_embeddings().weight is network.get_input_embeddings().weight)


@pytest.mark.parametrize(("ref", "published"), [("gpt2", 124_439_808), ("smollm2", 134_515_008)])
def test_parameters_of_the_architectures_are_the_published_ones(ref: str, published: int) -> None:
    assert facts_of(CONFIGS[ref]).parameters == published


@pytest.mark.parametrize("change", [
    {}, {"tie_word_embeddings": True}, {"model_type": "mistral"}, {"model_type": "qwen3"},
    {"model_type": "qwen2", "head_dim": 8},
])
def test_a_config_that_transformers_saved_gives_the_same_facts(tmp_path: Path, change: dict[str, Any]) -> None:
    network = network_of(GQA | change, device="cpu")
    network.save_pretrained(tmp_path)
    checked = check_folder(tmp_path)
    facts = facts_of(checked.config, checked.tensors)
    assert facts.parameters == network.num_parameters() == sum(tensor.elements for tensor in checked.tensors)
    assert (facts.stored_dtype, facts.file_bytes) == ("float32", 4 * network.num_parameters())
    assert (facts.head_dim, facts.kv_heads, facts.max_positions) == ((GQA | change)["head_dim"], 2, 256)


def test_a_size_that_the_config_leaves_out_is_the_one_that_transformers_takes() -> None:
    for family in ("llama", "mistral", "qwen2", "qwen3"):
        config = {key: value for key, value in GQA.items() if key not in ("head_dim", "num_key_value_heads")}
        config |= {"model_type": family, "hidden_size": 64, "num_attention_heads": 32}
        built = sum(weight.numel() for weight in network_of(config).parameters())
        assert facts_of(config).parameters == built, family


def test_the_facts_of_a_config_are_stated() -> None:
    assert facts_of(TINY) == DecoderFacts(
        model_type="llama", shape="llama", parameters=TINY_PARAMETERS, lookup_parameters=0, layers=2, hidden=8, heads=2,
        kv_heads=1, head_dim=6, ffn=12, vocab=32, max_positions=64, tied=True)


def test_the_bytes_of_the_weights_follow_the_dtype() -> None:
    assert facts_of(TINY).weights_bytes("float32") == 4 * TINY_PARAMETERS
    assert facts_of(TINY).weights_bytes("bfloat16") == 2 * TINY_PARAMETERS
    assert Facts(model_type="x").weights_bytes("float32") is None


def test_an_unknown_family_is_counted_from_its_files_and_the_rest_is_not_known() -> None:
    config = {"model_type": "mamba", "vocab_size": 32, "hidden_size": 8}
    tensors = (Tensor("a", "BF16", (3, 4)), Tensor("b", "F32", (5,)))
    assert facts_of(config, tensors) == Facts(
        model_type="mamba", parameters=17, vocab=32, stored_dtype="bfloat16", file_bytes=44)
    assert facts_of(config).parameters is None


@pytest.mark.parametrize("config", [
    GQA | {"model_type": "qwen2", "use_sliding_window": True},
    GQA | {"model_type": "qwen3", "layer_types": ["full_attention", "sliding_attention", "full_attention"]},
    GPT2 | {"add_cross_attention": True},
])
def test_a_known_family_with_unusual_layers_is_not_taken_for_a_usual_one(config: dict[str, Any]) -> None:
    assert type(facts_of(config)) is Facts


def test_a_window_that_is_not_used_changes_nothing() -> None:
    config = GQA | {"model_type": "qwen2", "sliding_window": 64, "use_sliding_window": False}
    assert facts_of(config).window is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", [
    "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size"])
@pytest.mark.parametrize("value", [None, [8, 8]])
def test_a_config_without_a_needed_size_is_refused(key: str, value: Any) -> None:
    with pytest.raises(ModelRefused, match=f"no usable {key}"):
        facts_of(GQA | {key: value})


def test_the_shipped_architectures_are_plain_configs() -> None:
    for path in Path("resources/architectures").glob("*.json"):
        assert "model_type" in json.loads(path.read_text("utf-8"))
