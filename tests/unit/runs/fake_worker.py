"""Started as a worker in place of the engine: speaks the protocol as the test asks, with the standard library alone.

`FAKE_WORKER` names the behaviour; `FAKE_STARTS` is a file that grows by a byte with every start.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def say(event: str, **fields: Any) -> None:
    print(json.dumps({"event": event, "t_ns": time.perf_counter_ns(), **fields}), flush=True)


def greet() -> None:
    say("hello", pid=os.getpid(), versions={"torch": "0"}, threads=1)
    device = {"id": "cpu", "name": "CPU", "kind": "cpu", "memory_bytes": None,
              "dtypes": [{"dtype": "float32", "fast": True}]}
    say("devices", devices=[device], complete=True)


def orders() -> Iterator[dict[str, Any]]:
    """Yield the orders; the process ends with its stdin or a cancel."""
    for line in sys.stdin:
        command = json.loads(line)
        if command["command"] == "run":
            yield command


def begin(cell: int, samples: int = 0) -> None:
    say("cell_started", cell=cell)
    say("phase", cell=cell, phase="load")
    say("phase", cell=cell, phase="prefill")
    for index in range(samples):
        say("sample", cell=cell, index=index, seconds=0.5)


def end(order: dict[str, Any], cell: int) -> None:
    asked = order["spec"]["cells"][cell]
    row = {name: asked[name] for name in ("model", "backend", "device", "dtype", "batch", "seq", "new", "depth")}
    say("cell_ended", cell=cell, row=row | {"run": order["run"], "test": asked["workload"], "definition": "pp/1",
                                            "unit": "tok/s", "median": 1.0, "n": 1, "verdict": "valid"})


def good(_: int) -> None:
    """Does everything it is asked."""
    greet()
    for order in orders():
        for cell in order["todo"]:
            begin(cell, samples=1)
            end(order, cell)


def never_starts(start: int) -> None:
    """Dies before it can say anything."""
    print(f"no torch here, start {start}", file=sys.stderr)
    sys.exit(3)


def starts_late(start: int) -> None:
    """Dies twice before it can say anything, then works."""
    if start < 2:
        sys.exit(3)
    good(start)


def never_begins(_: int) -> None:
    """Says hello and dies at every order, before it takes up a test."""
    greet()
    for _order in orders():
        os.kill(os.getpid(), signal.SIGKILL)


def dies_between(start: int) -> None:
    """Finishes a test and dies before it takes up the next; the first time only."""
    greet()
    for order in orders():
        for cell in order["todo"]:
            if start == 0 and cell == 1:
                sys.exit(7)
            begin(cell)
            end(order, cell)


def dies_within(_: int) -> None:
    """Dies in the test number 1, with samples and last words."""
    greet()
    for order in orders():
        for cell in order["todo"]:
            begin(cell, samples=3)
            if cell == 1:
                print("segmentation fault at 0x0", file=sys.stderr, flush=True)
                os.kill(os.getpid(), signal.SIGSEGV)
            end(order, cell)


def babbles(_: int) -> None:
    """Prints what is no event, between and inside of lines."""
    greet()
    for order in orders():
        for cell in order["todo"]:
            begin(cell)
            for junk in (b"Loading: 50%\r", b"\n", b"\xff\xfe\x00\n", b'{"event":"note","t_ns":1,"text":"\xff"}\n',
                         b'{"event":"nope","t_ns":1}\n', b"[" * 100_000 + b"\n", b'{"event":"cell_ended"}\n',
                         b"x" * 3_000_000 + b"\n"):
                os.write(1, junk)
            end(order, cell)


def deaf(_: int) -> None:
    """Hears no cancel and no SIGTERM once it works, and has a child that is the same."""
    greet()
    for order in orders():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork() == 0:
            os.close(1)
            time.sleep(1000)
        begin(order["todo"][0], samples=2)
        while True:
            say("progress", cell=order["todo"][0], counter=time.perf_counter_ns(), sample=0)
            time.sleep(0.05)


def silent(start: int) -> None:
    """Takes up its first test and says nothing more; the next worker is a good one."""
    if start > 0:
        good(start)
    greet()
    for order in orders():
        begin(order["todo"][0], samples=2)
        time.sleep(1000)


def stuck(start: int) -> None:
    """Goes on talking without getting anywhere; the next worker is a good one."""
    if start > 0:
        good(start)
    greet()
    for order in orders():
        begin(order["todo"][0])
        while True:
            say("progress", cell=order["todo"][0], counter=1, sample=0)
            time.sleep(0.02)


def obedient(_: int) -> None:
    """Works on its first test until it is told to cancel, and ends it with a row."""
    greet()
    lines = iter(sys.stdin)
    order = json.loads(next(lines))
    begin(order["todo"][0])
    assert json.loads(next(lines))["command"] == "cancel"
    end(order, order["todo"][0])
    for _line in lines:
        pass


if __name__ == "__main__":
    counter = Path(os.environ["FAKE_STARTS"])
    with counter.open("ab") as file:
        file.write(b".")
    globals()[os.environ["FAKE_WORKER"]](counter.stat().st_size - 1)
