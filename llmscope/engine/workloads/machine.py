"""What the machine itself can do: products of matrices, memory, transfers, and the disk."""

import contextlib
import mmap
import os
import tempfile
import time
import weakref
from collections.abc import Callable
from typing import IO, Any

import torch

from llmscope.core.errors import BadInput
from llmscope.core.events import Phase
from llmscope.core.spec import Cell
from llmscope.engine import checks, conditions
from llmscope.engine.inputs import Inputs
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Block, Stopwatch, synchronize
from llmscope.paths import data_folder

#: A sample repeats its work until it is about this long: enough for the clock, short enough to fall between
#: two disturbances.
BLOCK_S = 0.01
CALIBRATED_BY = 5
READ_CHUNK_BYTES = 4 * 1024**2
LARGE_PAGE_BYTES = 2 * 1024**2
#: Numbers drawn for a block, which repeats them.
DRAWN = 1024**2
#: Rows and columns of a product that are checked, and how far they may be off.
CHECKED = 8
PRODUCT_TOLERANCE = {"float32": 1e-2, "bfloat16": 3e-2, "float16": 1e-2}


class _Repeated:
    """A short piece of work, repeated so often within a sample that a clock can time it."""

    phase: Phase
    request = False

    def __init__(self, cell: Cell, device: torch.device, meter: Meter) -> None:
        self._cell, self._device, self._meter = cell, device, meter
        self._repeats = 0

    @property
    def work(self) -> int | None:
        """FLOPs or bytes of a sample."""
        return self._work_once() * max(1, self._repeats)

    def _work_once(self) -> int:
        raise NotImplementedError

    def _once(self) -> None:
        raise NotImplementedError

    def prepare(self) -> None:
        """Find out, before the first sample, how often the work fits into one."""
        if self._repeats:
            return
        once_s = min(self._timed_s() for _ in range(CALIBRATED_BY))
        self._repeats = max(1, round(BLOCK_S / max(once_s, 1e-9)))

    @torch.inference_mode()
    def _timed_s(self) -> float:
        synchronize(self._device)
        started = time.perf_counter_ns()
        self._once()
        synchronize(self._device)
        return (time.perf_counter_ns() - started) / 1e9

    @torch.inference_mode()
    def run(self, watch: Stopwatch) -> Block:
        """Do the work, repeatedly."""
        once = self._once
        watch.start()
        for _ in range(self._repeats):
            once()
        block = watch.stop()
        self._meter.add(0)
        return block

    def finish(self) -> dict[str, Any]:
        """Nothing to check of one sample."""
        return {}

    def summary(self) -> dict[str, Any]:
        """Return how often a sample repeats its work."""
        return {"repeats": self._repeats}

    def reset(self) -> None:
        """Nothing is kept."""


class Product(_Repeated):
    """x·Wᵀ of two square matrices of normally distributed numbers, as a model's layers lay them out.

    With `dense` the whole layer: σ(Wx + b).
    """

    phase: Phase = "products"

    def __init__(self, cell: Cell, device: torch.device, inputs: Inputs, meter: Meter) -> None:
        super().__init__(cell, device, meter)
        dtype = getattr(torch, cell.dtype)
        self._x, self._weight = (inputs.normal(cell.size, cell.size).to(device, dtype) for _ in range(2))
        self._bias = inputs.normal(cell.size).to(device, dtype) if cell.workload == "dense" else None
        self._y = torch.empty_like(self._x)

    def _work_once(self) -> int:
        return 2 * self._cell.size**3

    def _once(self) -> None:
        if self._bias is None:
            torch.mm(self._x, self._weight.t(), out=self._y)  # into the same memory: new memory costs 5 %
        else:
            self._y = torch.sigmoid(torch.nn.functional.linear(self._x, self._weight, self._bias))

    def finish(self) -> dict[str, Any]:
        """Check a corner of the last product against float64."""
        x, weight, found = (t[:CHECKED].double().cpu() for t in (self._x, self._weight, self._y))
        expected = x @ weight.T
        if self._bias is not None:
            expected = torch.sigmoid(expected + self._bias[:CHECKED].double().cpu())
        error = float((found[:, :CHECKED] - expected).abs().max() / expected.abs().max())
        if not error < PRODUCT_TOLERANCE[self._cell.dtype]:
            raise checks.NotTrustworthy(f"a product is wrong: its relative error is {error:.2g}")
        return {}


class Memory(_Repeated):
    """Every number of a block read once, or one half of it copied to the other."""

    phase: Phase = "memory"

    def __init__(self, cell: Cell, device: torch.device, inputs: Inputs, meter: Meter) -> None:
        super().__init__(cell, device, meter)
        # Read as whole numbers: adding them up costs least, so that memory and not arithmetic is the limit.
        count = cell.size // 8
        on_cpu = device.type == "cpu"
        block = in_large_pages(inputs.bits(min(count, DRAWN)), count) if on_cpu else inputs.bits(count).to(device)
        half = len(block) // 2
        self._block, self._from, self._to = block, block[:half], block[half:]
        self._reads = cell.workload == "membw-read"

    def _work_once(self) -> int:
        return self._cell.size

    def _once(self) -> None:
        if self._reads:
            self._block.sum()
        else:
            self._to.copy_(self._from)

    def finish(self) -> dict[str, Any]:
        """Check that the last number arrived."""
        if not self._reads and int(self._to[-1]) != int(self._from[-1]):
            raise checks.NotTrustworthy("the copy differs from what was copied")
        return {}


