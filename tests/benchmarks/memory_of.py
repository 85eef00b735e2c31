"""One test in a process of its own: prints the most memory that it took, as the kernel or as torch counts it."""

import sys
from itertools import accumulate

import msgspec
import torch

from llmscope.core.spec import Cell, RunSpec
from llmscope.engine import cells, memory  # cells: all that a waiting worker has imported
from llmscope.engine.backends import eager
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Stopwatch
from llmscope.engine.workloads import make
from llmscope.models.catalog import resolve

#: The optimizer has its state from the second pass on.
PASSES = 2


def risen_bytes(cell: Cell) -> int:
    """Return how far the kernel saw the process rise while loading or in the passes, without pages of files."""
    base = _anonymous("VmRSS:")
    memory.reset_peak(cells.CPU)
    source = resolve(cell.model)
    loaded = eager.load(source, cells.CPU, cell.weights_dtype)
    # The mapped file of a folder's weights is the page cache's: it counts in no peak.
    loading = _anonymous("VmRSS:" if source.folder else "VmHWM:") - base
    memory.Growth(cells.CPU)
    _pass(cell, loaded)
    return max(loading, _anonymous("VmHWM:") - base)


def held_bytes(cell: Cell) -> int:
    """Return the most bytes that tensors held at once in the passes, as torch counts what it gives and takes back."""
    loaded = eager.load(resolve(cell.model), cells.CPU, cell.weights_dtype)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        _pass(cell, loaded)
    given = sorted((event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"),
                   key=lambda event: event.start_ns())
    weights = memory.tensor_bytes((*loaded.network.parameters(), *loaded.network.buffers()))
    return weights + max(accumulate(event.nbytes() for event in given))


def _pass(cell: Cell, loaded: eager.Loaded) -> None:
    workload = make(cell, 0, RunSpec((cell,)), loaded.source, loaded, cells.CPU, Meter(lambda event: None))
    for _ in range(PASSES):
        workload.prepare()
        workload.run(Stopwatch(cells.CPU))
        workload.finish()


def _anonymous(counter: str) -> int:
    """Return a counter of the resident set in bytes, less what of it are pages of files."""
    return (memory._status_bytes(counter) or 0) - (memory._status_bytes("RssFile:") or 0)


if __name__ == "__main__":
    print({"risen": risen_bytes, "held": held_bytes}[sys.argv[1]](msgspec.json.decode(sys.argv[2], type=Cell)))
