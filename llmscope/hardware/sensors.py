"""Temperature, power, clock and power source of the CPU, and why one of them cannot be read."""

import os
import time
from pathlib import Path

import psutil

SYS = Path("/sys")

#: hwmon drivers of CPU sensors, and the labels that stand for the whole package, best first.
_CPU_DRIVERS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal")
_PACKAGE_LABELS = ("Package id 0", "Tdie", "Tctl")
_CPU_ZONES = ("x86_pkg_temp", "cpu-thermal", "cpu_thermal", "soc-thermal")


def temperature_file(root: Path = SYS) -> Path | None:
    """Return the file with the CPU's temperature in thousandths of a degree, or None."""
    for folder in _folders(root / "class/hwmon", "hwmon*"):
        if _text(folder / "name") in _CPU_DRIVERS:
            labels = {_text(file): file.name for file in _folders(folder, "temp*_label")}
            named = [folder / labels[name].replace("_label", "_input") for name in _PACKAGE_LABELS if name in labels]
            inputs = named + _folders(folder, "temp*_input")
            if inputs:
                return inputs[0]
    zones = {_text(zone / "type"): zone / "temp" for zone in _folders(root / "class/thermal", "thermal_zone*")}
    return next((zones[name] for name in _CPU_ZONES if name in zones), None)


def temperature_c(file: Path | None) -> float | None:
    """Return the temperature in that file, or None where it cannot be read."""
    value = _number(file) if file else None
    return None if value is None else value / 1000


def clock_mhz(root: Path = SYS) -> float | None:
    """Return the mean current clock of all cores, or None where the system only knows the nominal one."""
    values = [_number(f) for f in (root / "devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_cur_freq")]
    known = [v for v in values if v is not None]
    return sum(known) / len(known) / 1000 if known else None


def on_battery() -> bool | None:
    """Return whether the battery feeds the machine; a machine without one is on mains, None is "not readable"."""
    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError, RuntimeError):
        return None
    if battery is None:
        return False
    return None if battery.power_plugged is None else not battery.power_plugged


class PackagePower:
    """Power of all CPU packages from their energy counters (RAPL); None without the right to read them."""

    def __init__(self, root: Path = SYS) -> None:
        zones = _folders(root / "class/powercap", "intel-rapl:*")
        self.zones = [z for z in zones if _text(z / "name").startswith("package")]
        self._ranges_uj = [_number(z / "max_energy_range_uj") for z in self.zones]
        self._last: tuple[int, list[int]] | None = None

    def read_w(self, now_ns: int | None = None) -> float | None:
        """Return the mean power since the last call, in watts; the first call only starts the count."""
        now_ns = time.perf_counter_ns() if now_ns is None else now_ns
        readings = [_number(z / "energy_uj") for z in self.zones]
        energies = [e for e in readings if e is not None]
        complete = bool(readings) and len(energies) == len(readings)
        last, self._last = self._last, (now_ns, energies) if complete else None
        if last is None or not complete or now_ns <= last[0]:
            return None
        used_uj = 0
        for energy, before, range_uj in zip(energies, last[1], self._ranges_uj, strict=True):
            if energy < before and range_uj is None:
                return None
            used_uj += energy - before + (range_uj or 0) * (energy < before)
        return used_uj * 1000 / (now_ns - last[0])


def reasons(root: Path = SYS, virtual: bool | None = None) -> dict[str, str]:
    """Return, for each field of Telemetry that this machine cannot fill, one line that says why."""
    where = "to this virtual machine" if virtual else "by this system"
    found = {}
    if temperature_c(temperature_file(root)) is None:
        found["cpu_temperature_c"] = f"no CPU temperature sensor is exposed {where}"
    zones = PackagePower(root).zones
    if not zones:
        found["cpu_power_w"] = f"no CPU power counter is exposed {where}"
    elif not os.access(zones[0] / "energy_uj", os.R_OK):
        found["cpu_power_w"] = "CPU power is not readable without administrator rights"
    if clock_mhz(root) is None:
        found["cpu_mhz"] = f"the CPU's current clock is not exposed {where}"
    if on_battery() is None:
        found["on_battery"] = "the power source is not readable here"
    return found


def _folders(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern))


def _number(file: Path) -> int | None:
    text = _text(file)
    return int(text) if text.lstrip("-").isdigit() else None


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
