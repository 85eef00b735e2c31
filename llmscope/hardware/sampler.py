"""The sampler process: what the machine does, a line of JSON several times a second.

It reads `{"watch": [pid, …]}` lines on stdin: the roots of llmscope's own process trees, the worker first.
When stdin ends it ends, at once, whatever it is doing: an orphan would disturb the next measurement.
"""

import argparse
import os
import signal
import sys
import threading
import time
from collections import deque
from typing import BinaryIO

import msgspec
from msgspec import Struct

from llmscope.core.events import Telemetry, encode
from llmscope.hardware import cgroup, counters, sensors
from llmscope.hardware.nvml import Gpus
from llmscope.hardware.readings import MachineTimes, ProcessUse, descendants

#: Walking the list of processes costs more than all else together, so it is done this seldom.
PROCESS_LIST_S = 5.0
#: Clock and power source change slowly, and asking a battery's controller can take milliseconds.
SLOW_S = 1.0
#: The counters tick every 10 ms, which over a single interval is several percent of a small machine.
OTHERS_WINDOW_S = 1.0


class Watch(Struct, frozen=True, forbid_unknown_fields=True):
    """What the sampler is told: process ids whose trees are llmscope's own, the worker's first."""

    watch: tuple[int, ...]


class Sampler:
    """Turns counters into Telemetry; `watch` may be set from another thread at any time."""

    def __init__(self, gpus: Gpus | None = None) -> None:
        self.watch: tuple[int, ...] | None = None
        self.gpus = gpus
        self._processes = OwnProcesses()
        self._last: MachineTimes | None = None
        self._history: deque[tuple[int, MachineTimes, float]] = deque()
        self._limits = cgroup.limits()
        self._temperature_file = sensors.temperature_file()
        self._power = sensors.PackagePower()
        self._slow_ns = 0
        self._mhz: float | None = None
        self._battery: bool | None = None

    def sample(self) -> Telemetry:
        """Return one reading; shares of CPU are None until there are two."""
        now_ns = time.perf_counter_ns()
        machine = counters.machine_times()
        busy, self._last = _busy_percent(self._last, machine), machine
        self._processes.read(self.watch, now_ns)
        self._read_slow(now_ns)
        used, total = self._memory()
        return Telemetry(
            t_ns=now_ns,
            cpu_percent=busy,
            others_percent=self._others(now_ns, machine),
            memory_used_bytes=used, memory_total_bytes=total,
            worker_rss_bytes=self._processes.worker_rss_bytes,
            cpu_temperature_c=sensors.temperature_c(self._temperature_file),
            cpu_power_w=self._power.read_w(now_ns),
            cpu_mhz=self._mhz, on_battery=self._battery,
            gpus=self.gpus.read() if self.gpus else (),
            observer_cpu_s=time.process_time(),
        )

    def _others(self, now_ns: int, machine: MachineTimes | None) -> float | None:
        """Return the share that the last second's busy time has beyond llmscope's own processes."""
        if machine is None or self.watch is None:
            return None
        if self._processes.changed:
            self._history.clear()
        history = self._history
        history.append((now_ns, machine, self._processes.cpu_s))
        while len(history) > 2 and now_ns - history[1][0] >= OTHERS_WINDOW_S * 1e9:
            history.popleft()
        _, first, own_s = history[0]
        total_s = machine.total_s - first.total_s
        if total_s <= 0:
            return None
        others_s = machine.busy_s - first.busy_s - (self._processes.cpu_s - own_s)
        return _share(others_s, total_s)

    def _memory(self) -> tuple[int | None, int | None]:
        """Return used and total memory: the container's where it has a limit of its own."""
        host = counters.memory()
        limit, folder = self._limits.memory_bytes, self._limits.memory_folder
        if limit is not None and folder is not None and (host is None or limit < host.total_bytes):
            return cgroup.memory_used_bytes(folder), limit
        return (None, None) if host is None else (host.used_bytes, host.total_bytes)

    def _read_slow(self, now_ns: int) -> None:
        if now_ns >= self._slow_ns:
            self._slow_ns = now_ns + int(SLOW_S * 1e9)
            self._mhz, self._battery = sensors.clock_mhz(), sensors.on_battery()


