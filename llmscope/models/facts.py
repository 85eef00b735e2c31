"""What is known of a model before it is loaded: from its config by closed form, and from its weight files."""

from collections import Counter
from typing import Any, Literal

from msgspec import Struct

from llmscope.core.errors import ModelRefused
from llmscope.core.spec import DTYPE_BYTES
from llmscope.models.headers import Tensor

#: Families whose costs have a closed form. `llama`: RMSNorm, gated MLP of three matrices, rotary positions;
#: `gpt2`: LayerNorm, MLP of two matrices, a table of learned positions.
Shape = Literal["llama", "gpt2"]

_STORED_NAMES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16", "F64": "float64"}
#: Values that transformers uses where a config of this family does not say (None: as many as heads).
_KV_HEADS_DEFAULT = {"llama": None, "mistral": 8, "qwen2": 32, "qwen3": 32}


class Facts(Struct, frozen=True, kw_only=True):
    """Sizes of a model; None is "not known". `parameters` counts shared weights once.

    `max_positions` None also means "no limit stated". `stored_dtype` is what most bytes of the weight
    files hold, `file_bytes` the bytes of their tensors.
    """

    model_type: str
    parameters: int | None = None
    layers: int | None = None
    hidden: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    ffn: int | None = None
    vocab: int | None = None
    max_positions: int | None = None
    tied: bool | None = None
    stored_dtype: str | None = None
    file_bytes: int | None = None

    def weights_bytes(self, dtype: str) -> int | None:
        """Return the bytes of all weights held in a dtype (`float32`, `float16`, `bfloat16`)."""
        return None if self.parameters is None else self.parameters * DTYPE_BYTES[dtype]


class DecoderFacts(Facts, frozen=True, kw_only=True):
    """Facts of a dense decoder whose costs have a closed form.

    `lookup_parameters` are those of tables of which a pass reads only its tokens' rows: positions, and
    the input table unless the head shares it. `window` is how many positions attention looks back at
    most, itself included.
    """

    shape: Shape
    parameters: int
    lookup_parameters: int
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    vocab: int
    window: int | None = None


def facts_of(config: dict[str, Any], tensors: tuple[Tensor, ...] | None = None) -> Facts:
    """Return the facts of a cleaned config and, where there are weight files, of their tensors.

    They are `DecoderFacts` for the families known here. Raises `ModelRefused` when the config of such a
    family lacks a size.
    """
    files = _files(tensors)
    if config["model_type"] == "gpt2" and not config.get("add_cross_attention"):
        return _gpt2(config, files)
    if config["model_type"] in _KV_HEADS_DEFAULT and not _mixes_windows(config):
        return _llama(config, files)
    counted = None if tensors is None else sum(tensor.elements for tensor in tensors)
    return Facts(model_type=config["model_type"], parameters=counted, vocab=_stated(config, "vocab_size"),
                 max_positions=_stated(config, "max_position_embeddings") or _stated(config, "n_positions"), **files)


def _files(tensors: tuple[Tensor, ...] | None) -> dict[str, Any]:
    """Return the bytes of the tensors in the files, and the dtype that most of them have."""
    if not tensors:
        return {}
    stored: Counter[str] = Counter()
    for tensor in tensors:
        stored[tensor.dtype] += tensor.size_bytes
    most = stored.most_common(1)[0][0]
    return {"stored_dtype": _STORED_NAMES.get(most, most), "file_bytes": stored.total()}


def _mixes_windows(config: dict[str, Any]) -> bool:
    """Return whether some layers may look back less far than others (Qwen also carries an unused sliding_window)."""
    kinds = config.get("layer_types") or []
    alike = isinstance(kinds, list) and all(kind == "full_attention" for kind in kinds)
    return bool(config.get("use_sliding_window")) or not alike


def _stated(config: dict[str, Any], key: str) -> int | None:
    value = config.get(key)
    return value if type(value) is int else None


def _size(config: dict[str, Any], key: str, default: int | None = None) -> int:
    """Return a size from the config, or its default where it is null or absent."""
    value = config.get(key)
    if value is None and default is not None:
        return default
    if type(value) is not int or value < 1:
        raise ModelRefused(f"config.json of this {config['model_type']} model gives no usable {key}: "
                           "copy or download it again.")
    return value


def _gpt2(config: dict[str, Any], files: dict[str, Any]) -> DecoderFacts:
    """Return the facts of a GPT-2: every matrix and LayerNorm has a bias, the head has none."""
    layers, hidden, heads = (_size(config, key) for key in ("n_layer", "n_embd", "n_head"))
    vocab, positions = _size(config, "vocab_size"), _size(config, "n_positions")
    ffn = _size(config, "n_inner", 4 * hidden)
    tied = bool(config.get("tie_word_embeddings", True))
    norms = 4 * hidden
    attention = 4 * hidden * hidden + 4 * hidden
    mlp = 2 * hidden * ffn + ffn + hidden
    tables = vocab * hidden * (1 if tied else 2) + positions * hidden
    return DecoderFacts(
        model_type="gpt2", shape="gpt2", parameters=tables + layers * (norms + attention + mlp) + 2 * hidden,
        lookup_parameters=positions * hidden + (0 if tied else vocab * hidden),
        layers=layers, hidden=hidden, heads=heads, kv_heads=heads, head_dim=hidden // heads, ffn=ffn,
        vocab=vocab, max_positions=positions, tied=tied, **files)


def _llama(config: dict[str, Any], files: dict[str, Any]) -> DecoderFacts:
    """Return the facts of a Llama-shaped model: Llama, Mistral, Qwen2 (biases on q, k, v), Qwen3 (norms on q, k)."""
    family = config["model_type"]
    layers, hidden = _size(config, "num_hidden_layers"), _size(config, "hidden_size")
    heads, ffn, vocab = (_size(config, k) for k in ("num_attention_heads", "intermediate_size", "vocab_size"))
    # A key that is absent means the family's default, one that is null as many as there are heads.
    absent = _KV_HEADS_DEFAULT[family] if "num_key_value_heads" not in config else None
    kv_heads = _size(config, "num_key_value_heads", absent or heads)
    head_dim = _size(config, "head_dim", 128 if family == "qwen3" else hidden // heads)
    tied = bool(config.get("tie_word_embeddings", False))
    queries, keys = heads * head_dim, kv_heads * head_dim
    layer = 2 * hidden * (queries + keys) + 3 * hidden * ffn + 2 * hidden
    if family == "qwen2":
        layer += queries + 2 * keys
    elif family != "mistral" and config.get("attention_bias"):
        layer += queries + 2 * keys + hidden
    if family == "llama" and config.get("mlp_bias"):
        layer += 2 * ffn + hidden
    if family == "qwen3":
        layer += 2 * head_dim
    table = vocab * hidden
    return DecoderFacts(
        model_type=family, shape="llama", parameters=table * (1 if tied else 2) + layers * layer + hidden,
        lookup_parameters=0 if tied else table,
        layers=layers, hidden=hidden, heads=heads, kv_heads=kv_heads, head_dim=head_dim, ffn=ffn, vocab=vocab,
        max_positions=_stated(config, "max_position_embeddings"), tied=tied,
        window=_stated({"sliding_window": 4096, **config}, "sliding_window") if family == "mistral" else None, **files)
