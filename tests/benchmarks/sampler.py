"""What the sampler costs, by the operating system's own count."""

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil

from tests.benchmarks.report import Bar, interval, shown

SECONDS, WINDOWS = 2.0, 12


def bars() -> Iterator[Bar]:
    """Yield the sampler's CPU use at its default rate, while it watches this process."""
    process = subprocess.Popen([sys.executable, "-m", "llmscope.hardware"], stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    try:
        process.stdin.write(b'{"watch":[%d]}\n' % psutil.Process().pid)
        process.stdin.flush()
        time.sleep(3.0)
        watched = psutil.Process(process.pid)
        shares = []
        for _ in range(WINDOWS):
            before, started = sum(watched.cpu_times()[:2]), time.perf_counter()
            time.sleep(SECONDS)
            shares.append((sum(watched.cpu_times()[:2]) - before) / (time.perf_counter() - started) * 100)
    finally:
        process.stdin.close()
        process.wait(5)
    found = interval(shares)
    yield Bar("sampler at 5 Hz, share of one core", shown(found, 2, " %"), "≤ 1 %", (found.high or 100) <= 1)
