"""Runs the cells of an order on the models it loads: one row each, whatever happens."""

import time
from collections.abc import Callable
from itertools import groupby
from typing import Any

import numpy as np
import torch

from llmscope.core import commands, events
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import ModelRefused
from llmscope.core.events import CellEnded, CellStarted, Note
from llmscope.core.results import Verdict
from llmscope.core.rows import make_row
from llmscope.core.spec import DTYPE_BYTES, Cell, RunSpec
from llmscope.core.stopping import StoppingRule
from llmscope.engine import checks, conditions, failures, memory, versions
from llmscope.engine.backends import eager, load
from llmscope.engine.interleaved import Side, as_extra, compare, width_reached
from llmscope.engine.measuring import Measured, measure
from llmscope.engine.meter import Cancelled, Meter
from llmscope.engine.outcome import outcome
from llmscope.engine.rounds import Rounds
from llmscope.engine.workloads import make
from llmscope.engine.workloads.on_text import keep_activations
from llmscope.models.catalog import Model, resolve
from llmscope.models.costs import Cost, cost
from llmscope.models.headers import signatures

#: With a time limit on each test, warming up may take at most this share of it.
WARM_UP_SHARE = 0.25
CPU = torch.device("cpu")
#: Seconds that the rounds of two cells in turns may take, by accuracy.
TURNS_S = {"quick": 20.0, "standard": 60.0, "rigorous": 180.0}


