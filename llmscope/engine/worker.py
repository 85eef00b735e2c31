"""The worker: says what torch sees, then runs the cells it is given, one row each."""

import os
import queue
import subprocess
import sys
import threading
import time
from typing import Any

import msgspec
import torch
import transformers

from llmscope.core import commands
from llmscope.core.events import CellEnded, CellStarted, Device, Devices, Hello, Note
from llmscope.core.rows import make_row
from llmscope.core.spec import DTYPE_BYTES, Cell, RunSpec
from llmscope.core.stopping import StoppingRule
from llmscope.engine import checks, devices, failures, memory
from llmscope.engine.backends import eager
from llmscope.engine.channel import Channel
from llmscope.engine.measuring import Measured, measure
from llmscope.engine.meter import Cancelled, Meter
from llmscope.engine.workloads import make
from llmscope.models.catalog import Model, resolve
from llmscope.models.costs import cost

PROBE_TIMEOUT_S = 120
#: With a time limit on each test, warming up may take at most this share of it.
WARM_UP_SHARE = 0.25


class Worker:
    """Serves one supervisor until it is told to stop or its stdin closes."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._orders: queue.Queue[commands.RunCells] = queue.Queue()
        self._meter = Meter(channel.send)
        self._loaded: eager.Loaded | None = None
        self._checked: set[str] = set()

    def serve(self) -> None:
        """Say hello, then run what comes; returns when a failure leaves the process not to be trusted."""
        self._channel.listen(self._on_command)
        versions = {"python": sys.version.split()[0], "torch": str(torch.__version__),
                    "transformers": transformers.__version__}
        if torch.version.cuda:
            versions["cuda"] = torch.version.cuda
        self._channel.send(Hello(t_ns=time.perf_counter_ns(), pid=os.getpid(), versions=versions,
                                 threads=torch.get_num_threads()))
        self._report_devices()
        while self._run(self._orders.get()):
            pass

    def _on_command(self, command: commands.Command) -> None:
        if isinstance(command, commands.Cancel):
            self._meter.cancel()
        else:
            self._orders.put(command)

    def _report_devices(self) -> None:
        """Report the CPU at once, and accelerators when a process of their own has probed them."""
        found = (devices.cpu(),)
        more = devices.has_accelerators()
        self._channel.send(Devices(t_ns=time.perf_counter_ns(), devices=found, complete=not more))
        if more:
            threading.Thread(target=self._probe_accelerators, args=(found,), name="probe", daemon=True).start()

    def _probe_accelerators(self, found: tuple[Device, ...]) -> None:
        """Probe in another process: a context on a GPU must not exist in a worker that only waits."""
        try:
            done = subprocess.run([sys.executable, "-m", "llmscope.engine", "--probe"], capture_output=True,
                                  stdin=subprocess.DEVNULL, timeout=PROBE_TIMEOUT_S, check=True)
            found += msgspec.json.decode(done.stdout.splitlines()[-1], type=tuple[Device, ...])
        except (subprocess.SubprocessError, OSError, IndexError, msgspec.MsgspecError) as error:
            self._channel.send(Note(t_ns=time.perf_counter_ns(), text=f"The accelerators could not be probed: {error}"))
        self._channel.send(Devices(t_ns=time.perf_counter_ns(), devices=found, complete=True))

    def _run(self, order: commands.RunCells) -> bool:
        """Run the cells of an order; returns whether the process may go on."""
        if order.spec.threads is not None:
            torch.set_num_threads(order.spec.threads)
        return all(self._run_cell(order, index) for index in order.todo)

    def _run_cell(self, order: commands.RunCells, index: int) -> bool:
        cell, spec = order.spec.cells[index], order.spec
        device = torch.device(cell.device)
        self._channel.send(CellStarted(t_ns=time.perf_counter_ns(), cell=index))
        self._meter.begin_cell(index)
        recycle = False
        try:
            measured = self._measure(cell, index, spec, device)
            row = make_row(order.run, cell, spec.sampling, measured.times, measured.verdict, measured.reason,
                           measured.extra)
        except Cancelled:
            row = make_row(order.run, cell, spec.sampling, (), "cancelled", "stopped before its first sample")
        except checks.NotTrustworthy as failed:
            row = make_row(order.run, cell, spec.sampling, (), "invalid", str(failed))
        except Exception as error:
            failure = failures.explain(error, device)
            recycle = failure.recycle
            row = make_row(order.run, cell, spec.sampling, (), "failed", failure.reason, failure.extra)
        self._meter.end_cell()
        self._channel.send(CellEnded(t_ns=time.perf_counter_ns(), cell=index, row=row))
        return not recycle

    def _measure(self, cell: Cell, index: int, spec: RunSpec, device: torch.device) -> Measured:
        memory.reset_peak(device)
        self._meter.phase("load")
        source = resolve(cell.model)
        self._check_device(device)
        loaded = None
        if cell.workload == "load-warm":
            self._loaded = None
        else:
            loaded = self._model(source, cell, device)
        workload = make(cell, index, spec, source, loaded, device, self._meter)
        rule = StoppingRule(spec.accuracy, spec.time_limit_s)
        cap = {} if spec.time_limit_s is None else {"warm_up_cap_s": WARM_UP_SHARE * spec.time_limit_s}
        measured = measure(workload, rule, self._meter, device, **cap)
        measured.extra |= self._about(source, cell, spec, loaded, device)
        if loaded is not None and loaded.dirty:
            # Training changed the weights; what comes next starts from the loaded ones again.
            self._loaded = None
        return measured

    def _model(self, source: Model, cell: Cell, device: torch.device) -> eager.Loaded:
        held = self._loaded
        if held is None or (held.source.ref, held.device, held.dtype) != (source.ref, device, cell.dtype):
            self._loaded = held = None
            for note in source.notes:
                self._channel.send(Note(t_ns=time.perf_counter_ns(), text=f"{source.title}: {note}"))
            held = self._loaded = eager.load(source, device, cell.dtype)
            checks.placement(held)
        return held

    def _check_device(self, device: torch.device) -> None:
        if str(device) not in self._checked:
            checks.synchronisation(device)
            self._checked.add(str(device))

    def _about(self, source: Model, cell: Cell, spec: RunSpec, loaded: eager.Loaded | None,
               device: torch.device) -> dict[str, Any]:
        about: dict[str, Any] = {"threads": torch.get_num_threads(), "memory_peak": memory.peak(device)}
        if loaded is not None:
            about["numerics"] = checks.numerics(loaded)
            about["parameters"] = loaded.network.num_parameters()
        # Each answer to a prompt is a sequence of its own, from the prefill on.
        sequences = cell.batch * (spec.sampling.sequences if cell.workload == "gen" else 1)
        if counted := cost(source, msgspec.structs.replace(cell, batch=sequences), DTYPE_BYTES[cell.dtype]):
            about |= {"flops": counted.flops, "bytes_moved": counted.bytes_moved}
        return about
