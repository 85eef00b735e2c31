"""Sizes in a config: each believable alone, in agreement with the others, and with the bytes in the files."""

import math
from collections.abc import Iterator
from typing import Any

from llmscope.core.errors import ModelRefused
from llmscope.models.headers import one_line

#: Largest value that is believed; a number or a list of numbers, one for each layer.
_LIMITS = {
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers"), 1000), "vocab_size": 4_000_000,
    **dict.fromkeys(("hidden_size", "n_embd", "d_model", "embed_dim"), 1_000_000),
    **dict.fromkeys(("intermediate_size", "n_inner", "ffn_dim", "d_ff", "moe_intermediate_size"), 10_000_000),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_key_value_heads", "head_dim"), 100_000),
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts"), 100_000),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "n_ctx"), 2**31),
}
#: Numbers of the rotary positions: no model stretches them more, or turns slower.
_ROPE_LIMIT = 1e12
_IDS = ("bos_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "decoder_start_token_id")
_DTYPES = frozenset({"auto", "float32", "float16", "bfloat16", "float64", "half", "float"})
#: A config may describe so many times the weights in the files before it is refused: tables may be shared.
_SHARED = 10


def check_sizes(config: dict[str, Any], shown: str) -> None:
    """Raise `ModelRefused` unless the sizes of a config or of a part of it are possible; `shown` names the file."""
    for key, value in config.items():
        if key in _LIMITS and value is not None:
            _check_limit(key, value, shown)
    for problem in (*_disagreements(config), *_rope_problems(config)):
        raise ModelRefused(f"{shown} {problem}: copy or download it again.")


def without_nonsense(config: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """Return (config, keys left out): ids of special tokens outside the vocabulary, and dtypes that torch has not."""
    vocab = config.get("vocab_size")
    most = vocab if type(vocab) is int else _LIMITS["vocab_size"]
    bad = {key for key in _IDS if key in config and not _are_ids(config[key], most)}
    bad |= {key for key in ("dtype", "torch_dtype") if key in config and not _is_dtype(config[key])}
    return {key: value for key, value in config.items() if key not in bad}, bad


def check_against_files(config: dict[str, Any], stored: int, shown: str) -> None:
    """Raise `ModelRefused` if a config of any family describes far more weights than the files hold."""
    described = max((_least_parameters(part) for part in _parts(config)), default=0)
    if described > _SHARED * stored:
        raise ModelRefused(f"{shown} describes at least {described:,} weights, but the files hold {stored:,}: "
                           "copy or download the model again.")


def _check_limit(key: str, value: Any, shown: str) -> None:
    limit = _LIMITS[key]
    for number in value if isinstance(value, list) else [value]:
        if type(number) is not int or not 1 <= number <= limit:
            raise ModelRefused(f"{shown} gives {key} as {one_line(repr(number))}; "
                               f"it must be a whole number from 1 to {limit:,}.")


def _disagreements(config: dict[str, Any]) -> Iterator[str]:
    hidden, heads = _first(config, "hidden_size", "n_embd"), _first(config, "num_attention_heads", "n_head")
    kv_heads, layers = _first(config, "num_key_value_heads"), _first(config, "num_hidden_layers", "n_layer")
    if hidden and heads and hidden % heads and not any("head_dim" in key and config[key] for key in config):
        yield f"divides {hidden:,} dimensions among {heads:,} heads, which is not even"
    if heads and kv_heads and heads % kv_heads:
        yield f"divides {heads:,} heads among {kv_heads:,} key-value heads, which is not even"
    kinds = config.get("layer_types")
    if kinds is not None and (not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds)):
        yield "has layer_types that are not a list of names"
    elif kinds is not None and layers and len(kinds) != layers:
        yield f"has {len(kinds):,} layer_types for {layers:,} layers"


def _rope_problems(config: dict[str, Any]) -> Iterator[str]:
    for key in ("rope_scaling", "rope_parameters"):
        if not isinstance(config.get(key), dict | None):
            yield f"gives {key} as {one_line(repr(config[key]))[:60]}, which is no object"
        yield from (f"gives {name} in {key} as {one_line(repr(value))[:60]}, which cannot be"
                    for name, value in _flat(config.get(key)) if not _is_rope_value(name, value))
    if not _is_rope_value("rope_theta", config.get("rope_theta")):
        yield f"gives rope_theta as {one_line(repr(config['rope_theta']))[:60]}, which cannot be"


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (name, value) of everything in objects and lists that is neither."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _flat(item, name)
    else:
        yield one_line(name), value


def _is_rope_value(name: str, value: Any) -> bool:
    if name in ("rope_type", "type"):
        return isinstance(value, str) and value.isidentifier()
    if value is None or isinstance(value, bool):
        return name not in ("factor",) or value is None
    return isinstance(value, int | float) and 0 <= value <= _ROPE_LIMIT and (name != "factor" or value > 0)


def _are_ids(value: Any, vocab: int) -> bool:
    ids = value if isinstance(value, list) else [value]
    return value is None or all(type(number) is int and 0 <= number < vocab for number in ids)


def _is_dtype(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.removeprefix("torch.") in _DTYPES)


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    """Yield a config and the configs in it."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from _parts(item)


def _least_parameters(config: dict[str, Any]) -> int:
    """Return about how many weights the sizes ask for: the table, and one matrix for each layer."""
    hidden = _first(config, "hidden_size", "n_embd", "d_model", "embed_dim") or 0
    layers = _first(config, "num_hidden_layers", "n_layer", "n_layers", "num_layers") or 1
    experts = _first(config, "num_experts", "num_local_experts", "n_routed_experts") or 1
    expert = _first(config, "moe_intermediate_size", "intermediate_size", "n_inner", "ffn_dim", "d_ff") or 0
    heads = math.prod(_first(config, key) or 0 for key in ("num_attention_heads", "head_dim"))
    return hidden * ((_first(config, "vocab_size") or 0) + layers * max(hidden, heads, experts * expert))


def _first(config: dict[str, Any], *names: str) -> int | None:
    """Return the first of several names of the same size that is a whole number."""
    return next((config[name] for name in names if type(config.get(name)) is int), None)
