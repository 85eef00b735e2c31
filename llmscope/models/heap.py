"""What a process takes on a CPU beyond its tensors: code, text, what products pack, and holes in the C library's heap.

All figures were measured with glibc on one Linux machine with 2 cores (docs/memory.md).
"""

from itertools import accumulate

from llmscope.core.spec import Cell
from llmscope.models.facts import DecoderFacts

_MIB = 1024**2
#: The code of the model's family with what loading leaves; the tokenizer, the text and its ids.
CODE_BYTES, TEXT_BYTES = 9 * _MIB // 2, 12 * _MIB
#: What each of MKL's threads packs for a product in float32: half the rows and half the columns, at most so many, and
#: so many of the elements that are summed. A thread is given so many rows at least.
PACKED_ROWS, PACKED_COLUMNS, PACKED_DEPTH, PACKING_THREADS, LEAST_ROWS = 384, 3200, 384, 2, 4
#: Blocks from this size on do not lie in the heap: they are mapped, and go back when freed (glibc's largest threshold).
MAPPED_BYTES = 32 * _MIB
#: Without a backward pass: keys and values lie between what a layer freed, so that the next layer's blocks find no room
#: and what a layer works with counts once more, the cache two fifths more, less the room that loading left.
CACHE_HOLES, ROOM_BYTES = 0.4, 7 * _MIB // 4
#: In training this share of what is saved, of the logits and of a layer computed again: gradients fill some holes.
TRAINING_HOLES = 0.15
#: Tests that read text in windows, with the loss of all positions; those among them that keep what they computed.
TRAINING = ("fwd", "bwd", "train")
PASSES = (*TRAINING, "opt", "val")


def worker_bytes(facts: object, cell: Cell, tokens: int, dtype_bytes: int) -> int:
    """Return what the process takes for code, text and products of passes of so many tokens of each sequence."""
    if cell.workload.startswith("load"):
        return CODE_BYTES
    text = TEXT_BYTES if cell.workload in ("gen", "ttft", *PASSES) else 0
    in_float32 = dtype_bytes == 4 and cell.dtype != "amp"
    return CODE_BYTES + text + (_packed_bytes(facts, cell, tokens) if in_float32 else 0)


def _packed_bytes(facts: object, cell: Cell, tokens: int) -> int:
    """Return what MKL keeps of the buffers that it packs in: it takes another where none is large enough."""
    if not isinstance(facts, DecoderFacts):
        return PACKING_THREADS * 4 * PACKED_DEPTH * (PACKED_ROWS + PACKED_COLUMNS)
    rows, hidden, wide = cell.batch * tokens, facts.hidden, facts.ffn or facts.hidden
    layer = (buffers_bytes(rows, hidden, hidden), buffers_bytes(rows, hidden, wide), buffers_bytes(rows, wide, hidden))
    logits = buffers_bytes(rows if cell.workload in PASSES else cell.batch, hidden, facts.vocab)
    return sum(set(accumulate((*layer, logits), max)))


def buffers_bytes(rows: int, depth: int, columns: int) -> int:
    """Return what the threads pack of (rows, depth) × (depth, columns), as traced for MKL's `sgemm` with 2 threads."""
    threads = min(PACKING_THREADS, rows // LEAST_ROWS)
    return threads * 4 * min(depth, PACKED_DEPTH) * (min(rows // 2, PACKED_ROWS) + min(columns // 2, PACKED_COLUMNS))


def inference_holes(facts: DecoderFacts, tokens: int, activations: int, cache: int, dtype_bytes: int) -> int:
    """Return the holes that passes of so many tokens at once, of all sequences together, leave in the heap."""
    keys_bytes = max((layers.cached for layers in facts.stack), default=0) * tokens * dtype_bytes // 2
    in_heap = CACHE_HOLES * cache if keys_bytes < MAPPED_BYTES else 0
    return max(0, round(activations * _share_in_heap(facts, tokens, dtype_bytes) + in_heap) - ROOM_BYTES)


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
