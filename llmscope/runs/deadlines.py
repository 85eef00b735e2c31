"""When a worker is stuck: silent, or busy without getting anywhere."""

from llmscope.core.errors import BadInput
from llmscope.core.spec import DTYPE_BYTES, Cell
from llmscope.models.catalog import resolve
from llmscope.models.costs import cost

#: Ten times a second a worker says how far it is; after this long without a word it cannot speak any more.
SILENT_S = 45.0
#: A worker that has not said hello imports torch, on a slow disk for the first time.
START_S = 180.0
LOAD_S = 900.0
#: A pass may take this long whatever it computes, and longer by its work at the speed of the slowest machine.
#: Compiling comes with the first passes.
COMPILE_S = 900.0
PASS_S, SLOWEST_FLOPS_PER_S = 120.0, 2e8


def progress_deadline_s(cell: Cell, phase: str) -> float:
    """Return the seconds that may go by in a phase without the progress counter rising."""
    if phase in ("start", "load", "load-cold", "load-warm"):
        return LOAD_S
    try:
        counted = cost(resolve(cell.model), cell, DTYPE_BYTES[cell.dtype])
    except BadInput:  # the folder went away: the worker is the one to say so
        counted = None
    compiling_s = COMPILE_S if cell.backend == "compile" and phase == "warm-up" else 0.0
    return compiling_s + PASS_S + (counted.flops / SLOWEST_FLOPS_PER_S if counted else LOAD_S)
