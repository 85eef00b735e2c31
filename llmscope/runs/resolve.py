"""From what was asked to what will run: devices and dtypes named, impossible cells told before anything starts."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import BadInput
from llmscope.core.events import Device
from llmscope.core.spec import MACHINE, Cell, RunSpec, machine_cells
from llmscope.models.catalog import Model
from llmscope.models.catalog import resolve as resolve_model
from llmscope.models.limits import Problem, left_out, problems
from llmscope.runs.ceilings import CeilingStore

#: Orders of the matrices in products: on accelerators from this one on; on a CPU up to these, by whether it has many
#: threads, and with a dtype that it is slow at.
SMALLEST_ON_ACCELERATOR = 1024
LARGEST_ON_CPU, LARGEST_OF_SLOW_DTYPE = {False: 2048, True: 4096}, 1024
MANY_THREADS = 16


def preferred(devices: Sequence[Device]) -> Device:
    """Return the device that `auto` means: the first accelerator, else the CPU."""
    return next((d for d in devices if d.kind != "cpu"), devices[0])


def resolve(spec: RunSpec, devices: Sequence[Device]) -> RunSpec:
    """Return the spec with every device and dtype named, without tests of the machine that a device is not fit for.

    Raises BadInput for a device that is not there, and where no test is left.
    """
    named = [_resolved(cell, devices) for cell in spec.cells]
    cells = tuple(cell for cell, device in named if not DEFINITIONS[cell.workload].of_machine or is_fit(cell, device))
    if not cells:
        raise BadInput(f"{named[0][0].test} cannot be measured on {named[0][1].name}: choose other tests or an "
                       "accelerator.")
    return that_fits(msgspec.structs.replace(spec, cells=cells), devices)


def that_fits(spec: RunSpec, devices: Sequence[Device] | None) -> RunSpec:
    """Return the spec; of the preset that has everything, without what it brings by itself and cannot work here."""
    if spec.preset != "everything":
        return spec
    kept = tuple(cell for cell in spec.cells if not _left_out(cell, devices))
    return msgspec.structs.replace(spec, cells=kept or spec.cells)


def _left_out(cell: Cell, devices: Sequence[Device] | None) -> bool:
    if cell.model == MACHINE:
        return False
    model = _model(cell.model)
    device = None if devices is None else find_device(cell.device, devices)
    return isinstance(model, Model) and left_out(cell, model, device)


def _resolved(cell: Cell, devices: Sequence[Device]) -> tuple[Cell, Device]:
    device = preferred(devices) if cell.device == "auto" else find_device(cell.device, devices)
    if not DEFINITIONS[cell.workload].on_device:
        device = find_device("cpu", devices)
    dtype = device.default_dtype if cell.dtype == "auto" else cell.dtype
    return msgspec.structs.replace(cell, device=device.id, dtype=dtype), device


def with_ceilings(spec: RunSpec, devices: Sequence[Device], known: CeilingStore, machine: Mapping[str, Any],
                  versions: Mapping[str, str]) -> RunSpec:
    """Return a resolved quick run that ends with the machine's ceilings, where they are not known yet."""
    if spec.preset != "quick" or any(cell.model == MACHINE for cell in spec.cells):
        return spec
    device = spec.cells[0].device
    found = known.get(machine, device)
    if found is not None and found.is_complete and found.versions == versions:
        return spec
    measuring = resolve(msgspec.structs.replace(spec, cells=machine_cells(device)), devices)
    return msgspec.structs.replace(spec, cells=(*spec.cells, *measuring.cells))


def is_fit(cell: Cell, device: Device) -> bool:
    """Return whether a test of the machine makes sense on a device: not without end, nor too short to keep it busy."""
    if cell.workload in ("h2d", "d2h"):
        return device.kind != "cpu"
    if DEFINITIONS[cell.workload].unit != "TFLOPS":
        return True
    fast = {probe.dtype: probe.fast for probe in device.dtypes}
    if cell.dtype not in fast:
        return False
    if device.kind != "cpu":
        return cell.size >= SMALLEST_ON_ACCELERATOR
    many = (os.cpu_count() or 1) >= MANY_THREADS
    return cell.size <= (LARGEST_ON_CPU[many] if fast[cell.dtype] else LARGEST_OF_SLOW_DTYPE)


def find_device(name: str, devices: Sequence[Device]) -> Device:
    """Return the device called that; `cuda` means the first one. Raises BadInput with those there are."""
    for device in devices:
        if name in (device.id, device.id.removesuffix(":0")):
            return device
    raise BadInput(f"There is no device '{name}' here: use {' or '.join(d.id for d in devices)}.")


def refusals(spec: RunSpec, devices: Sequence[Device] | None) -> Iterator[tuple[int, Problem]]:
    """Yield the cells that cannot work, each with its first reason.

    `devices` None, as long as they are not known, leaves out what depends on them; else the spec must be
    a resolved one.
    """
    models = {ref: _model(ref) for ref in dict.fromkeys(cell.model for cell in spec.cells) if ref != MACHINE}
    for index, cell in enumerate(spec.cells):
        if cell.model == MACHINE:
            continue  # resolving has left out what does not fit
        model = models[cell.model]
        if isinstance(model, Problem):
            yield index, model
            continue
        device = None if devices is None else find_device(cell.device, devices)
        blocking = next((p for p in problems([cell], model, device, None) if p.blocking), None)
        if blocking is not None:
            yield index, blocking


def _model(ref: str) -> Model | Problem:
    try:
        return resolve_model(ref)
    except BadInput as error:
        return Problem("model", str(error))
