"""Where each test stands below the roofs that were measured of its device.

Roofline (Williams, Waterman, Patterson, "Roofline: an insightful visual performance model", CACM 52(4), 2009):
a test that computes I FLOP for each byte it moves can go no faster than min(peak, I × bandwidth). Where both
are equal, at peak ÷ bandwidth, lies the ridge: left of it memory bounds, right of it arithmetic.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from llmscope.analysis.ceilings import Ceiling, Ceilings, work_of
from llmscope.analysis.evidence import percent
from llmscope.core.results import COUNTED, Row
from llmscope.core.units import NBSP, significant


def roof_tflops(intensity: float, peak_tflops: float, bandwidth_gb_s: float) -> float:
    """Return the most TFLOPS at an intensity in FLOP per byte: min(peak, intensity × bandwidth)."""
    return min(peak_tflops, intensity * bandwidth_gb_s / 1e3)


def ridge(peak_tflops: float, bandwidth_gb_s: float) -> float:
    """Return the FLOP per byte from which on arithmetic bounds: peak ÷ bandwidth."""
    return 1e3 * peak_tflops / bandwidth_gb_s


class Point(Struct, frozen=True):
    """A test on the roofline: the work of one sample in `seconds`, and the ceilings of its dtype and working set.

    `peak` (TFLOPS) and `bandwidth` (GB/s) are None where they were not measured.
    """

    test: str
    device: str
    dtype: str
    flops: float
    bytes_moved: float
    seconds: float
    working_set_bytes: float
    peak: Ceiling | None = None
    bandwidth: Ceiling | None = None

    @property
    def intensity(self) -> float:
        """FLOP per byte."""
        return self.flops / self.bytes_moved

    @property
    def speed_tflops(self) -> float:
        """Achieved TFLOPS."""
        return self.flops / self.seconds / 1e12

    @property
    def roof_tflops(self) -> float | None:
        """The most TFLOPS that both ceilings allow at this intensity, None where one is not known."""
        if self.peak is None or self.bandwidth is None:
            return None
        return roof_tflops(self.intensity, self.peak.value, self.bandwidth.value)

    @property
    def share(self) -> float | None:
        """Share of the roof that is reached, 0 to 1."""
        roof = self.roof_tflops
        return None if roof is None else self.speed_tflops / roof

    @property
    def formula(self) -> tuple[str, ...]:
        """How intensity, speed and share come about, a line each, to be checked by hand."""
        work, intensity = _with_unit(self.flops / 1e9, "GFLOP"), _with_unit(self.intensity, "FLOP/byte")
        lines = (f"{work} ÷ {_with_unit(self.bytes_moved / 1e9, 'GB')} = {intensity}",
                 f"{work} ÷ {_with_unit(self.seconds, 's')} = {_with_unit(self.speed_tflops, 'TFLOPS')}")
        if self.peak is None or self.bandwidth is None or self.share is None:
            return lines
        sloped = _with_unit(self.intensity * self.bandwidth.value / 1e3, "TFLOPS")
        memory = f"{intensity} × {_with_unit(self.bandwidth.value, 'GB/s')} = {sloped}"
        is_flat = self.peak.value <= self.intensity * self.bandwidth.value / 1e3
        roof = _with_unit(self.peak.value, "TFLOPS") if is_flat else sloped
        return (*lines, f"roof: min({_with_unit(self.peak.value, 'TFLOPS')}, {memory}) = {roof}; "
                        f"{percent(self.share)} of it reached")


def point(test: str, device: str, dtype: str, work: Mapping[str, Any], seconds: float,
          ceilings: Ceilings | None) -> Point | None:
    """Return where work done in `seconds` stands, None where its FLOPs or its bytes are not known."""
    flops, moved = work.get("flops"), work.get("bytes_moved")
    if not flops or not moved or seconds <= 0:
        return None
    working_set = work.get("working_set_bytes") or 0
    return Point(test, device, dtype, flops, moved, seconds, working_set,
                 None if ceilings is None else ceilings.product(dtype, flops / seconds / 1e12),
                 None if ceilings is None else ceilings.at(working_set))


def point_of(row: Row, ceilings: Ceilings | None) -> Point | None:
    """Return where a finished test stands, None where it has no value or lacks FLOPs or bytes."""
    seconds = row.extra.get("seconds")
    if row.verdict not in COUNTED or not seconds:
        return None
    return point(row.test, row.device, row.dtype, work_of(row), seconds, ceilings)


def points(rows: Iterable[Row], ceilings: Mapping[str, Ceilings]) -> list[Point]:
    """Return the points of all rows that have one, with the ceilings of each one's device."""
    return [found for row in rows if (found := point_of(row, ceilings.get(row.device))) is not None]


def _with_unit(value: float, unit: str) -> str:
    return f"{significant(value)}{NBSP}{unit}"
