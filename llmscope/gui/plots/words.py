"""What the live plots say: names of panes and sources, values with units, and sentences for screen readers."""

from PySide6.QtCore import QObject

from llmscope.core.events import Telemetry
from llmscope.core.units import GIB, NBSP, significant
from llmscope.gui.live_feed import LiveFeed


def titles(of: QObject) -> dict[str, str]:
    """Return the titles of the panes."""
    return {
        "tokens": of.tr("Tokens per second"), "utilization": of.tr("Utilization"), "memory": of.tr("Memory"),
        "power": of.tr("Power"), "temperature": of.tr("Temperature"),
    }


def source(pane: str, source: str, feed: LiveFeed) -> str:
    """Return the name of a source: CPU or GPU, RAM or VRAM; numbered where there are several GPUs."""
    if source == "cpu":
        return "RAM" if pane == "memory" else "CPU"
    number = f" {int(source[3:]) + 1}" if feed.telemetry is not None and len(feed.telemetry.gpus) > 1 else ""
    return ("VRAM" if pane == "memory" else "GPU") + number


def value(of: QObject, pane: str, source: str, value: float | None, telemetry: Telemetry | None,
          is_now: bool) -> str:
    """Return a value with its unit; memory as used of all, in GiB."""
    if value is None:
        return of.tr("not readable") if is_now else "—"
    if pane == "memory":
        total = _capacity(source, telemetry)
        return f"{value:.0f}{NBSP}%" if total is None else _used_of(value / 100 * total, total)
    unit = {"utilization": "%", "power": "W", "temperature": "°C"}[pane]
    return f"{value:.0f}{NBSP}{unit}"


def _used_of(used_bytes: float, total_bytes: int) -> str:
    total_gib = total_bytes / GIB
    return f"{used_bytes / GIB:,.1f} of {total_gib:,.{1 if total_gib < 10 else 0}f}{NBSP}GiB"


def _capacity(source: str, telemetry: Telemetry | None) -> int | None:
    if telemetry is None:
        return None
    if source == "cpu":
        return telemetry.memory_total_bytes
    return next((gpu.memory_total_bytes for gpu in telemetry.gpus if f"gpu{gpu.index}" == source), None)


def sentence(of: QObject, pane: str, feed: LiveFeed) -> str:
    """Return what a pane shows, such as "CPU utilization, now 94 percent, mean 95 in decode."."""
    units = {"tokens": of.tr("tokens per second"), "power": of.tr("watts"), "temperature": of.tr("degrees Celsius")}
    unit = units.get(pane, of.tr("percent"))
    parts = []
    for name, series in feed.values(pane).items():
        what = titles(of)[pane] if pane == "tokens" else f"{source(pane, name, feed)} {titles(of)[pane].lower()}"
        if series.latest is None:
            parts.append(of.tr("{}, not readable.").format(what))
            continue
        text = of.tr("{what}, now {value} {unit}").format(what=what, value=significant(series.latest), unit=unit)
        if series.mean is not None and feed.open_phase is not None:
            text += of.tr(", mean {mean} in {phase}").format(mean=significant(series.mean), phase=feed.open_phase.name)
        parts.append(text + ".")
    return " ".join(parts) or of.tr("{}, no values yet.").format(titles(of)[pane])
