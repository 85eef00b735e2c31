"""From what was asked to what will run: devices and dtypes named, impossible cells told before anything starts."""

from collections.abc import Iterator, Sequence

import msgspec

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import BadInput
from llmscope.core.events import Device
from llmscope.core.spec import Cell, RunSpec
from llmscope.models.catalog import Model
from llmscope.models.catalog import resolve as resolve_model
from llmscope.models.limits import Problem, left_out, problems


def preferred(devices: Sequence[Device]) -> Device:
    """Return the device that `auto` means: the first accelerator, else the CPU."""
    return next((d for d in devices if d.kind != "cpu"), devices[0])


def resolve(spec: RunSpec, devices: Sequence[Device]) -> RunSpec:
    """Return the spec with every device and dtype named; raises BadInput for a device that is not there."""
    named = msgspec.structs.replace(spec, cells=tuple(_resolved(cell, devices) for cell in spec.cells))
    return that_fits(named, devices)


def that_fits(spec: RunSpec, devices: Sequence[Device] | None) -> RunSpec:
    """Return the spec; of the preset that has everything, without what it brings by itself and cannot work here."""
    if spec.preset != "everything":
        return spec
    kept = tuple(cell for cell in spec.cells if not _left_out(cell, devices))
    return msgspec.structs.replace(spec, cells=kept or spec.cells)


def _left_out(cell: Cell, devices: Sequence[Device] | None) -> bool:
    model = _model(cell.model)
    device = None if devices is None else find_device(cell.device, devices)
    return isinstance(model, Model) and left_out(cell, model, device)


def _resolved(cell: Cell, devices: Sequence[Device]) -> Cell:
    device = preferred(devices) if cell.device == "auto" else find_device(cell.device, devices)
    if not {"model", "weights"} & set(DEFINITIONS[cell.workload].needs):
        device = find_device("cpu", devices)
    dtype = device.default_dtype if cell.dtype == "auto" else cell.dtype
    return msgspec.structs.replace(cell, device=device.id, dtype=dtype)


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
    models = {ref: _model(ref) for ref in dict.fromkeys(cell.model for cell in spec.cells)}
    for index, cell in enumerate(spec.cells):
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
