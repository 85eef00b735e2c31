import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llmscope.core.events import Telemetry, decode
from llmscope.hardware import sampler
from llmscope.hardware.cgroup import Limits
from llmscope.hardware.readings import MachineTimes, Memory, ProcessUse

MIB = 1024**2


class FakeCounters:
    """A machine of two cores under control of the test."""

    def __init__(self) -> None:
        self.clock_ns = 0
        self.machine: MachineTimes | None = MachineTimes(0, 0)
        self.processes = {os.getpid(): ProcessUse(1, 0, 20 * MIB)}
        self.parent_of: dict[int, int] = {}
        self.lists = 0

    def pass_time(self, seconds: float, busy_s: float, **used_s: float) -> None:
        self.clock_ns += int(seconds * 1e9)
        self.machine = MachineTimes(self.machine.busy_s + busy_s, self.machine.total_s + 2 * seconds)
        for name, cpu_s in used_s.items():
            pid = int(name.removeprefix("p"))
            use = self.processes[pid]
            self.processes[pid] = ProcessUse(use.started, use.cpu_s + cpu_s, use.rss_bytes)

    def machine_times(self) -> MachineTimes | None:
        return self.machine

    def memory(self) -> Memory | None:
        return Memory(400, 1000)

    def process_use(self, pid: int) -> ProcessUse | None:
        return self.processes.get(pid)

    def parents(self) -> dict[int, int]:
        self.lists += 1
        return self.parent_of


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> FakeCounters:
    fake = FakeCounters()
    monkeypatch.setattr(sampler, "counters", fake)
    monkeypatch.setattr(sampler.time, "perf_counter_ns", lambda: fake.clock_ns)
    monkeypatch.setattr(sampler.cgroup, "limits", Limits)
    return fake


def test_the_first_cpu_share_is_none_and_the_next_is_of_all_cores(machine: FakeCounters) -> None:
    watching = sampler.Sampler()
    assert watching.sample().cpu_percent is None
    machine.pass_time(0.2, busy_s=0.1)
    assert watching.sample().cpu_percent == pytest.approx(25)


def test_counters_that_stand_still_or_vanish_give_none(machine: FakeCounters) -> None:
    watching = sampler.Sampler()
    watching.sample()
    assert watching.sample().cpu_percent is None
    machine.machine = None
    assert watching.sample().cpu_percent is None


def test_others_are_unknown_until_told_which_processes_are_own(machine: FakeCounters) -> None:
    watching = sampler.Sampler()
    for _ in range(3):
        machine.pass_time(0.2, busy_s=0.2)
        assert watching.sample().others_percent is None


def test_others_are_the_busy_time_beyond_the_own_trees(machine: FakeCounters) -> None:
    machine.processes |= {10: ProcessUse(5, 100, 50 * MIB), 11: ProcessUse(6, 0, 30 * MIB), 20: ProcessUse(7, 0, MIB)}
    machine.parent_of = {11: 10}
    watching = sampler.Sampler()
    watching.watch = (10, 20)
    watching.sample()
    machine.pass_time(0.2, busy_s=0.3, p10=0.1, p11=0.05, p20=0.05)
    telemetry = watching.sample()
    assert telemetry.others_percent == pytest.approx(100 * 0.1 / 0.4)
    assert telemetry.worker_rss_bytes == 80 * MIB


def test_what_the_sampler_itself_uses_is_not_that_of_others(machine: FakeCounters) -> None:
    watching = sampler.Sampler()
    watching.watch = ()
    watching.sample()
    machine.pass_time(0.2, busy_s=0.2, **{f"p{os.getpid()}": 0.2})
    assert watching.sample().others_percent == pytest.approx(0)


def test_others_are_taken_over_the_last_second(machine: FakeCounters) -> None:
    watching = sampler.Sampler()
    watching.watch = ()
    watching.sample()
    for _ in range(10):
        machine.pass_time(0.2, busy_s=0.4)
        watching.sample()
    machine.pass_time(0.2, busy_s=0)
    assert watching.sample().others_percent == pytest.approx(80)


def test_another_watch_starts_the_count_afresh(machine: FakeCounters) -> None:
    machine.processes[10] = ProcessUse(5, 0, MIB)
    watching = sampler.Sampler()
    watching.watch = ()
    watching.sample()
    machine.pass_time(0.2, busy_s=0.4, p10=0.4)
    assert watching.sample().others_percent == pytest.approx(100)
    watching.watch = (10,)
    machine.pass_time(0.2, busy_s=0.4, p10=0.4)
    assert watching.sample().others_percent is None
    machine.pass_time(0.2, busy_s=0.4, p10=0.4)
    assert watching.sample().others_percent == pytest.approx(0)


def test_a_new_process_with_an_old_id_does_not_count_as_time_used(machine: FakeCounters) -> None:
    machine.processes[10] = ProcessUse(5, 0, MIB)
    watching = sampler.Sampler()
    watching.watch = (10,)
    watching.sample()
    machine.processes[10] = ProcessUse(9, 50, MIB)
    machine.pass_time(0.2, busy_s=0.4)
    assert watching.sample().others_percent == pytest.approx(100)


