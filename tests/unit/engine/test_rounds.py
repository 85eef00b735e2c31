"""The tests of the machine in rounds: a turn for each in every round, and what ends one leaves the others theirs."""

from collections.abc import Callable
from itertools import groupby
from typing import Any

import pytest
import torch

from llmscope.core import events
from llmscope.core.commands import RunCells
from llmscope.core.results import COUNTED, Row
from llmscope.core.spec import MACHINE, Cell, RunSpec
from llmscope.core.stopping import MACHINE_ROUNDS, Decision, StoppingRule
from llmscope.engine import rounds
from llmscope.engine.blocks import Blocks
from llmscope.engine.cells import CellRunner
from llmscope.engine.meter import Meter

CPU = torch.device("cpu")
MIB = 1024**2
CELLS = (Cell(MACHINE, "gemm", "cpu", "float32", size=64), Cell(MACHINE, "membw-read", "cpu", "float32", size=MIB),
         Cell(MACHINE, "membw-copy", "cpu", "float32", size=2 * MIB))


class Heard(list[events.Event]):
    """What was said of some cells; `stop_when` sees each event and may stop them."""

    def __init__(self, *cells: Cell, stop_when: Callable[[events.Event], bool] = lambda _: False) -> None:
        super().__init__()
        self._stop_when = stop_when
        self._meter = Meter(self.append)
        spec = RunSpec(cells, accuracy="quick", time_limit_s=0.1)
        order = RunCells("r", spec, tuple(range(len(cells))))
        self.goes_on = CellRunner(self.append, self._meter).run(order)

    def append(self, event: events.Event) -> None:
        super().append(event)
        if self._stop_when(event):
            self._meter.cancel()

    def turns(self) -> list[int]:
        """Return whose turn it was, in order, by the samples."""
        return [cell for cell, _ in groupby(e.cell for e in self if isinstance(e, events.Sample))]

    def rows(self) -> dict[int, Row]:
        ended = [e for e in self if isinstance(e, events.CellEnded)]
        assert len({e.cell for e in ended}) == len(ended)
        return {e.cell: e.row for e in ended}


def test_each_test_has_a_turn_in_every_round() -> None:
    heard = Heard(*CELLS)
    assert heard.turns() == MACHINE_ROUNDS * [0, 1, 2] and heard.goes_on
    rows = heard.rows()
    assert {row.verdict for row in rows.values()} <= COUNTED and list(rows) == [0, 1, 2]
    for number, row in rows.items():
        samples = [e for e in heard if isinstance(e, events.Sample) and e.cell == number]
        assert [e.index for e in samples] == list(range(len(samples))) and row.n == len(samples) >= MACHINE_ROUNDS
        assert row.extra["threads"] == torch.get_num_threads()
    assert [e.cell for e in heard if isinstance(e, events.CellStarted)] == [0, 1, 2]


def test_every_turn_begins_with_a_pass_that_does_not_count() -> None:
    passes: list[int] = []

    class Counted(Meter):
        def begin_sample(self, index: int, request: bool = False) -> None:
            passes.append(index)
            super().begin_sample(index, request)

    heard: list[events.Event] = []
    spec = RunSpec(CELLS[:1], accuracy="quick", time_limit_s=0.1)
    CellRunner(heard.append, Counted(heard.append)).run(RunCells("r", spec, (0,)))
    row = next(e.row for e in heard if isinstance(e, events.CellEnded))
    assert len(passes) == row.n + row.extra["warm_up"]["n"] + MACHINE_ROUNDS - 1


def test_a_stop_keeps_the_samples_of_the_turns_before_it() -> None:
    seen: list[int] = []

    def second_round(event: events.Event) -> bool:
        if isinstance(event, events.PhaseStarted):
            seen.append(event.cell)
        return seen == [0, 1, 2, 0, 1]

    heard = Heard(*CELLS, stop_when=second_round)
    assert heard.turns() == [0, 1, 2, 0]
    assert {row.verdict for row in heard.rows().values()} == {"cancelled"}
    assert all(row.n and row.median and row.reason == "stopped" for row in heard.rows().values())


def test_a_test_that_fails_leaves_the_others_their_turns() -> None:
    heard = Heard(CELLS[0], Cell(MACHINE, "h2d", "cpu", "float32", size=MIB), CELLS[1])
    assert heard.turns() == MACHINE_ROUNDS * [0, 2] and heard.goes_on
    rows = heard.rows()
    assert rows[1].verdict == "failed" and "accelerator" in (rows[1].reason or "") and rows[1].median is None
    assert rows[0].median and rows[2].median


def test_after_a_failure_of_the_process_the_rest_is_left_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    make = rounds.make_of_machine

    def broken(cell: Cell, *others: Any) -> Any:
        if cell.workload == "membw-read":
            raise RuntimeError("strange")
        return make(cell, *others)

    monkeypatch.setattr(rounds, "make_of_machine", broken)
    heard = Heard(*CELLS)
    assert not heard.goes_on and list(heard.rows()) == [1] and heard.turns() == [0]


def test_tests_share_the_largest_block() -> None:
    small, large = (Cell(MACHINE, "membw-read", "cpu", "float32", size=size) for size in (MIB, 4 * MIB))
    blocks = Blocks(CPU, (small, large, *CELLS), 0)
    assert blocks.memory(small).data_ptr() == blocks.memory(large).data_ptr()
    assert (blocks.memory(small).nbytes, blocks.memory(large).nbytes) == (MIB, 4 * MIB)
    assert blocks.memory(CELLS[2]).data_ptr() != blocks.memory(large).data_ptr()
    products = [Cell(MACHINE, "gemm", "cpu", "bfloat16", size=size) for size in (32, 64)]
    blocks = Blocks(CPU, (*products, CELLS[0]), 0)
    first, second = (blocks.matrix("x", cell) for cell in products)
    assert first.data_ptr() == second.data_ptr() and first.shape == (32, 32) and first.is_contiguous()
    assert first.dtype == torch.bfloat16 and blocks.matrix("x", CELLS[0]).dtype == torch.float32
    assert blocks.matrix("w", products[0]).data_ptr() != first.data_ptr()


def test_a_test_that_is_settled_early_still_has_all_its_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    class Settled(StoppingRule):
        def add(self, seconds: float, elapsed_s: float) -> Decision:
            super().add(seconds, elapsed_s)
            return Decision(True, "valid")

    monkeypatch.setattr(rounds, "StoppingRule", Settled)
    heard = Heard(*CELLS[:2])
    assert heard.turns() == MACHINE_ROUNDS * [0, 1]
    assert {row.verdict for row in heard.rows().values()} == {"valid"}
