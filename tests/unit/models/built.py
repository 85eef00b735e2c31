"""Models of a config, built by transformers without memory for their weights, and llmscope's view of the same."""

from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from llmscope.models.catalog import Model, resolve
from llmscope.models.facts import facts_of

disable_progress_bar()  # its monitor thread would outlive the test

#: Three heads for each KV head, heads wider than hidden ÷ heads, an uneven FFN.
GQA: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 48, "intermediate_size": 100,
    "num_hidden_layers": 3, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 24, "vocab_size": 77,
    "max_position_embeddings": 256, "tie_word_embeddings": False,
}
GPT2: dict[str, Any] = {
    "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": 48, "n_layer": 2, "n_head": 4,
    "n_positions": 256, "vocab_size": 77,
}


def _of(kind: str, model: str, **fields: Any) -> dict[str, Any]:
    """Return GQA's config for another family."""
    return GQA | {"model_type": kind, "architectures": [f"{model}ForCausalLM"], **fields}


_EXPERTS: dict[str, Any] = {"num_experts_per_tok": 2, "output_router_logits": False}
#: A small model of each family: two or three layers, of each kind at least one.
FAMILIES: dict[str, dict[str, Any]] = {
    "gpt2": GPT2,
    "gpt_neox": {
        "architectures": ["GPTNeoXForCausalLM"], "model_type": "gpt_neox", "hidden_size": 48, "intermediate_size": 100,
        "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 77, "max_position_embeddings": 256,
        "tie_word_embeddings": False},
    "opt": {
        "architectures": ["OPTForCausalLM"], "model_type": "opt", "hidden_size": 48, "ffn_dim": 100,
        "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 77, "max_position_embeddings": 256,
        "word_embed_proj_dim": 48},
    "llama": GQA,
    "mistral": _of("mistral", "Mistral", sliding_window=8),
    "mixtral": _of("mixtral", "Mixtral", num_local_experts=4, sliding_window=None, **_EXPERTS),
    "qwen2": _of("qwen2", "Qwen2", head_dim=8),
    "qwen3": _of("qwen3", "Qwen3"),
    "qwen3_moe": _of("qwen3_moe", "Qwen3Moe", num_experts=6, moe_intermediate_size=20, mlp_only_layers=[1], **_EXPERTS),
    "smollm3": _of("smollm3", "SmolLM3", no_rope_layers=[1, 1, 0], pad_token_id=0),
    "olmo2": _of("olmo2", "Olmo2"),
    "phi3": _of("phi3", "Phi3", head_dim=8, sliding_window=8, pad_token_id=0),
    "gemma2": _of("gemma2", "Gemma2", sliding_window=8, tie_word_embeddings=True),
    "gemma3_text": _of("gemma3_text", "Gemma3", sliding_window=8, tie_word_embeddings=True,
                       layer_types=["sliding_attention", "sliding_attention", "full_attention"]),
    "gpt_oss": _of("gpt_oss", "GptOss", sliding_window=8, num_local_experts=4, pad_token_id=0, **_EXPERTS),
    "deepseek_v2": {
        "architectures": ["DeepseekV2ForCausalLM"], "model_type": "deepseek_v2", "hidden_size": 48,
        "intermediate_size": 100, "moe_intermediate_size": 20, "num_hidden_layers": 3, "num_attention_heads": 4,
        "num_key_value_heads": 4, "vocab_size": 77, "max_position_embeddings": 256, "tie_word_embeddings": False,
        "first_k_dense_replace": 1, "n_routed_experts": 6, "num_experts_per_tok": 2, "n_shared_experts": 2,
        "kv_lora_rank": 16, "q_lora_rank": None, "qk_nope_head_dim": 12, "qk_rope_head_dim": 8, "v_head_dim": 10},
    "mamba": {
        "architectures": ["MambaForCausalLM"], "model_type": "mamba", "hidden_size": 48, "state_size": 6,
        "num_hidden_layers": 2, "conv_kernel": 4, "expand": 2, "time_step_rank": 5, "vocab_size": 77,
        "tie_word_embeddings": True},
    "lfm2": {
        "architectures": ["Lfm2ForCausalLM"], "model_type": "lfm2", "hidden_size": 48, "block_ff_dim": 100,
        "block_multiple_of": 16, "num_hidden_layers": 3, "num_attention_heads": 6, "num_key_value_heads": 2,
        "full_attn_idxs": [1], "conv_L_cache": 3, "vocab_size": 77, "max_position_embeddings": 256},
}
CONFIGS: dict[str, dict[str, Any]] = {
    "smollm2": resolve("arch:smollm2-135m").config,
    "gpt2 whole": resolve("arch:gpt2").config,
    **FAMILIES,
    "gqa tied": GQA | {"tie_word_embeddings": True},
    "llama with biases": GQA | {
        "attention_bias": True, "mlp_bias": True, "num_key_value_heads": None, "head_dim": None},
    "mistral without a window": FAMILIES["mistral"] | {"sliding_window": None},
    "qwen2 with windows": FAMILIES["qwen2"] | {
        "use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1},
    "qwen3 with biases": FAMILIES["qwen3"] | {"attention_bias": True},
    "qwen3 with windows": FAMILIES["qwen3"] | {
        "layer_types": ["full_attention", "sliding_attention", "full_attention"], "use_sliding_window": True,
        "sliding_window": 8},
    "qwen3_moe every second": FAMILIES["qwen3_moe"] | {"decoder_sparse_step": 2, "attention_bias": True},
    "smollm3 with biases": FAMILIES["smollm3"] | {"attention_bias": True, "mlp_bias": True},
    "olmo2 with biases": FAMILIES["olmo2"] | {"attention_bias": True},
    "gemma3 by its pattern": {key: value for key, value in (FAMILIES["gemma3_text"] | {
        "num_hidden_layers": 7, "attention_bias": True}).items() if key != "layer_types"},
    "deepseek_v2 with compressed queries": FAMILIES["deepseek_v2"] | {
        "q_lora_rank": 14, "attention_bias": True, "mlp_bias": True},
    "mamba with biases": FAMILIES["mamba"] | {"use_bias": True, "use_conv_bias": False, "time_step_rank": "auto"},
    "lfm2 as it is": FAMILIES["lfm2"] | {"block_auto_adjust_ff_dim": False, "conv_bias": True},
    "gpt_neox without biases": FAMILIES["gpt_neox"] | {"attention_bias": False, "tie_word_embeddings": True},
    "gpt2 untied, own ffn": GPT2 | {"tie_word_embeddings": False, "n_inner": 100},
}


def model_of(config: dict[str, Any], **facts: Any) -> Model:
    """Return llmscope's model of a config, as an architecture."""
    return Model(ref="arch:x", title="x", source="architecture", folder=None, config=config,
                 facts=facts_of(config, **facts), has_tokenizer=True)


def network_of(config: dict[str, Any], attention: str = "eager", device: str = "meta") -> PreTrainedModel:
    """Return transformers' float32 model of a config, its experts one product each."""
    fields = {key: value for key, value in config.items() if key != "model_type"}
    with torch.device(device):
        made = AutoConfig.for_model(config["model_type"], **fields)
        if getattr(made, "num_experts_per_tok", None):
            made._experts_implementation = "eager"
        return AutoModelForCausalLM.from_config(made, dtype=torch.float32, attn_implementation=attention)


def token_ids(batch: int, tokens: int, device: str = "meta") -> torch.Tensor:
    """Return a batch of ids, all 0."""
    return torch.zeros(batch, tokens, dtype=torch.long, device=device)


def counted_flops(call: Any) -> int:
    """Return the FLOPs of matrix products that torch counts during a call.

    Short convolutions are not among them: transformers computes them for more positions than it uses.
    """
    with FlopCounterMode(display=False) as counter:
        call()
    of_products = {op: flops for op, flops in counter.get_flop_counts()["Global"].items() if "conv" not in str(op)}
    return int(sum(of_products.values()))
