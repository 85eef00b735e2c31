"""An estimate of the most memory that a test holds at once, by its parts."""

import msgspec
from msgspec import Struct

from llmscope.core.spec import Cell
from llmscope.models import heap
from llmscope.models.catalog import Model
from llmscope.models.facts import DecoderFacts
from llmscope.models.layers import Layers

#: Random weights are taken from a pool of so many bytes in float32, of which there is a copy in the model's dtype for
#: each width of their distribution (GPT-2 has two); they are gone after loading.
POOL_BYTES = 32 * 1024**2


class Memory(Struct, frozen=True):
    """Bytes by what they are for, an estimate; None is a part that cannot be estimated for this model.

    `worker` is what the process takes besides, `loading` how far loading rises above the test after it. `reused` is
    what of the parts lies where another was before, and counts but once.
    """

    weights: int | None
    kv_cache: int | None = None
    activations: int | None = None
    logits: int | None = None
    gradients: int | None = None
    optimizer: int | None = None
    worker: int = 0
    loading: int = 0
    reused: int = 0

    @property
    def total_bytes(self) -> int | None:
        """Sum of the parts that are known, less what is reused; None where not even the weights are known."""
        if self.weights is None:
            return None
        parts = (self.kv_cache, self.activations, self.logits, self.gradients, self.optimizer)
        return self.weights + sum(part or 0 for part in parts) + self.worker + self.loading - self.reused

    @property
    def is_whole(self) -> bool:
        """Whether all parts are known; otherwise the total is the least that is needed."""
        return None not in (self.weights, self.kv_cache, self.activations, self.logits, self.gradients, self.optimizer)


def memory(model: Model, cell: Cell, dtype_bytes: int) -> Memory:
    """Return the estimated peak of a cell whose weights, cache and optimizer state have `dtype_bytes` an element.

    Gradients take as much as the weights, AdamW's two moments twice that, SGD's momentum once. Attention is
    taken as fused, so that no matrix of scores is held, except in families that transformers computes eagerly and
    where `_saved_bytes` says otherwise. On a CPU nothing counts as reused, although activations and gradients are not
    all there at once: the small blocks of the first are hardly of use for the second.
    """
    need = held(model, cell, dtype_bytes)
    if cell.device not in ("cpu", "auto") or cell.workload in ("tok", "prep"):
        return need
    apart = msgspec.structs.replace(need, reused=0)
    worker = (heap.worker_bytes(model.facts, cell, _tokens_at_once(cell), dtype_bytes)
              + _holes_bytes(model, cell, apart, dtype_bytes))
    widths = 2 if model.facts.model_type == "gpt2" else 1
    pool = 0 if model.folder is not None else POOL_BYTES + widths * POOL_BYTES * dtype_bytes // 4 + heap.CODE_BYTES
    rest = (apart.total_bytes or 0) - (apart.weights or 0) + worker
    return msgspec.structs.replace(apart, worker=worker, loading=max(0, pool - rest))


def _holes_bytes(model: Model, cell: Cell, need: Memory, dtype_bytes: int) -> int:
    """Return what freed blocks leave behind that new ones do not fit into."""
    facts = model.facts
    if cell.workload.startswith("load") or not isinstance(facts, DecoderFacts):
        return 0
    if cell.workload in (*heap.TRAINING, "opt"):
        checkpoints = cell.checkpointing and cell.workload != "opt"
        again = _layer_at_hand(model, facts, cell, dtype_bytes) if checkpoints else 0
        saved = (need.activations or 0) if cell.workload in heap.TRAINING else 0
        return heap.training_holes(facts, cell, saved, need.logits or 0, again)
    return heap.inference_holes(facts, cell.batch * _tokens_at_once(cell), need.activations or 0, need.kv_cache or 0,
                                dtype_bytes)


def _tokens_at_once(cell: Cell) -> int:
    """Return the tokens of a sequence in the test's longest pass."""
    return max(1, cell.depth) if cell.workload == "tg" else cell.seq


