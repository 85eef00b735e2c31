"""How near a test came to the vendor's figures of the GPU that it ran on."""

from llmscope.analysis.ceilings import Bound, Limit, work_of
from llmscope.analysis.targets import SOURCES
from llmscope.core.results import COUNTED, Row
from llmscope.core.units import significant
from llmscope.hardware.catalogue import Hardware

#: Which peak holds for products of a dtype; mixed precision multiplies in bfloat16.
_PEAKS = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16", "amp": "bf16"}


def rated_limits(row: Row, hardware: Hardware | None) -> dict[Bound, Limit]:
    """Return what a test achieved of the vendor's dense peak and bandwidth; what is not known is left out.

    `test` of a limit is a sentence that says whose figure it is. A share can be above 1: a card's clock may pass the
    one that its peak is rated at, and a small working set stays in the cache.
    """
    work, seconds = work_of(row), row.extra.get("seconds")
    if hardware is None or row.verdict not in COUNTED or not seconds:
        return {}
    name = _PEAKS.get(row.dtype)
    peak = None if name is None else getattr(hardware.peak_tflops, name)
    found: dict[Bound, Limit] = {}
    if peak is not None and work.get("flops"):
        said = f"vendor's peak {significant(peak)} TFLOPS {name} dense: {_source(hardware)}"
        found["compute"] = Limit("compute", work["flops"] / seconds / 1e12, peak, "TFLOPS", said)
    if work.get("bytes_moved"):
        rate = hardware.memory_bandwidth_gb_s
        said = f"vendor's bandwidth {significant(rate)} GB/s: {_source(hardware)}"
        found["memory bandwidth"] = Limit("memory bandwidth", work["bytes_moved"] / seconds / 1e9, rate, "GB/s", said)
    return found


def _source(hardware: Hardware) -> str:
    """Return the name of an entry and how far its figures are to be trusted, with the first source."""
    return f"{hardware.name}, {SOURCES[hardware.confidence]} ({hardware.sources[0]})"
