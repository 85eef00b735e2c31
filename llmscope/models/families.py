"""Closed forms of families of gated decoders: RMSNorm, three matrices in an MLP or an expert, rotary positions.

Field names, defaults and where biases and norms stand are those of transformers 5; the tests build each
family there and compare.
"""

from typing import Any, Literal

from msgspec import Struct

from llmscope.models.decoder import Decoder, grouped
from llmscope.models.layers import Layers
from llmscope.models.stated import indices, size, stated, unusable

FULL, SLIDING, CONV = "full_attention", "sliding_attention", "conv"


class _Family(Struct, frozen=True, kw_only=True):
    """How a family differs from Llama.

    `defaults` stand where the config is silent; `attention_bias` None asks the config. `qk_norm` says what
    a norm of queries and keys spans. `windowed` says which layers look back a window only where the config
    lists no kinds: those from `max_window_layers` on, all, or all but every so manieth.
    """

    defaults: dict[str, Any] = {}
    norms: int = 2
    qk_norm: Literal["head", "all"] | None = None
    biases: Literal["no", "qkv", "config"] = "no"
    windowed: Literal["no", "late", "all"] | int = "no"


_GEMMA = {"num_key_value_heads": 4, "head_dim": 256, "tie_word_embeddings": True, "sliding_window": 4096}
_FAMILIES: dict[str, _Family] = {
    "llama": _Family(biases="config"),
    "mistral": _Family(defaults={"num_key_value_heads": 8, "sliding_window": 4096}, windowed="all"),
    "mixtral": _Family(defaults={"num_key_value_heads": 8}, windowed="all"),
    "phi3": _Family(windowed="all"),
    "qwen2": _Family(defaults={"num_key_value_heads": 32, "sliding_window": 4096, "max_window_layers": 28},
                     biases="qkv", windowed="late"),
    "qwen3": _Family(defaults={"num_key_value_heads": 32, "head_dim": 128, "sliding_window": 4096,
                               "max_window_layers": 28}, qk_norm="head", biases="config", windowed="late"),
    "qwen3_moe": _Family(defaults={"num_key_value_heads": 4, "sliding_window": 4096, "max_window_layers": 0},
                         qk_norm="head", biases="config", windowed="late"),
    "smollm3": _Family(defaults={"num_key_value_heads": 4, "tie_word_embeddings": True}, biases="config"),
    "olmo2": _Family(qk_norm="all", biases="config"),
    "gemma2": _Family(defaults=_GEMMA, norms=4, biases="config", windowed=2),
    "gemma3_text": _Family(defaults=_GEMMA, norms=4, qk_norm="head", biases="config", windowed=6),
    "gpt_oss": _Family(defaults={"num_key_value_heads": 8, "head_dim": 64, "sliding_window": 128,
                                 "attention_bias": True}, biases="config", windowed=2),
    "lfm2": _Family(defaults={"num_key_value_heads": 8, "tie_word_embeddings": True, "conv_L_cache": 3,
                              "block_multiple_of": 256, "block_ffn_dim_multiplier": 1.0,
                              "block_auto_adjust_ff_dim": True}, qk_norm="head"),
}


def gated_decoder(config: dict[str, Any]) -> Decoder | None:
    """Return the closed form of a Llama-like config, None where its family is not one or it is unusual."""
    family = _FAMILIES.get(config["model_type"])
    if family is None or config.get("use_bidirectional_attention"):
        return None
    config = family.defaults | config
    kinds = _kinds(config, family)
    if not set(kinds) <= {FULL, SLIDING, CONV}:
        return None
    hidden = size(config, "hidden_size")
    heads, kv_heads, head_dim = _heads(config)
    return Decoder(
        stack=grouped(_layer(config, family, index, kind) for index, kind in enumerate(kinds)), hidden=hidden,
        vocab=size(config, "vocab_size"), tied=bool(config.get("tie_word_embeddings", False)), vectors=hidden,
        max_positions=stated(config, "max_position_embeddings"), heads=heads, kv_heads=kv_heads, head_dim=head_dim,
        ffn=_expert_ffn(config) if _experts(config) else _ffn(config))


