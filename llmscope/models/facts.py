"""What is known of a model before it is loaded: from its config by closed form, and from its weight files."""

from collections import Counter
from typing import Any

from msgspec import Struct

from llmscope.core.spec import DTYPE_BYTES
from llmscope.models.decoder import Decoder
from llmscope.models.encoders import encoder
from llmscope.models.families import gated_decoder
from llmscope.models.headers import Tensor
from llmscope.models.layers import Layers
from llmscope.models.other_families import other_decoder
from llmscope.models.stated import stated

_STORED_NAMES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16", "F64": "float64"}


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
    """Facts of a decoder whose costs have a closed form.

    `active_parameters` are those that one token uses: all but the experts that it does not take.
    `lookup_parameters` are those of tables of which a pass reads only its tokens' rows: `positions`, and
    the input table unless the head shares it.
    """

    parameters: int
    active_parameters: int
    lookup_parameters: int
    positions: int
    layers: int
    hidden: int
    vocab: int
    tied: bool
    stack: tuple[Layers, ...]

    def cache_bytes(self, tokens: int, dtype_bytes: int) -> int:
        """Return what a sequence of so many tokens holds while it is written, elements of `dtype_bytes` each."""
        return sum(layers.cache_bytes(tokens, dtype_bytes) for layers in self.stack)

    def cache_bytes_per_token(self, dtype_bytes: int) -> tuple[int, int]:
        """Return the bytes that a token adds to the cache: at first, and once all windows are full.

        A window that no sequence can fill is none.
        """
        grows = [(layers, layers.count * layers.cached * dtype_bytes) for layers in self.stack]
        most = self.max_positions
        return sum(each for _, each in grows), sum(each for layers, each in grows if layers.window is None or (
            most is not None and layers.window > most))


def facts_of(config: dict[str, Any], tensors: tuple[Tensor, ...] | None = None) -> Facts:
    """Return the facts of a cleaned config and, where there are weight files, of their tensors.

    They are `DecoderFacts` for the families known here. Raises `ModelRefused` when the config of such a
    family lacks a size.
    """
    files = _files(tensors)
    if decoder := gated_decoder(config) or other_decoder(config):
        return _decoder_facts(config["model_type"], decoder, files)
    if sizes := encoder(config):
        return Facts(model_type=config["model_type"], **sizes, **files)
    counted = None if tensors is None else sum(tensor.elements for tensor in tensors)
    return Facts(model_type=config["model_type"], parameters=counted, vocab=stated(config, "vocab_size"),
                 max_positions=stated(config, "max_position_embeddings") or stated(config, "n_positions"), **files)


def _files(tensors: tuple[Tensor, ...] | None) -> dict[str, Any]:
    """Return the bytes of the tensors in the files, and the dtype that most of them have."""
    if not tensors:
        return {}
    stored: Counter[str] = Counter()
    for tensor in tensors:
        stored[tensor.dtype] += tensor.size_bytes
    most = stored.most_common(1)[0][0]
    return {"stored_dtype": _STORED_NAMES.get(most, most), "file_bytes": stored.total()}


def _decoder_facts(model_type: str, decoder: Decoder, files: dict[str, Any]) -> DecoderFacts:
    table = decoder.vocab * decoder.hidden
    outside = table * (1 if decoder.tied else 2) + decoder.positions + decoder.vectors
    return DecoderFacts(
        model_type=model_type, parameters=outside + sum(layers.parameters for layers in decoder.stack),
        active_parameters=outside + sum(layers.active_parameters for layers in decoder.stack),
        lookup_parameters=decoder.positions + (0 if decoder.tied else table), positions=decoder.positions,
        layers=sum(layers.count for layers in decoder.stack), hidden=decoder.hidden, heads=decoder.heads,
        kv_heads=decoder.kv_heads, head_dim=decoder.head_dim, ffn=decoder.ffn, vocab=decoder.vocab,
        max_positions=decoder.max_positions, tied=decoder.tied, stack=decoder.stack, **files)
