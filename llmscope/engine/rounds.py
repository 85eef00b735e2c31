"""The tests of the machine, measured in rounds: what slows it for some seconds cannot reach all samples of one."""

import math
import time
from collections.abc import Callable, Sequence

import torch

from llmscope.core.commands import RunCells
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.events import CellEnded, CellStarted, Event
from llmscope.core.spec import Cell
from llmscope.core.stopping import MACHINE_LIMIT_S, MACHINE_ROUNDS, T_MIN_MACHINE_S, Decision, StoppingRule
from llmscope.engine.blocks import Blocks
from llmscope.engine.measuring import Loop, Measured, no_garbage_collection
from llmscope.engine.meter import Meter
from llmscope.engine.outcome import outcome
from llmscope.engine.workloads import make_of_machine

#: Share of a test's time that warming up takes before its first turn.
WARM_UP_SHARE = 0.1


class Rounds:
    """Cells of an order that have no model: each has a turn in each round.

    `threads` are those of a cell for which none are asked.
    """

    def __init__(self, order: RunCells, indices: Sequence[int], meter: Meter, send: Callable[[Event], None],
                 threads: int, check_device: Callable[[torch.device], None]) -> None:
        self._order, self._meter, self._send, self._threads = order, meter, send, threads
        self._check_device = check_device
        self._left = list(indices)
        self._loops: dict[int, Loop] = {}
        cells = [order.spec.cells[index] for index in indices]
        self._blocks = {device: Blocks(torch.device(device), [cell for cell in cells if cell.device == device],
                                       order.spec.seed) for device in {cell.device for cell in cells}}
        self._limit_s = min(order.spec.time_limit_s or MACHINE_LIMIT_S, MACHINE_LIMIT_S)

    def run(self) -> bool:
        """Measure all of them, with a row for each; returns whether the process can be trusted with more."""
        with no_garbage_collection():
            for number in range(1, MACHINE_ROUNDS + 1):
                for index in tuple(self._left):
                    if not self._turn(index, number):
                        return False
        return True

    def _turn(self, index: int, number: int) -> bool:
        cell, spec = self._order.spec.cells[index], self._order.spec
        torch.set_num_threads(cell.threads or spec.threads or self._threads)
        if number == 1:
            self._send(CellStarted(t_ns=time.perf_counter_ns(), cell=index))
        self._meter.begin_cell(index)
        found = outcome(self._order, index, torch.device(cell.device), lambda: self._measure(index, number))
        self._meter.end_cell()
        if found.row is not None:
            self._left.remove(index)
            self._send(CellEnded(t_ns=time.perf_counter_ns(), cell=index, row=found.row))
        return not found.recycle

    def _measure(self, index: int, number: int) -> Measured | None:
        """Give a cell its turn; returns what came of it all once nothing more is to be measured."""
        cell, begins = self._order.spec.cells[index], index not in self._loops
        if begins:
            self._loops[index] = self._begin(cell)
        loop = self._loops[index]

        def turn() -> Decision | None:
            if begins:
                loop.warm_up(WARM_UP_SHARE * self._limit_s)
            else:
                self._meter.phase(DEFINITIONS[cell.workload].phase)
                loop.settle()
            is_last = number == MACHINE_ROUNDS
            return loop.repeat(math.inf if is_last else self._limit_s * number / MACHINE_ROUNDS)

        measured = loop.concluded(turn)
        if measured is not None:
            measured.extra["threads"] = torch.get_num_threads()
        return measured

    def _begin(self, cell: Cell) -> Loop:
        definition, blocks = DEFINITIONS[cell.workload], self._blocks[cell.device]
        self._meter.phase(definition.phase)
        self._check_device(blocks.device)
        rule = StoppingRule(self._order.spec.accuracy, self._limit_s, T_MIN_MACHINE_S)
        return Loop(make_of_machine(cell, blocks, self._meter), definition, rule, self._meter, blocks.device)