def _heads(config: dict[str, Any]) -> tuple[int, int, int]:
    heads = size(config, "num_attention_heads")
    return (heads, size(config, "num_key_value_heads", heads),
            size(config, "head_dim", size(config, "hidden_size") // heads))


def _kinds(config: dict[str, Any], family: _Family) -> list[str]:
    """Return the kind of each layer: as the config lists them, else by the family's pattern."""
    layers = range(size(config, "num_hidden_layers"))
    kinds = config.get("layer_types")
    if kinds is not None and config["model_type"] not in ("mistral", "mixtral", "phi3"):
        if not isinstance(kinds, list) or len(kinds) != len(layers) or not all(isinstance(k, str) for k in kinds):
            raise unusable(config, "layer_types")
        return kinds
    if config["model_type"] == "lfm2":
        attention = indices(config, "full_attn_idxs", len(layers))
        return [FULL if attention is None or i in attention else CONV for i in layers]
    if family.windowed == "late" and not config.get("use_sliding_window"):
        return [FULL] * len(layers)
    if family.windowed == "late":
        late = stated(config, "max_window_layers")
        if late is None:
            raise unusable(config, "max_window_layers")
        return [SLIDING if i >= late else FULL for i in layers]
    if isinstance(family.windowed, int):
        every = size(config, "sliding_window_pattern", family.windowed) if family.windowed == 6 else family.windowed
        return [SLIDING if (i + 1) % every else FULL for i in layers]
    return [SLIDING if family.windowed == "all" else FULL] * len(layers)


def _layer(config: dict[str, Any], family: _Family, index: int, kind: str) -> Layers:
    """Return one layer: its attention or short convolution, and its MLP or experts."""
    hidden = size(config, "hidden_size")
    mlp = _mixture(config) if _is_mixture(config, index) else _mlp(config)
    operator = _conv(config) if kind == CONV else _attention(config, family, kind)
    inner, wide = operator.pop("inner"), mlp.pop("wide")
    return Layers(
        **{"vectors": operator.pop("vectors") + mlp.pop("vectors") + family.norms * hidden,
           "matrices": operator.pop("matrices") + mlp.pop("matrices")}, **operator, **mlp,
        widest=4 * hidden + max(inner, 3 * wide),
        saved=4 * hidden + inner + 4 * wide + _norms_saved(config, family, kind))


def _norms_saved(config: dict[str, Any], family: _Family, kind: str) -> int:
    """Return what norms beyond Llama's two save: each its input and the normalised."""
    heads, kv_heads, head_dim = _heads(config)
    of_queries_and_keys = (heads + kv_heads) * head_dim if family.qk_norm and kind != CONV else 0
    return 2 * ((family.norms - 2) * size(config, "hidden_size") + of_queries_and_keys)


def _attention(config: dict[str, Any], family: _Family, kind: str) -> dict[str, Any]:
    hidden, (heads, kv_heads, head_dim) = size(config, "hidden_size"), _heads(config)
    queries, keys = heads * head_dim, kv_heads * head_dim
    vectors = {None: 0, "head": 2 * head_dim, "all": queries + keys}[family.qk_norm]
    if family.biases == "qkv":
        vectors += queries + 2 * keys
    elif family.biases == "config" and config.get("attention_bias"):
        vectors += queries + 2 * keys + hidden
    if config["model_type"] == "gpt_oss":
        vectors += heads  # a sink for each head
    window = (stated(config, "sliding_window") or None) if kind == SLIDING else None
    return {"matrices": 2 * hidden * (queries + keys), "vectors": vectors, "pair": 2 * queries, "cached": 2 * keys,
            "window": window, "inner": 2 * (queries + keys)}


def _conv(config: dict[str, Any]) -> dict[str, Any]:
    """Return a short convolution between two gates: three projections in, one out, a few taps a channel."""
    hidden, taps = size(config, "hidden_size"), size(config, "conv_L_cache")
    return {"matrices": 4 * hidden * hidden, "vectors": 5 * hidden if config.get("conv_bias") else 0,
            "taps": taps * hidden, "state": taps * hidden, "inner": 5 * hidden}


def _ffn(config: dict[str, Any]) -> int:
    if config["model_type"] != "lfm2":
        return size(config, "intermediate_size")
    ffn = size(config, "block_ff_dim", stated(config, "intermediate_size"))
    if not config["block_auto_adjust_ff_dim"]:
        return ffn
    ffn, multiplier = int(2 * ffn / 3), config["block_ffn_dim_multiplier"]
    if multiplier is None:
        return ffn
    if type(multiplier) not in (int, float) or not 0 < multiplier < 1000:
        raise unusable(config, "block_ffn_dim_multiplier")
    multiple = size(config, "block_multiple_of")
    return -(-int(multiplier * ffn) // multiple) * multiple


def _mlp(config: dict[str, Any]) -> dict[str, Any]:
    hidden, ffn = size(config, "hidden_size"), _ffn(config)
    with_bias = config["model_type"] in ("llama", "smollm3") and config.get("mlp_bias")
    return {"matrices": 3 * hidden * ffn, "vectors": 2 * ffn + hidden if with_bias else 0, "wide": ffn}


def _experts(config: dict[str, Any]) -> int:
    """Return how many experts a layer of a mixture has, 0 where the family has none."""
    keys = {"mixtral": ("num_local_experts", 8), "gpt_oss": ("num_local_experts", 128),
            "qwen3_moe": ("num_experts", 128)}
    return size(config, *keys[config["model_type"]]) if config["model_type"] in keys else 0


def _expert_ffn(config: dict[str, Any]) -> int:
    return size(config, "moe_intermediate_size", 768) if config["model_type"] == "qwen3_moe" else _ffn(config)


def _is_mixture(config: dict[str, Any], index: int) -> bool:
    if config["model_type"] == "qwen3_moe":
        dense = indices(config, "mlp_only_layers", size(config, "num_hidden_layers"))
        return index not in (dense or ()) and (index + 1) % size(config, "decoder_sparse_step", 1) == 0
    return _experts(config) > 0


def _mixture(config: dict[str, Any]) -> dict[str, Any]:
    """Return a router and its experts; GPT-OSS has biases in both."""
    hidden, ffn, experts = size(config, "hidden_size"), _expert_ffn(config), _experts(config)
    top = size(config, "num_experts_per_tok", {"mixtral": 2, "gpt_oss": 4, "qwen3_moe": 8}[config["model_type"]])
    if top > experts:
        raise unusable(config, "num_experts_per_tok")
    has_bias = config["model_type"] == "gpt_oss"
    return {"matrices": hidden * experts, "vectors": experts if has_bias else 0, "experts": experts, "top": top,
            "expert": 3 * hidden * ffn, "expert_vectors": 2 * ffn + hidden if has_bias else 0, "wide": top * ffn}
