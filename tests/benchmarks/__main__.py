"""`python -m tests.benchmarks [name …]`: measures the program's own speed and prints each bar with its interval."""

import importlib
import platform
import sys
from datetime import UTC, datetime

NAMES = ("start", "first_sample", "sampler", "plain", "drawing", "history", "memory", "ceilings")


def main(names: list[str]) -> int:
    """Run the benchmarks named, or all; returns 2 for a name that does not exist."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"There is no benchmark '{unknown[0]}': use {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, {platform.machine()}")
    print(f"{'what':<58} {'measured, 95 % interval':<34} {'bar':<26}")
    for name in names or NAMES:
        for bar in importlib.import_module(f"tests.benchmarks.{name}").bars():
            print(bar, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
