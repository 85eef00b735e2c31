"""`python -m tests.proofs [name …]`: long proofs on this machine, each a table with its figure."""

import importlib
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

NAMES = ("card", "limiters", "counterfactuals", "predictions", "turns")
ROOT = Path(__file__).resolve().parents[2]


def main(names: list[str]) -> int:
    """Run the proofs named, or all; returns 2 for a name that does not exist."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"There is no proof '{unknown[0]}': use {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True,
                            check=False).stdout.strip()
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit or 'unknown'}, Python {platform.python_version()}")
    for name in names or NAMES:
        print(f"\n== {name}", flush=True)
        for line in importlib.import_module(f"tests.proofs.{name}").lines():
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
