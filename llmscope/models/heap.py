"""What a process takes on a CPU beyond its tensors: code, text, what products pack, and holes in the C library's heap.

All figures were measured with glibc on one Linux machine with 2 cores (docs/memory.md).
"""

from llmscope.core.spec import Cell
from llmscope.models.facts import DecoderFacts

_MIB = 1024**2
#: The code of the model's family with what loading leaves; the tokenizer, the text and its ids; threads that share
#: the products of many rows.
CODE_BYTES, TEXT_BYTES, THREADS_BYTES = 9 * _MIB // 2, 12 * _MIB, 2 * _MIB
#: Products in float32 pack of their weights all columns by so many rows, up to so many bytes.
PACKED_ROWS, MOST_PACKED_BYTES = 384, 10 * _MIB
#: Blocks from this size on do not lie in the heap: they are mapped, and go back when freed (glibc's largest threshold).
MAPPED_BYTES = 32 * _MIB
#: Without a backward pass: keys and values lie between what a layer freed, so that the next layer's blocks find no room
#: and what a layer works with counts once more and a tenth, the cache two fifths more, less the room that loading left.
LAYER_HOLES, CACHE_HOLES, ROOM_BYTES = 1.1, 0.4, 7 * _MIB // 4
#: In training this share of what is saved, of the logits and of a layer computed again: gradients fill some holes.
TRAINING_HOLES = 0.15
#: Tests that read text in windows, with the loss of all positions; those among them that keep what they computed.
TRAINING = ("fwd", "bwd", "train")
PASSES = (*TRAINING, "opt", "val")


def worker_bytes(facts: object, cell: Cell, dtype_bytes: int) -> int:
    """Return what the process takes for code, text and products."""
    if cell.workload.startswith("load"):
        return CODE_BYTES
    text = TEXT_BYTES if cell.workload in ("gen", "ttft", *PASSES) else 0
    one_by_one = cell.workload == "tg" and not cell.depth
    return CODE_BYTES + text + (0 if one_by_one else THREADS_BYTES + _packed_bytes(facts, cell, dtype_bytes))


def _packed_bytes(facts: object, cell: Cell, dtype_bytes: int) -> int:
    """Return what the widest product of a test packs: the logits of all positions, or a layer's."""
    if dtype_bytes < 4:
        return 0
    if not isinstance(facts, DecoderFacts):
        return MOST_PACKED_BYTES
    columns = facts.vocab if cell.workload in PASSES else facts.ffn or facts.hidden
    return min(columns * min(facts.hidden, PACKED_ROWS) * dtype_bytes, MOST_PACKED_BYTES)


def inference_holes(facts: DecoderFacts, tokens: int, activations: int, cache: int, dtype_bytes: int) -> int:
    """Return the holes that passes of so many tokens at once, of all sequences together, leave in the heap."""
    keys_bytes = max((layers.cached for layers in facts.stack), default=0) * tokens * dtype_bytes // 2
    in_heap = CACHE_HOLES * cache if keys_bytes < MAPPED_BYTES else 0
    return max(0, round(LAYER_HOLES * activations * _share_in_heap(facts, tokens, dtype_bytes) + in_heap) - ROOM_BYTES)


def _share_in_heap(facts: DecoderFacts, tokens: int, dtype_bytes: int) -> float:
    """Return which part of a layer's widest place is blocks of the heap: all, the two as wide as the model, or none."""
    if tokens * max(facts.ffn or 0, facts.hidden) * dtype_bytes < MAPPED_BYTES:
        return 1
    widest = max(layers.widest or 0 for layers in facts.stack)
    return min(1, 2 * facts.hidden / widest) if tokens * facts.hidden * dtype_bytes < MAPPED_BYTES else 0


def training_holes(facts: DecoderFacts, cell: Cell, saved: int, logits: int, again: int) -> int:
    """Return the holes of a training pass; `again` is the layer that checkpointing computes again.

    The input kept of each layer lies behind what the forward pass freed of it, and what is computed again finds no
    room there: the layer at hand counts twice.
    """
    in_heap = logits if cell.batch * cell.seq * facts.vocab * 4 < MAPPED_BYTES else 0
    return again + round(TRAINING_HOLES * (saved + in_heap + again))
