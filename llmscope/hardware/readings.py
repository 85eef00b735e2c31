"""What one look at the operating system's counters returns."""

from msgspec import Struct


class MachineTimes(Struct, frozen=True):
    """CPU seconds summed over all cores since some fixed moment."""

    busy_s: float
    total_s: float


class ProcessUse(Struct, frozen=True):
    """CPU seconds and resident memory of one process; `started` tells it from a later one with its id."""

    started: float
    cpu_s: float
    rss_bytes: int


class Memory(Struct, frozen=True):
    """Physical memory; `used_bytes` is what programs cannot have."""

    used_bytes: int
    total_bytes: int


def descendants(roots: tuple[int, ...], parents: dict[int, int]) -> list[set[int]]:
    """Return, for each root, the ids of itself and of everything that it started, from a child → parent map."""
    children: dict[int, list[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)

    def tree(root: int) -> set[int]:
        found, waiting = set[int](), [root]
        while waiting:
            pid = waiting.pop()
            if pid not in found:
                found.add(pid)
                waiting += children.get(pid, ())
        return found

    return [tree(root) for root in roots]
