"""What is free on a device now, and which models of a run are expected to need more."""

from collections.abc import Iterator, Sequence

from llmscope.core.events import Device, Telemetry
from llmscope.core.spec import MACHINE, RunSpec
from llmscope.models.catalog import resolve
from llmscope.models.limits import problems


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
    for ref, id_ in dict.fromkeys((cell.model, cell.device) for cell in spec.cells if cell.model != MACHINE):
        device = next((device for device in devices if device.id == id_), None)
        total, others = memory_now(device, telemetry)
        if device is None or total is None or others is None:
            continue
        cells = [cell for cell in spec.cells if (cell.model, cell.device) == (ref, id_)]
        for problem in problems(cells, resolve(ref), device, total - others):
            if not problem.blocking:
                yield f"{ref} on {id_} is expected not to fit. {problem.text}"
