"""Counters from /proc: a sample costs tens of microseconds, a tenth of what the general library takes."""

import os

from llmscope.hardware.readings import MachineTimes, Memory, ProcessUse

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def machine_times() -> MachineTimes | None:
    """Return busy and total CPU seconds; time stolen by the hypervisor is busy, waiting for a disk is idle."""
    return parse_stat(_read("/proc/stat"))


def memory() -> Memory | None:
    """Return physical memory, used being what the kernel does not call available."""
    return parse_meminfo(_read("/proc/meminfo"))


def process_use(pid: int) -> ProcessUse | None:
    """Return what a process has used so far, or None if it is gone."""
    return parse_process(_read(f"/proc/{pid}/stat"))


def parents() -> dict[int, int]:
    """Return child → parent for all processes."""
    found = {}
    for name in os.listdir("/proc"):  # noqa: PTH208  a Path for every entry would double the cost
        fields = _after_name(_read(f"/proc/{name}/stat")) if name.isdigit() else []
        if fields:
            found[int(name)] = int(fields[1])
    return found


def parse_stat(text: bytes) -> MachineTimes | None:
    """Return the sums of the first line of /proc/stat; guest time is already part of user time."""
    words = text.split(b"\n", 1)[0].split()
    if len(words) < 5 or words[0] != b"cpu":
        return None
    ticks = [int(w) for w in words[1:9]]
    idle = sum(ticks[3:5])
    total = sum(ticks)
    return MachineTimes((total - idle) / _TICKS_PER_S, total / _TICKS_PER_S)


def parse_meminfo(text: bytes) -> Memory | None:
    """Return total and total − available of /proc/meminfo."""
    kib = {}
    for line in text.split(b"\n", 4)[:4]:
        words = line.split()
        if len(words) >= 2:
            kib[words[0]] = int(words[1])
    total, available = kib.get(b"MemTotal:"), kib.get(b"MemAvailable:")
    if total is None or available is None:
        return None
    return Memory((total - available) * 1024, total * 1024)


def parse_process(text: bytes) -> ProcessUse | None:
    """Return start, user + system time and resident memory from /proc/<pid>/stat."""
    fields = _after_name(text)
    if len(fields) < 22:
        return None
    ticks = int(fields[11]) + int(fields[12])
    return ProcessUse(int(fields[19]) / _TICKS_PER_S, ticks / _TICKS_PER_S, int(fields[21]) * _PAGE_BYTES)


def _after_name(text: bytes) -> list[bytes]:
    """Return the fields after the name, which may itself hold spaces and brackets: state, parent, …"""
    return text[text.rfind(b")") + 1 :].split()


def _read(path: str) -> bytes:
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(file, 65536)
    except OSError:
        return b""
    finally:
        os.close(file)
