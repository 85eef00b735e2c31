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
    try:
        child = Child("llmscope.engine", inbox)
    except OSError as error:
        raise BadInput(f"No device can be listed: the worker cannot start ({error.strerror or error}).") from error
    hello: events.Hello | None = None
    deadline = time.perf_counter() + START_S
    try:
        while True:
            match inbox.get(timeout=max(0.0, deadline - time.perf_counter())):
                case Heard(event=events.Hello() as event):
                    hello = event
                case Heard(event=events.Devices(devices=devices, complete=True)) if hello is not None:
                    return hello, devices
                case Ended(outcome=outcome):
                    raise BadInput(f"No device can be listed: {outcome.words}.\n{child.log}")
    except queue.Empty:
        raise BadInput(f"No device can be listed: the worker did not answer within {START_S:.0f} s.") from None
    finally:
        child.dismiss()
        if not child.gone(2.0):
            child.kill()
            child.gone(5.0)
