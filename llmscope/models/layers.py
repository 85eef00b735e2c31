"""What a token meets in a layer of a decoder, counted: the one description that facts and costs are made of."""

from typing import TypeVar

from msgspec import Struct

_Number = TypeVar("_Number", int, float)


class Layers(Struct, frozen=True, kw_only=True):
    """`count` layers that are alike, by the sizes of one; all of them are numbers of elements.

    `matrices` are weights that every token is multiplied by once, `expand` those by which every cached
    token is multiplied anew in each pass (a latent becoming `expanded` elements of keys and values), `taps`
    those of short convolutions, `vectors` all other parameters (norms, biases). `pair` is heads × (size of
    a key + size of a value): the multiplications of a query with one key and its value. A token leaves
    `cached` elements in the cache; `window` is how many positions attention looks back at most, itself
    included. `state` elements of the weights' dtype and `state_f32` of float32 are kept for a sequence,
    however long; `scan` are the products with that state for a token. Of `experts` experts of `expert`
    weights and `expert_vectors` biases each token takes `top`.

    `widest` elements are in use at once for a token where the layer is widest, `saved` are kept of it for
    the backward pass; None where that is not known.
    """

    count: int = 1
    matrices: int
    vectors: int
    taps: int = 0
    pair: int = 0
    cached: int = 0
    window: int | None = None
    expand: int = 0
    expanded: int = 0
    scan: int = 0
    state: int = 0
    state_f32: int = 0
    experts: int = 0
    top: int = 0
    expert: int = 0
    expert_vectors: int = 0
    widest: int | None = None
    saved: int | None = None

    @property
    def parameters(self) -> int:
        """Parameters of all these layers."""
        return self._with(self.experts)

    @property
    def active_parameters(self) -> int:
        """Parameters that one token uses."""
        return self._with(self.top)

    @property
    def products(self) -> int:
        """Multiplications of a token with weights and state, in one layer, without those of `pair` and `expand`."""
        return self.matrices + self.taps + self.scan + self.top * self.expert

    def parameters_met(self, tokens: int) -> float:
        """Return the parameters that a pass over so many tokens uses, by expectation.

        Each token takes its experts evenly and apart from the others, as with random weights:
        experts × (1 − (1 − top ÷ experts) ^ tokens) of them are met.
        """
        if not self.experts:
            return self.parameters
        return self._with(self.experts * (1 - (1 - self.top / self.experts) ** tokens))

    def state_bytes(self, dtype_bytes: int) -> int:
        """Return what all these layers keep for a sequence, however long."""
        return self.count * (self.state * dtype_bytes + self.state_f32 * 4)

    def cache_bytes(self, tokens: int, dtype_bytes: int) -> int:
        """Return what all these layers hold of a sequence of so many tokens, once one was written after the prompt."""
        kept = tokens if self.window is None else min(tokens, self.window)
        return self.count * self.cached * kept * dtype_bytes + self.state_bytes(dtype_bytes)

    def _with(self, experts: _Number) -> _Number:
        layer = self.matrices + self.vectors + self.taps + self.expand
        return self.count * (layer + experts * (self.expert + self.expert_vectors))
