"""What the sampler said while a test ran, and what follows for its row."""

from statistics import mean, median
from typing import Any

import msgspec

from llmscope.core.events import Telemetry
from llmscope.core.results import COUNTED, Row

#: Share of the CPU that other programs may use, on the median, before a result says so.
BUSY_PERCENT = 10.0
#: Fewer readings of power than these say nothing of a test.
LEAST_POWER_READINGS = 5


class Watch:
    """Readings of one test: other programs and slowdowns all through it, power only while it is measured."""

    def __init__(self) -> None:
        self._others: list[float] = []
        self._slowed_by: list[str] = []
        self._power_w: list[float] = []

    def take(self, telemetry: Telemetry, device: str, is_measured: bool) -> None:
        """Take note of a reading; `device` is the test's."""
        if telemetry.others_percent is not None:
            self._others.append(telemetry.others_percent)
        gpu = next((gpu for gpu in telemetry.gpus if device == f"cuda:{gpu.index}"), None)
        if gpu is not None and gpu.slowed_by is not None:
            self._slowed_by.append(gpu.slowed_by)
        power_w = telemetry.cpu_power_w if device == "cpu" else gpu.power_w if gpu is not None else None
        if is_measured and power_w is not None:
            self._power_w.append(power_w)

    def said_of(self, row: Row) -> Row:
        """Return a row that says what the readings mean for it."""
        if row.verdict not in COUNTED:
            return row
        row = msgspec.structs.replace(row, extra=row.extra | self._slowdown() | self._energy(row))
        return self._with_others(row)

    def _with_others(self, row: Row) -> Row:
        """Return a row that says so if other programs kept the CPU busy while it was measured."""
        if not self._others:
            return row
        others = median(self._others)
        extra = row.extra | {"others_percent": others}
        if others <= BUSY_PERCENT:
            return msgspec.structs.replace(row, extra=extra)
        busy = f"other programs used {others:.0f} % of the CPU"
        return msgspec.structs.replace(row, extra=extra, verdict="warn" if row.verdict == "valid" else row.verdict,
                                       reason=f"{row.reason}, {busy}" if row.reason else busy)

    def _slowdown(self) -> dict[str, Any]:
        """Return in which share of the readings heat or power slowed the GPU, and which of them."""
        slowed = [words for words in self._slowed_by if words]
        if not slowed:
            return {}
        worst = max(set(slowed), key=slowed.count)
        return {"throttled": {"share": len(slowed) / len(self._slowed_by), "reason": worst}}

    def _energy(self, row: Row) -> dict[str, Any]:
        """Return the device's mean power while the test was measured, and its energy per token.

        Joules a token = watts ÷ tokens a second: all that the device drew, idle power included (AIPerf's
        energy_per_output_token, over the tokens of the test); the rest of the computer is not in it.
        """
        if len(self._power_w) < LEAST_POWER_READINGS:
            return {}
        power_w = mean(self._power_w)
        of_token = {"j_per_token": power_w / row.median} if row.unit == "tok/s" and row.median else {}
        scope = "CPU package" if row.device == "cpu" else "GPU"
        return {"energy": {"power_w": power_w, "readings": len(self._power_w), "scope": scope, **of_token}}
