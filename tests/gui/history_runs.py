"""A history as on a used machine: models, devices, days and verdicts vary, and always in the same way."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from pytestqt.qtbot import QtBot

from llmscope.core import events as ev
from llmscope.core.spec import Cell, RunSpec
from llmscope.gui.main_window import MainWindow
from llmscope.gui.pages.history_page import HistoryPage
from llmscope.runs import store
from tests.gui.stream import Outcome, stream

MACHINE = {"cpu": "13th Gen Intel(R) Core(TM) i7-13700H", "label": "Core i7-13700H · 32.0 GiB · RTX 4070 Laptop",
           "on_battery": False, "gpus": [{"name": "NVIDIA GeForce RTX 4070 Laptop GPU", "driver": "576.52"}]}
CPU = (Cell("bundled", "gen", "cpu", "float32", seq=128, new=64),
       Cell("arch:smollm2-135m", "pp", "cpu", "float32", seq=512),
       Cell("arch:smollm2-135m", "tg", "cpu", "float32", new=32))
GPU = tuple(msgspec.structs.replace(cell, device="cuda:0", dtype="bfloat16") for cell in CPU)
GPT2 = tuple(Cell("arch:gpt2", w, "cpu", "float32", seq=128, new=64) for w in ("gen", "pp", "train"))  # type: ignore[arg-type]
#: Days back, hour, cells, how it ended.
RUNS: tuple[tuple[int, float, tuple[Cell, ...], str], ...] = (
    (0, 0.0, GPU, "done"), (0, 0.2, CPU, "done"), (0, 0.7, GPU[:1], "oom"), (0, 1.3, GPT2, "done"),
    (1, 0.4, GPU, "done"), (1, 0.9, CPU, "stopped"), (1, 1.2, GPU, "done"), (1, 2.0, GPT2, "cut off"),
    (3, 0.0, GPU, "done"), (3, 0.5, GPU, "done"), (3, 2.2, CPU, "done"), (6, 1.0, CPU, "done"), (6, 2.0, GPT2, "done"),
    (6, 3.0, GPU, "done"), (9, 0.1, GPU, "damaged"), (9, 0.6, GPU, "done"), (9, 1.0, CPU, "done"),
    (12, 0.0, GPU, "done"), (12, 1.0, GPU, "done"), (340, 0.0, CPU, "done"), (340, 1.0, GPT2, "done"))


def write_history(runs: Path, now: datetime | None = None) -> list[Path]:
    """Write all runs, the latest first, and return their folders."""
    random = Random(3)
    now = now or datetime.now(UTC)
    return [write_run(runs, now - timedelta(days=days, hours=hours, minutes=4), cells, how, 1 + random.gauss(0, 0.03))
            for days, hours, cells, how in RUNS]


def write_run(runs: Path, at: datetime, cells: tuple[Cell, ...], how: str, factor: float) -> Path:
    utc = at.isoformat(timespec="seconds")
    run = store.new_run_id(runs, utc)
    outcome: Outcome = how if how in ("done", "oom", "stopped") else "done"  # type: ignore[assignment]
    events = list(stream(cells, outcome=outcome, gpu=cells[0].device != "cpu"))
    started = ev.RunStarted(t_ns=next(e.t_ns for e in events if isinstance(e, ev.RunStarted)), run=run, utc=utc,
                            spec=RunSpec(cells, accuracy="quick"), machine=MACHINE,
                            versions={"torch": "2.11.0", "transformers": "5.3.0"})
    writer = store.RunWriter(runs / run, store.Manifest(store.SCHEMA, "llmscope 0.1.0", started))
    rows = []
    for event in events:
        if isinstance(event, ev.RunStarted):
            event = started
        elif isinstance(event, ev.CellEnded):
            event = msgspec.structs.replace(event, row=msgspec.structs.replace(_scaled(event.row, factor), run=run))
            rows.append(event.row)
        writer.write(event)
        if how == "cut off" and len(rows) == 1:
            writer.close()
            return runs / run
    ended: Any = events[-1]
    writer.finish(store.Result(store.SCHEMA, ended, tuple(rows)))
    if how == "damaged":
        (runs / run / store.MANIFEST).write_bytes(b'{"schema": 1, "program": "llmscope 0.1.0", "started": {"run"')
    return runs / run


def _scaled(row: Any, factor: float) -> Any:
    values = {name: None if getattr(row, name) is None else getattr(row, name) * factor
              for name in ("median", "low", "high")}
    return msgspec.structs.replace(row, **values, extra=row.extra | {"others_percent": 2.0})


def show_history(window: MainWindow, qtbot: QtBot) -> HistoryPage:
    """Open History, wait for its list and return the page."""
    window.show_page("history")
    page = window.history.page
    assert page is not None
    settle(page, qtbot)
    return page


def settle(page: HistoryPage, qtbot: QtBot) -> None:
    """Wait until the list is as the folders are."""
    qtbot.waitUntil(lambda: page.is_loaded and page.reading.is_idle)
