"""What a test times, one file a family."""

import torch

from llmscope.core.errors import ModelRefused
from llmscope.core.spec import Cell, RunSpec
from llmscope.engine.backends.eager import Loaded, tokenizer_of
from llmscope.engine.inputs import Inputs
from llmscope.engine.meter import Meter
from llmscope.engine.texts import held_out_text
from llmscope.engine.workloads.base import Workload
from llmscope.engine.workloads.generation import Generate
from llmscope.engine.workloads.inference import Decode, Prefill
from llmscope.engine.workloads.loading import LoadWarm
from llmscope.engine.workloads.training import Train
from llmscope.models.catalog import Model


def make(cell: Cell, index: int, spec: RunSpec, source: Model, loaded: Loaded | None, device: torch.device,
         meter: Meter) -> Workload:
    """Return the workload of a cell; its inputs depend on the run's seed and the cell's place in the plan."""
    if loaded is None:
        return LoadWarm(source, device, cell.dtype, meter)
    special = {getattr(loaded.network.config, name, None) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    inputs = Inputs(spec.seed + 1_000_003 * index, loaded.vocab, frozenset(i for i in special if isinstance(i, int)))
    if cell.workload == "pp":
        return Prefill(loaded, cell, inputs, meter)
    if cell.workload == "tg":
        return Decode(loaded, cell, inputs, meter)
    tokenizer = tokenizer_of(source)
    text = held_out_text()
    ids = torch.tensor(tokenizer(text, truncation=False, verbose=False)["input_ids"])
    if int(ids.max()) >= loaded.vocab:
        raise ModelRefused(
            f"The tokenizer of {source.title} gives ids up to {int(ids.max()):,}, the model knows {loaded.vocab:,}: "
            "they do not belong together.")
    if cell.workload == "train":
        return Train(loaded, cell, inputs, meter, ids)
    return Generate(loaded, cell, inputs, meter, tokenizer, text, spec.prompt, spec.sampling)
