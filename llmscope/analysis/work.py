"""What a test does, as far as its time goes: passes through layers, FLOPs and bytes, and what it is like."""

import msgspec
from msgspec import Struct

from llmscope.core import rows
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import BadInput
from llmscope.core.results import Row
from llmscope.core.spec import DTYPE_BYTES, Cell, Workload
from llmscope.models.catalog import Model, resolve
from llmscope.models.costs import Cost, cost
from llmscope.models.facts import DecoderFacts

#: Passes through all layers of a training step's parts; backward goes through them about twice as often.
_PASSES = {"fwd": 1, "val": 1, "bwd": 2, "opt": 1, "train": 4}


class Phase(Struct, frozen=True):
    """A part of a sample. So many `rows` (tokens) are multiplied by a weight at once; 0 where nothing is multiplied."""

    flops: float
    bytes_moved: float
    rows: int


class Work(Struct, frozen=True, kw_only=True):
    """One sample of a test. `phases` come one after the other; `width` tokens go through at once.

    `layer_passes` counts layers × passes. `tokens` are those that the test's value counts, None where it is a time.
    """

    workload: Workload
    model: str
    dtype: str
    parameters: int
    phases: tuple[Phase, ...]
    layer_passes: int
    width: int
    context: int
    tokens: int | None


def work_of_cell(cell: Cell, models: dict[str, Model | None] | None = None) -> Work | None:
    """Return what a cell does, None where no closed form says or its model cannot be found (any more).

    `models` remembers the models that were looked up, for the next cell.
    """
    if cell.dtype not in DTYPE_BYTES or cell.workload.startswith("load"):
        return None
    models = {} if models is None else models
    if cell.model not in models:
        models[cell.model] = _model(cell.model)
    model = models[cell.model]
    if model is None:
        return None
    counted = cost(model, cell, DTYPE_BYTES[cell.dtype])
    if counted is None or not isinstance(model.facts, DecoderFacts):
        return None
    decodes = cell.workload == "tg"
    passes = {"tg": cell.new, "gen": cell.new}.get(cell.workload) or _PASSES.get(cell.workload, 1)
    return Work(
        workload=cell.workload, model=cell.model, dtype=cell.dtype, parameters=model.facts.parameters,
        phases=_phases(counted, cell), layer_passes=model.facts.layers * passes,
        width=cell.batch * (1 if decodes else cell.seq), context=cell.depth + cell.new if decodes else cell.seq,
        tokens=_tokens(cell))


def _model(ref: str) -> Model | None:
    try:
        return resolve(ref)
    except BadInput:
        return None


def _phases(counted: Cost, cell: Cell) -> tuple[Phase, ...]:
    parts = counted.phases or {"decode" if cell.workload == "tg" else cell.workload: counted}
    return tuple(Phase(part.flops, part.bytes_moved, _rows(name, cell) if part.flops else 0)
                 for name, part in parts.items())


def _rows(phase: str, cell: Cell) -> int:
    return cell.batch * (1 if phase == "decode" else cell.seq)


def _tokens(cell: Cell) -> int | None:
    tokens = DEFINITIONS[cell.workload].tokens
    return cell.batch * getattr(cell, tokens) if tokens else None


def cell_of(row: Row) -> Cell | None:
    """Return the cell that a row came from, each answer to a prompt of gen a sequence of its own; None for no test.

    Other backends than plain transformers are none, as they reach other shares of the ceilings, nor are tests that were
    defined otherwise.
    """
    cell = rows.cell_of(row)
    if cell is None or cell.backend != "eager" or row.definition != DEFINITIONS[cell.workload].label:
        return None
    return msgspec.structs.replace(cell, batch=cell.batch * row.extra.get("sequences", 1))
