"""Stand-ins that let the window be driven by events alone."""

from collections.abc import Callable

from llmscope.core.events import Event
from llmscope.core.spec import RunSpec
from llmscope.core.units import GIB
from llmscope.hardware.host import Machine

MACHINE = Machine(
    label="AMD EPYC, 2 cores · 16.0 GiB", cpu="AMD EPYC", cores=2, threads=2, threads_usable=2, cpu_limit_cores=None,
    memory_bytes=16 * GIB, memory_available_bytes=12 * GIB, memory_limit_bytes=None, system="Linux", kernel="6",
    architecture="x86_64", virtual=True, on_battery=False, gpus=(),
    not_readable={"cpu_power_w": "no CPU power counter is exposed to this virtual machine",
                  "cpu_temperature_c": "no CPU temperature sensor is exposed to this virtual machine",
                  "gpus": "no NVIDIA driver is installed"},
)


class FakeRunner:
    """Takes orders and remembers them; events are pushed by the test."""

    def __init__(self, push: Callable[[Event], None]) -> None:
        self.push = push
        self.specs: list[RunSpec] = []
        self.orders: list[str] = []

    def start(self) -> None:
        self.orders.append("start")

    def run_spec(self, spec: RunSpec) -> None:
        self.specs.append(spec)

    def cancel(self) -> None:
        self.orders.append("cancel")

    def close(self) -> None:
        self.orders.append("close")
