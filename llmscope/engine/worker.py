"""The worker: says what torch sees, then runs the orders it is given."""

import gc
import importlib.metadata
import os
import queue
import subprocess
import sys
import threading
import time

import msgspec
import torch

from llmscope.core import commands
from llmscope.core.events import Device, Devices, Hello, Note
from llmscope.engine import devices
from llmscope.engine.channel import Channel
from llmscope.engine.meter import Meter

PROBE_TIMEOUT_S = 120


class Worker:
    """Serves one supervisor until it is told to stop or its stdin closes."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._orders: queue.Queue[commands.RunCells] = queue.Queue()
        self._meter = Meter(channel.send)

    def serve(self) -> None:
        """Say hello, then run what comes; returns when a failure leaves the process not to be trusted."""
        self._channel.listen(self._on_command)
        versions = {"python": sys.version.split()[0], "torch": str(torch.__version__),
                    "transformers": importlib.metadata.version("transformers")}
        if torch.version.cuda:
            versions["cuda"] = torch.version.cuda
        self._channel.send(Hello(t_ns=time.perf_counter_ns(), pid=os.getpid(), versions=versions,
                                 threads=torch.get_num_threads()))
        self._report_devices()
        # Importing transformers takes longer than importing torch: who waits for the devices need not wait for it.
        from llmscope.engine.cells import CellRunner

        runner = CellRunner(self._channel.send, self._meter)
        # Modules stay: without them, to collect garbage before a test takes milliseconds and not half a second.
        gc.freeze()
        gc.enable()
        while runner.run(self._orders.get()):
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
