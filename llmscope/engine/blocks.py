"""Numbers in memory that the tests of a machine share."""

import contextlib
import mmap
from collections.abc import Callable, Iterable
from typing import Literal

import torch

from llmscope.core.spec import Cell
from llmscope.engine.inputs import DRAWN, Inputs

LARGE_PAGE_BYTES = 2 * 1024**2


class Blocks:
    """One block for each purpose, as large as the largest of the tests on a device needs it; each takes its first part.

    So all tests can be ready at the same time in hardly more memory than the largest one.
    """

    def __init__(self, device: torch.device, cells: Iterable[Cell], seed: int) -> None:
        self.device, self.inputs = device, Inputs(seed, 1)
        self._cells = tuple(cells)
        self._held: dict[tuple[str, str], torch.Tensor] = {}

    def matrix(self, name: Literal["x", "w", "y"], cell: Cell) -> torch.Tensor:
        """Return a square matrix in a cell's dtype, its rows one after another: `x` and `w` of normal numbers."""
        def draw() -> torch.Tensor:
            dtype = getattr(torch, cell.dtype)
            count = max(other.size for other in self._cells if other.dtype == cell.dtype and _is_product(other))**2
            on_cpu = self.device.type == "cpu"
            block = large_pages(count, dtype) if on_cpu else torch.empty(count, dtype=dtype, device=self.device)
            return block if name == "y" else block.copy_(self.inputs.normal(count))

        return self._block((name, cell.dtype), draw)[:cell.size**2].view(cell.size, cell.size)

    def memory(self, cell: Cell) -> torch.Tensor:
        """Return a block of a cell's size in bytes, of random int64; on a CPU in large pages where Linux gives them."""
        def draw() -> torch.Tensor:
            count = max(other.size for other in self._cells if other.workload == cell.workload) // 8
            if self.device.type == "cpu":
                return in_large_pages(self.inputs.bits(min(count, DRAWN)), count)
            return self.inputs.bits(count).to(self.device)

        return self._block((cell.workload, ""), draw)[:cell.size // 8]

    def _block(self, key: tuple[str, str], draw: Callable[[], torch.Tensor]) -> torch.Tensor:
        if key not in self._held:
            self._held[key] = draw()
        return self._held[key]


def _is_product(cell: Cell) -> bool:
    return cell.workload in ("gemm", "dense")


def in_large_pages(drawn: torch.Tensor, count: int) -> torch.Tensor:
    """Return a block of so many numbers, those drawn again and again, in large pages."""
    block = large_pages(count, drawn.dtype)
    for part in block.split(len(drawn)):
        part.copy_(drawn[:len(part)])
    return block


def large_pages(count: int, dtype: torch.dtype) -> torch.Tensor:
    """Return a block of so many numbers, whatever they are, in pages of 2 MiB where Linux gives them.

    Which small pages a block happens to get decides about its speed: of blocks of 1 GiB in one process the first was
    up to 13 % slower than in large pages, another 4 % (docs/ceilings.md).
    """
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return torch.empty(count, dtype=dtype)
    pages = mmap.mmap(-1, count * dtype.itemsize + LARGE_PAGE_BYTES, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):  # a kernel without them
        pages.madvise(mmap.MADV_HUGEPAGE)
    whole = torch.frombuffer(pages, dtype=dtype)
    first = -whole.data_ptr() % LARGE_PAGE_BYTES // dtype.itemsize
    return whole[first:first + count]