def held(model: Model, cell: Cell, dtype_bytes: int) -> Memory:
    """Return what a cell's tensors hold at once, by what they are for, without the process around them."""
    facts = model.facts
    weights = None if facts.parameters is None else facts.parameters * dtype_bytes
    if cell.workload in ("load-cold", "load-warm"):
        return Memory(weights, 0, 0, 0, 0, 0)
    if cell.workload in ("tok", "prep"):
        return Memory(0, 0, 0, 0, 0, 0)
    if not isinstance(facts, DecoderFacts):
        gradients = weights if cell.workload in ("bwd", "opt", "train") else 0
        moments = 0 if cell.workload == "bwd" else _MOMENTS[cell.optimizer]
        return Memory(weights, gradients=gradients, optimizer=None if gradients is None else moments * gradients)
    if cell.workload == "val":
        in_use, logits = _in_use(model, facts, cell, dtype_bytes), _loss_bytes(facts, cell, dtype_bytes)
        return Memory(weights, 0, in_use, logits, 0, 0, reused=min(in_use or 0, logits))
    if cell.workload in heap.PASSES:
        return _training(model, facts, cell, dtype_bytes)
    return Memory(weights, _cache_bytes(facts, cell, dtype_bytes), _in_use(model, facts, cell, dtype_bytes),
                  cell.batch * facts.vocab * dtype_bytes, 0, 0)


_MOMENTS = {"adamw": 2, "sgd": 1}


def _training(model: Model, facts: DecoderFacts, cell: Cell, dtype_bytes: int) -> Memory:
    """Return what a training step or a part of it takes.

    `opt` fills the gradients by a step of so few tokens that they do not count. Where input and output share a
    table, its two gradients wait for each other and are added: at the end of the backward pass it takes two tables
    more. By then, and when the optimizer takes its step, logits are long gone.

    Most is held before the backward pass, with all that was saved, or after it, with all gradients. What checkpointing
    computes again comes when logits are gone.
    """
    weights = facts.parameters * dtype_bytes
    short = cell.workload == "opt"
    saved = 0 if short else _saved_bytes(model, facts, cell, dtype_bytes)
    logits = 0 if short else _loss_bytes(facts, cell, dtype_bytes)
    again = _layer_at_hand(model, facts, cell, dtype_bytes) if cell.checkpointing and saved else 0
    if cell.workload == "fwd":
        return Memory(weights, 0, saved, logits, 0, 0, reused=min(again, logits))
    meeting = 2 * facts.vocab * facts.hidden * dtype_bytes if facts.tied else 0
    gradients = weights + max(0, meeting - logits)
    moments = 0 if cell.workload == "bwd" else _MOMENTS[cell.optimizer] * weights
    step = _step_bytes(facts, cell, weights, dtype_bytes)
    state = moments + max(0, step - (gradients - weights + logits))
    parts = (saved or 0) + logits + gradients + state
    most = moments + max((saved or 0) + logits - min(again, logits), weights + max(meeting, step))
    return Memory(weights, 0, saved, logits, gradients, state, reused=parts - most)


def _step_bytes(facts: DecoderFacts, cell: Cell, weights: int, dtype_bytes: int) -> int:
    """Return what the optimizer works with besides its state.

    AdamW takes two tensors as large as the largest parameter, on an accelerator (where torch takes all parameters at
    once) one as large as all weights.
    """
    if cell.workload == "bwd" or cell.optimizer != "adamw":
        return 0
    return 2 * facts.vocab * facts.hidden * dtype_bytes if cell.device in ("cpu", "auto") else weights


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


def _in_use(model: Model, facts: DecoderFacts, cell: Cell, dtype_bytes: int) -> int | None:
    """Return the bytes in use in the widest part of one layer, attention or MLP, for the test's longest pass.

    Where attention is eager, a layer's matrices of scores come to that, and a mask for each kind of layers.
    """
    tokens = _tokens_at_once(cell)
    widths = [layers.widest for layers in facts.stack]
    if None in widths:
        return None
    masks = dtype_bytes * len({layers.window for layers in facts.stack}) if model.facts.model_type in _EAGER else 0
    scores = (facts.heads or 0) * _score_bytes(model, dtype_bytes).in_use + masks
    copies = _autocast_copies(facts, cell)
    return cell.batch * tokens * (max(width or 0 for width in widths) * dtype_bytes + tokens * scores) + copies


class _Scores(Struct, frozen=True):
    """Bytes of matrices of scores for a query, a key and a head: in use at once, and saved for the backward pass."""

    in_use: int = 0
    saved: int = 0


