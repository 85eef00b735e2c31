"""What disturbed a sample: sleep of the computer, waiting for a core, pages read from disk."""

import sys
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
