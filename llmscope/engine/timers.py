"""Clocks: what reading one costs, and how to time work on a device that runs behind the program."""

import itertools
import time
from functools import lru_cache

import torch
from msgspec import Struct

#: A timed block must be this many timer overheads and resolutions long.
MIN_OVERHEADS, MIN_RESOLUTIONS = 10_000, 1_000


class TimerFacts(Struct, frozen=True):
    """Cost of one reading and smallest step of `perf_counter_ns`, in ns."""

    overhead_ns: float
    resolution_ns: int

    @property
    def shortest_block_s(self) -> float:
        """Shortest block whose time can be told to 0.01 %."""
        return max(MIN_OVERHEADS * self.overhead_ns, MIN_RESOLUTIONS * self.resolution_ns) / 1e9


@lru_cache
def timer_facts() -> TimerFacts:
    """Measure the clock: the mean cost of 10,000 readings and the smallest step seen between two."""
    readings = [time.perf_counter_ns() for _ in range(10_001)]
    steps = [b - a for a, b in itertools.pairwise(readings) if b > a]
    return TimerFacts((readings[-1] - readings[0]) / 10_000, min(steps))


def synchronize(device: torch.device) -> None:
    """Wait until the device has done everything it was given; a CPU always has."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


class Block(Struct, frozen=True):
    """One timed block: wall seconds, device seconds where events exist, and the seconds between marks.

    `issued_s` are the seconds until the program had given the device all of it.
    """

    seconds: float
    device_seconds: float | None
    phases_s: dict[str, float]
    issued_s: float | None = None


class Stopwatch:
    """Times one block on a device, with named marks inside it.

    Wall time is bracketed by `synchronize` and is the headline. On CUDA events of the same stream are
    recorded as well: their sum tells how long the device worked, and they time the marks without a
    sync inside the block.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._events = device.type == "cuda"
        self._marks: list[tuple[str, int | torch.cuda.Event]] = []

    def start(self) -> None:
        """Wait for the device, then start."""
        self._marks.clear()
        synchronize(self._device)
        self._start_ns = time.perf_counter_ns()
        self.mark("")

    def mark(self, name: str) -> None:
        """End the part called `name` here; the part begins at the mark before."""
        if not self._events:
            if name:
                synchronize(self._device)  # without events, only waiting tells when a part is done
            self._marks.append((name, time.perf_counter_ns()))
            return
        event = torch.cuda.Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self._device))
        self._marks.append((name, event))

    def stop(self) -> Block:
        """Wait for the device, stop, and return the block."""
        if self._events:
            self.mark("end")
        issued_s = None if self._device.type == "cpu" else (time.perf_counter_ns() - self._start_ns) / 1e9
        synchronize(self._device)
        seconds = (time.perf_counter_ns() - self._start_ns) / 1e9
        named = {name: self._between(a, b) for (_, a), (name, b) in itertools.pairwise(self._marks)
                 if name != "end"}
        device_seconds = self._between(self._marks[0][1], self._marks[-1][1]) if self._events else None
        return Block(seconds, device_seconds, named, issued_s)

    @staticmethod
    def _between(a: "int | torch.cuda.Event", b: "int | torch.cuda.Event") -> float:
        if isinstance(a, int) and isinstance(b, int):
            return (b - a) / 1e9
        return a.elapsed_time(b) / 1e3  # type: ignore[union-attr]
