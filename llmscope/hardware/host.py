"""What this computer is: processor, memory, system and power source, without names of people or hosts."""

import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from msgspec import Struct

from llmscope.core.units import gib
from llmscope.hardware import cgroup, sensors
from llmscope.hardware.nvml import GpuFacts, gpus_static

CPUINFO = Path("/proc/cpuinfo")
#: Instructions that decide how fast products are: of two processors that a host names alike one may lack them.
_VECTORS = re.compile(r"avx\w*|amx\w*|fma|f16c|asimd\w*|sve\w*|sme2?|bf16|i8mm")


class Machine(Struct, frozen=True, kw_only=True):
    """One look at the machine; None is "not readable", and for limits "no limit".

    `cpu_details` are the numbers of the processor's model and its vector instructions, empty where not readable.
    `threads` counts logical processors, `threads_usable` those that this process may run on,
    `cpu_limit_cores` is a container's quota. `not_readable` tells why fields of Telemetry stay empty.
    """

    label: str
    cpu: str
    cores: int | None
    threads: int | None
    threads_usable: int | None
    cpu_limit_cores: float | None
    memory_bytes: int
    memory_available_bytes: int
    memory_limit_bytes: int | None
    system: str
    kernel: str
    architecture: str
    virtual: bool | None
    on_battery: bool | None
    gpus: tuple[GpuFacts, ...]
    not_readable: dict[str, str]
    cpu_details: str = ""


def machine() -> Machine:
    """Return what this computer is; waking a GPU's driver can take a second, so not in a window's thread."""
    cpu, cores, threads, usable = cpu_name(), psutil.cpu_count(logical=False), psutil.cpu_count(), threads_usable()
    limits = cgroup.limits()
    memory_bytes, available_bytes, limit_bytes = memory(limits)
    gpus, no_gpus = gpus_static()
    virtual = is_virtual()
    return Machine(
        label=label(cpu, cores or threads, limits.cpu_cores, limit_bytes or memory_bytes, gpus),
        cpu=cpu, cores=cores, threads=threads, threads_usable=usable, cpu_limit_cores=limits.cpu_cores,
        memory_bytes=memory_bytes, memory_available_bytes=available_bytes, memory_limit_bytes=limit_bytes,
        system=system_name(), kernel=platform.release(), architecture=platform.machine(),
        virtual=virtual, on_battery=sensors.on_battery(), gpus=gpus,
        not_readable=sensors.reasons(virtual=virtual) | ({"gpus": no_gpus} if no_gpus else {}),
        cpu_details=parse_cpu_details(_text(CPUINFO)) if sys.platform == "linux" else platform.processor(),
    )


def memory(limits: cgroup.Limits) -> tuple[int, int, int | None]:
    """Return total, available and, where it is lower than the total, the limit of memory, in bytes."""
    now = psutil.virtual_memory()
    if limits.memory_bytes is None or limits.memory_bytes >= now.total or limits.memory_folder is None:
        return now.total, now.available, None
    left = limits.memory_bytes - (cgroup.memory_used_bytes(limits.memory_folder) or 0)
    return now.total, max(0, min(now.available, left)), limits.memory_bytes


def label(cpu: str, cores: int | None, quota: float | None, memory_bytes: int, gpus: tuple[GpuFacts, ...] = ()) -> str:
    """Return a short name for the hardware, such as `AMD EPYC, 2 cores · 23.5 GiB`."""
    count = f", {cores} core{'s' * (cores != 1)}" if cores else ""
    if quota is not None and cores and quota < cores:
        count = f", {quota:.3g} of {cores} cores"
    parts = [short_cpu_name(cpu) + count, gib(memory_bytes)]
    names = [short_gpu_name(gpu.name) for gpu in gpus]
    for name in dict.fromkeys(names):
        parts.append(f"{names.count(name)} × {name}" if names.count(name) > 1 else name)
    return " · ".join(parts)


def short_cpu_name(name: str) -> str:
    """Return a marketing name without trademarks, clocks, core counts and graphics."""
    name = re.sub(r"\((R|TM|tm|r)\)|\bCPU\b|\bProcessor\b|\d+-Core|@.*$|\bw/.*$|\bwith Radeon.*$|^\d+th Gen", " ", name)
    return " ".join(name.split())


def short_gpu_name(name: str) -> str:
    """Return a GPU's name without what every such name begins and ends with."""
    return name.removeprefix("NVIDIA ").removeprefix("GeForce ").removesuffix(" GPU")


def device_name(about: Mapping[str, Any], device: str) -> str:
    """Return the hardware's name for torch's id of a device, as far as what a run tells of its machine goes."""
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return short_cpu_name(str(about.get("cpu") or "")) or "CPU"
    gpus = gpus_of(about)
    if number.isdecimal() and int(number) < len(gpus) and gpus[int(number)].get("name"):
        return short_gpu_name(str(gpus[int(number)]["name"]))
    return device


def gpus_of(about: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the GPUs that a run tells of its machine; none where another program's file says something else there."""
    told = about.get("gpus")
    return [gpu for gpu in told if isinstance(gpu, Mapping)] if isinstance(told, list | tuple) else []


def cpu_name() -> str:
    """Return the processor's marketing name, or the architecture where the system tells no name."""
    if sys.platform == "win32":
        return _windows_cpu_name() or platform.machine()
    if sys.platform == "darwin":
        return _sysctl("machdep.cpu.brand_string") or platform.machine()
    return parse_cpu_name(_text(CPUINFO)) or _text(Path("/proc/device-tree/model")).strip("\0") or platform.machine()


def parse_cpu_name(cpuinfo: str) -> str:
    """Return the name in the text of /proc/cpuinfo, or an empty string."""
    for key in ("model name", "Model", "Hardware", "cpu model", "cpu"):
        found = re.search(rf"^{key}\s*:\s*(\S.*)$", cpuinfo, re.MULTILINE)
        if found:
            return found[1].strip()
    return ""


def parse_cpu_details(cpuinfo: str) -> str:
    """Return vendor, family, model and stepping in the text of /proc/cpuinfo, and the vector instructions."""
    found = dict(re.findall(r"^([^\t:]+?)\s*:\s*(.*)$", cpuinfo, re.MULTILINE))
    numbers = [found[key] for key in ("vendor_id", "cpu family", "model", "stepping", "CPU implementer",
                                      "CPU architecture", "CPU variant", "CPU part") if key in found]
    flags = (found.get("flags") or found.get("Features") or "").split()
    return " ".join((*numbers, *sorted(flag for flag in flags if _VECTORS.fullmatch(flag))))


def threads_usable() -> int | None:
    """Return how many logical processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    count: int | None = psutil.cpu_count()
    return count


def is_virtual() -> bool | None:
    """Return whether a hypervisor is in sight; None where that cannot be told."""
    if sys.platform == "darwin":
        return {"1": True, "0": False}.get(_sysctl("kern.hv_vmm_present"))
    flags = re.search(r"^flags\s*:(.*)$", _text(CPUINFO), re.MULTILINE)
    return "hypervisor" in flags[1].split() if flags else None


def system_name() -> str:
    """Return the operating system with its version."""
    if sys.platform == "linux":
        try:
            return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
        except OSError:
            return "Linux"
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    return f"{platform.system()} {platform.release()} ({platform.version()})"


def _windows_cpu_name() -> str:
    if sys.platform != "win32":
        return ""
    import winreg

    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0") as key:
        return str(winreg.QueryValueEx(key, "ProcessorNameString")[0]).strip()


def _sysctl(name: str) -> str:
    try:
        answer = subprocess.run(["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
