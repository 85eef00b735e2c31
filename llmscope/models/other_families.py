"""Closed forms of families that are not Llama-like: LayerNorm decoders, latent attention, state spaces."""

import math
from typing import Any

from llmscope.models.decoder import Decoder, grouped
from llmscope.models.layers import Layers
from llmscope.models.stated import size, stated, unusable


def other_decoder(config: dict[str, Any]) -> Decoder | None:
    """Return the closed form of a config of these families, None where it is of none of them or unusual."""
    make = {"gpt2": _gpt2, "gpt_neox": _gpt_neox, "opt": _opt, "deepseek_v2": _deepseek_v2, "mamba": _mamba}
    family = make.get(config["model_type"])
    return None if family is None else family(config)


def _plain_layer(hidden: int, ffn: int, *, widest: int, saved: int, attention_bias: bool = True) -> Layers:
    """Return a layer of two LayerNorms, as many keys as queries, an MLP of two matrices, and biases."""
    return Layers(
        matrices=4 * hidden * hidden + 2 * hidden * ffn,
        vectors=4 * hidden + (4 * hidden if attention_bias else 0) + ffn + hidden,
        pair=2 * hidden, cached=2 * hidden, widest=widest, saved=saved)


def _plain(config: dict[str, Any], layer: Layers, layers: int, hidden: int, heads: int, ffn: int, *,
           positions: int, max_positions: int | None, tied: bool) -> Decoder:
    return Decoder(
        stack=grouped([layer] * layers), hidden=hidden, vocab=size(config, "vocab_size"), tied=tied,
        vectors=2 * hidden, positions=positions * hidden, max_positions=max_positions, heads=heads, kv_heads=heads,
        head_dim=hidden // heads, ffn=ffn)


def _gpt2(config: dict[str, Any]) -> Decoder | None:
    if config.get("add_cross_attention"):
        return None
    layers, hidden, heads = (size(config, key) for key in ("n_layer", "n_embd", "n_head"))
    positions, ffn = size(config, "n_positions"), size(config, "n_inner", 4 * hidden)
    # GPT-2's GELU is written out: five results of its steps are there at once, and as many are kept.
    layer = _plain_layer(hidden, ffn, widest=2 * hidden + 5 * ffn, saved=10 * hidden + 5 * ffn)
    return _plain(config, layer, layers, hidden, heads, ffn, positions=positions,
                  max_positions=positions, tied=bool(config.get("tie_word_embeddings", True)))


def _gpt_neox(config: dict[str, Any]) -> Decoder:
    layers, hidden, heads, ffn = (size(config, key) for key in (
        "num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size"))
    layer = _plain_layer(hidden, ffn, widest=4 * hidden + 2 * ffn, saved=11 * hidden + 2 * ffn,
                         attention_bias=bool(config.get("attention_bias", True)))
    return _plain(config, layer, layers, hidden, heads, ffn, positions=0,
                  max_positions=stated(config, "max_position_embeddings"),
                  tied=bool(config.get("tie_word_embeddings", False)))


def _opt(config: dict[str, Any]) -> Decoder | None:
    layers, hidden, heads, ffn = (size(config, key) for key in (
        "num_hidden_layers", "hidden_size", "num_attention_heads", "ffn_dim"))
    is_usual = (size(config, "word_embed_proj_dim", hidden) == hidden and config.get("enable_bias", True)
                and config.get("layer_norm_elementwise_affine", True) and config.get("do_layer_norm_before", True)
                and not config.get("_remove_final_layer_norm"))
    if not is_usual:
        return None
    positions = size(config, "max_position_embeddings")
    # The table has two rows more than there are positions.
    # ReLU keeps its result, which the next product needs anyway.
    layer = _plain_layer(hidden, ffn, widest=4 * hidden + 2 * ffn, saved=10 * hidden + ffn)
    return _plain(config, layer, layers, hidden, heads, ffn, positions=positions + 2,
                  max_positions=positions, tied=bool(config.get("tie_word_embeddings", True)))


def _deepseek_v2(config: dict[str, Any]) -> Decoder:
    """Return a decoder whose cache holds a latent, from which keys and values are made anew in every pass."""
    hidden, heads = size(config, "hidden_size"), size(config, "num_attention_heads")
    layers, dense = size(config, "num_hidden_layers"), stated(config, "first_k_dense_replace") or 0
    nope, rope = size(config, "qk_nope_head_dim", 128), size(config, "qk_rope_head_dim", 64)
    # An absent rank of queries means the default, null means that queries are not compressed.
    q_rank = None if config.get("q_lora_rank", 1536) is None else size(config, "q_lora_rank", 1536)
    stack = grouped(_latent_layer(config, hidden, heads, nope, rope, q_rank, is_dense=i < dense) for i in range(layers))
    return Decoder(
        stack=stack, hidden=hidden, vocab=size(config, "vocab_size"),
        tied=bool(config.get("tie_word_embeddings", False)), vectors=hidden,
        max_positions=stated(config, "max_position_embeddings"), heads=heads, kv_heads=heads, head_dim=nope + rope,
        ffn=size(config, "moe_intermediate_size"))


def _latent_layer(config: dict[str, Any], hidden: int, heads: int, nope: int, rope: int, q_rank: int | None, *,
                  is_dense: bool) -> Layers:
    rank, value = size(config, "kv_lora_rank", 512), size(config, "v_head_dim", 128)
    queries = heads * (nope + rope)
    by_query = hidden * queries if q_rank is None else (hidden + queries) * q_rank
    vectors = 2 * hidden + rank + (q_rank or 0)
    if config.get("attention_bias"):
        vectors += rank + rope + hidden + (q_rank or 0)
    attention = by_query + hidden * (rank + rope) + heads * value * hidden
    expanded = heads * (nope + value)
    inner = 2 * queries + heads * (rope + 2 * value)
    mlp, wide = _latent_mlp(config, hidden, is_dense=is_dense)
    return Layers(
        **{"matrices": attention + mlp.pop("matrices"), "vectors": vectors + mlp.pop("vectors")}, **mlp,
        pair=heads * (nope + rope + value), cached=rank + rope, expand=rank * expanded,
        expanded=heads * (nope + rope + value), widest=4 * hidden + max(inner, 3 * wide),
        saved=4 * hidden + inner + 4 * wide)


def _latent_mlp(config: dict[str, Any], hidden: int, *, is_dense: bool) -> tuple[dict[str, int], int]:
    """Return the elements of a dense MLP or of a mixture with experts that every token takes, and the width."""
    bias = bool(config.get("mlp_bias"))
    if is_dense:
        ffn = size(config, "intermediate_size")
        return {"matrices": 3 * hidden * ffn, "vectors": (2 * ffn + hidden) * bias}, ffn
    each, shared = size(config, "moe_intermediate_size"), stated(config, "n_shared_experts")
    experts, top = size(config, "n_routed_experts", 64), size(config, "num_experts_per_tok")
    if top > experts:
        raise unusable(config, "num_experts_per_tok")
    always = each * (2 if shared is None else shared)
    return {"matrices": hidden * experts + 3 * hidden * always, "vectors": (2 * always + hidden) * bias,
            "experts": experts, "top": top, "expert": 3 * hidden * each}, always + top * each


def _mamba(config: dict[str, Any]) -> Decoder:
    """Return a state space model: no attention, a state of constant size, in float32 whatever the weights are.

    Of the scan only the product of state and C is one; the rest works element by element.
    """
    hidden, layers, states = (size(config, key) for key in ("hidden_size", "num_hidden_layers", "state_size"))
    inner, taps = size(config, "expand", 2) * hidden, size(config, "conv_kernel", 4)
    rank = config.get("time_step_rank", "auto")
    rank = math.ceil(hidden / 16) if rank == "auto" else size(config, "time_step_rank")
    bias = 2 * inner + hidden if config.get("use_bias") else 0
    layer = Layers(
        matrices=3 * hidden * inner + inner * (rank + 2 * states) + rank * inner, taps=taps * inner,
        vectors=hidden + bias + (inner if config.get("use_conv_bias", True) else 0) + 2 * inner + inner * states,
        scan=inner * states, state=inner * taps, state_f32=inner * states,
        widest=3 * inner * states + 10 * inner, saved=3 * inner * states + 21 * inner // 2)
    return Decoder(stack=grouped([layer] * layers), hidden=hidden, vocab=size(config, "vocab_size"),
                   tied=bool(config.get("tie_word_embeddings", True)), vectors=hidden, max_positions=None)
