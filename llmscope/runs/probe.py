"""What a worker sees here, without running anything."""

import queue
import time

from llmscope.core import events
from llmscope.core.errors import BadInput
from llmscope.runs.child import Child, Ended, Heard
from llmscope.runs.deadlines import START_S


def probe_devices() -> tuple[events.Hello, tuple[events.Device, ...]]:
    """Return a worker's versions and every device it can use; raises BadInput when no worker can start."""
    inbox: queue.Queue[object] = queue.Queue()
    child = Child("llmscope.engine", inbox)
    hello: events.Hello | None = None
    deadline = time.perf_counter() + START_S
    try:
        while (left_s := deadline - time.perf_counter()) > 0:
            match inbox.get(timeout=left_s):
                case Heard(event=events.Hello() as event):
                    hello = event
                case Heard(event=events.Devices(devices=devices, complete=True)) if hello is not None:
                    return hello, devices
                case Ended(outcome=outcome):
                    raise BadInput(f"No device can be listed: {outcome.words}.\n{child.log}")
        raise BadInput(f"No device can be listed: the worker did not answer within {START_S:.0f} s.")
    finally:
        child.dismiss()
        if not child.gone(2.0):
            child.kill()
            child.gone(5.0)
