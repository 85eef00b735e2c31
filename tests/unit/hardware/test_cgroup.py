from pathlib import Path

import pytest

from llmscope.hardware.cgroup import Limits, limits, memory_used_bytes

GIB = 1024**3


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def _limits(tmp_path: Path, membership: str, files: dict[str, str]) -> Limits:
    _write(tmp_path, files | {"membership": membership})
    return limits(tmp_path / "cgroup", tmp_path / "membership")


def test_version_2_takes_the_tightest_limit_of_a_group_and_its_parents(tmp_path: Path) -> None:
    found = _limits(tmp_path, "0::/user/app\n", {
        "cgroup/user/app/cpu.max": "max 100000\n", "cgroup/user/app/memory.max": f"{8 * GIB}\n",
        "cgroup/user/cpu.max": "150000 100000\n", "cgroup/user/memory.max": f"{4 * GIB}\n",
    })
    assert found == Limits(1.5, 4 * GIB, tmp_path / "cgroup/user")


def test_version_1_reads_quota_and_limit_of_each_controller(tmp_path: Path) -> None:
    found = _limits(tmp_path, "4:memory:/job\n3:cpu,cpuacct:/job\n", {
        "cgroup/cpu/job/cpu.cfs_quota_us": "50000\n", "cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
        "cgroup/memory/job/memory.limit_in_bytes": f"{2 * GIB}\n",
    })
    assert found == Limits(0.5, 2 * GIB, tmp_path / "cgroup/memory/job")


def test_a_group_path_outside_the_container_falls_back_to_the_mounted_root(tmp_path: Path) -> None:
    found = _limits(tmp_path, "0::/docker/abc\n", {"cgroup/memory.max": f"{GIB}\n"})
    assert found.memory_bytes == GIB


@pytest.mark.parametrize("files", [
    {"cgroup/cpu.max": "max 100000\n", "cgroup/memory.max": "max\n"},
    {"cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n", "cgroup/cpu/cpu.cfs_quota_us": "-1\n",
     "cgroup/cpu/cpu.cfs_period_us": "100000\n"},
    {"cgroup/cpu.max": "junk\n", "cgroup/memory.max": "\n"},
    {},
])
def test_no_limit_is_none(tmp_path: Path, files: dict[str, str]) -> None:
    assert _limits(tmp_path, "4:memory:/\n3:cpu:/\n0::/\n", files) == Limits()


@pytest.mark.parametrize(("usage", "inactive"), [
    ("memory.current", "inactive_file"), ("memory.usage_in_bytes", "total_inactive_file"),
])
def test_memory_in_use_leaves_out_the_reclaimable_file_cache(tmp_path: Path, usage: str, inactive: str) -> None:
    _write(tmp_path, {usage: "1000\n", "memory.stat": f"anon 600\n{inactive} 300\n"})
    assert memory_used_bytes(tmp_path) == 700


def test_memory_in_use_of_a_vanished_group_is_none(tmp_path: Path) -> None:
    assert memory_used_bytes(tmp_path) is None
