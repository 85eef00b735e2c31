"""A run made of rows: what another program measured becomes an ordinary run, its plan read off the rows."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np
from msgspec import Struct

from llmscope.core import events
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import BadInput
from llmscope.core.results import Row
from llmscope.core.rows import cell_of
from llmscope.core.spec import Accuracy, Cell, Dtype, RunSpec, Sampling
from llmscope.core.statistics import median_interval
from llmscope.models.headers import one_line
from llmscope.runs.exchange.bundle import is_plain
from llmscope.runs.store import SCHEMA, Manifest, Result, RunWriter
from llmscope.runs.untrusted import possible

#: Seconds that a test can have been timed: longer than anybody waits.
MOST_S = 1e9


class Measured(Struct, frozen=True, kw_only=True):
    """Rows, what measured them, and where and when, as far as a file tells; `utc` is empty where it does not.

    `seconds` is how long it all took, None for the sum of what the rows timed.
    """

    name: str
    program: str
    utc: str
    machine: dict[str, Any]
    versions: dict[str, str]
    rows: tuple[Row, ...]
    seconds: float | None = None
    accuracy: Accuracy = "standard"
    sampling: Sampling = Sampling()
    seed: int = 1234
    threads: int | None = None


def run_name(tool: str, utc: str, content: bytes) -> str:
    """Return a run's name that is the same for the same file: when it was measured, else a hash, and the tool."""
    at = utc[:19].replace("T", "_").replace(":", "")
    return f"{at}_{tool}" if at else f"{tool}-{hashlib.sha256(content).hexdigest()[:6]}"


def values(samples: Sequence[float], timed_s: float, *, are_rates: bool = True) -> dict[str, Any]:
    """Return the fields of a row that its samples give: median, 95 % interval, n; all missing without samples.

    A rate's median is that of the median time, as in llmscope's own rows.
    """
    if not samples:
        return {}
    interval = median_interval(np.array(samples, dtype=float))
    ordered, middle = sorted(samples), len(samples) // 2
    is_between = are_rates and len(samples) % 2 == 0
    median = 2 / (1 / ordered[middle - 1] + 1 / ordered[middle]) if is_between else interval.median
    return {"median": median, "low": interval.low, "high": interval.high, "n": len(samples),
            "timed_s": timed_s, "samples": tuple(samples)}


def started_of(found: Measured) -> events.RunStarted:
    """Return the beginning of a run, with the plan that its rows tell; raises BadInput where they cannot be."""
    try:
        if not is_plain(found.name) or not all(possible(row) and row.timed_s <= MOST_S for row in found.rows):
            raise ValueError("a figure or a name that cannot be")
        spec = {"cells": [_cell(row) for row in found.rows], "accuracy": found.accuracy, "sampling": found.sampling,
                "seed": found.seed, "threads": found.threads}
        return events.RunStarted(t_ns=0, run=found.name, utc=found.utc, spec=msgspec.convert(spec, RunSpec),
                                 machine=found.machine, versions=found.versions)
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadInput(f"The results in it cannot be used: {one_line(error)}.") from error


def write(folder: Path, found: Measured, started: events.RunStarted) -> None:
    """Write the run's files, as if it had just been measured; raises OSError."""
    writer = RunWriter(folder, Manifest(SCHEMA, found.program, started))
    writer.write(started)
    at_ns = 0
    for number, row in enumerate(found.rows):
        at_ns += round(row.timed_s * 1e9)
        writer.write(events.CellEnded(t_ns=at_ns, cell=number, row=row))
    ended = events.RunEnded(t_ns=at_ns, status="done", seconds=at_ns / 1e9 if found.seconds is None else found.seconds)
    writer.write(ended)
    writer.finish(Result(SCHEMA, ended, found.rows))


def _cell(row: Row) -> Cell:
    """Return the test of a row, or the nearest that this program has: what differs, the row itself tells."""
    known = cell_of(row)
    if known is not None:
        return known
    kind = row.definition.partition("/")[0]
    if kind not in DEFINITIONS:
        raise ValueError(f"{row.definition} is no test that llmscope knows")
    dtype = row.dtype if row.dtype in get_args(Dtype) else "auto"
    settings = {name: getattr(row, name) for name in ("model", "device", "batch", "seq", "new", "depth")}
    return msgspec.convert({"workload": kind, "dtype": dtype} | settings, Cell)
