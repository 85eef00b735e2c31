"""What was measured of this machine's devices before, for whoever asks without starting a worker."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from llmscope import paths
from llmscope.analysis.ceilings import Ceilings
from llmscope.hardware.host import Machine, machine
from llmscope.runs.ceilings import FILE, CeilingStore

if TYPE_CHECKING:
    from llmscope.runs.foretold import Learnt


class Here(Struct, frozen=True):
    """A device of this machine with its ceilings and its whole memory, None where that is not readable.

    `learnt` is what this machine's stored runs tell, None where they were not read.
    """

    name: str
    ceilings: Ceilings
    memory_bytes: int | None
    learnt: "Learnt | None" = None


def measured_here() -> tuple[Here, ...]:
    """Return the devices of this machine whose ceilings are kept; reading machine and runs can take a second."""
    from llmscope.runs.foretold import learn  # not before a window's first paint

    file = paths.data_folder() / FILE
    if not file.is_file():
        return ()
    now, store = machine(), CeilingStore(file)
    known = {device: store.get(msgspec.to_builtins(now), device) for device in devices(now)}
    learnt = learn(paths.runs_folder(), msgspec.to_builtins(now), store)
    return of_machine(now, {device: ceilings for device, ceilings in known.items() if ceilings is not None}, learnt)


def of_machine(now: Machine, ceilings: Mapping[str, Ceilings], learnt: "Learnt | None") -> tuple[Here, ...]:
    """Return the devices of a machine among those whose ceilings, by device, are known."""
    return tuple(Here(f"This machine, {name}", ceilings[device], size, learnt)
                 for device, (name, size) in devices(now).items() if device in ceilings)


def devices(now: Machine) -> dict[str, tuple[str, int | None]]:
    """Return name and memory in bytes of each device that a machine may have, by what torch calls it."""
    memory = now.memory_limit_bytes or now.memory_bytes
    gpus = {f"cuda:{gpu.index}": (gpu.name, gpu.memory_bytes) for gpu in now.gpus}
    return {"cpu": ("CPU", memory), "mps": ("GPU", memory), **gpus}
