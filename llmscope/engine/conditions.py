"""What disturbed a sample or a test: sleep of the computer, waiting for a core, pages read from disk."""

import contextlib
import os
import sys
import threading
import time
from pathlib import Path

from msgspec import Struct

SUSPEND_NS = 50_000_000


class Reading(Struct, frozen=True):
    """Counters that only rise; None where this system does not keep them."""

    awake_ns: int | None
    with_sleep_ns: int | None
    involuntary_switches: int | None
    major_faults: int | None
    cpu_pressure_us: int | None


class Disturbance(Struct, frozen=True, omit_defaults=True):
    """What happened between two readings; a count that cannot be had is None."""

    suspended_s: float = 0.0
    involuntary_switches: int | None = None
    major_faults: int | None = None
    cpu_pressure_us: int | None = None


def read() -> Reading:
    """Read every counter; outside the timed region, about 30 µs."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    switches = faults = None
    if sys.platform != "win32":
        import resource

        usage = resource.getrusage(resource.RUSAGE_SELF)
        switches, faults = usage.ru_nivcsw, usage.ru_majflt
    return Reading(
        time.clock_gettime_ns(time.CLOCK_MONOTONIC) if boottime is not None else None,
        time.clock_gettime_ns(boottime) if boottime is not None else None,
        switches, faults, _cpu_pressure_us(),
    )


def between(a: Reading, b: Reading) -> Disturbance:
    """Return what happened from `a` to `b`; sleep counts from 50 ms on."""
    asleep_ns = (_difference(a.with_sleep_ns, b.with_sleep_ns) or 0) - (_difference(a.awake_ns, b.awake_ns) or 0)
    return Disturbance(
        asleep_ns / 1e9 if asleep_ns > SUSPEND_NS else 0.0,
        _difference(a.involuntary_switches, b.involuntary_switches),
        _difference(a.major_faults, b.major_faults),
        _difference(a.cpu_pressure_us, b.cpu_pressure_us),
    )


class CpuUse(Struct, frozen=True):
    """What this process got of the CPU since some fixed moment, in seconds; None where the system does not say.

    `cpu_s` sums over threads. `waiting_s` is, by thread, how long it was ready to run and no core was free;
    `main_s` the calling thread's time on a core.
    """

    at_s: float
    cpu_s: float
    main_s: float
    waiting_s: dict[str, float] | None


def cpu_use() -> CpuUse:
    """Read what this process used so far; some tens of microseconds."""
    return CpuUse(time.perf_counter(), time.process_time(), time.thread_time(), _waiting_s())


def cpu_shares(a: CpuUse, b: CpuUse) -> dict[str, float | None]:
    """Return, as shares of the time from `a` to `b`: cores in use, the longest wait of a thread, and standing still.

    `still` is the share in which this thread neither ran nor waited for a core: it was stopped, or slept.
    """
    wall_s = max(b.at_s - a.at_s, 1e-9)
    longest = still = None
    if a.waiting_s is not None and b.waiting_s is not None:
        waits = {thread: s - a.waiting_s.get(thread, 0.0) for thread, s in b.waiting_s.items()}
        longest = min(1.0, max(waits.values(), default=0.0) / wall_s)
        main_waited_s = waits.get(str(threading.get_native_id()), 0.0)
        still = min(1.0, max(0.0, 1 - (b.main_s - a.main_s + main_waited_s) / wall_s))
    return {"cores": (b.cpu_s - a.cpu_s) / wall_s, "waited": longest, "still": still}


def _waiting_s() -> dict[str, float] | None:
    """Return how long each thread waited for a core so far (the second figure of Linux's schedstat, in ns)."""
    waiting = {}
    try:
        for thread in Path("/proc/self/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended just now
                waiting[thread.name] = int((thread / "schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return None
    return waiting or None


def usable_cores() -> int | None:
    """Return how many logical processors this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def bytes_read_from_disk() -> int | None:
    """Return the bytes this process made the disk deliver so far, or None where the system does not say."""
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) for line in lines if line.startswith("read_bytes:"))


def _difference(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else b - a


def _cpu_pressure_us() -> int | None:
    try:
        first = Path("/proc/pressure/cpu").read_text().splitlines()[0]
    except OSError:
        return None
    return int(first.rsplit("total=", 1)[1])
