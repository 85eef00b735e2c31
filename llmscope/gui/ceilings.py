"""The ceilings in the window: how near the running test is to one, and what this machine was measured to do."""

from dataclasses import dataclass

from llmscope.analysis.ceilings import Ceilings, Limit, limits, working_set_bytes
from llmscope.analysis.roofline import Point, point
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.spec import DTYPE_BYTES, MACHINE, Cell, RunSpec
from llmscope.core.units import NBSP, significant
from llmscope.gui import words
from llmscope.gui.run_state import CellState
from llmscope.models.catalog import Model
from llmscope.models.costs import cost


@dataclass(frozen=True)
class Near:
    """The ceiling that a test is nearest to, and the product that gives the achieved figure, as a line."""

    limit: Limit
    product: str


@dataclass(frozen=True)
class Going:
    """What a sample of the running test does (`flops`, `bytes_moved`, …) in `seconds`; `value` is in its unit."""

    work: dict[str, float]
    seconds: float
    value: float
    unit: str
    tokens: int | None


def near(state: CellState, spec: RunSpec, model: Model | str, ceilings: Ceilings | None,
         rate: float | None) -> Near | None:
    """Return how near the running test is, from its estimate or, until there is one, from the live tokens/s."""
    found = _going(state, spec, model, _steady(state, rate))
    if ceilings is None or found is None:
        return None
    near_to = limits(found.work, found.seconds, state.cell.dtype, ceilings)
    return Near(near_to[0], _product(near_to[0], found)) if near_to else None


def point_now(state: CellState, spec: RunSpec, model: Model | str, ceilings: Ceilings | None,
              rate: float | None) -> Point | None:
    """Return where the running test stands on the roofline at this moment: an estimate hardly moves any more."""
    found, cell = _going(state, spec, model, _live(state, rate)), state.cell
    return None if found is None else point(cell.test, cell.device, cell.dtype, found.work, found.seconds, ceilings)


def _steady(state: CellState, rate: float | None) -> float | None:
    if state.estimate is not None:
        return state.estimate.median
    return rate if DEFINITIONS[state.cell.workload].higher_is_better else None


def _live(state: CellState, rate: float | None) -> float | None:
    """Return the live tokens/s where they are of the whole test: `gen` counts none while it reads its prompt."""
    is_whole = state.cell.workload != "gen" and DEFINITIONS[state.cell.workload].higher_is_better
    return rate if is_whole and rate else _steady(state, rate)


def _going(state: CellState, spec: RunSpec, model: Model | str, value: float | None) -> Going | None:
    """Return what the running test does, and how long it takes for it at a value in its unit."""
    cell = state.cell
    if cell.model == MACHINE or not isinstance(model, Model):
        return None
    definition, tokens = DEFINITIONS[cell.workload], cell.work(spec.sampling)
    work = _work(model, cell.within(spec.sampling))
    if not value or work is None or (definition.higher_is_better and not tokens):
        return None
    seconds = tokens / value if definition.higher_is_better and tokens else value / definition.value(1.0, None)
    return Going(work, seconds, value, definition.unit, tokens)


def _product(limit: Limit, going: Going) -> str:
    """Return `193.0 tok/s × 0.995 GB per token = 192 GB/s`, so that it can be checked by hand."""
    work, value, unit, tokens = going.work, going.value, going.unit, going.tokens
    amount, scale, name = ((work["flops"], 1e9, "GFLOP") if limit.bound == "compute"
                           else (work["bytes_moved"], 1e9, "GB"))
    result = f"{significant(limit.achieved)}{NBSP}{limit.unit}"
    if unit != "tok/s" or not tokens:
        return words.tr("{0} in {1}").format(f"{significant(amount / scale)}{NBSP}{name}",
                                             f"{significant(value)}{NBSP}{unit}") + f" = {result}"
    each = f"{significant(amount / scale / tokens)}{NBSP}{name}"
    return words.tr("{0} × {1} per token = {2}").format(f"{significant(value)}{NBSP}tok/s", each, result)


def _work(model: Model, cell: Cell) -> dict[str, float] | None:
    weight_bytes = DTYPE_BYTES.get(cell.dtype, 4)
    counted = cost(model, cell, weight_bytes)
    if counted is None or model.facts.parameters is None:
        return None
    return {"flops": counted.flops, "bytes_moved": counted.bytes_moved,
            "working_set_bytes": working_set_bytes(cell.workload, model.facts.parameters, cell.dtype,
                                                   cell.optimizer == "sgd")}


def summary(ceilings: Ceilings) -> str:
    """Return what the machine was measured to do: arithmetic by dtype, memory beyond the caches, disk."""
    parts = [words.tr("{0} in {1}").format(f"{significant(c.value)}{NBSP}{c.unit}", words.short_dtype(dtype))
             for dtype, c in ceilings.products.items()]
    if ceilings.memory:
        largest = ceilings.memory[max(ceilings.memory)]
        parts.append(words.tr("{0} of memory").format(f"{significant(largest.value)}{NBSP}{largest.unit}"))
    if (disk := ceilings.others.get("disk-read")) is not None:
        parts.append(words.tr("{0} of disk").format(f"{significant(disk.value)}{NBSP}{disk.unit}"))
    return " · ".join(parts)
