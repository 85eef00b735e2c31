"""What a test times, one file a family."""

from collections.abc import Callable

import torch

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import ModelRefused
from llmscope.core.spec import Cell, RunSpec
from llmscope.engine.backends.eager import Loaded, tokenizer_of
from llmscope.engine.blocks import Blocks
from llmscope.engine.inputs import Inputs, text_ids
from llmscope.engine.meter import Meter
from llmscope.engine.texts import held_out_text
from llmscope.engine.workloads.base import Workload
from llmscope.engine.workloads.data import Prepare, Tokenize
from llmscope.engine.workloads.first_token import FirstToken
from llmscope.engine.workloads.generation import Generate
from llmscope.engine.workloads.inference import Decode, Prefill
from llmscope.engine.workloads.loading import Load
from llmscope.engine.workloads.machine import MACHINE_TESTS
from llmscope.engine.workloads.training import Backward, Forward, Optimizer, Train
from llmscope.engine.workloads.validation import Validate
from llmscope.models.catalog import Model

_ON_IDS: dict[str, Callable[..., Workload]] = {"pp": Prefill, "tg": Decode}
_REQUESTS: dict[str, Callable[..., Workload]] = {"ttft": FirstToken, "gen": Generate}
_ON_TEXT: dict[str, Callable[..., Workload]] = {"fwd": Forward, "bwd": Backward, "opt": Optimizer, "train": Train}


def make(cell: Cell, index: int, spec: RunSpec, source: Model, loaded: Loaded | None, device: torch.device,
         meter: Meter) -> Workload:
    """Return the workload of a cell; its inputs depend on the run's seed and the cell's place in the plan.

    `loaded` is None for tests that need no loaded model.
    """
    kind, seed = cell.workload, _seed(spec, index)
    needs = DEFINITIONS[kind].needs
    if "weights" in needs:
        return Load(source, device, cell.weights_dtype, meter, cold=kind == "load-cold")
    if "model" not in needs:
        inputs, tokenizer, text = Inputs(seed, 1), tokenizer_of(source), held_out_text()
        if kind == "tok":
            return Tokenize(tokenizer, text, inputs, meter)
        return Prepare(tokenizer, text, inputs, meter, cell.seq)
    assert loaded is not None
    special = {getattr(loaded.network.config, name, None) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    inputs = Inputs(seed, loaded.vocab, frozenset(i for i in special if isinstance(i, int)))
    if kind in _ON_IDS:
        return _ON_IDS[kind](loaded, cell, inputs, meter)
    tokenizer, text = tokenizer_of(source), held_out_text()
    ids = text_ids(tokenizer, text)
    if int(ids.max()) >= loaded.vocab:
        raise ModelRefused(
            f"The tokenizer of {source.title} gives ids up to {int(ids.max()):,}, the model knows {loaded.vocab:,}: "
            "they do not belong together.")
    if kind in _REQUESTS:
        return _REQUESTS[kind](loaded, cell, inputs, meter, tokenizer, text, spec.prompt, spec.sampling)
    if kind == "val":
        return Validate(loaded, cell, inputs, meter, ids, len(text.encode()))
    return _ON_TEXT[kind](loaded, cell, inputs, meter, ids)


def make_of_machine(cell: Cell, blocks: Blocks, meter: Meter) -> Workload:
    """Return the workload of a cell that has no model."""
    workload: Workload = MACHINE_TESTS[cell.workload](cell, blocks, meter)
    return workload


def _seed(spec: RunSpec, index: int) -> int:
    """Return a seed that depends on the run's and on the cell's place in the plan."""
    return spec.seed + 1_000_003 * index
