"""What is free on a device now, and which models of a run are expected to need more."""

from collections.abc import Callable, Iterator, Sequence

from llmscope.core.events import Device, Telemetry
from llmscope.core.spec import DTYPE_BYTES, MACHINE, RunSpec
from llmscope.core.units import gib
from llmscope.models.catalog import Model, resolve
from llmscope.models.limits import problems
from llmscope.models.memory import memory


def memory_now(device: Device | None, telemetry: Telemetry | None) -> tuple[int | None, int | None]:
    """Return the device's memory and what other programs hold of it, in bytes; None where not readable."""
    if device is not None and device.kind != "cpu":
        number = int(device.id.partition(":")[2] or 0)
        gpu = next((gpu for gpu in telemetry.gpus if gpu.index == number), None) if telemetry else None
        return (gpu.memory_total_bytes, gpu.memory_used_bytes) if gpu else (device.memory_bytes, None)
    if telemetry is None or telemetry.memory_used_bytes is None:
        return (telemetry.memory_total_bytes if telemetry else None), None
    return telemetry.memory_total_bytes, max(0, telemetry.memory_used_bytes - (telemetry.worker_rss_bytes or 0))


def too_large(spec: RunSpec, devices: Sequence[Device], telemetry: Telemetry) -> Iterator[str]:
    """Yield one line for each model and device of a resolved run whose most demanding test does not fit now."""
    for ref, id_, text in shortfalls(spec, devices, telemetry, resolve):
        yield f"{ref} on {id_} is expected not to fit. {text}"


def shortfalls(spec: RunSpec, devices: Sequence[Device], telemetry: Telemetry,
               model_of: Callable[[str], Model]) -> Iterator[tuple[str, str, str]]:
    """Yield model, device and what is lacking, where the most demanding test of a resolved run does not fit now."""
    beside = _beside(spec, model_of)
    for ref, id_ in dict.fromkeys((cell.model, cell.device) for cell in spec.cells if cell.model != MACHINE):
        device = next((device for device in devices if device.id == id_), None)
        total, others = memory_now(device, telemetry)
        if device is None or total is None or others is None:
            continue
        cells = [cell for cell in spec.cells if (cell.model, cell.device) == (ref, id_)]
        for problem in problems(cells, model_of(ref), device, max(0, total - others - beside)):
            if not problem.blocking:
                also = f" Beside it the other setting holds {gib(beside)} of weights." if beside else ""
                yield ref, id_, problem.text + also


def _beside(spec: RunSpec, model_of: Callable[[str], Model]) -> int:
    """Return the bytes of weights that two tests in turns hold besides those of the one at work.

    One network serves both unless they differ in what it is made of; else the larger is taken to be at work.
    """
    networks = {(cell.model, cell.device, cell.weights_dtype, cell.backend): cell for cell in spec.cells}
    if not spec.in_turns or len(networks) < 2 or len({device for _, device, _, _ in networks}) > 1:
        return 0
    return min(memory(model_of(cell.model), cell, DTYPE_BYTES.get(cell.dtype, 4)).weights or 0
               for cell in networks.values())