def in_large_pages(drawn: torch.Tensor, count: int) -> torch.Tensor:
    """Return a block of so many numbers, those drawn again and again, in pages of 2 MiB where Linux gives them.

    Which small pages a block happens to get decides about its speed: of blocks of 1 GiB in one process the first was
    up to 13 % slower than in large pages, another 4 % (docs/ceilings.md).
    """
    block = _large_pages(count, drawn.dtype)
    for part in block.split(len(drawn)):
        part.copy_(drawn[:len(part)])
    return block


def _large_pages(count: int, dtype: torch.dtype) -> torch.Tensor:
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return torch.empty(count, dtype=dtype)
    pages = mmap.mmap(-1, count * dtype.itemsize + LARGE_PAGE_BYTES, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):  # a kernel without them
        pages.madvise(mmap.MADV_HUGEPAGE)
    whole = torch.frombuffer(pages, dtype=dtype)
    first = -whole.data_ptr() % LARGE_PAGE_BYTES // dtype.itemsize
    return whole[first:first + count]


class Transfer(_Repeated):
    """A block copied between page-locked memory of the computer and memory of the device."""

    phase: Phase = "transfer"

    def __init__(self, cell: Cell, device: torch.device, inputs: Inputs, meter: Meter) -> None:
        super().__init__(cell, device, meter)
        if device.type == "cpu":
            raise BadInput(f"{cell.workload} is the way to an accelerator: the CPU has none.")
        here = inputs.bits(cell.size // 8)
        here = here.pin_memory() if device.type == "cuda" else here
        there = here.to(device)
        self._from, self._to = (here, there) if cell.workload == "h2d" else (there, here)

    def _work_once(self) -> int:
        return self._cell.size

    def _once(self) -> None:
        self._to.copy_(self._from, non_blocking=True)


class DiskRead:
    """One file of the data folder read from start to end; the process's read counter proves that it came from disk."""

    phase: Phase = "disk"
    request = False

    def __init__(self, cell: Cell, inputs: Inputs, meter: Meter) -> None:
        self._cell, self._meter = cell, meter
        self.work: int | None = cell.size
        self._buffer = bytearray(READ_CHUNK_BYTES)
        self._file = _file_of(inputs, cell.size)
        weakref.finalize(self, self._file.close)
        self._shares: list[float | None] = []

    def prepare(self) -> None:
        """Make the system forget the file's pages."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        self._file.seek(0)
        self._before = conditions.bytes_read_from_disk()

    def run(self, watch: Stopwatch) -> Block:
        """Read it."""
        watch.start()
        self._read = 0
        while count := self._file.readinto(self._buffer):  # type: ignore[attr-defined]
            self._read += count
            self._meter.add(0)
        return watch.stop()

    def finish(self) -> dict[str, Any]:
        """Check the length, and note which share came from disk."""
        if self._read != self._cell.size:
            raise checks.NotTrustworthy(f"{self._read:,} bytes were read, not {self._cell.size:,}")
        after = conditions.bytes_read_from_disk()
        share = None if after is None or self._before is None else (after - self._before) / self._cell.size
        self._shares.append(share)
        return {"read_share": share}

    def summary(self) -> dict[str, Any]:
        """Return the least share read from disk; less than nearly all is a warning."""
        known = [share for share in self._shares if share is not None]
        if not known:
            return {"warning": "mixed: this system does not say what came from disk"}
        least = min(known)
        mixed = {"warning": f"mixed: {least * 100:.0f} % of the bytes came from disk"}
        return {"read_share": least} | (mixed if least < checks.COLD_SHARE else {})

    def reset(self) -> None:
        """Forget the warm-up's shares."""
        self._shares.clear()


def _file_of(inputs: Inputs, size_bytes: int) -> IO[bytes]:
    """Return an open file of so many random bytes on the data folder's disk; it vanishes with the object."""
    folder = data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
    for _ in range(size_bytes // READ_CHUNK_BYTES):
        file.write(inputs.bits(READ_CHUNK_BYTES // 8).numpy().tobytes())
    file.write(inputs.bits(size_bytes % READ_CHUNK_BYTES // 8).numpy().tobytes())
    os.fsync(file.fileno())
    return file


MACHINE_TESTS: dict[str, Callable[[Cell, torch.device, Inputs, Meter], Any]] = {
    "gemm": Product, "dense": Product, "membw-read": Memory, "membw-copy": Memory, "h2d": Transfer, "d2h": Transfer,
    "disk-read": lambda cell, _device, inputs, meter: DiskRead(cell, inputs, meter),
}
