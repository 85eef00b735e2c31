"""`load-cold` and `load-warm`: weights from files on the disk, or in the page cache, to the device."""

import contextlib
import gc
import mmap
import os
from pathlib import Path
from typing import Any

import torch

from llmscope.core.events import Phase
from llmscope.engine import checks, conditions
from llmscope.engine.backends import eager
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Block, Stopwatch
from llmscope.engine.workloads.phases import Phases
from llmscope.models.catalog import Model

#: Linux's advice to bring all pages of a mapping into memory and wait for them; Python does not name it yet.
_MADV_POPULATE_READ = 22
_READ_BYTES = 1024**2


class Load:
    """One load of all weights in three parts; the process's own read counter proves where they came from.

    `read` brings the bytes of the files into the page cache, or finds them there; `deserialise` makes
    the network with its tensors, in another dtype if asked; `copy` moves them into the device's own memory.
    """

    work = None
    request = False

    def __init__(self, source: Model, device: torch.device, dtype: str, meter: Meter, cold: bool) -> None:
        self._cold = cold
        self.phase: Phase = "load-cold" if cold else "load-warm"
        self._source, self._device, self._dtype, self._meter = source, device, dtype, meter
        self._file_bytes = sum(path.stat().st_size for path in source.weight_files)
        self._weights_bytes = 0
        self._shares: list[float | None] = []
        self._phases = Phases()

    def prepare(self) -> None:
        """Give back the memory of the load before, and for a cold load the pages of the files too."""
        self._loaded: eager.Loaded | None = None
        gc.collect()
        if self._cold:
            for path in self._source.weight_files:
                _evict(path)
        self._read_before = conditions.bytes_read_from_disk()

    def run(self, watch: Stopwatch) -> Block:
        """Load once."""
        watch.start()
        for path in self._source.weight_files:
            _bring_in(path)
        watch.mark("read")
        network = eager.build(self._source, self._dtype, self._device)
        watch.mark("deserialise")
        self._loaded = eager.place(self._source, network, self._device, self._dtype)
        watch.mark("copy")
        self._block = watch.stop()
        self._meter.add(0)
        return self._block

    def finish(self) -> dict[str, Any]:
        """Check the parts and where the weights are, and note which share of the files came from disk."""
        assert self._loaded is not None
        checks.placement(self._loaded)
        self._weights_bytes = sum(weight.nbytes for weight in self._loaded.network.parameters())
        after = conditions.bytes_read_from_disk()
        before = self._read_before
        share = None if after is None or before is None else (after - before) / self._file_bytes
        self._shares.append(share)
        return {"read_share": share, **self._phases.keep(self._block)}

    def summary(self) -> dict[str, Any]:
        """Return the bytes of files and weights, and the share read from disk that fits the test least.

        A wrong share is a warning.
        """
        known = [s for s in self._shares if s is not None]
        least = None
        if known and len(known) == len(self._shares):
            least = min(known) if self._cold else max(known)
        warning = {}
        if least is None:
            warning = {"warning": "mixed: this system does not say what came from disk"}
        elif least < checks.COLD_SHARE if self._cold else least > checks.WARM_SHARE:
            warning = {"warning": f"mixed: {least * 100:.0f} % of the bytes came from disk"}
        sizes = {"file_bytes": self._file_bytes, "weights_bytes": self._weights_bytes}
        return {**sizes, "read_share": least, **self._phases.summary(), **warning}

    def reset(self) -> None:
        """Forget the first loads: they filled the page cache."""
        self._shares.clear()
        self._phases.reset()


def _bring_in(path: Path) -> None:
    """Return when all bytes of a file are in the page cache; where they are already, almost at once."""
    with path.open("rb", buffering=0) as file:
        with contextlib.suppress(OSError, AttributeError, ValueError), \
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as pages:
            pages.madvise(mmap.MADV_SEQUENTIAL)
            pages.madvise(_MADV_POPULATE_READ)
            return
        chunk = bytearray(_READ_BYTES)
        while file.readinto(chunk):
            continue


def _evict(path: Path) -> None:
    """Ask the system to forget a file's pages; where it cannot, the read counter tells."""
    if not hasattr(os, "posix_fadvise"):
        return
    with path.open("rb") as file:
        os.fsync(file.fileno())  # pages not yet written would stay
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
