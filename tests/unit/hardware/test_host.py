import getpass
import platform
from pathlib import Path
from types import SimpleNamespace

import msgspec
import psutil
import pytest

from llmscope.hardware import cgroup, host
from llmscope.hardware.nvml import GpuFacts

GIB = 1024**3


@pytest.mark.parametrize(("name", "short"), [
    ("AMD EPYC", "AMD EPYC"),
    ("AMD EPYC 7763 64-Core Processor", "AMD EPYC 7763"),
    ("Intel(R) Core(TM) i7-1185G7 @ 3.00GHz", "Intel Core i7-1185G7"),
    ("Intel(R) Xeon(R) Platinum 8480C CPU @ 2.00GHz", "Intel Xeon Platinum 8480C"),
    ("13th Gen Intel(R) Core(TM) i7-13700H", "Intel Core i7-13700H"),
    ("AMD Ryzen 7 7840U w/ Radeon 780M Graphics", "AMD Ryzen 7 7840U"),
    ("Apple M2 Pro", "Apple M2 Pro"),
])
def test_a_short_name_keeps_maker_and_model(name: str, short: str) -> None:
    assert host.short_cpu_name(name) == short


@pytest.mark.parametrize(("cpuinfo", "name"), [
    ("processor\t: 0\nmodel\t\t: 1\nmodel name\t: AMD EPYC\nmodel name\t: AMD EPYC\n", "AMD EPYC"),
    ("processor\t: 0\nBogoMIPS\t: 108\nModel\t\t: Raspberry Pi 5 Model B\n", "Raspberry Pi 5 Model B"),
    ("processor\t: 0\n", ""),
])
def test_the_name_is_read_from_cpuinfo(cpuinfo: str, name: str) -> None:
    assert host.parse_cpu_name(cpuinfo) == name


def _label(*arguments: object, gpus: tuple[str, ...] = ()) -> str:
    facts = tuple(GpuFacts(index=i, name=name) for i, name in enumerate(gpus))
    return host.label(*arguments, facts).replace("\u00a0", " ")  # type: ignore[arg-type]


def test_the_label_says_processor_cores_and_memory() -> None:
    assert _label("AMD EPYC", 2, None, int(23.54 * GIB)) == "AMD EPYC, 2 cores · 23.5 GiB"
    assert _label("One", 1, None, 2 * GIB) == "One, 1 core · 2.00 GiB"
    assert _label("Unknown", None, None, 2 * GIB) == "Unknown · 2.00 GiB"


def test_the_label_says_a_quota_below_the_cores() -> None:
    assert _label("AMD EPYC", 16, 1.5, 64 * GIB) == "AMD EPYC, 1.5 of 16 cores · 64.0 GiB"
    assert _label("AMD EPYC", 16, 16.0, 64 * GIB) == "AMD EPYC, 16 cores · 64.0 GiB"


def test_the_label_names_gpus_and_counts_equal_ones() -> None:
    names = ("NVIDIA GeForce RTX 4070 Laptop GPU", "NVIDIA H200", "NVIDIA H200")
    assert _label("X", 8, None, 32 * GIB, gpus=names) == "X, 8 cores · 32.0 GiB · RTX 4070 Laptop · 2 × H200"


def test_memory_is_the_machines_where_the_limit_is_higher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=100, available=60))
    assert host.memory(cgroup.Limits()) == (100, 60, None)
    assert host.memory(cgroup.Limits(memory_bytes=200, memory_folder=Path("/none"))) == (100, 60, None)


def test_a_containers_limit_bounds_what_is_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=100, available=60))
    (tmp_path / "memory.current").write_text("30\n")
    assert host.memory(cgroup.Limits(memory_bytes=50, memory_folder=tmp_path)) == (100, 20, 50)


def test_this_machine_can_be_stored_and_says_no_names() -> None:
    machine = host.machine()
    stored = msgspec.to_builtins(machine)
    assert msgspec.convert(stored, host.Machine) == machine
    assert machine.label.startswith(host.short_cpu_name(machine.cpu))
    assert 0 < machine.memory_available_bytes < machine.memory_bytes
    words = msgspec.json.encode(stored).decode()
    assert platform.node() not in machine.label
    assert f"/{getpass.getuser()}" not in words


def test_a_machine_without_readable_files_still_has_a_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(host, "CPUINFO", tmp_path / "missing")
    assert host.cpu_name()


def test_processors_that_a_host_names_alike_are_told_apart_by_model_and_vector_instructions() -> None:
    older = ("vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\nmodel name\t: AMD EPYC\nstepping\t: 1\n"
             "flags\t\t: fpu avx2 avx smep\n")
    assert host.parse_cpu_details(older) == "AuthenticAMD 25 1 1 avx avx2"
    arm = "CPU implementer\t: 0x41\nCPU part\t: 0xd40\nFeatures\t: fp asimd sve bf16\n"
    assert host.parse_cpu_details(arm) == "0x41 0xd40 asimd bf16 sve" and host.parse_cpu_details("") == ""
