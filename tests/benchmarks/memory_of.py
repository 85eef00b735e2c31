"""One test in a process of its own: prints how far its memory rose above that of the waiting worker, as JSON."""

import sys

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


def main(cell: Cell) -> None:
    """Load the model and run the test's passes; the peak is the kernel's, without pages of program and weight files."""
    base = _anonymous("VmRSS:")
    memory.reset_peak(cells.CPU)
    source = resolve(cell.model)
    loaded = eager.load(source, cells.CPU, cell.weights_dtype)
    # The mapped file of a folder's weights is the page cache's: it counts in no peak.
    loading = _anonymous("VmRSS:" if source.folder else "VmHWM:") - base
    growth = memory.Growth(cells.CPU)
    workload = make(cell, 0, RunSpec((cell,)), source, loaded, cells.CPU, Meter(lambda event: None))
    for _ in range(PASSES):
        workload.prepare()
        workload.run(Stopwatch(cells.CPU))
        workload.finish()
    test = _anonymous("VmHWM:") - base
    held = workload.summary().pop("held", {})
    print(msgspec.json.encode({"loading": loading, "test": test, "threads": torch.get_num_threads(),
                               "holders": growth.by_holder(loaded.network, held)}).decode())


def _anonymous(counter: str) -> int:
    """Return a counter of the resident set in bytes, less what of it are pages of files."""
    return (memory._status_bytes(counter) or 0) - (memory._status_bytes("RssFile:") or 0)


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Cell))
