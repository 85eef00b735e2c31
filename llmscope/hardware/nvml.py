"""NVIDIA GPUs through NVML; every query stands alone, and one that fails reads as None."""

import importlib
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from llmscope.core.events import Gpu

#: What opening NVML can answer, by the end of the error's class name, in words for the window.
_REASONS = {
    "LibraryNotFound": "no NVIDIA driver is installed",
    "DriverNotLoaded": "the NVIDIA driver is not loaded",
    "LibRmVersionMismatch": "the NVIDIA driver was updated; restart the computer to use it",
    "NoPermission": "this user may not use the NVIDIA driver",
}


class GpuFacts(Struct, frozen=True, kw_only=True):
    """What does not change about a GPU; `uuid` is its identity, as CUDA may count in another order."""

    index: int
    name: str
    uuid: str | None = None
    memory_bytes: int | None = None
    compute_capability: tuple[int, int] | None = None
    driver: str | None = None


#: Bits of nvmlClocksEventReasons (nvml.h) that stand for heat or power; the others are settings, or an idle GPU.
_SLOWED_BY = {0x4: "power limit", 0x20: "heat, by the driver", 0x40: "heat, by the hardware",
              0x80: "power brake, by the hardware"}


class Gpus:
    """The GPUs that NVML sees, from `open` to `close`; `reason` says why there are none.

    `nvml` stands in for the module `pynvml`. No CUDA context is made.
    """

    def __init__(self, nvml: Any = None) -> None:
        self.reason: str | None = None
        self._nvml = nvml
        self._handles: list[tuple[int, Any, str]] = []
        self._is_open = False

    def open(self) -> "Gpus":
        """Find the GPUs; this can take a second where the driver has to wake up."""
        try:
            self._nvml = self._nvml or importlib.import_module("pynvml")
            self._nvml.nvmlInit()
            self._is_open = True
        except Exception as error:  # a driver may answer anything, and none of it may end a run
            self.reason = _words(error)
            return self
        for index in range(self._ask("nvmlDeviceGetCount") or 0):
            handle = self._ask("nvmlDeviceGetHandleByIndex", index)
            if handle is not None:
                self._handles.append((index, handle, str(self._ask("nvmlDeviceGetName", handle) or "NVIDIA GPU")))
        if not self._handles:
            self.reason = "no NVIDIA GPU was found"
        return self

    def facts(self) -> tuple[GpuFacts, ...]:
        """Return what each GPU is."""
        driver = self._ask("nvmlSystemGetDriverVersion") if self._handles else None
        return tuple(
            GpuFacts(
                index=index, name=name, driver=driver,
                uuid=self._ask("nvmlDeviceGetUUID", handle),
                memory_bytes=self._memory(handle)[1],
                compute_capability=self._ask("nvmlDeviceGetCudaComputeCapability", handle),
            )
            for index, handle, name in self._handles
        )

    def read(self) -> tuple[Gpu, ...]:
        """Return what each GPU does now; a lost GPU stays in its place with nothing readable."""
        return tuple(self._read_one(index, handle, name) for index, handle, name in self._handles)

    def close(self) -> None:
        """Let go of the driver."""
        self._handles = []
        if self._is_open:
            self._ask("nvmlShutdown")
            self._is_open = False

    def _read_one(self, index: int, handle: Any, name: str) -> Gpu:
        rates = self._ask("nvmlDeviceGetUtilizationRates", handle)
        milliwatts = self._ask("nvmlDeviceGetPowerUsage", handle)
        used, total = self._memory(handle)
        return Gpu(
            index=index, name=name,
            utilization=None if rates is None else float(rates.gpu),
            memory_used_bytes=used, memory_total_bytes=total,
            power_w=None if milliwatts is None else milliwatts / 1000,
            temperature_c=self._ask("nvmlDeviceGetTemperature", handle, self._constant("NVML_TEMPERATURE_GPU")),
            sm_clock_mhz=self._ask("nvmlDeviceGetClockInfo", handle, self._constant("NVML_CLOCK_SM")),
            slowed_by=self._slowed_by(handle),
        )

    def _slowed_by(self, handle: Any) -> str | None:
        """Return what lowers the clock, in words; the query has a newer and an older name."""
        bits = self._ask("nvmlDeviceGetCurrentClocksEventReasons", handle)
        if bits is None:
            bits = self._ask("nvmlDeviceGetCurrentClocksThrottleReasons", handle)
        return None if bits is None else ", ".join(words for bit, words in _SLOWED_BY.items() if bits & bit)

    def _memory(self, handle: Any) -> tuple[int | None, int | None]:
        """Return used and total bytes; the newer query leaves the driver's own reserve out of `used`."""
        info = self._ask("nvmlDeviceGetMemoryInfo", handle, self._constant("nvmlMemory_v2"))
        if info is None:
            info = self._ask("nvmlDeviceGetMemoryInfo", handle)
        return (None, None) if info is None else (int(info.used), int(info.total))

    def _constant(self, name: str) -> Any:
        return getattr(self._nvml, name, 0)

    def _ask(self, name: str, *arguments: Any) -> Any:
        """Return the answer of one query, or None when it is not supported, lost, or unknown to this version."""
        query: Callable[..., Any] | None = getattr(self._nvml, name, None)
        try:
            return query(*arguments) if query else None
        except Exception:  # NotSupported, GpuIsLost, Unknown, …: all mean that it cannot be read now
            return None


def gpus_static(nvml: Any = None) -> tuple[tuple[GpuFacts, ...], str | None]:
    """Return the GPUs of this machine and, where there are none, the reason in words."""
    gpus = Gpus(nvml).open()
    try:
        return gpus.facts(), gpus.reason
    finally:
        gpus.close()


def _words(error: Exception) -> str:
    if isinstance(error, ImportError):
        return "the NVML library for Python is not installed"
    kind = type(error).__name__.removeprefix("NVMLError_")
    return _REASONS.get(kind, f"NVML does not answer: {error}")
