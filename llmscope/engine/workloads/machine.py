"""What the machine itself can do: products of matrices, memory, transfers, and the disk."""

import ctypes
import os
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from statistics import mode
from typing import IO, Any

import torch

from llmscope.core.errors import BadInput
from llmscope.core.events import Phase
from llmscope.core.spec import Cell
from llmscope.engine import checks, conditions
from llmscope.engine.blocks import Blocks
from llmscope.engine.inputs import Inputs
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Block, Stopwatch, synchronize
from llmscope.paths import data_folder

#: A sample repeats its work until it is about this long: enough for the clock, short enough to fall between
#: two disturbances (of 2.5 ms the best is some 3 % higher than of 10 ms on a shared machine, and scatters less).
BLOCK_S = 0.004
#: Passes by which the work is timed before, and seconds that they take at least: threads must first wake up.
CALIBRATED_BY, CALIBRATED_FOR_S = 5, 0.005
#: Passes of each of several ways, of which the one that won most often is taken.
CHOSEN_BY = 15
READ_CHUNK_BYTES = 4 * 1024**2
#: Rows and columns of a product that are checked, and how far they may be off.
CHECKED = 8
PRODUCT_TOLERANCE = {"float32": 1e-2, "bfloat16": 3e-2, "float16": 1e-2}


Way = Callable[[], object]


class _Repeated:
    """A short piece of work, repeated so often within a sample that a clock can time it.

    Of several `ways` to do it the fastest is taken.
    """

    phase: Phase
    request = False

    def __init__(self, cell: Cell, device: torch.device, meter: Meter, ways: Mapping[str, Way]) -> None:
        self._cell, self._device, self._meter = cell, device, meter
        self._ways, self._way = ways, ""
        self._repeats = 0

    @property
    def work(self) -> int | None:
        """FLOPs or bytes of a sample."""
        return self._work_once() * max(1, self._repeats)

    def _work_once(self) -> int:
        raise NotImplementedError

    def prepare(self) -> None:
        """Find out, before the first sample, which way is the fastest and how often the work fits into one."""
        if self._repeats:
            return
        rounds: list[dict[str, float]] = []
        least = CALIBRATED_BY if len(self._ways) == 1 else CHOSEN_BY
        until = time.perf_counter() + CALIBRATED_FOR_S
        while len(rounds) < least or time.perf_counter() < until:
            rounds.append({name: self._timed_s(way) for name, way in self._ways.items()})
        # By most rounds, not by the best of all: the speed of memory changes under them.
        self._way = mode(min(times, key=lambda name: times[name]) for times in rounds)
        self._repeats = max(1, round(BLOCK_S / max(min(times[self._way] for times in rounds), 1e-9)))

    @torch.inference_mode()
    def _timed_s(self, way: Way) -> float:
        synchronize(self._device)
        started = time.perf_counter_ns()
        way()
        synchronize(self._device)
        return (time.perf_counter_ns() - started) / 1e9

    @torch.inference_mode()
    def run(self, watch: Stopwatch) -> Block:
        """Do the work, repeatedly."""
        once = self._ways[self._way]
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
        """Return how often a sample repeats its work, and whose way was the fastest where there are several."""
        return {"repeats": self._repeats} | ({"by": self._way} if len(self._ways) > 1 else {})

    def reset(self) -> None:
        """Nothing is kept."""


class Product(_Repeated):
    """x·Wᵀ of two square matrices of normally distributed numbers, as a model's layers lay them out.

    With `dense` the whole layer: σ(Wx + b).
    """

    phase: Phase = "products"

    def __init__(self, cell: Cell, blocks: Blocks, meter: Meter) -> None:
        super().__init__(cell, blocks.device, meter, {"torch": self._multiply})
        self._x, self._weight, self._y = (blocks.matrix(name, cell) for name in ("x", "w", "y"))
        self._bias = self._x[-1] if cell.workload == "dense" else None

    def _work_once(self) -> int:
        return 2 * self._cell.size**3

    def _multiply(self) -> None:
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

    def __init__(self, cell: Cell, blocks: Blocks, meter: Meter) -> None:
        # Read as whole numbers: adding them up costs least, so that memory and not arithmetic is the limit.
        block = blocks.memory(cell)
        half = len(block) // 2
        source, target = block[:half], block[half:]
        self._block, self._from, self._to = block, source, target
        self._reads = cell.workload == "membw-read"
        ways: dict[str, Way] = {"torch": block.sum if self._reads else lambda: target.copy_(source)}
        if not self._reads and blocks.device.type == "cpu":
            ways["memmove"] = memmove(target, source)
        super().__init__(cell, blocks.device, meter, ways)

    def _work_once(self) -> int:
        return self._cell.size

    def finish(self) -> dict[str, Any]:
        """Check that the last number arrived."""
        if not self._reads and int(self._to[-1]) != int(self._from[-1]):
            raise checks.NotTrustworthy("the copy differs from what was copied")
        return {}


def memmove(target: torch.Tensor, source: torch.Tensor) -> Way:
    """Return the C library's copy between two blocks of main memory, in as many threads as torch uses.

    Blocks beyond the caches it writes past them, which torch does not, and so spares reading what is overwritten.
    """
    threads = torch.get_num_threads()
    bounds = [source.nbytes * part // threads for part in range(threads + 1)]
    parts = [(target.data_ptr() + a, source.data_ptr() + a, b - a) for a, b in pairwise(bounds)]
    pool = ThreadPoolExecutor(threads, "memmove")
    return lambda: all(pool.map(lambda part: ctypes.memmove(*part), parts))


class Transfer(_Repeated):
    """A block copied between page-locked memory of the computer and memory of the device."""

    phase: Phase = "transfer"

    def __init__(self, cell: Cell, blocks: Blocks, meter: Meter) -> None:
        device = blocks.device
        super().__init__(cell, device, meter, {"torch": lambda: self._to.copy_(self._from, non_blocking=True)})
        if device.type == "cpu":
            raise BadInput(f"{cell.workload} is the way to an accelerator: the CPU has none.")
        here = blocks.inputs.bits(cell.size // 8)
        here = here.pin_memory() if device.type == "cuda" else here
        there = here.to(device)
        self._from, self._to = (here, there) if cell.workload == "h2d" else (there, here)

    def _work_once(self) -> int:
        return self._cell.size


class DiskRead:
    """One file of the data folder read from start to end; the process's read counter proves that it came from disk."""

    phase: Phase = "disk"
    request = False

    def __init__(self, cell: Cell, blocks: Blocks, meter: Meter) -> None:
        self._cell, self._meter = cell, meter
        self.work: int | None = cell.size
        self._buffer = bytearray(READ_CHUNK_BYTES)
        self._file = _file_of(blocks.inputs, cell.size)
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


MACHINE_TESTS: dict[str, Callable[[Cell, Blocks, Meter], Any]] = {
    "gemm": Product, "dense": Product, "membw-read": Memory, "membw-copy": Memory, "h2d": Transfer, "d2h": Transfer,
    "disk-read": DiskRead,
}
