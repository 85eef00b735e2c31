"""What was measured of this machine's devices before, for whoever asks without starting a worker."""

from typing import Any

import msgspec
from msgspec import Struct

from llmscope import paths
from llmscope.analysis.ceilings import Ceilings
from llmscope.hardware.host import machine
from llmscope.runs.ceilings import FILE, CeilingStore


class Here(Struct, frozen=True):
    """A device of this machine with its ceilings and its whole memory, None where that is not readable."""

    name: str
    ceilings: Ceilings
    memory_bytes: int | None


def measured_here() -> tuple[Here, ...]:
    """Return the devices of this machine whose ceilings are kept; reading what the machine is can take a second."""
    file = paths.data_folder() / FILE
    if not file.is_file():
        return ()
    now: dict[str, Any] = msgspec.to_builtins(machine())
    store = CeilingStore(file)
    memory = now["memory_limit_bytes"] or now["memory_bytes"]
    devices = [("cpu", "CPU", memory), ("mps", "GPU", memory),
               *((f"cuda:{gpu['index']}", gpu["name"], gpu["memory_bytes"]) for gpu in now["gpus"])]
    return tuple(Here(f"This machine, {name}", ceilings, size)
                 for device, name, size in devices if (ceilings := store.get(now, device)) is not None)
