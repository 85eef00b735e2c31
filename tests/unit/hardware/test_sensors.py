from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from llmscope.hardware import sensors


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{text}\n")


def _temperature(root: Path) -> float | None:
    return sensors.temperature_c(sensors.temperature_file(root))


def test_the_package_sensor_of_the_cpu_driver_is_taken_among_others(tmp_path: Path) -> None:
    _write(tmp_path / "class/hwmon", {
        "hwmon0/name": "nvme", "hwmon0/temp1_input": "30000",
        "hwmon1/name": "coretemp", "hwmon1/temp1_label": "Core 0", "hwmon1/temp1_input": "50000",
        "hwmon1/temp2_label": "Package id 0", "hwmon1/temp2_input": "63500",
    })
    assert _temperature(tmp_path) == 63.5


def test_a_cpu_driver_without_labels_gives_its_first_sensor(tmp_path: Path) -> None:
    _write(tmp_path / "class/hwmon", {"hwmon0/name": "cpu_thermal", "hwmon0/temp1_input": "41000"})
    assert _temperature(tmp_path) == 41.0


def test_a_thermal_zone_of_the_cpu_is_the_second_choice(tmp_path: Path) -> None:
    _write(tmp_path / "class/thermal", {
        "thermal_zone0/type": "acpitz", "thermal_zone0/temp": "27800",
        "thermal_zone1/type": "x86_pkg_temp", "thermal_zone1/temp": "55000",
    })
    assert _temperature(tmp_path) == 55.0


def test_without_a_cpu_sensor_the_temperature_is_none(tmp_path: Path) -> None:
    _write(tmp_path / "class/hwmon", {"hwmon0/name": "nvme", "hwmon0/temp1_input": "30000"})
    assert _temperature(tmp_path) is None


def test_the_clock_is_the_mean_over_cores(tmp_path: Path) -> None:
    assert sensors.clock_mhz(tmp_path) is None
    _write(tmp_path / "devices/system/cpu", {
        "cpu0/cpufreq/scaling_cur_freq": "2000000", "cpu1/cpufreq/scaling_cur_freq": "3000000",
        "cpufreq/policy0/scaling_cur_freq": "9000000",
    })
    assert sensors.clock_mhz(tmp_path) == 2500.0


def _packages(root: Path, *energies_uj: int, range_uj: int = 1_000_000) -> None:
    for i, energy in enumerate(energies_uj):
        zone = f"class/powercap/intel-rapl:{i}"
        _write(root, {f"{zone}/name": f"package-{i}", f"{zone}/energy_uj": f"{energy}",
                      f"{zone}/max_energy_range_uj": f"{range_uj}"})
    _write(root, {"class/powercap/intel-rapl:0:0/name": "core", "class/powercap/intel-rapl:0:0/energy_uj": "77"})


def test_power_is_the_energy_of_all_packages_over_the_time_between(tmp_path: Path) -> None:
    _packages(tmp_path, 100_000, 200_000)
    power = sensors.PackagePower(tmp_path)
    assert power.read_w(0) is None
    _packages(tmp_path, 150_000, 220_000)
    assert power.read_w(10_000_000) == pytest.approx(7.0)


def test_a_counter_that_wrapped_is_unrolled(tmp_path: Path) -> None:
    _packages(tmp_path, 990_000)
    power = sensors.PackagePower(tmp_path)
    power.read_w(0)
    _packages(tmp_path, 40_000)
    assert power.read_w(10_000_000) == pytest.approx(5.0)


def test_power_is_none_while_a_package_cannot_be_read_and_starts_afresh_after(tmp_path: Path) -> None:
    _packages(tmp_path, 100_000, 200_000)
    power = sensors.PackagePower(tmp_path)
    power.read_w(0)
    (tmp_path / "class/powercap/intel-rapl:1/energy_uj").unlink()
    assert power.read_w(10_000_000) is None
    _packages(tmp_path, 150_000, 220_000)
    assert power.read_w(20_000_000) is None
    _packages(tmp_path, 160_000, 230_000)
    assert power.read_w(30_000_000) == pytest.approx(2.0)


@pytest.mark.parametrize(("battery", "expected"), [
    (None, False),
    (SimpleNamespace(power_plugged=True), False),
    (SimpleNamespace(power_plugged=False), True),
    (SimpleNamespace(power_plugged=None), None),
])
def test_a_machine_without_a_battery_is_on_mains_and_an_unknown_plug_is_none(
    monkeypatch: pytest.MonkeyPatch, battery: object, expected: bool | None
) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery, raising=False)
    assert sensors.on_battery() is expected


def test_a_system_that_cannot_tell_the_power_source_reads_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(psutil, "sensors_battery", raising=False)
    assert sensors.on_battery() is None


def test_each_missing_reading_has_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)
    assert sensors.reasons(tmp_path, virtual=True) == {
        "cpu_temperature_c": "no CPU temperature sensor is exposed to this virtual machine",
        "cpu_power_w": "no CPU power counter is exposed to this virtual machine",
        "cpu_mhz": "the CPU's current clock is not exposed to this virtual machine",
    }


def test_power_that_only_an_administrator_may_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _packages(tmp_path, 1)
    monkeypatch.setattr(sensors.os, "access", lambda path, mode: False)
    assert sensors.reasons(tmp_path)["cpu_power_w"] == "CPU power is not readable without administrator rights"


def test_what_can_be_read_has_no_reason(tmp_path: Path) -> None:
    _packages(tmp_path, 1)
    _write(tmp_path, {"class/hwmon/hwmon0/name": "k10temp", "class/hwmon/hwmon0/temp1_input": "40000",
                      "devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1"})
    assert not sensors.reasons(tmp_path).keys() & {"cpu_temperature_c", "cpu_power_w", "cpu_mhz"}
