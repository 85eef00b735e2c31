"""What cannot work, or will not fit, told before a run, at the setting that is to be changed; and what would."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import Literal, get_args

from msgspec import Struct, structs

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.events import Device
from llmscope.core.spec import DTYPE_BYTES, Cell
from llmscope.core.units import gib
from llmscope.models.catalog import Model
from llmscope.models.memory import Memory, memory

#: Tests that autocast means something to: those that a training step is made of, and its validation.
_TRAINING = frozenset({"fwd", "bwd", "opt", "train", "val"})

#: The largest batch and sequence that a cell can have.
_MOST: dict[str, int] = {"batch": 65_536, "seq": 1_048_576}

#: The range is that of the extra `int8` in pyproject.toml.
INT8_NEEDS = 'The backend int8 needs torchao: pip install "torchao>=0.18,<0.19"'

Size = Literal["batch", "seq"]
Field = Literal["model", "device", "dtype", "batch", "seq", "new", "workload"]


class Problem(Struct, frozen=True):
    """One line for the control `field`; a run with a blocking one is refused, others may be run anyway."""

    field: Field
    text: str
    blocking: bool = True


def problems(cells: Iterable[Cell], model: Model, device: Device | None, free_bytes: int | None) -> tuple[Problem, ...]:
    """Return what stands against running these cells of one model on a device, each thing once.

    `device` None means that the devices are not known yet; `free_bytes` None that its free memory is not.
    """
    cells = tuple(cells)
    if not model.writes_text and cells:
        return (Problem("model", f"{model.title} writes no text, and there is no test of it yet: "
                                 "choose another model."),)
    found: dict[Problem, None] = {}
    for cell in cells:
        found |= dict.fromkeys((*_positions(cell, model), *_parts(cell, model), *_dtype(cell, device),
                                *_backend(cell)))
    return (*found, *_fit(cells, model, device, free_bytes))


def left_out(cell: Cell, model: Model, device: Device | None) -> bool:
    """Return whether the preset that has everything leaves a cell out: what it brings by itself and cannot work."""
    brought = cell.dtype == "amp" or cell.scenario is not None
    return brought and any(problem.blocking for problem in problems([cell], model, device, None))


def largest_that_fits(model: Model, cell: Cell, free_bytes: int, what: Size) -> int | None:
    """Return the largest batch or sequence with which a cell is expected to need no more than is free.

    Everything else stays as it is in the cell, whose dtype is named. None where not even 1 fits, where not all
    parts of the estimate are known, and where the test does not depend on it. A sequence ends at the model's positions.
    """
    def fits(value: int) -> bool:
        need = _need(model, structs.replace(cell, **{what: value}))
        return need.is_whole and (need.total_bytes or 0) <= free_bytes

    room = (model.facts.max_positions or _MOST["seq"]) - (cell.new if cell.workload == "gen" else 0)
    most = min(_MOST[what], room) if what == "seq" else _MOST[what]
    depends = _need(model, structs.replace(cell, **{what: 1})) != _need(model, structs.replace(cell, **{what: 1024}))
    if not depends or most < 1 or not fits(1):
        return None
    return bisect_left(range(2, most + 1), True, key=lambda value: not fits(value)) + 1


def _need(model: Model, cell: Cell) -> Memory:
    return memory(model, cell, DTYPE_BYTES.get(cell.dtype, 4))


def _positions(cell: Cell, model: Model) -> Iterator[Problem]:
    """Yield where a test needs more positions than the model has."""
    most = model.facts.max_positions
    if most is None:
        return
    definition = DEFINITIONS[cell.workload]
    if cell.options.get("scenario") and cell.seq + cell.new > most:
        yield Problem("workload", f"The scenario {cell.scenario} takes {cell.seq + cell.new:,} positions, this model "
                                  f"has {most:,}.")
        return
    if "model" in definition.needs and definition.work == "seq" and cell.seq > most:
        yield Problem("seq", f"At most {most:,} for this model.")
    if cell.workload == "gen" and cell.seq + cell.new > most:
        if cell.new < most:
            yield Problem("seq", f"At most {most - cell.new:,} with {cell.new:,} new tokens for this model.")
        else:
            yield Problem("new", f"At most {most - 1:,} for this model, and fewer with a longer prompt.")
    if cell.workload == "tg" and cell.depth + cell.new > most:
        if cell.depth < most:
            at_depth = f" at depth {cell.depth:,}" if cell.depth else ""
            yield Problem("new", f"At most {most - cell.depth:,}{at_depth} for this model.")
        else:
            yield Problem("new", f"This model has {most:,} positions: a depth of {cell.depth:,} leaves no room.")


def _parts(cell: Cell, model: Model) -> Iterator[Problem]:
    """Yield where a test needs a part that the model does not have."""
    needs = DEFINITIONS[cell.workload].needs
    if "weights" in needs and not model.weight_files:
        yield Problem("workload", "This model has random weights: there is nothing to load.")
    if "tokenizer" in needs and not model.has_tokenizer:
        yield Problem("workload", f"{cell.workload} needs a tokenizer, and this model has no tokenizer.json.")


def _dtype(cell: Cell, device: Device | None) -> Iterator[Problem]:
    on_device = DEFINITIONS[cell.workload].on_device
    if cell.dtype == "amp" and on_device and cell.workload not in _TRAINING:
        yield Problem("dtype", f"amp is for training: {cell.workload} takes float32, bfloat16 or float16.")
        return
    if device is None or cell.dtype == "auto":
        return
    proven = [probe.dtype for probe in device.dtypes]
    needed = "bfloat16" if cell.dtype == "amp" else cell.dtype
    if needed not in proven:
        yield Problem("dtype", f"{cell.dtype} does not work on {device.name}. Use {' or '.join(proven) or 'auto'}.")


def _backend(cell: Cell) -> Iterator[Problem]:
    """Yield where a backend's library is not installed, which is found out without importing it, and torch with it."""
    if cell.backend == "int8" and find_spec("torchao") is None:
        yield Problem("workload", INT8_NEEDS)


