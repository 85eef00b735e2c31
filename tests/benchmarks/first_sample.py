"""From Run to the first live number, with a standby worker ready."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from llmscope.core import events
from llmscope.core.spec import RunSpec, preset_cells
from llmscope.runs.supervisor import Supervisor
from tests.benchmarks.report import Bar, interval, shown

RUNS = 8
#: From the list of devices until a standby worker has imported the rest.
STANDBY_S = 6.0


def bars() -> Iterator[Bar]:
    """Yield the seconds from the order to the first live reading and to the first tokens/s of the bundled model."""
    heard: list[events.Event] = []
    spec = RunSpec(cells=preset_cells("quick", "bundled")[:1], accuracy="quick", time_limit_s=12)
    readings, rates = [], []
    with tempfile.TemporaryDirectory() as folder:
        supervisor = Supervisor(heard.append, Path(folder))
        supervisor.open()
        try:
            for _ in range(RUNS):
                _until(supervisor, heard, lambda e: isinstance(e, events.Devices))
                time.sleep(STANDBY_S)
                heard.clear()
                pressed_ns = time.perf_counter_ns()
                supervisor.submit(spec)
                _until(supervisor, heard, lambda e: isinstance(e, events.Progress) and bool(e.tokens_per_s))
                first = next(e for e in heard if isinstance(e, events.Telemetry) and e.t_ns > pressed_ns)
                rates.append((heard[-1].t_ns - pressed_ns) / 1e9)
                readings.append((first.t_ns - pressed_ns) / 1e9)
                supervisor.cancel()
                _until(supervisor, heard, lambda e: isinstance(e, events.RunEnded))
        finally:
            supervisor.close()
            supervisor.step_until_closed()
    for what, values in (("Run to the first live reading", readings),
                         ("Run to the first tokens/s, bundled model", rates)):
        found = interval(values)
        yield Bar(what, shown(found, 2, " s"), "≤ 1.0 s", found.median <= 1.0)


def _until(supervisor: Supervisor, heard: list[events.Event], condition) -> None:  # type: ignore[no-untyped-def]
    seen = len(heard)
    while True:
        supervisor.step()
        if any(condition(event) for event in heard[seen:]):
            return
        seen = len(heard)