class CellRunner:
    """Runs orders one after another and keeps the model that the last test used."""

    def __init__(self, send: Callable[[events.Event], None], meter: Meter) -> None:
        self._send, self._meter = send, meter
        self._loaded: eager.Loaded | None = None
        self._checked: set[str] = set()
        self._threads = torch.get_num_threads()

    def run(self, order: commands.RunCells) -> bool:
        """Run the cells of an order; returns whether the process can be trusted with more."""
        if order.spec.in_turns and tuple(order.todo) == (0, 1):
            return self._run_in_turns(order)
        return all(self._run_group(order, of_machine, tuple(group)) for of_machine, group in groupby(
            order.todo, lambda index: DEFINITIONS[order.spec.cells[index].workload].of_machine))

    def _run_group(self, order: commands.RunCells, of_machine: bool, indices: tuple[int, ...]) -> bool:
        if of_machine:
            return Rounds(order, indices, self._meter, self._send, self._threads, self._check_device).run()
        return all(self._run_cell(order, index) for index in indices)

    def _run_in_turns(self, order: commands.RunCells) -> bool:
        """Measure two cells round by round; both rows hold the ratio under `compared`, or both have failed."""
        spec, recycle = order.spec, False
        sides: list[Side] = []
        verdict: Verdict = "valid"
        reason: str | None = None
        self._meter.begin_cell(0)
        compared: dict[str, Any] = {}
        about: list[dict[str, Any]] = []
        try:
            for index in (0, 1):
                self._send(CellStarted(t_ns=time.perf_counter_ns(), cell=index))
                self._meter.cell = index
                self._meter.phase("load")
                sides.append(self._side(spec, index))
            seconds = spec.time_limit_s or TURNS_S[spec.accuracy]
            ratio = compare(sides[0], sides[1], self._meter, seconds, spec.seed, self._send)
            about = [self._of_side(side, cell, spec) for side, cell in zip(sides, spec.cells, strict=True)]
            compared = as_extra(ratio)
        except Cancelled:
            verdict, reason = "cancelled", "stopped"
        except checks.NotTrustworthy as failed:
            verdict, reason = "invalid", str(failed)
        except Exception as error:
            failure = failures.explain(error, torch.device(spec.cells[0].device))
            recycle, verdict, reason, compared = failure.recycle, "failed", failure.reason, failure.extra
        self._meter.end_cell()
        for index, cell in enumerate(spec.cells):
            side = sides[index] if index < len(sides) else None
            extra, found = compared, (verdict, reason)
            if side is not None and verdict == "valid":
                extra = compared | about[index]
                found = width_reached(side.times_s, spec.accuracy)
            row = make_row(order.run, cell, spec.sampling, side.times_s if side else (), *found, extra,
                           side.workload.work if side else None)
            self._send(CellEnded(t_ns=time.perf_counter_ns(), cell=index, row=row))
        return not recycle

    def _side(self, spec: RunSpec, index: int) -> Side:
        cell = spec.cells[index]
        device = torch.device(cell.device)
        self._check_device(device)
        source = resolve(cell.model)
        versions.check(source)
        loaded = self._model(source, cell, device)
        threads = cell.threads or spec.threads or self._threads

        def take_up() -> None:
            torch.set_num_threads(threads)
            loaded.take_attention(cell.attention)

        take_up()
        return Side(index, make(cell, index, spec, source, loaded, device, self._meter), loaded, take_up)

    def _of_side(self, side: Side, cell: Cell, spec: RunSpec) -> dict[str, Any]:
        """Return what a row says of a cell that was measured in turns."""
        side.take_up()
        summary = side.workload.summary()
        measured = Measured(tuple(side.times_s), side.workload.work, "valid", None, {})
        about = self._about(side.loaded.source, cell, spec, side.loaded, side.loaded.device, measured)
        return {name: value for name, value in summary.items() if name != "held"} | about | {
            "seconds": float(np.median(side.times_s))}

    def _run_cell(self, order: commands.RunCells, index: int) -> bool:
        cell, spec = order.spec.cells[index], order.spec
        device = torch.device(cell.device)
        torch.set_num_threads(cell.threads or spec.threads or self._threads)
        self._send(CellStarted(t_ns=time.perf_counter_ns(), cell=index))
        self._meter.begin_cell(index)
        found = outcome(order, index, device, lambda: self._measure(cell, index, spec, device))
        self._meter.end_cell()
        assert found.row is not None  # a test of a model is measured in one go
        self._send(CellEnded(t_ns=time.perf_counter_ns(), cell=index, row=found.row))
        return not found.recycle

    def _measure(self, cell: Cell, index: int, spec: RunSpec, device: torch.device) -> Measured:
        definition = DEFINITIONS[cell.workload]
        self._meter.phase("load")
        self._check_device(device)
        source = resolve(cell.model)
        versions.check(source)
        loaded = None
        if "weights" in definition.needs:
            self._loaded = None
        elif "model" in definition.needs:
            loaded = self._model(source, cell, device)
        else:
            device = CPU
        growth = memory.Growth(device)
        # A hook would be compiled into the network: what its logits hold stays unknown then.
        logits = memory.Logits(loaded.network) if loaded is not None and cell.backend != "compile" else None
        workload = make(cell, index, spec, source, loaded, device, self._meter)
        rule = StoppingRule(spec.accuracy, spec.time_limit_s)
        cap = {} if spec.time_limit_s is None else {"warm_up_cap_s": WARM_UP_SHARE * spec.time_limit_s}
        measured = measure(workload, definition, rule, self._meter, device, **cap,
                           looks_inside=cell.backend != "compile")
        held = measured.extra.pop("held", {}) | {"logits": logits.given_bytes if logits else None}
        measured.extra |= self._about(source, cell, spec, loaded, device, measured)
        if loaded is not None:
            measured.extra["peak_by_holder"] = growth.by_holder(loaded.network, held)
        return measured

    def _model(self, source: Model, cell: Cell, device: torch.device) -> eager.Loaded:
        held = self._loaded
        # Where training changed the weights, what comes next starts from the loaded ones again.
        wanted = (source.ref, device, cell.weights_dtype, cell.backend)
        if held is None or held.dirty or (held.source.ref, held.device, held.dtype, held.backend) != wanted:
            self._loaded = held = None
            for note in source.notes:
                self._send(Note(t_ns=time.perf_counter_ns(), text=f"{source.title}: {note}"))
            before = signatures(source.weight_files)
            held = load(source, device, cell.weights_dtype, cell.backend)
            if signatures(source.weight_files) != before:
                raise ModelRefused(f"The weights of {source.title} changed while they were loaded: start again when "
                                   "nothing writes to them.")
            self._loaded = held
            checks.placement(held)
        held.take_attention(cell.attention)
        # The test before may have trained it a little, short of changing its weights.
        held.network.eval()
        keep_activations(held)
        held.network.zero_grad(set_to_none=True)
        return held

    def _check_device(self, device: torch.device) -> None:
        if str(device) not in self._checked:
            checks.synchronisation(device)
            self._checked.add(str(device))

    def _about(self, source: Model, cell: Cell, spec: RunSpec, loaded: eager.Loaded | None,
               device: torch.device, measured: Measured) -> dict[str, Any]:
        about: dict[str, Any] = {"threads": torch.get_num_threads(), "usable_cores": conditions.usable_cores(),
                                 "memory_peak": memory.peak(device)}
        if source.revision is not None:
            about["revision"] = source.revision
        if loaded is not None:
            mixed = {"autocast": "bfloat16"} if cell.dtype == "amp" else {}
            about["numerics"] = checks.numerics(loaded) | mixed
            about["parameters"] = loaded.network.num_parameters()
        # What 8-bit weights move, no closed form says yet.
        counted = None if cell.backend == "int8" else cost(
            source, cell.within(spec.sampling), DTYPE_BYTES[cell.dtype])
        if counted is not None:
            about |= {"flops": counted.flops, "bytes_moved": counted.bytes_moved}
        if loaded is not None and measured.times:
            about["phases"] = _phases(DEFINITIONS[cell.workload].phase, measured, counted)
        return about


def _phases(whole: str, measured: Measured, counted: Cost | None) -> dict[str, dict[str, float | None]]:
    """Return seconds, FLOPs, bytes and FLOPs per second of each part of a sample, or of the `whole` that has none.

    What a part computes and moves is None where no closed form says.
    """
    seconds = measured.extra.get("phases_s")
    costs = {whole: counted} if seconds is None else counted.phases if counted else {}
    return {name: _phase(s, costs.get(name))
            for name, s in (seconds or {whole: float(np.median(measured.times))}).items()}


def _phase(seconds: float, counted: Cost | None) -> dict[str, float | None]:
    if counted is None:
        return {"seconds": seconds, "flops": None, "bytes_moved": None, "flops_per_s": None}
    return {"seconds": seconds, "flops": counted.flops, "bytes_moved": counted.bytes_moved,
            "flops_per_s": counted.flops / seconds}
