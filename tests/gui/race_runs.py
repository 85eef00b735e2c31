"""Two stored runs for a race: the same request on the CPU and on the GPU, or requests that are not alike."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from llmscope.core.spec import Cell
from tests.gui.history_runs import write_run

CPU = Cell("bundled", "gen", "cpu", "float32", seq=128, new=128)
GPU = Cell("bundled", "gen", "cuda:0", "bfloat16", seq=128, new=128)
OTHER = Cell("arch:smollm2-135m", "gen", "cuda:0", "bfloat16", batch=4, seq=512, new=64)


def write_race(runs: Path, unlike: bool = False) -> tuple[Path, Path]:
    """Write the runs of A and B and return their folders."""
    now = datetime.now(UTC)
    return (write_run(runs, now - timedelta(minutes=14), (CPU,), "done", 1.0),
            write_run(runs, now - timedelta(minutes=4), (OTHER if unlike else GPU,), "done", 1.0))
