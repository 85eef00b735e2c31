"""Ways to make one thing scarce for a running process."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Of each period the process is stopped for this share.
PERIOD_S, STOPPED = 0.04, 0.6


@contextmanager
def one_core(pid: int) -> Iterator[None]:
    """Let all threads of a process run on the first core only."""
    first = min(os.sched_getaffinity(0))
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), {first})
    yield


@contextmanager
def hogs(pid: int, cores: tuple[int, ...]) -> Iterator[None]:
    """Keep cores busy with other programs, each bound to its own."""
    spin = "import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass"
    running = [subprocess.Popen([sys.executable, "-c", spin, str(core)]) for core in cores]
    try:
        yield
    finally:
        for each in running:
            each.kill()
            each.wait()


@contextmanager
def hog(pid: int) -> Iterator[None]:
    """Keep the other core busy."""
    with hogs(pid, (max(os.sched_getaffinity(0)),)):
        yield


@contextmanager
def hogs_everywhere(pid: int) -> Iterator[None]:
    """Keep all cores busy."""
    with hogs(pid, tuple(os.sched_getaffinity(0))):
        yield


@contextmanager
def held_back(pid: int) -> Iterator[None]:
    """Stop a process for most of each period, as a processor does that protects itself from heat."""
    over = threading.Event()

    def switch() -> None:
        while not over.wait((1 - STOPPED) * PERIOD_S):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                over.wait(STOPPED * PERIOD_S)
                os.kill(pid, signal.SIGCONT)

    thread = threading.Thread(target=switch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def little_memory(pid: int) -> Iterator[None]:
    """Let a process have 1 GiB of addresses more than it has now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + 1024**3
    resource.prlimit(pid, resource.RLIMIT_AS, (limit, limit))
    yield
