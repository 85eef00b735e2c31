"""A decoder as a whole: its layers, its tables, and the sizes that people know it by."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from llmscope.models.layers import Layers


class Decoder(Struct, frozen=True, kw_only=True):
    """What a family's closed form says of a config.

    `positions` are the parameters of a table of learned positions, `vectors` those of the norms outside
    the layers. `heads`, `kv_heads`, `head_dim` and `ffn` are None where layers have no such thing.
    """

    stack: tuple[Layers, ...]
    hidden: int
    vocab: int
    tied: bool
    vectors: int
    positions: int = 0
    max_positions: int | None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    ffn: int | None = None


def grouped(layers: Iterable[Layers]) -> tuple[Layers, ...]:
    """Return layers with those that are alike counted together, in the order of their first."""
    return tuple(replace(layer, count=count) for layer, count in Counter(layers).items())