class OwnProcesses:
    """CPU time and memory of llmscope's own process trees, this process included.

    A process counts from when it is first seen, and is told from a later one with its id by its start.
    """

    def __init__(self) -> None:
        self.cpu_s = 0.0
        self.worker_rss_bytes: int | None = None
        self.changed = False
        self._roots: tuple[int, ...] | None = None
        self._worker: set[int] = set()
        self._own: set[int] = set()
        self._seen: dict[int, ProcessUse] = {}
        self._list_ns = 0

    def read(self, roots: tuple[int, ...] | None, now_ns: int) -> None:
        """Take a reading; `changed` says that the watched trees are not those of the reading before."""
        self.changed = roots != self._roots
        if self.changed or now_ns >= self._list_ns:
            self._roots, self._list_ns = roots, now_ns + int(PROCESS_LIST_S * 1e9)
            trees = descendants(roots or (), counters.parents() if roots else {})
            self._worker = trees[0] if trees else set()
            self._own = {os.getpid()}.union(*trees)
        uses = {pid: use for pid in self._own if (use := counters.process_use(pid)) is not None}
        for pid, use in uses.items():
            before = self._seen.get(pid)
            if before is not None and before.started == use.started:
                self.cpu_s += use.cpu_s - before.cpu_s
        self._seen = uses
        rss = [uses[pid].rss_bytes for pid in self._worker if pid in uses]
        self.worker_rss_bytes = sum(rss) if rss else None


def serve(hz: float, commands: BinaryIO, out: int) -> None:
    """Write a sample to the file descriptor `out` at each deadline until nobody reads them."""
    sampler = Sampler()
    threading.Thread(target=_listen, args=(sampler, commands), daemon=True).start()
    start_s = time.perf_counter()
    while True:
        try:
            os.write(out, encode(sampler.sample()))
        except OSError:
            return
        if sampler.gpus is None:  # only now: a sleeping driver takes seconds, and the first sample is wanted at once
            sampler.gpus = Gpus().open()
        elapsed_s = time.perf_counter() - start_s
        tick = int(elapsed_s * hz) + 1  # deadlines that were missed are skipped, not made up for
        time.sleep(tick / hz - elapsed_s)


def _listen(sampler: Sampler, commands: BinaryIO) -> None:
    while line := commands.readline(65536):
        try:
            sampler.watch = msgspec.json.decode(line, type=Watch).watch
        except msgspec.MsgspecError:
            continue
    os._exit(0)  # not a clean return: the main thread may be held up in a driver or a full pipe


def _busy_percent(last: MachineTimes | None, now: MachineTimes | None) -> float | None:
    if last is None or now is None or now.total_s <= last.total_s:
        return None
    return _share(now.busy_s - last.busy_s, now.total_s - last.total_s)


def _share(part: float, whole: float) -> float:
    return min(100.0, max(0.0, 100 * part / whole))


def main() -> None:
    """Run the sampler on this process's stdin and stdout."""
    parser = argparse.ArgumentParser(prog="python -m llmscope.hardware", description=__doc__)
    parser.add_argument("--hz", type=float, default=5.0, help="samples a second, 0.1 to 20 (default 5)")
    hz = parser.parse_args().hz
    if not 0.1 <= hz <= 20:
        parser.error("--hz must lie between 0.1 and 20")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program that started this one
    out = os.dup(1)
    os.dup2(2, 1)  # what a driver prints must not get between the samples
    serve(hz, sys.stdin.buffer, out)
    os._exit(0)  # the listening thread holds stdin's lock, on which an orderly exit would abort
