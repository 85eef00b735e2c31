"""Orders carried out in this process: a row for each, whatever happens in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from llmscope.core import events
from llmscope.core.commands import RunCells
from llmscope.core.errors import BadInput
from llmscope.core.results import Row
from llmscope.core.spec import Cell, RunSpec, Sampling
from llmscope.engine import cells as cells_module
from llmscope.engine.backends import eager
from llmscope.engine.cells import CellRunner
from llmscope.engine.checks import NotTrustworthy
from llmscope.engine.measuring import Measured
from llmscope.engine.meter import Cancelled, Meter
from llmscope.engine.workloads import validation
from llmscope.models.catalog import resolve
from tests.unit.engine.conftest import CPU


class Heard(list[events.Event]):
    """What was said."""

    send = list.append

    def rows(self) -> list[Row]:
        return [e.row for e in self if isinstance(e, events.CellEnded)]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def meter(heard: Heard) -> Meter:
    return Meter(heard.send)


@pytest.fixture
def runner(heard: Heard, meter: Meter, monkeypatch: pytest.MonkeyPatch) -> CellRunner:
    monkeypatch.setattr(validation, "REST_S", 0.2)
    return CellRunner(heard.send, meter)


def order(folder: Path, *workloads: str, **settings: Any) -> RunCells:
    """Return an order for short tests on a model."""
    cells = tuple(Cell(str(folder), w, "cpu", "float32", seq=16, new=4) for w in workloads)  # type: ignore[arg-type]
    return RunCells("r", RunSpec(cells, accuracy="quick", time_limit_s=0.1, **settings), tuple(range(len(cells))))


def end_with(error: BaseException) -> Callable[..., Measured]:
    def measure(*_: Any, **__: Any) -> Measured:
        raise error

    return measure


def test_training_leaves_no_changed_weights_to_the_next_test(runner: CellRunner, heard: Heard, folder: Path) -> None:
    assert runner.run(order(folder, "train", "pp"))
    assert [row.median is not None for row in heard.rows()] == [True, True]
    held, fresh = runner._loaded, eager.load(resolve(str(folder)), CPU, "float32")
    assert held is not None
    for mine, original in zip(held.network.parameters(), fresh.network.parameters(), strict=True):
        assert torch.equal(mine, original)


def test_tests_of_one_model_load_it_once(
        runner: CellRunner, heard: Heard, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[str] = []
    load = eager.load
    monkeypatch.setattr(eager, "load", lambda *a: (loads.append(a[2]), load(*a))[1])
    assert runner.run(order(folder, "pp", "tg", "gen"))
    assert loads == ["float32"] and len(heard.rows()) == 3


def test_a_row_says_how_it_was_got(runner: CellRunner, heard: Heard, folder: Path) -> None:
    runner.run(order(folder, "gen", sampling=Sampling(sequences=2)))
    row, = heard.rows()
    assert row.extra["threads"] == 1 and row.extra["parameters"] == row.extra["numerics"]["weights_by_dtype"]["float32"]
    assert row.extra["flops"] > 0 and row.extra["memory_peak"]["resident_bytes"] != 0
    assert [e.phase for e in heard if isinstance(e, events.PhaseStarted)] == ["load", "warm-up", "generate"]
    samples = [e for e in heard if isinstance(e, events.Sample)]
    assert row.n == len(samples) and row.samples == tuple(8 / s.seconds for s in samples)


@pytest.mark.parametrize(("error", "verdict", "goes_on"), [
    (NotTrustworthy("a logit is not finite"), "invalid", True), (BadInput("choose another"), "failed", True),
    (RuntimeError("strange"), "failed", False), (MemoryError(), "failed", False), (Cancelled(), "cancelled", True)])
def test_whatever_ends_a_test_is_a_row_without_a_number(
        runner: CellRunner, heard: Heard, folder: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException,
        verdict: str, goes_on: bool) -> None:
    monkeypatch.setattr(cells_module, "measure", end_with(error))
    assert runner.run(order(folder, "pp", "pp")) is goes_on
    rows = heard.rows()
    assert len(rows) == (2 if goes_on else 1) and {row.verdict for row in rows} == {verdict}
    assert all(row.reason and row.median is None and row.n == 0 for row in rows)


def test_a_stop_leaves_every_test_a_row(runner: CellRunner, meter: Meter, heard: Heard, folder: Path) -> None:
    meter.cancel()
    assert runner.run(order(folder, "pp", "train"))
    assert [row.verdict for row in heard.rows()] == ["cancelled", "cancelled"]


STOPS = {"load": "pp", "warm-up": "pp", "prefill": "pp", "decode": "tg", "generate": "gen", "train": "train",
         "forward": "fwd", "backward": "bwd", "optimizer": "opt", "validate": "val", "first token": "ttft"}


@pytest.mark.parametrize(("phase", "workload"), STOPS.items(), ids=STOPS)
def test_a_stop_in_any_phase_cancels_the_open_test_and_those_after_it(
        heard: Heard, folder: Path, monkeypatch: pytest.MonkeyPatch, phase: str, workload: str) -> None:
    def send(event: events.Event) -> None:
        heard.append(event)
        if isinstance(event, events.PhaseStarted) and event.phase == phase:
            meter.cancel()

    monkeypatch.setattr(validation, "REST_S", 0.2)
    meter = Meter(send)
    assert CellRunner(send, meter).run(order(folder, workload, "pp"))
    stopped, not_begun = heard.rows()
    assert stopped.verdict == not_begun.verdict == "cancelled" and not_begun.median is None
    assert (stopped.median is None) == (stopped.n == 0)
    assert phase in [e.phase for e in heard if isinstance(e, events.PhaseStarted)]


def test_a_model_that_cannot_be_loaded_leaves_the_others_their_turn(
        runner: CellRunner, heard: Heard, folder: Path, tmp_path: Path) -> None:
    asked = order(folder, "pp")
    cells = (Cell(str(tmp_path), "pp", "cpu", "float32"), *asked.spec.cells)
    assert runner.run(RunCells("r", RunSpec(cells, accuracy="quick", time_limit_s=0.1), (0, 1)))
    assert [row.verdict == "failed" for row in heard.rows()] == [True, False]
    assert "config.json" in (heard.rows()[0].reason or "")


HELD = {"pp": {"kv_cache"}, "tg": {"kv_cache"}, "gen": {"kv_cache"}, "ttft": {"kv_cache"}, "fwd": set(),
        "bwd": {"gradients"}, "opt": {"gradients", "optimizer"}, "train": {"gradients", "optimizer"}, "val": set()}


@pytest.fixture(scope="module")
def each(folder: Path) -> dict[str, Row]:
    """The rows of one order for every workload on text, by workload."""
    heard = Heard()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(validation, "REST_S", 0.2)
        CellRunner(heard.send, Meter(heard.send)).run(order(folder, *HELD))
    return dict(zip(HELD, heard.rows(), strict=True))


def test_rows_say_what_held_the_peak_of_memory(each: dict[str, Row]) -> None:
    for workload, row in each.items():
        found = row.extra["peak_by_holder"]
        holders = {"weights", "gradients", "optimizer", "kv_cache", "logits", "activations"}
        assert found.keys() == {*holders, "peak"} and "held" not in row.extra
        assert found["weights"] >= 4 * row.extra["parameters"]
        # Gradients that had not come when memory peaked are none.
        at_peak = {name for name in holders - {"weights", "logits", "activations"} if found[name]}
        assert bool(found["logits"]) != bool(found["gradients"])
        expected = HELD[workload]
        assert at_peak <= expected <= at_peak | {"gradients"}
        if found["activations"] is not None:
            assert sum(found[name] for name in holders) == found["peak"]


def test_rows_say_of_each_phase_what_it_computes_and_moves(each: dict[str, Row]) -> None:
    fwd, bwd, opt, train, val = (each[workload].extra for workload in ("fwd", "bwd", "opt", "train", "val"))
    whole = train["phases"]
    assert list(whole) == ["data", "forward", "backward", "optimizer"]
    assert whole["data"].items() >= {"flops": None, "bytes_moved": None, "flops_per_s": None}.items()
    assert sum(phase["flops"] or 0 for phase in whole.values()) == train["flops"]
    assert sum(phase["bytes_moved"] or 0 for phase in whole.values()) == train["bytes_moved"]
    for about, alone, phase in ((fwd, "forward", "forward"), (bwd, "backward", "backward"),
                                (opt, "optimizer", "optimizer"), (val, "validate", "forward")):
        part, = about["phases"].values()
        assert list(about["phases"]) == [alone] and part["flops"] == whole[phase]["flops"] == about["flops"]
        assert part["bytes_moved"] == whole[phase]["bytes_moved"]
        assert part["flops_per_s"] == pytest.approx(part["flops"] / part["seconds"])


def test_checkpointing_is_off_again_for_the_next_test_and_amp_takes_the_float32_weights(
        runner: CellRunner, heard: Heard, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[str] = []
    load = eager.load
    monkeypatch.setattr(eager, "load", lambda *a: (loads.append(a[2]), load(*a))[1])
    cells = tuple(Cell(str(folder), "fwd", "cpu", dtype, seq=16, checkpointing=on)  # type: ignore[arg-type]
                  for dtype, on in (("float32", True), ("amp", False)))
    assert runner.run(RunCells("r", RunSpec(cells, accuracy="quick", time_limit_s=0.1), (0, 1)))
    first, second = heard.rows()
    assert first.extra["recompute"] and "recompute" not in second.extra
    assert runner._loaded is not None and not runner._loaded.checkpointing and loads == ["float32"]
    assert second.extra["numerics"]["autocast"] == "bfloat16" and "autocast" not in first.extra["numerics"]
    assert second.extra["numerics"]["weights_by_dtype"].keys() == {"float32"} and second.dtype == "amp"


def test_threads_are_those_asked_for(runner: CellRunner, heard: Heard, folder: Path) -> None:
    runner.run(order(folder, "pp", threads=2))
    assert heard.rows()[0].extra["threads"] == 2