def test_a_worker_that_is_gone_has_no_memory(machine: FakeCounters) -> None:
    watching = sampler.Sampler()
    watching.watch = (10, os.getpid())
    assert watching.sample().worker_rss_bytes is None


def test_the_list_of_processes_is_walked_every_five_seconds_and_when_the_watch_changes(machine: FakeCounters) -> None:
    watching = sampler.Sampler()
    watching.watch = (10,)
    for _ in range(25):
        watching.sample()
        machine.pass_time(0.2, busy_s=0)
    assert machine.lists == 1
    watching.sample()
    assert machine.lists == 2
    watching.watch = (11,)
    watching.sample()
    assert machine.lists == 3


def test_memory_is_the_containers_where_it_has_a_lower_limit(
    machine: FakeCounters, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "memory.current").write_text("200\n")
    monkeypatch.setattr(sampler.cgroup, "limits", lambda: Limits(memory_bytes=500, memory_folder=tmp_path))
    limited = sampler.Sampler().sample()
    assert (limited.memory_used_bytes, limited.memory_total_bytes) == (200, 500)
    monkeypatch.setattr(sampler.cgroup, "limits", lambda: Limits(memory_bytes=5000, memory_folder=tmp_path))
    free = sampler.Sampler().sample()
    assert (free.memory_used_bytes, free.memory_total_bytes) == (400, 1000)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "llmscope.hardware", "--hz", "20"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        yield started
        if started.poll() is None:
            started.kill()


def _next(process: subprocess.Popen[bytes]) -> Telemetry:
    event = decode(process.stdout.readline())
    assert isinstance(event, Telemetry)
    return event


def _say(process: subprocess.Popen[bytes], text: str) -> None:
    process.stdin.write(text.encode())
    process.stdin.flush()


def _watch(process: subprocess.Popen[bytes], *pids: int) -> None:
    _say(process, json.dumps({"watch": pids}) + "\n")


def test_the_process_sends_telemetry_on_one_clock_and_ends_with_its_stdin(process: subprocess.Popen[bytes]) -> None:
    before_ns = time.perf_counter_ns()
    first, second = _next(process), _next(process)
    assert first.cpu_percent is None
    assert second.cpu_percent is not None
    assert first.t_ns < second.t_ns < time.perf_counter_ns()
    assert first.t_ns > before_ns - 60e9
    assert 0 < first.observer_cpu_s < second.observer_cpu_s
    process.stdin.close()
    assert process.wait(timeout=10) == 0


def test_the_process_ends_even_when_nobody_reads_it(process: subprocess.Popen[bytes]) -> None:
    _next(process)
    process.stdout.close()
    assert process.wait(timeout=10) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="sets the size of a pipe")
def test_the_end_of_stdin_ends_a_process_that_is_held_up_in_a_full_pipe(process: subprocess.Popen[bytes]) -> None:
    import fcntl

    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
    line_bytes = len(process.stdout.readline())
    deadline = time.monotonic() + 30
    while _unread_bytes(process) < 4096 - 2 * line_bytes:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.3)  # at 20 samples a second the next ones no longer fit
    process.stdin.close()
    assert process.wait(timeout=10) == 0


def _unread_bytes(process: subprocess.Popen[bytes]) -> int:
    import fcntl
    import termios

    return int.from_bytes(fcntl.ioctl(process.stdout, termios.FIONREAD, b"0000"), sys.byteorder)


def test_junk_on_stdin_is_ignored(process: subprocess.Popen[bytes]) -> None:
    for junk in ("junk\n", "{}\n", '{"watch": ["x"]}\n', "[" * 100_000 + "\n", '{"watch": null}\n', "\xff\n"):
        _say(process, junk)
    _watch(process, os.getpid())
    deadline = time.monotonic() + 30
    while _next(process).worker_rss_bytes is None:
        assert time.monotonic() < deadline


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signal")
def test_an_interrupt_from_the_keyboard_is_left_to_the_parent(process: subprocess.Popen[bytes]) -> None:
    _next(process)
    process.send_signal(signal.SIGINT)
    for _ in range(3):
        _next(process)
    assert process.poll() is None


def test_a_watched_spinner_no_longer_counts_as_others(process: subprocess.Popen[bytes]) -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as spinner:
        try:
            _watch(process)
            own_share = _own_share(process)
            _watch(process, spinner.pid)
            used = _cpu_s(spinner.pid)
            with_spinner = _own_share(process)
            expected = 100 * (_cpu_s(spinner.pid) - used) / 1.5 / (os.cpu_count() or 1)
        finally:
            spinner.kill()
    assert with_spinner - own_share > expected / 3


def _cpu_s(pid: int) -> float:
    return sampler.counters.process_use(pid).cpu_s


def _own_share(process: subprocess.Popen[bytes]) -> float:
    """Return the mean share of CPU that is not that of others, over the second after half a second."""
    samples: list[Any] = [_next(process) for _ in range(30)][-20:]
    return sum(s.cpu_percent for s in samples) / 20 - samples[-1].others_percent
