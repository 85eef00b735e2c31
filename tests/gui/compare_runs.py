"""Runs of one model on a laptop's CPU, its GPU, a desktop with other versions, and the laptop's GPU on battery."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from llmscope.core import events as ev
from llmscope.core.results import Row
from llmscope.core.spec import Cell, RunSpec
from llmscope.core.units import GIB, NBSP
from llmscope.gui.pages.compare_page import ComparePage
from llmscope.runs import store
from llmscope.runs.ceilings import FILE, CeilingStore
from tests.gui.fakes import ceilings
from tests.gui.stream import stream

TESTS = ("pp", "tg", "gen", "train", "load-warm")
LAPTOP = {"cpu": "13th Gen Intel(R) Core(TM) i7-13700H", "cores": 14, "memory_bytes": 32 * GIB, "system": "Debian 12",
          "on_battery": False, "gpus": [{"name": "NVIDIA GeForce RTX 4070 Laptop GPU", "driver": "576.52"}]}
TOWER = {"cpu": "AMD Ryzen 9 7950X 16-Core Processor", "cores": 16, "memory_bytes": 64 * GIB, "system": "Debian 12",
         "on_battery": False, "gpus": [{"name": "NVIDIA GeForce RTX 4090", "driver": "572.16"}]}
#: Machine, device, dtype, what its tests reach of the made-up rate, TFLOPS, GB/s, torch, background load.
RUNS: tuple[tuple[dict[str, Any], str, Any, dict[str, float], float, float, str, float], ...] = (
    (LAPTOP, "cpu", "float32", {}, 0.42, 51.0, "2.11.0", 2.0),
    (LAPTOP, "cuda:0", "bfloat16", {"pp": 4.1, "tg": 0.50, "gen": 0.3, "train": 4.6}, 34.1, 231.0, "2.11.0", 2.0),
    (TOWER, "cuda:0", "bfloat16", {"pp": 14.5, "tg": 1.85, "gen": 0.9, "train": 14.6}, 158.0, 921.0, "2.10.0", 9.0),
    (LAPTOP | {"on_battery": True}, "cuda:0", "bfloat16", {"pp": 3.1, "tg": 0.50, "gen": 0.3}, 34.1, 231.0, "2.11.0",
     2.0))


def write_compared(runs: Path, count: int = 3) -> list[str]:
    """Write runs, and the ceilings of their machines beside them; returns their ids."""
    known = CeilingStore(runs.parent / FILE)
    ids = []
    for number, (machine, device, dtype, factors, tflops, gb_s, torch, load) in enumerate(RUNS[:count]):
        best = ceilings(device, tflops, gb_s)
        peak = best.products["float32"]
        known.put(machine, msgspec.structs.replace(best, products=dict.fromkeys(("float32", "bfloat16"), peak)))
        cells = tuple(Cell("arch:smollm2-135m", test, device, dtype) for test in TESTS)  # type: ignore[arg-type]
        failed = "train" if machine["on_battery"] else ""
        ids.append(write(runs, number, machine, cells, factors, torch, load, failed))
    return ids


def write_apart(runs: Path) -> list[str]:
    """Write two runs that share no test; returns their ids."""
    return [write(runs, hours, LAPTOP, tuple(Cell(model, test, "cpu", "float32") for test in tests), {})  # type: ignore[arg-type]
            for hours, model, tests in ((0, "bundled", ("pp", "tg", "gen", "train", "load-warm")),
                                        (1, "arch:smollm2-135m", ("tg", "train")))]


def write_varied(runs: Path) -> list[str]:
    """Write two runs of one machine, during the first of which its speed varied; returns their ids."""
    cells = tuple(Cell("bundled", test, "cpu", "float32") for test in ("pp", "tg"))  # type: ignore[arg-type]
    return [write(runs, 0, LAPTOP, cells, {}, samples=(30.0, 45.0, 60.0, 90.0, 140.0, 200.0, 260.0, 330.0)),
            write(runs, 1, LAPTOP, cells, {"pp": 1.3})]


def write(runs: Path, hours: float, machine: dict[str, Any], cells: tuple[Cell, ...], factors: dict[str, float],
          torch: str = "2.11.0", load: float = 2.0, failed: str = "", samples: tuple[float, ...] = ()) -> str:
    """Write a run of so many hours after the first; the test of a `failed` kind ran out of memory."""
    utc = (datetime(2026, 11, 21, 17, 31, tzinfo=UTC) + timedelta(hours=hours)).isoformat(timespec="seconds")
    run = store.new_run_id(runs, utc)
    events = list(stream(cells, gpu=cells[0].device != "cpu"))
    versions = {"torch": torch, "transformers": "5.3.0"}
    started = ev.RunStarted(t_ns=0, run=run, utc=utc, spec=RunSpec(cells, accuracy="standard"), machine=machine,
                            versions=versions)
    writer = store.RunWriter(runs / run, store.Manifest(store.SCHEMA, "llmscope 0.1.0", started))
    rows = tuple(_row(msgspec.structs.replace(event.row, run=run, samples=samples or event.row.samples), factors, load,
                      failed) for event in events if isinstance(event, ev.CellEnded))
    writer.write(started)
    for number, row in enumerate(rows):
        writer.write(ev.CellEnded(t_ns=number, cell=number, row=row))
    ended: Any = events[-1]
    writer.finish(store.Result(store.SCHEMA, ended, rows))
    return run


def _row(row: Row, factors: dict[str, float], load: float, failed: str) -> Row:
    kind = row.definition.partition("/")[0]
    if kind == failed:
        return msgspec.structs.replace(row, median=None, low=None, high=None, n=0, samples=(), verdict="failed",
                                       reason="out of memory in step 2: 7.9 of 8.0 GiB in use")
    factor = factors.get(kind, 1.0)
    values = {name: None if getattr(row, name) is None else getattr(row, name) * factor
              for name in ("median", "low", "high")}
    seconds = row.extra["seconds"] / factor
    return msgspec.structs.replace(row, **values, extra=row.extra | {
        "seconds": seconds, "others_percent": load, "threads": 4, "numerics": {"attention": "sdpa"}})


def shown_bars(page: ComparePage) -> list[tuple[str, ...]]:
    """Return the texts of the table of speeds, line by line."""
    return [tuple(text.replace(NBSP, " ") for text in line) for line in page.body.speed.rows.lines]
