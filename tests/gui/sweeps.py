"""The events of a sweep: 12 tests over batch and sequence, of which the largest ran out of memory."""

from collections.abc import Iterator
from typing import Any

import msgspec

from llmscope.core import events as ev
from llmscope.core.spec import Cell
from llmscope.core.units import GIB
from tests.gui.stream import stream

SEQS, BATCHES = (64, 128, 256, 512), (1, 4, 16)
CELLS = tuple(Cell("bundled", "pp", "cpu", "float32", batch=batch, seq=seq) for batch in BATCHES for seq in SEQS)
FAILED = len(CELLS) - 1


def sweep(until_s: float | None = None) -> Iterator[ev.Event]:
    """Yield them; `until_s` cuts the run so many seconds after its start."""
    for event in stream(CELLS, until_s=until_s):
        yield msgspec.structs.replace(event, row=_as_swept(event)) if isinstance(event, ev.CellEnded) else event


def _as_swept(event: ev.CellEnded) -> Any:
    """Return a row faster with more at once, with its memory and energy."""
    row = event.row
    if event.cell == FAILED:
        return msgspec.structs.replace(row, median=None, low=None, high=None, n=0, samples=(), verdict="failed",
                                       reason="out of memory: 7.9 of 8.0 GiB in use", extra={})
    factor = row.batch**0.4 * row.seq / (row.seq + 150)
    values = {name: getattr(row, name) * factor for name in ("median", "low", "high")}
    holders = {"weights": 28e6, "kv_cache": 0, "activations": 9e4 * row.batch * row.seq, "gradients": 0, "optimizer": 0}
    extra = {"peak_by_holder": holders | {"peak": 0.06 * GIB + holders["activations"]},
             "energy": {"j_per_token": 0.02 / factor}}
    return msgspec.structs.replace(row, **values, extra=row.extra | extra)
