"""`pp` and `tg`: the two halves of inference on random ids, without tokenizer and sampling."""

import inspect
from typing import Any

import torch
from transformers import StaticCache

from llmscope.core.events import Phase
from llmscope.core.spec import Cell
from llmscope.engine import checks, memory
from llmscope.engine.backends.eager import Loaded
from llmscope.engine.inputs import Inputs
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Block, Stopwatch


class _Pass:
    request = False

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter) -> None:
        self._network, self._device = loaded.network, loaded.device
        self._cell, self._inputs, self._meter = cell, inputs, meter
        # Models whose forward cannot leave out positions compute the logits of all of them.
        keeps = "logits_to_keep" in inspect.signature(loaded.network.forward).parameters
        self._last_only = {"logits_to_keep": 1} if keeps else {}
        self._logits = torch.empty(0)
        self._held: int | None = None

    def _draw(self, length: int) -> torch.Tensor:
        ids = self._inputs.ids(self._cell.batch, length)
        self._inputs.note(ids)
        return ids.to(self._device)

    def finish(self) -> dict[str, Any]:
        """Check that the last logits are finite numbers."""
        checks.finite(self._logits, "a logit")
        return {}

    def summary(self) -> dict[str, Any]:
        """Return whether the logits of other positions than the last were left out, and the cache's bytes."""
        return ({} if self._last_only else {"logits": "all positions"}) | {"held": {"kv_cache": self._held}}

    def reset(self) -> None:
        """Nothing is kept between samples."""


class Prefill(_Pass):
    """One forward pass over `seq` random ids into an empty KV cache, logits of the last position only."""

    phase: Phase = "prefill"

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter) -> None:
        super().__init__(loaded, cell, inputs, meter)
        self.work = cell.batch * cell.seq

    def prepare(self) -> None:
        """Draw the prompt."""
        self._ids = self._draw(self._cell.seq)

    @torch.inference_mode()
    def run(self, watch: Stopwatch) -> Block:
        """Run one pass."""
        watch.start()
        output = self._network(input_ids=self._ids, use_cache=True, **self._last_only)
        block = watch.stop()
        self._logits, self._held = output.logits[:, -1], memory.cache_bytes(output)
        self._meter.add(self.work)
        return block


class Decode(_Pass):
    """`new` one-token forward passes, from an empty cache or one of `depth` random ids."""

    phase: Phase = "decode"

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter) -> None:
        super().__init__(loaded, cell, inputs, meter)
        self.work = cell.batch * cell.new
        self._cache_name = loaded.cache_name

    @torch.inference_mode()
    def prepare(self) -> None:
        """Draw the first id, and fill the cache up to the depth."""
        self._ids = self._draw(1)
        self._cache = self._empty_cache()
        if self._cell.depth:
            prompt = self._draw(self._cell.depth)
            given = {self._cache_name: self._cache}
            self._cache = self._network(input_ids=prompt, use_cache=True, **given, **self._last_only)[self._cache_name]

    def _empty_cache(self) -> Any:
        """Return a cache with room for all tokens of the test, or None for one that the model makes and lets grow."""
        if self._cell.cache == "dynamic":
            return None
        return StaticCache(self._network.config, max_cache_len=self._cell.depth + self._cell.new)

    @torch.inference_mode()
    def run(self, watch: Stopwatch) -> Block:
        """Write all new tokens; nothing waits for the device between them."""
        ids, cache, batch, network, add = self._ids, self._cache, self._cell.batch, self._network, self._meter.add
        name = self._cache_name
        watch.start()
        for _ in range(self._cell.new):
            output = network(input_ids=ids, use_cache=True, **{name: cache})
            cache = output[name]
            ids = output.logits[:, -1:].argmax(-1)
            add(batch)
        block = watch.stop()
        self._logits, self._held = output.logits[:, -1], memory.cache_bytes(output)
        held = _tokens_held(cache)
        if held not in (None, self._cell.depth + self._cell.new):
            raise checks.NotTrustworthy(f"the cache holds {held} tokens, not {self._cell.depth + self._cell.new}")
        return block


def _tokens_held(cache: Any) -> int | None:
    """Return how many tokens a cache has seen; None where it is a state of constant size, which does not tell."""
    if cache is None:
        return 0
    keeps_keys = any(hasattr(layer, "get_seq_length") for layer in cache.layers)
    return cache.get_seq_length() if keeps_keys else None
