"""Stand-ins that let the window be driven by events alone."""

from collections.abc import Callable

import msgspec

from llmscope import paths
from llmscope.analysis.ceilings import Ceiling, Ceilings
from llmscope.core.events import Device, DtypeProbe, Event
from llmscope.core.spec import RunSpec
from llmscope.core.units import GIB
from llmscope.hardware.host import Machine
from llmscope.hardware.nvml import GpuFacts
from llmscope.runs.ceilings import FILE, CeilingStore
from llmscope.runs.resume import Earlier

MIB = 1024**2

MACHINE = Machine(
    label="AMD EPYC, 2 cores · 16.0 GiB", cpu="AMD EPYC", cores=2, threads=2, threads_usable=2, cpu_limit_cores=None,
    memory_bytes=16 * GIB, memory_available_bytes=12 * GIB, memory_limit_bytes=None, system="Linux", kernel="6",
    architecture="x86_64", virtual=True, on_battery=False, gpus=(),
    not_readable={"cpu_power_w": "no CPU power counter is exposed to this virtual machine",
                  "cpu_temperature_c": "no CPU temperature sensor is exposed to this virtual machine",
                  "gpus": "no NVIDIA driver is installed"},
)


#: The same with a GPU that the list of hardware has.
GPU_MACHINE = msgspec.structs.replace(MACHINE, gpus=(
    GpuFacts(index=0, name="NVIDIA GeForce RTX 5070 Ti", memory_bytes=16303 * MIB),))
GPU = Device("cuda:0", "NVIDIA GeForce RTX 5070 Ti", "cuda", 15840 * MIB, (DtypeProbe("bfloat16", True),))
CPU = Device("cpu", "AMD EPYC", "cpu", 16 * GIB, (DtypeProbe("float32", True),))


def ceilings(device: str, tflops: float, gb_s: float) -> Ceilings:
    """Return ceilings of a device as a run would have measured them."""
    products = {dtype: Ceiling(f"gemm1024-{short}", tflops * share, "TFLOPS")
                for dtype, short, share in (("float32", "f32", 1.0), ("bfloat16", "bf16", 0.12))}
    memory = {2**n * MIB: Ceiling(f"membw-read {2**n}MiB", gb_s * (3.6 if n < 5 else 1.0), "GB/s") for n in range(11)}
    return Ceilings(device, "2026-11-21T18:12:00+00:00", "r0", {}, products, memory,
                    {"disk-read": Ceiling("disk-read 256MiB", 1.28, "GB/s")})


CEILINGS = {"cpu": ceilings("cpu", 0.42, 45.2), "cuda:0": ceilings("cuda:0", 34.1, 720.0)}


def know_ceilings(machine: Machine = MACHINE) -> None:
    """Keep them where the window looks for them."""
    store = CeilingStore(paths.data_folder() / FILE)
    for found in CEILINGS.values():
        store.put(msgspec.to_builtins(machine), found)


class FakeRunner:
    """Takes orders and remembers them; events are pushed by the test."""

    def __init__(self, push: Callable[[Event], None]) -> None:
        self.push = push
        self.specs: list[RunSpec] = []
        self.earlier: list[Earlier | None] = []
        self.orders: list[str] = []

    def start(self) -> None:
        self.orders.append("start")

    def run_spec(self, spec: RunSpec, before: Earlier | None = None) -> None:
        self.specs.append(spec)
        self.earlier.append(before)

    def cancel(self) -> None:
        self.orders.append("cancel")

    def close(self) -> None:
        self.orders.append("close")
