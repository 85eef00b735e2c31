import json
from pathlib import Path
from typing import Any

import pytest

from llmscope.core.errors import ModelRefused
from llmscope.models.facts import DecoderFacts, Facts, facts_of
from llmscope.models.headers import Tensor
from llmscope.models.safety import check_folder
from tests.unit.models.built import CONFIGS, FAMILIES, GPT2, GQA, network_of
from tests.unit.models.folders import TINY, TINY_PARAMETERS


@pytest.mark.parametrize("name", CONFIGS)
def test_parameters_are_those_of_the_built_model(name: str) -> None:
    network = network_of(CONFIGS[name])
    facts = facts_of(CONFIGS[name])
    assert facts.parameters == sum(weight.numel() for weight in network.parameters())
    assert facts.tied == (network.get_output_embeddings().weight is network.get_input_embeddings().weight)


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


#: Sizes that are known by family only; what else a config leaves out is refused.
OPTIONAL = (
    "head_dim", "num_key_value_heads", "tie_word_embeddings", "num_local_experts", "num_experts", "max_window_layers",
    "moe_intermediate_size", "mlp_only_layers", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim",
    "n_shared_experts", "expand", "conv_kernel", "time_step_rank", "conv_L_cache", "block_multiple_of",
    "full_attn_idxs", "first_k_dense_replace", "word_embed_proj_dim", "q_lora_rank")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_size_that_the_config_leaves_out_is_the_one_that_transformers_takes(family: str) -> None:
    config = FAMILIES[family] | ({} if "n_embd" in FAMILIES[family] else {"hidden_size": 64, "num_attention_heads": 32})
    for key in OPTIONAL:
        if key in config and (family, key) != ("deepseek_v2", "moe_intermediate_size"):
            without = {name: value for name, value in config.items() if name != key}
            built = sum(weight.numel() for weight in network_of(without).parameters())
            assert facts_of(without).parameters == built, key


def test_the_facts_of_a_config_are_stated() -> None:
    facts = facts_of(TINY)
    assert isinstance(facts, DecoderFacts)
    assert (facts.model_type, facts.parameters, facts.active_parameters) == ("llama", TINY_PARAMETERS, TINY_PARAMETERS)
    assert (facts.lookup_parameters, facts.positions, facts.layers, facts.hidden, facts.vocab) == (0, 0, 2, 8, 32)
    assert (facts.heads, facts.kv_heads, facts.head_dim, facts.ffn) == (2, 1, 6, 12)
    assert (facts.max_positions, facts.tied, len(facts.stack), facts.stack[0].count) == (64, True, 1, 2)


def test_the_bytes_of_the_weights_follow_the_dtype() -> None:
    assert facts_of(TINY).weights_bytes("float32") == 4 * TINY_PARAMETERS
    assert facts_of(TINY).weights_bytes("bfloat16") == 2 * TINY_PARAMETERS
    assert Facts(model_type="x").weights_bytes("float32") is None


def test_an_unknown_family_is_counted_from_its_files_and_the_rest_is_not_known() -> None:
    config = {"model_type": "bloom", "vocab_size": 32, "hidden_size": 8}
    tensors = (Tensor("a", "BF16", (3, 4)), Tensor("b", "F32", (5,)))
    assert facts_of(config, tensors) == Facts(
        model_type="bloom", parameters=17, vocab=32, stored_dtype="bfloat16", file_bytes=44)
    assert facts_of(config).parameters is None


@pytest.mark.parametrize("config", [
    GPT2 | {"add_cross_attention": True},
    FAMILIES["opt"] | {"word_embed_proj_dim": 24}, FAMILIES["opt"] | {"do_layer_norm_before": False},
    FAMILIES["gemma3_text"] | {"use_bidirectional_attention": True},
    FAMILIES["qwen3"] | {"layer_types": ["full_attention", "linear_attention", "full_attention"]},
])
def test_a_known_family_with_unusual_layers_is_not_taken_for_a_usual_one(config: dict[str, Any]) -> None:
    assert type(facts_of(config)) is Facts


@pytest.mark.parametrize(("config", "key"), [
    (FAMILIES["mixtral"] | {"num_experts_per_tok": 5}, "num_experts_per_tok"),
    (FAMILIES["deepseek_v2"] | {"num_experts_per_tok": 7}, "num_experts_per_tok"),
    (FAMILIES["qwen3_moe"] | {"mlp_only_layers": 1}, "mlp_only_layers"),
    (FAMILIES["gemma3_text"] | {"layer_types": ["full_attention"]}, "layer_types"),
    (FAMILIES["gemma3_text"] | {"layer_types": [[], {}, 1]}, "layer_types"),
    (FAMILIES["lfm2"] | {"block_ffn_dim_multiplier": "x"}, "block_ffn_dim_multiplier"),
    (FAMILIES["mamba"] | {"time_step_rank": "x"}, "time_step_rank"),
    (FAMILIES["qwen2"] | {"use_sliding_window": True, "max_window_layers": "x"}, "max_window_layers"),
])
def test_what_cannot_be_is_refused(config: dict[str, Any], key: str) -> None:
    with pytest.raises(ModelRefused, match=f"no usable {key}"):
        facts_of(config)


@pytest.mark.parametrize("family", FAMILIES)
def test_nonsense_in_a_config_is_refused_or_leaves_figures_of_bounded_length(family: str) -> None:
    for key in FAMILIES[family].keys() - {"architectures", "model_type", "num_hidden_layers", "n_layer"}:
        for value in (None, 0, -1, 10**4000, 1.5, float("nan"), "x", [], [1] * 50, [None], {"a": 1}, True):
            try:
                facts = facts_of(FAMILIES[family] | {key: value})
            except ModelRefused as refused:
                assert "no usable" in str(refused)
            else:
                assert len(f"{facts.parameters}") < 300


def test_a_window_that_is_not_used_changes_nothing() -> None:
    config = GQA | {"model_type": "qwen2", "sliding_window": 64, "use_sliding_window": False}
    assert [layers.window for layers in facts_of(config).stack] == [None]  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", [
    "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size"])
@pytest.mark.parametrize("value", [None, [8, 8]])
def test_a_config_without_a_needed_size_is_refused(key: str, value: Any) -> None:
    with pytest.raises(ModelRefused, match=f"no usable {key}"):
        facts_of(GQA | {key: value})


def test_the_shipped_architectures_are_plain_configs() -> None:
    for path in Path("resources/architectures").glob("*.json"):
        assert "model_type" in json.loads(path.read_text("utf-8"))
