"""What one sample of a test must compute and move, by closed form.

FLOPs are those of matrix products, 2mnk each; norms, activations and the optimizer's arithmetic are
left out, among them the scan of a state space. Bytes are the least that must pass between memory and the
device: weights, of experts those that are met, cached keys and values, states, gradients and optimizer
state; activations are left out. Where the cache holds a latent, its keys and values are made anew at every
step, as transformers does it: that is counted.
"""

from typing import Literal

from msgspec import Struct

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.spec import Cell
from llmscope.models.catalog import Model
from llmscope.models.facts import DecoderFacts
from llmscope.models.layers import Layers

#: `causal` counts the keys that a query may see, `full` all keys of the pass, as an eager product does.
Attention = Literal["causal", "full"]

#: AdamW reads weight, gradient and two moments and writes all but the gradient: 28 bytes a parameter in
#: float32. SGD has one momentum.
_NUMBERS_MOVED = {"adamw": 7, "sgd": 5}


class Cost(Struct, frozen=True):
    """FLOPs and bytes of one sample, with the convention for attention; `phases` add up to the whole."""

    flops: int
    bytes_moved: int
    attention: Attention = "causal"
    phases: dict[str, "Cost"] = {}


def cost(model: Model, cell: Cell, dtype_bytes: int, attention: Attention = "causal") -> Cost | None:
    """Return the cost of one sample of a test, or None for a model without a closed form.

    `dtype_bytes` is the size of a weight and of a cached element. Loading moves the bytes of the weight
    files and is None where there are none, as is work that no model does. `gen` is counted for one sequence a prompt.
    """
    facts = model.facts
    if "weights" in DEFINITIONS[cell.workload].needs:
        return None if facts.file_bytes is None else Cost(0, facts.file_bytes, attention)
    if not isinstance(facts, DecoderFacts) or cell.workload in ("tok", "prep"):
        return None
    batch, seq = cell.batch, cell.seq
    match cell.workload:
        case "pp":
            return _prefill(facts, batch, seq, dtype_bytes, attention)
        case "ttft":
            return _sum(attention, **{"prefill+sample": _prefill(facts, batch, seq, dtype_bytes, attention)})
        case "tg":
            return _decode(facts, batch, cell.depth, cell.new, dtype_bytes, attention)
        case "gen":
            # The prompt's pass gives the first new id, and the last id is never fed back.
            return _sum(attention, prefill=_prefill(facts, batch, seq, dtype_bytes, attention),
                        decode=_decode(facts, batch, seq, cell.new - 1, dtype_bytes, attention))
    step = _train(facts, batch, seq, dtype_bytes, attention, _NUMBERS_MOVED[cell.optimizer])
    part = {"fwd": "forward", "val": "forward", "bwd": "backward", "opt": "optimizer"}.get(cell.workload)
    return step.phases[part] if part else step


def _sum(attention: Attention, **phases: Cost) -> Cost:
    return Cost(sum(phase.flops for phase in phases.values()), sum(phase.bytes_moved for phase in phases.values()),
                attention, phases)


def _prefill(facts: DecoderFacts, batch: int, seq: int, dtype_bytes: int, attention: Attention) -> Cost:
    """Return the cost of one pass into an empty cache: all weights once, the cache written, the last logits."""
    moved = weights_read(facts, batch * seq, dtype_bytes) + batch * sum(
        seq * layers.count * layers.cached * dtype_bytes + layers.state_bytes(dtype_bytes) for layers in facts.stack)
    return Cost(_prompt_flops(facts, batch, seq, batch, attention), moved, attention)


def _decode(facts: DecoderFacts, batch: int, context: int, steps: int, dtype_bytes: int, attention: Attention) -> Cost:
    """Return the cost of one-token passes, the first of which finds `context` tokens in the cache.

    Each reads all weights, reads the keys and values that it finds and writes its own: in sum those
    that it sees. A state is read and written; what a latent expands to is written and read. Both
    conventions for attention agree.
    """
    flops = 2 * facts.hidden * facts.vocab * batch * steps
    moved = steps * weights_read(facts, batch, dtype_bytes)
    for layers in facts.stack:
        keys = batch * _keys_seen(layers.window, context, steps)
        flops += _layer_flops(layers, batch * steps, keys, keys)
        moved += layers.count * keys * (layers.cached + 2 * layers.expanded) * dtype_bytes
        moved += 2 * batch * steps * layers.state_bytes(dtype_bytes)
    return Cost(flops, moved, attention)


def _train(facts: DecoderFacts, batch: int, seq: int, dtype_bytes: int, attention: Attention,
           numbers_moved: int) -> Cost:
    """Return the cost of one step: backward is 2 × forward; the optimizer moves so many numbers a parameter.

    Forward reads the weights and gives the logits of every position. Backward reads the weights again
    and writes the gradients. What checkpointing computes again is not counted: it is no progress.
    """
    forward = _prompt_flops(facts, batch, seq, batch * seq, attention)
    read = weights_read(facts, batch * seq, dtype_bytes)
    weights = facts.parameters * dtype_bytes
    return _sum(attention, forward=Cost(forward, read, attention),
                backward=Cost(2 * forward, read + weights, attention),
                optimizer=Cost(0, numbers_moved * weights, attention))


def _prompt_flops(facts: DecoderFacts, batch: int, seq: int, logits: int, attention: Attention) -> int:
    """Return the FLOPs of a pass over whole sequences that gives so many rows of logits."""
    flops = 2 * facts.hidden * facts.vocab * logits
    for layers in facts.stack:
        keys = _keys_seen(layers.window, 0, seq) if attention == "causal" else seq * seq
        flops += _layer_flops(layers, batch * seq, batch * keys, batch * seq)
    return flops


def _layer_flops(layers: Layers, tokens: int, keys: int, expanded: int) -> int:
    """Return the FLOPs of so many tokens, pairs of query and key, and tokens whose latent is expanded."""
    return 2 * layers.count * (layers.products * tokens + layers.pair * keys + layers.expand * expanded)


def _keys_seen(window: int | None, first: int, tokens: int) -> int:
    """Return how many keys the queries at positions first … first + tokens − 1 see together."""
    def before(position: int) -> int:
        """Sum of min(p + 1, window) over all positions p before this one."""
        ramp = position if window is None else min(position, window)
        return ramp * (ramp + 1) // 2 + (position - ramp) * ramp
    return before(first + tokens) - before(first)


def weights_read(facts: DecoderFacts, tokens: int, dtype_bytes: int) -> int:
    """Return the bytes of weights that one pass reads.

    Of lookup tables those are its tokens' rows, of experts as many as so many tokens are expected to meet.
    """
    rows = tokens * facts.hidden * (2 if facts.positions else 1)
    unmet = sum(layers.parameters - layers.parameters_met(tokens) for layers in facts.stack)
    return round((facts.parameters - facts.lookup_parameters + rows - unmet) * dtype_bytes)
