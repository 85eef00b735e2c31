"""The same counters through psutil, for systems without /proc."""

import psutil

from llmscope.hardware.readings import MachineTimes, Memory, ProcessUse


def machine_times() -> MachineTimes | None:
    """Return busy and total CPU seconds of all cores together."""
    times = psutil.cpu_times()
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return MachineTimes(total - times.idle - getattr(times, "iowait", 0.0), total)


def memory() -> Memory | None:
    """Return physical memory, used being what the system does not call available."""
    now = psutil.virtual_memory()
    return Memory(now.total - now.available, now.total)


def process_use(pid: int) -> ProcessUse | None:
    """Return what a process has used so far, or None if it is gone or belongs to somebody else."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            times = process.cpu_times()
            return ProcessUse(process.create_time(), times.user + times.system, process.memory_info().rss)
    except psutil.Error:
        return None


def parents() -> dict[int, int]:
    """Return child → parent for all processes."""
    return {p.pid: p.info["ppid"] for p in psutil.process_iter(["ppid"]) if p.info["ppid"] is not None}
