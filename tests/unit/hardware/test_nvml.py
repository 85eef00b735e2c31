from types import SimpleNamespace
from typing import Any

import pytest

from llmscope.core.events import Gpu
from llmscope.hardware.nvml import GpuFacts, Gpus, gpus_static


class NVMLError(Exception):
    pass


def _error(name: str) -> Exception:
    return type(f"NVMLError_{name}", (NVMLError,), {})(name)


class FakeNvml:
    """The part of `pynvml` that is asked, with one GPU; `failing` maps a query to the error it raises."""

    NVML_TEMPERATURE_GPU, NVML_CLOCK_SM, nvmlMemory_v2 = 0, 1, 0x02000028

    def __init__(self, count: int = 1, failing: dict[str, str] | None = None) -> None:
        self.failing = failing or {}
        self.is_open = False
        self._answers: dict[str, Any] = {
            "nvmlDeviceGetCount": lambda: count,
            "nvmlDeviceGetHandleByIndex": lambda index: f"handle {index}",
            "nvmlSystemGetDriverVersion": lambda: "576.52",
            "nvmlDeviceGetName": lambda handle: "NVIDIA GeForce RTX 4070",
            "nvmlDeviceGetUUID": lambda handle: f"GPU-{handle[-1]}",
            "nvmlDeviceGetCudaComputeCapability": lambda handle: (8, 9),
            "nvmlDeviceGetUtilizationRates": lambda handle: SimpleNamespace(gpu=94, memory=50),
            "nvmlDeviceGetMemoryInfo": self._memory,
            "nvmlDeviceGetPowerUsage": lambda handle: 78500,
            "nvmlDeviceGetTemperature": lambda handle, sensor: 71,
            "nvmlDeviceGetClockInfo": lambda handle, clock: 2235,
            "nvmlDeviceGetCurrentClocksThrottleReasons": lambda handle: 0x44 | 0x1,
        }

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("failing", {}):
            return lambda *arguments: self._raise(name)
        try:
            return self.__dict__["_answers"][name]
        except KeyError:
            raise AttributeError(name) from None

    def nvmlInit(self) -> None:
        if "nvmlInit" in self.failing:
            self._raise("nvmlInit")
        self.is_open = True

    def nvmlShutdown(self) -> None:
        self.is_open = False

    def _raise(self, name: str) -> None:
        raise _error(self.failing[name])

    def _memory(self, handle: str, version: int | None = None) -> SimpleNamespace:
        if version is None:
            return SimpleNamespace(total=8000, free=5000, used=3000)
        if "memory v2" in self.failing:
            self._raise("memory v2")
        return SimpleNamespace(total=8000, reserved=400, free=5000, used=2600)


READ = Gpu(index=0, name="NVIDIA GeForce RTX 4070", utilization=94.0, memory_used_bytes=2600, memory_total_bytes=8000,
           power_w=78.5, temperature_c=71, sm_clock_mhz=2235, slowed_by="power limit, heat, by the hardware")


def test_a_reading_is_in_the_units_of_its_fields() -> None:
    assert Gpus(FakeNvml()).open().read() == (READ,)


@pytest.mark.parametrize(("query", "fields"), [
    ("nvmlDeviceGetUtilizationRates", ["utilization"]),
    ("nvmlDeviceGetMemoryInfo", ["memory_used_bytes", "memory_total_bytes"]),
    ("nvmlDeviceGetPowerUsage", ["power_w"]),
    ("nvmlDeviceGetTemperature", ["temperature_c"]),
    ("nvmlDeviceGetClockInfo", ["sm_clock_mhz"]),
    ("nvmlDeviceGetCurrentClocksThrottleReasons", ["slowed_by"]),
])
def test_a_query_that_is_not_supported_empties_only_its_own_fields(query: str, fields: list[str]) -> None:
    gpu = Gpus(FakeNvml(failing={query: "NotSupported"})).open().read()[0]
    assert [f for f in Gpu.__struct_fields__ if getattr(gpu, f) is None] == fields


def test_an_old_driver_without_the_newer_memory_query_still_tells_memory() -> None:
    gpu = Gpus(FakeNvml(failing={"memory v2": "FunctionNotFound"})).open().read()[0]
    assert (gpu.memory_used_bytes, gpu.memory_total_bytes) == (3000, 8000)


def test_a_gpu_lost_in_the_middle_keeps_its_place_with_nothing_readable() -> None:
    nvml = FakeNvml(count=2)
    gpus = Gpus(nvml).open()
    assert [g.power_w for g in gpus.read()] == [78.5, 78.5]
    nvml.failing = dict.fromkeys(nvml._answers, "GpuIsLost")
    assert gpus.read() == tuple(Gpu(index=i, name="NVIDIA GeForce RTX 4070") for i in (0, 1))


@pytest.mark.parametrize(("error", "words"), [
    ("LibraryNotFound", "no NVIDIA driver is installed"),
    ("DriverNotLoaded", "the NVIDIA driver is not loaded"),
    ("LibRmVersionMismatch", "the NVIDIA driver was updated; restart the computer to use it"),
    ("Timeout", "NVML does not answer: Timeout"),
])
def test_a_driver_that_does_not_open_gives_no_gpus_and_the_reason(error: str, words: str) -> None:
    assert gpus_static(FakeNvml(failing={"nvmlInit": error})) == ((), words)


@pytest.mark.parametrize("count", [0, 1])
def test_no_gpu_to_be_had_is_said(count: int) -> None:
    nvml = FakeNvml(count=count, failing={"nvmlDeviceGetHandleByIndex": "NoPermission"})
    assert gpus_static(nvml) == ((), "no NVIDIA GPU was found")


def test_a_missing_python_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pynvml", None)
    assert gpus_static() == ((), "the NVML library for Python is not installed")


def test_the_facts_name_each_gpu_and_the_driver_is_let_go() -> None:
    nvml = FakeNvml()
    facts, reason = gpus_static(nvml)
    assert facts == (GpuFacts(index=0, name="NVIDIA GeForce RTX 4070", uuid="GPU-0", memory_bytes=8000,
                              compute_capability=(8, 9), driver="576.52"),)
    assert reason is None
    assert not nvml.is_open


def test_a_closed_driver_reads_as_no_gpus() -> None:
    gpus = Gpus(FakeNvml()).open()
    gpus.close()
    assert gpus.read() == ()
