"""`load-warm`: weights from files in the page cache to the device."""

import gc
from typing import Any

import torch

from llmscope.core.events import Phase
from llmscope.engine import checks, conditions
from llmscope.engine.backends import eager
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Block, Stopwatch
from llmscope.models.catalog import Model

#: Share of the files' bytes that may come from disk for a load to count as warm.
WARM_SHARE = 0.05


class LoadWarm:
    """One load of all weights; the process's own read counter proves that the disk was not needed."""

    phase: Phase = "load-warm"
    work = None
    request = False

    def __init__(self, source: Model, device: torch.device, dtype: str, meter: Meter) -> None:
        self._source, self._device, self._dtype, self._meter = source, device, dtype, meter
        self._file_bytes = sum(path.stat().st_size for path in source.weight_files)
        self._shares: list[float | None] = []

    def prepare(self) -> None:
        """Give back the memory of the load before."""
        self._loaded: eager.Loaded | None = None
        gc.collect()
        self._read_before = conditions.bytes_read_from_disk()

    def run(self, watch: Stopwatch) -> Block:
        """Load once."""
        watch.start()
        self._loaded = eager.load(self._source, self._device, self._dtype)
        block = watch.stop()
        self._meter.add(0)
        return block

    def finish(self) -> dict[str, Any]:
        """Check where the weights are, and note which share of the files came from disk."""
        assert self._loaded is not None
        checks.placement(self._loaded)
        after = conditions.bytes_read_from_disk()
        before = self._read_before
        share = None if after is None or before is None else (after - before) / self._file_bytes
        self._shares.append(share)
        return {"read_share": share}

    def summary(self) -> dict[str, Any]:
        """Return the files' bytes and the largest share read from disk; more than 5 %, or unknown, is a warning."""
        known = [s for s in self._shares if s is not None]
        worst = max(known) if known and len(known) == len(self._shares) else None
        warning = {}
        if worst is None:
            warning = {"warning": "mixed: this system does not say what came from disk"}
        elif worst > WARM_SHARE:
            warning = {"warning": f"mixed: {worst * 100:.0f} % of the bytes came from disk"}
        return {"file_bytes": self._file_bytes, "read_share": worst, **warning}

    def reset(self) -> None:
        """Forget the first loads: they filled the page cache."""
        self._shares.clear()
