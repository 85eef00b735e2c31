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
CONFIGS: dict[str, dict[str, Any]] = {
    "gpt2": resolve("arch:gpt2").config,
    "smollm2": resolve("arch:smollm2-135m").config,
    "gqa untied": GQA,
    "gqa tied": GQA | {"tie_word_embeddings": True},
    "llama with biases": GQA | {
        "attention_bias": True, "mlp_bias": True, "num_key_value_heads": None, "head_dim": None},
    "mistral": GQA | {"model_type": "mistral", "architectures": ["MistralForCausalLM"], "sliding_window": None},
    "qwen2": GQA | {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "head_dim": 8},
    "qwen3 with biases": GQA | {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "attention_bias": True},
    "gpt2 untied, own ffn": GPT2 | {"tie_word_embeddings": False, "n_inner": 100},
}


def model_of(config: dict[str, Any], **facts: Any) -> Model:
    """Return llmscope's model of a config, as an architecture."""
    return Model(ref="arch:x", title="x", source="architecture", folder=None, config=config,
                 facts=facts_of(config, **facts), has_tokenizer=True)


def network_of(config: dict[str, Any], attention: str = "eager", device: str = "meta") -> PreTrainedModel:
    """Return transformers' float32 model of a config."""
    fields = {key: value for key, value in config.items() if key != "model_type"}
    with torch.device(device):
        return AutoModelForCausalLM.from_config(
            AutoConfig.for_model(config["model_type"], **fields), dtype=torch.float32, attn_implementation=attention)


def token_ids(batch: int, tokens: int, device: str = "meta") -> torch.Tensor:
    """Return a batch of ids, all 0."""
    return torch.zeros(batch, tokens, dtype=torch.long, device=device)


def counted_flops(call: Any) -> int:
    """Return the FLOPs that torch counts during a call."""
    with FlopCounterMode(display=False) as counter:
        call()
    return int(counter.get_total_flops())
