"""An estimate of the most memory that a test holds at once, by its parts."""

import msgspec
from msgspec import Struct

from llmscope.core.spec import Cell
from llmscope.models.catalog import Model
from llmscope.models.facts import DecoderFacts
from llmscope.models.layers import Layers


class Memory(Struct, frozen=True):
    """Bytes by what they are for, an estimate; None is a part that cannot be estimated for this model."""

    weights: int | None
    kv_cache: int | None = None
    activations: int | None = None
    logits: int | None = None
    gradients: int | None = None
    optimizer: int | None = None

    @property
    def total_bytes(self) -> int | None:
        """Sum of the parts that are known, None where not even the weights are."""
        if self.weights is None:
            return None
        parts = (self.kv_cache, self.activations, self.logits, self.gradients, self.optimizer)
        return self.weights + sum(part or 0 for part in parts)


def memory(model: Model, cell: Cell, dtype_bytes: int) -> Memory:
    """Return the estimated peak of a cell whose weights, cache and optimizer state have `dtype_bytes` an element.

    Gradients take as much as the weights, AdamW's two moments twice that, SGD's momentum once. Attention is
    taken as fused, so that no matrix of scores is held, except where `_saved_bytes` says otherwise.
    """
    facts = model.facts
    weights = None if facts.parameters is None else facts.parameters * dtype_bytes
    if cell.workload in ("load-cold", "load-warm"):
        return Memory(weights, 0, 0, 0, 0, 0)
    if cell.workload in ("tok", "prep"):
        return Memory(0, 0, 0, 0, 0, 0)
    gradients = weights if cell.workload in ("bwd", "opt", "train") else 0
    moments = 1 if cell.optimizer == "sgd" else 2
    optimizer = 0 if cell.workload == "bwd" else None if gradients is None else moments * gradients
    if not isinstance(facts, DecoderFacts):
        return Memory(weights, gradients=gradients, optimizer=optimizer)
    if cell.workload == "opt":
        # One step of as few tokens as there can be fills the gradients.
        return Memory(weights, 0, 0, 0, gradients, optimizer)
    if cell.workload in ("fwd", "bwd", "train"):
        return Memory(weights, 0, _saved_bytes(model, facts, cell, dtype_bytes), _loss_bytes(facts, cell, dtype_bytes),
                      gradients, optimizer)
    if cell.workload == "val":
        return Memory(weights, 0, _widest_layer(facts, cell, dtype_bytes), _loss_bytes(facts, cell, dtype_bytes), 0, 0)
    return Memory(weights, _cache_bytes(facts, cell, dtype_bytes), _widest_layer(facts, cell, dtype_bytes),
                  cell.batch * facts.vocab * dtype_bytes, gradients, optimizer)


def _cache_bytes(facts: DecoderFacts, cell: Cell, dtype_bytes: int) -> int:
    """Return the most bytes of cache that a test holds: keys and values, latents, states.

    A layer with a window keeps, right after a prompt, all of it, and from the next step on its window:
    the most is held after the prompt or at the end.
    """
    prompt = {"tg": cell.depth}.get(cell.workload, cell.seq)
    new = {"pp": 0, "ttft": 1}.get(cell.workload, cell.new)
    after_prompt = sum(layers.count * layers.cached * prompt * dtype_bytes + layers.state_bytes(dtype_bytes)
                       for layers in facts.stack)
    return cell.batch * max(after_prompt, facts.cache_bytes(prompt + new, dtype_bytes))


def _widest_layer(facts: DecoderFacts, cell: Cell, dtype_bytes: int) -> int | None:
    """Return the bytes in use in the widest part of one layer, attention or MLP, for the test's longest pass."""
    tokens = max(1, cell.depth) if cell.workload == "tg" else cell.seq
    widths = [layers.widest for layers in facts.stack]
    return None if None in widths else cell.batch * tokens * max(width or 0 for width in widths) * dtype_bytes


def _saved_bytes(model: Model, facts: DecoderFacts, cell: Cell, dtype_bytes: int) -> int | None:
    """Return the bytes that the forward pass saves for the backward pass, as counted from transformers 5's layers.

    A Llama layer saves for each token 4 × hidden + 2 × queries + 2 × keys + 4 × FFN elements and, inside
    its norms, 2 × hidden in float32; a GPT-2 layer 11 × hidden + 5 × FFN. Dropout in attention, which
    GPT-2 has by default, keeps three matrices of scores in float32 where the fused kernel cannot drop
    (on a CPU). Norms of queries and keys are not counted; other families are taken for one of these two.
    With checkpointing a layer saves its input, and only the one at hand all of this.
    """
    if any(layers.saved is None for layers in facts.stack):
        return None
    if cell.checkpointing:
        one_of_each = tuple(msgspec.structs.replace(layers, count=1) for layers in facts.stack)
        at_hand = max(_saved_by(model, facts, (layers,), cell, dtype_bytes) for layers in one_of_each)
        return at_hand + cell.batch * cell.seq * facts.layers * facts.hidden * dtype_bytes
    return _saved_by(model, facts, facts.stack, cell, dtype_bytes)


def _saved_by(model: Model, facts: DecoderFacts, stack: tuple[Layers, ...], cell: Cell, dtype_bytes: int) -> int:
    saved = sum(layers.count * (layers.saved or 0) for layers in stack) * dtype_bytes
    count = sum(layers.count for layers in stack)
    if facts.model_type == "gpt2":
        dropped = 3 * (facts.heads or 0) * cell.seq * 4 if model.config.get("attn_pdrop", 0.1) else 0
        in_float32 = count * dropped
    else:
        in_float32 = count * 2 * facts.hidden * 4 if facts.model_type not in ("gpt_neox", "opt") else 0
    return cell.batch * cell.seq * (saved + in_float32)


def _loss_bytes(facts: DecoderFacts, cell: Cell, dtype_bytes: int) -> int:
    """Return the bytes of all logits: as given, in float32 if they are not, their softmax, and its gradient."""
    each = dtype_bytes + (0 if dtype_bytes == 4 else 4) + 4 + 4
    return cell.batch * cell.seq * facts.vocab * each
