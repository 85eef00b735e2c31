"""A GPU's entry in the list of hardware: found by its driver's name, and never that of another one."""

from typing import Any

import pytest

from llmscope.hardware.catalogue import catalogue
from llmscope.hardware.matching import entries_of, entry_of

MIB = 1024**2


@pytest.mark.parametrize(("name", "memory_mib", "entry"), [
    ("NVIDIA H100 80GB HBM3", 81559, "h100-sxm"), ("NVIDIA H100 PCIe", 81559, "h100-pcie"),
    ("NVIDIA H200", 143771, "h200-sxm"), ("NVIDIA B200", 183359, "b200"),
    ("NVIDIA A100-SXM4-40GB", 40960, "a100-40-sxm"), ("NVIDIA A100-SXM4-80GB", 81920, "a100-80-sxm"),
    ("NVIDIA A100-PCIE-40GB", 40960, "a100-40-pcie"), ("NVIDIA A100 80GB PCIe", 81920, "a100-80-pcie"),
    ("Tesla T4", 15360, "t4"), ("Tesla V100-SXM2-32GB", 32768, "v100-sxm2-32"),
    ("Tesla V100-PCIE-16GB", 16384, "v100-pcie-16"), ("NVIDIA L4", 23034, "l4"), ("NVIDIA L40S", 46068, "l40s"),
    ("NVIDIA RTX 6000 Ada Generation", 49140, "rtx-6000-ada"),
    ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", 97887, "rtx-pro-6000-bw-ws"),
    ("NVIDIA GeForce RTX 4070 Laptop GPU", 8188, "rtx-4070-laptop"), ("NVIDIA GeForce RTX 4090", 24564, "rtx-4090"),
    ("NVIDIA GeForce RTX 4070 Ti SUPER", 16376, "rtx-4070-ti-super"), ("NVIDIA GeForce RTX 3080", 10240, "rtx-3080-10"),
    ("AMD Radeon RX 7900 XTX", 24560, "rx-7900-xtx"), ("AMD Instinct MI250X", 65520, "mi250x"),
    ("Intel(R) Arc(TM) A770 Graphics", 16288, "arc-a770-16"),
    # As torch tells the memory: less than the driver does.
    ("Tesla T4", 14913, "t4"), ("NVIDIA L4", 22565, "l4"), ("NVIDIA H100 80GB HBM3", 81090, "h100-sxm"),
])
def test_drivers_names_are_known(name: str, memory_mib: int, entry: str) -> None:
    found = entry_of(name, memory_mib * MIB)
    assert found is not None and found.id == entry


@pytest.mark.parametrize(("name", "memory_mib"), [
    ("NVIDIA H100 NVL", 95830), ("NVIDIA H200 NVL", 143771), ("NVIDIA GH200 480GB", 97871), ("NVIDIA GB200", 189471),
    ("NVIDIA H100 80GB HBM3", 9856), ("NVIDIA H100 80GB HBM3 MIG 3g.40gb", 40320), ("NVIDIA A100-SXM-64GB", 65536),
    ("Tesla V100-SXM2-16GB", 16384), ("Tesla V100-SXM3-32GB", 32768), ("Tesla V100-FHHL-16GB", 16384),
    ("NVIDIA A10G", 23028), ("NVIDIA L40", 46068), ("Quadro RTX 6000", 24576), ("NVIDIA RTX 6000", 49140),
    ("NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition", 97887),
    ("NVIDIA GeForce RTX 3060", 8192), ("NVIDIA GeForce RTX 3060 Laptop GPU", 6144), ("NVIDIA GeForce RTX 3080", 12288),
    ("NVIDIA GeForce RTX 4060 Ti", 8188), ("NVIDIA GeForce RTX 4070 SUPER", 12282), ("NVIDIA GeForce RTX 4070", 8188),
    ("NVIDIA GeForce RTX 4090 D", 24564), ("NVIDIA GeForce RTX 4090", 49140), ("AMD Radeon RX 7900 XT", 20464),
    ("AMD Instinct MI250X / MI250", 65520), ("AMD Radeon Graphics", 16384), ("Intel(R) Arc(TM) A770 Graphics", 8096),
    ("AMD EPYC 9654 96-Core Processor", 786432), ("Apple M1 Max", 65536), ("NVIDIA GB10", 122880),
    ("NVIDIA GPU", 24564), ("", 24564),
])
def test_a_relative_of_a_known_gpu_is_not_taken_for_it(name: str, memory_mib: int) -> None:
    assert entry_of(name, memory_mib * MIB) is None


def test_without_its_memory_a_gpu_is_not_known() -> None:
    assert entry_of("NVIDIA GeForce RTX 4090", None) is None


def test_every_gpu_of_the_list_is_found_by_its_own_name_alone() -> None:
    for hardware in catalogue():
        if hardware.kind == "gpu" and hardware.memory_gib is not None:
            assert entry_of(hardware.name, hardware.memory_gib * 1024**3) is hardware


def test_a_machines_gpus_are_known_by_torchs_ids_unless_their_order_is_open() -> None:
    card = {"index": 0, "name": "NVIDIA L4", "memory_bytes": 23034 * MIB}
    assert {device: found.id for device, found in entries_of({"gpus": [card, card]}).items()} == {
        "cuda:0": "l4", "cuda:1": "l4"}
    assert entries_of({"gpus": [card, {"name": "Tesla T4", "memory_bytes": 15360 * MIB}]}) == {}


@pytest.mark.parametrize("machine", [
    None, {}, {"gpus": None}, {"gpus": ["L4"]}, {"gpus": 3}, {"gpus": [{"name": "NVIDIA L4"}]},
    {"gpus": [{"name": None, "memory_bytes": "24"}]}])
def test_what_a_stored_machine_does_not_tell_is_not_known(machine: dict[str, Any] | None) -> None:
    assert entries_of(machine) == {}
