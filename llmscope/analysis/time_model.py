"""What the time of a test went to, as shares, and how the time would change if a part of the machine were faster.

A test is a host part (Python, tokenizer, data, dispatch) and operations. Operations go at the speed of the
roof that is nearer, of arithmetic or of memory (roofline: Williams, Waterman, Patterson 2009), at whatever
share of it they reach: if that roof rises they gain, until the other one is nearer.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from llmscope.analysis.ceilings import Ceilings, working_set_bytes
from llmscope.core.results import Row

#: Share of the time that starting the operations must take for the device to have waited for the program.
ALL_ISSUING = 0.95
#: Tests that give the device all of a sample without once waiting for it.
NEVER_WAITING = ("pp", "tg")


class Part(Struct, frozen=True):
    """A part of a test that computes and moves data: its share of the test's time, and its shares of both roofs.

    `compute` and `memory` are achieved ÷ ceiling, None where no ceiling is known.
    """

    share: float
    compute: float | None
    memory: float | None

    @property
    def bound(self) -> str | None:
        """The roof that the part is nearer to, `compute` or `memory bandwidth`."""
        if self.compute is None and self.memory is None:
            return None
        return "compute" if (self.compute or 0) >= (self.memory or 0) else "memory bandwidth"

    def nearness(self, bound: str) -> float:
        """Return how near this roof is beside the nearer one, 0 to 1."""
        nearer = max(self.compute or 0.0, self.memory or 0.0)
        return ((self.compute if bound == "compute" else self.memory) or 0.0) / nearer if nearer else 0.0

    def time(self, compute: float, memory: float) -> float:
        """Return the part's time, relative to the test's, if the roofs were so many times as high."""
        now = max(self.compute or 0.0, self.memory or 0.0)
        if not now:
            return self.share
        return self.share * max((self.compute or 0.0) / compute, (self.memory or 0.0) / memory) / now


class TimeModel(Struct, frozen=True):
    """A test's time: the `host` share of it, None if unknown, and the parts that are operations."""

    host: float | None
    parts: tuple[Part, ...]

    def share_of(self, bound: str) -> float:
        """Return the share of the test's time that this roof explains.

        That is all of the parts it bounds; of the others as much as it is nearly as near as the roof that does.
        """
        return (1 - (self.host or 0.0)) * sum(part.share * part.nearness(bound) for part in self.parts)

    def reached(self, bound: str, left: float = 1.0) -> float | None:
        """Return the share of a roof that the operations it bounds reach, while they run.

        `left` is the share of the time that the test did not wait for other programs, the disk, or its processor.
        """
        inside = [part for part in self.parts if part.bound == bound]
        total = sum(part.share for part in inside)
        if not total:
            return None
        work = sum(part.share * max(part.compute or 0.0, part.memory or 0.0) for part in inside)
        return work / total / max(left * (1 - (self.host or 0.0)), 0.01)

    def speedup(self, compute: float = 1.0, memory: float = 1.0, host: float = 1.0) -> float:
        """Return how many times as fast the test would be if roofs and host were so many times as fast."""
        host_share = self.host or 0.0
        operations = sum(part.time(compute, memory) for part in self.parts) / max(
            sum(part.share for part in self.parts), 1e-9)
        return 1 / max(host_share / host + (1 - host_share) * operations, 1e-9)


def time_model(row: Row, ceilings: Ceilings) -> TimeModel | None:
    """Return the model of a test with what was measured of it, or None where no work of it is known.

    With fewer threads than the ceilings were measured with, arithmetic can reach that much less.
    """
    extra = row.extra
    seconds = extra.get("seconds")
    kind = row.definition.partition("/")[0]
    phases = {name: p for name, p in (extra.get("phases") or {}).items() if p.get("flops") or p.get("bytes_moved")}
    if not phases and (extra.get("flops") or extra.get("bytes_moved")) and seconds:
        phases = {kind: {name: extra.get(name) for name in ("flops", "bytes_moved")} | {"seconds": seconds}}
    if not phases or not seconds or kind.startswith("load"):
        return None  # loading is steps one after another, each of which says itself what it works with
    product = ceilings.product(row.dtype, (extra.get("flops") or 0) / seconds / 1e12)
    working_set = working_set_bytes(kind, extra.get("parameters", 0), row.dtype, row.options.get("optimizer") == "sgd")
    memory = ceilings.at(working_set)
    arithmetic = None if product is None else product.value * threads_share(row, ceilings)
    parts = tuple(_part(phase, seconds, arithmetic, None if memory is None else memory.value)
                  for phase in phases.values() if phase.get("seconds"))
    return TimeModel(_host(kind, extra, parts), parts) if any(part.bound for part in parts) else None


def _host(kind: str, extra: Mapping[str, Any], parts: tuple[Part, ...]) -> float | None:
    """Return the host's share: as it was measured; or, where starting the operations takes all the time, what is left.

    That is what the roofs do not explain: on an accelerator operations run while the next ones are started. Only of
    tests that never wait for the device in between does the time of starting say anything.
    """
    if extra.get("host"):
        return float(extra["host"]["share"])
    if kind not in NEVER_WAITING or (extra.get("issued_share") or 0.0) < ALL_ISSUING:
        return None
    return 1 - min(1.0, sum(part.share * max(part.compute or 0.0, part.memory or 0.0) for part in parts))


def _part(phase: Mapping[str, Any], seconds: float, arithmetic_tflops: float | None,
          memory_gb_s: float | None) -> Part:
    def reached(work: float | None, scale: float, ceiling: float | None) -> float | None:
        return None if not work or not ceiling else work / phase["seconds"] / scale / ceiling
    return Part(phase["seconds"] / seconds, reached(phase.get("flops"), 1e12, arithmetic_tflops),
                reached(phase.get("bytes_moved"), 1e9, memory_gb_s))


def threads_share(row: Row, ceilings: Ceilings) -> float:
    """Return which share of the threads that measured the CPU's ceilings a test had; 1 on other devices."""
    threads = row.extra.get("threads")
    return min(1.0, threads / ceilings.threads) if row.device == "cpu" and threads and ceilings.threads else 1.0