#: Families whose attention transformers computes eagerly: capped scores, sinks.
_EAGER = frozenset({"gemma2", "gpt_oss"})


def _score_bytes(model: Model, dtype_bytes: int) -> _Scores:
    """Return what eager attention takes, as counted from transformers 5 by torch's profiler and hooks.

    Gemma 2 takes the softmax in float32 and saves it, what was given back of it, and the tanh of its cap; GPT-OSS
    holds the scores with the sink, the same less their largest, and the softmax, which alone is saved.
    """
    match model.facts.model_type:
        case "gemma2":
            narrow = dtype_bytes < 4
            return _Scores(10 if narrow else 8, 8)
        case "gpt_oss":
            return _Scores(3 * dtype_bytes, dtype_bytes)
    return _Scores()


def _autocast_copies(facts: DecoderFacts, cell: Cell) -> int:
    """Return the bytes of the 16-bit copies of all multiplied weights that autocast keeps during a pass."""
    return 2 * (facts.parameters - facts.lookup_parameters) if cell.dtype == "amp" else 0


def _saved_bytes(model: Model, facts: DecoderFacts, cell: Cell, dtype_bytes: int) -> int | None:
    """Return the bytes that the forward pass saves for the backward pass, as counted from transformers 5's layers.

    A Llama layer saves for each token 4 × hidden + 2 × queries + 2 × keys + 4 × FFN elements and, inside
    its norms, 2 × hidden in float32; each norm more saves twice what it spans. A GPT-2 layer saves 10 × hidden +
    5 × FFN. Dropout in attention, which GPT-2 has by default, keeps three matrices of scores in float32 where the
    fused kernel cannot drop (on a CPU). Outside the layers 3 × hidden are kept. With checkpointing a
    layer saves its input, and only the one at hand all of this. Under autocast all is kept in 16 bits but what norms
    take, and 16-bit copies of the weights are.
    """
    if any(layers.saved is None for layers in facts.stack):
        return None
    if cell.checkpointing:
        saved = (_layer_at_hand(model, facts, cell, dtype_bytes)
                 + cell.batch * cell.seq * facts.layers * facts.hidden * dtype_bytes)
    else:
        saved = _saved_by(model, facts, facts.stack, cell, dtype_bytes)
    outside = cell.batch * cell.seq * 3 * facts.hidden * dtype_bytes
    return saved + outside + _autocast_copies(facts, cell)


def _layer_at_hand(model: Model, facts: DecoderFacts, cell: Cell, dtype_bytes: int) -> int:
    """Return what the layer that saves most saves."""
    one_of_each = (msgspec.structs.replace(layers, count=1) for layers in facts.stack)
    return max(_saved_by(model, facts, (layers,), cell, dtype_bytes) for layers in one_of_each)


def _saved_by(model: Model, facts: DecoderFacts, stack: tuple[Layers, ...], cell: Cell, dtype_bytes: int) -> int:
    each = sum(layers.count * (layers.saved or 0) for layers in stack)
    count = sum(layers.count for layers in stack)
    has_layer_norms = facts.model_type in ("gpt2", "gpt_neox", "opt")
    saved = each * dtype_bytes
    if cell.dtype == "amp":
        # Norms' inputs stay in float32; of Llama's their outputs too, which each of five products copies for itself.
        saved = 2 * each + count * facts.hidden * (4 if has_layer_norms else 10)
    in_float32 = 0 if has_layer_norms else count * 2 * facts.hidden * 4
    scores = count * (facts.heads or 0) * cell.seq * _score_bytes(model, dtype_bytes).saved
    if facts.model_type == "gpt2" and model.config.get("attn_pdrop", 0.1):
        scores = count * 3 * (facts.heads or 0) * cell.seq * 4
    return cell.batch * cell.seq * (saved + in_float32 + scores)


def _loss_bytes(facts: DecoderFacts, cell: Cell, dtype_bytes: int) -> int:
    """Return the bytes of all logits: as given, in float32 if they are not, their softmax, going back its gradient."""
    gradient = 4 if cell.workload in ("bwd", "train") else 0
    given = 2 if cell.dtype == "amp" else dtype_bytes
    each = given + (0 if given == 4 else 4) + 4 + gradient
    return cell.batch * cell.seq * facts.vocab * each
