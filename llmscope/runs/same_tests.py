"""The tests of another machine's run as they are measured here, so that both can stand side by side."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import BadInput
from llmscope.core.events import Device
from llmscope.core.spec import MACHINE, QUICK_LIMIT_S, Cell, RunSpec
from llmscope.models.catalog import Model
from llmscope.models.limits import problems


class SameTests(Struct, frozen=True):
    """What is run here; `spec` is None where nothing can be. `left_out` says of each other test why not."""

    spec: RunSpec | None
    left_out: dict[Cell, str]


def same_tests(of: RunSpec, device: Device, model_of: Callable[[str], Model], free_bytes: int | None) -> SameTests:
    """Return the tests of models of a run for a device of this machine: quick, and without ceilings.

    A test that cannot work here, or is expected not to fit into `free_bytes`, is left out. `model_of` raises BadInput.
    """
    cells: list[Cell] = []
    left_out: dict[Cell, str] = {}
    for cell in (_on(device, cell) for cell in of.cells if cell.model != MACHINE):
        why = _against(cell, device, model_of, free_bytes)
        if why:
            left_out[cell] = why
        else:
            cells.append(cell)
    return SameTests(_quick(of, cells) if cells else None, left_out)


def closest(devices: Sequence[str], device: str) -> int:
    """Return the place of the first run on the kind of a device, such as `cuda:0`; else of the first of all."""
    kinds = [each.partition(":")[0] for each in devices]
    kind = device.partition(":")[0]
    return kinds.index(kind) if kind in kinds else 0


def _on(device: Device, cell: Cell) -> Cell:
    on = device.id if DEFINITIONS[cell.workload].on_device else "cpu"
    return msgspec.structs.replace(cell, device=on, threads=None)


def _quick(of: RunSpec, cells: Sequence[Cell]) -> RunSpec:
    """Return the run with the same prompt and sampling; it is of no preset, which would bring tests of its own."""
    return msgspec.structs.replace(of, cells=tuple(cells), accuracy="quick", time_limit_s=QUICK_LIMIT_S, preset=None,
                                   threads=None, in_turns=False)


def _against(cell: Cell, device: Device, model_of: Callable[[str], Model], free_bytes: int | None) -> str:
    """Return what stands against a test, mostly nothing."""
    try:
        found = problems([cell], model_of(cell.model), device, free_bytes)
    except BadInput as error:
        return str(error)
    return found[0].text if found else ""