def _fit(cells: tuple[Cell, ...], model: Model, device: Device | None, free_bytes: int | None) -> Iterator[Problem]:
    """Yield a warning for the cell that is expected to need the most memory, if that is not free."""
    default = device.default_dtype if device else "float32"
    named = [structs.replace(cell, dtype=default) if cell.dtype == "auto" else cell for cell in cells]
    worst = max(named, key=lambda cell: _need(model, cell).total_bytes or 0, default=None)
    if worst is None or free_bytes is None:
        return
    need = _need(model, worst)
    total = need.total_bytes
    if total is None or total <= free_bytes:
        return
    about = f"Needs {'about' if need.is_whole else 'at least'} {gib(total)}, {gib(free_bytes)} is free:"
    least = structs.replace(worst, batch=1, seq=1)
    if not _fits(model, structs.replace(least, new=1, depth=0), free_bytes):
        yield Problem("model", f"{about} choose a smaller model or a smaller dtype.", blocking=False)
    elif not _fits(model, least, free_bytes):
        deep = " or the depth" if worst.depth else ""
        yield Problem("new", f"{about} lower the number of new tokens{deep}.", blocking=False)
    else:
        yield Problem("batch", f"{about} lower {_lower(model, worst, free_bytes)}.", blocking=False)


def _fits(model: Model, cell: Cell, free_bytes: int) -> bool:
    """Return whether what is known of a cell's need is free: of the least cell all that no size can save.

    That is more than weights, gradients and optimizer state: what the optimizer works with, and on a CPU the process.
    """
    return (_need(model, cell).total_bytes or 0) <= free_bytes


def _lower(model: Model, cell: Cell, free_bytes: int) -> str:
    """Return which sizes to lower, and to what where one of them is enough."""
    found = {what: largest_that_fits(model, cell, free_bytes, what) for what in get_args(Size)}
    offers = [f"{name} to {value:,}" for name, value in (("the batch size", found["batch"]),
                                                        ("the sequence length", found["seq"])) if value]
    both = "and" if _need(model, cell).is_whole else "or"
    return ", or ".join(offers) or f"the batch size {both} the sequence length"
