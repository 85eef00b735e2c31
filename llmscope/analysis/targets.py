"""What hardware achieves, as ranges: from published figures, or from ceilings that were measured.

What is achieved of published figures:

- Memory: 0.50 of the published bandwidth (Llama 2 7B in 16 bits on an A100: Databricks, "LLM Inference Performance
  Engineering", 2023) to 0.90 (0.88: Qwen3 8B in bfloat16 on an RTX 4090, llmfit pull request 1046). Weights of 4 or
  8 bits must be unpacked: 0.40 to 0.90.
- Products: at best what one large product achieved of the dense peak (stas00/ml-engineering, compute/accelerator):
  NVIDIA 0.78 to 0.87, AMD 0.51 to 0.62, Gaudi 2 0.97. A whole model achieves as little as half of that: predictions
  from peaks were 1.4 to 1.9 times too high in LLM-Viewer's issue 4.
- CPUs: their peaks are base clock × instruction width, so that only the order of magnitude is known: 0.1 to 1.
- Laptops: figures assume the top power limit. The lowest clock of the RTX 40 laptop GPUs is 0.56 of it, their memory
  of low power has 0.78 of the bandwidth.
"""

from collections.abc import Mapping

from msgspec import Struct

from llmscope.analysis.ceilings import Ceilings
from llmscope.analysis.demand import Demand, Format
from llmscope.analysis.figures import Fact, Provenance
from llmscope.core.units import GIB
from llmscope.hardware.catalogue import Confidence, Hardware, Peaks

Span = tuple[float, float]

#: Shares of a published figure that are achieved.
MEMORY_SHARE: Span = (0.50, 0.90)
QUANTISED_SHARE: Span = (0.40, 0.90)
PRODUCT_SHARE: dict[str, Span] = {"NVIDIA": (0.78, 0.87), "AMD": (0.51, 0.62)}
ANY_PRODUCT_SHARE: Span = (0.51, 0.97)
WHOLE_MODEL = 0.5
CPU_SHARE: Span = (0.1, 1.0)
LAPTOP_CLOCK, LAPTOP_MEMORY = 0.56, 0.78
#: Of measured ceilings a model achieves more, for they are no promise.
CEILING_MEMORY_SHARE: Span = (0.60, 1.0)
CEILING_PRODUCT_SHARE: Span = (0.40, 1.0)
#: Seconds that a layer takes at least, for its kernels are launched one after the other: at best one of about 5 µs, as
#: CUDA takes for a launch; at worst what TinyLlama takes on an M1 Ultra besides its bytes (geerlingguy/ai-benchmarks,
#: issue 48).
LAYER_S: Span = (5e-6, 150e-6)
#: What is left of a device's own memory by ECC and driver (45 of 48 GiB on an L40S), and of one that the system
#: shares (macOS lets the GPU have 65 to 75 %).
OWN_MEMORY, SHARED_MEMORY = 0.95, 0.75

#: In words, by how far the figures are to be trusted.
SOURCES: dict[Confidence, str] = {"vendor": "the vendor's figures", "secondary": "secondary sources",
                                   "unsourced": "figures of which one has no source"}


class Target(Struct, frozen=True, kw_only=True):
    """What a model would run on: usable memory, GB/s and TFLOPS between what and what; None is unknown.

    `caveats` say what makes the figures weaker than they look; `source` where they come from.
    """

    id: str
    name: str
    kind: str
    memory: Fact | None
    gb_s: Span
    tflops: Span | None
    watts: Fact | None = None
    price_usd: Fact | None = None
    source: str
    caveats: tuple[str, ...] = ()


def of_hardware(hardware: Hardware, format_: Format, prices: Mapping[str, float]) -> Target:
    """Return what published hardware achieves with weights of a format."""
    tflops, caveats = _tflops(hardware, format_)
    return Target(id=hardware.id, name=hardware.name, kind=hardware.kind, memory=_memory(hardware),
                  gb_s=_gb_s(hardware, format_), tflops=tflops,
                  source=SOURCES[hardware.confidence],
                  watts=None if hardware.tdp_w is None else Fact(hardware.tdp_w, "specification", "the rated power"),
                  price_usd=_price(hardware, prices), caveats=(*_caveats(hardware), *caveats))


def of_ceilings(ceilings: Ceilings, name: str, memory_bytes: int | None, demand: Demand) -> Target | None:
    """Return what a measured machine achieves, None where its memory's speed was not measured at this size.

    Products with int8 and int4 weights are taken as computed in float32, the one that all have.
    """
    read = ceilings.at(demand.step_bytes)
    if read is None:
        return None
    on_cpu = ceilings.device == "cpu"
    memory = (None if memory_bytes is None else
              _usable(memory_bytes, on_cpu or ceilings.device.startswith("mps"), "measured"))
    product = ceilings.product(demand.format if demand.format not in ("int8", "int4") else "float32")
    return Target(id=f"here-{ceilings.device}", name=name, kind="cpu" if on_cpu else "gpu",
                  memory=memory, gb_s=_of(read.value, CEILING_MEMORY_SHARE),
                  tflops=None if product is None else _of(product.value, CEILING_PRODUCT_SHARE),
                  source=f"ceilings measured here on {ceilings.utc[:10]}")


def _of(value: float, share: Span) -> Span:
    return value * share[0], value * share[1]


def _memory(hardware: Hardware) -> Fact | None:
    if hardware.memory_gib is None:
        return None
    return _usable(hardware.memory_gib * GIB, hardware.unified, "specification")


def _usable(memory_bytes: float, shared: bool, provenance: Provenance) -> Fact:
    share = SHARED_MEMORY if shared else OWN_MEMORY
    return Fact(memory_bytes * share, provenance,
                f"{share:.0%} of {memory_bytes / GIB:.4g} GiB{' shared with the system' if shared else ''}")


def _gb_s(hardware: Hardware, format_: Format) -> Span:
    low, high = _of(hardware.memory_bandwidth_gb_s, QUANTISED_SHARE if _is_quantised(format_) else MEMORY_SHARE)
    return low * (LAPTOP_MEMORY if hardware.kind == "gpu" and hardware.form == "laptop" else 1), high


def _is_quantised(format_: Format) -> bool:
    return format_ in ("int8", "int4")


def _tflops(hardware: Hardware, format_: Format) -> tuple[Span | None, tuple[str, ...]]:
    """Return the TFLOPS achieved with weights of a format, and what to say of them.

    Hardware without a unit for bfloat16 computes in float16, its other 16-bit format. Quantised weights may also be
    multiplied by an int8 unit: that is the upper end.
    """
    peaks = hardware.peak_tflops
    peak = _peak(peaks, format_)
    if peak is None:
        return None, (f"no peak published for {format_}",)
    low, high = _shares(hardware)
    best = max(peak, peaks.int8 or 0) if _is_quantised(format_) else peak
    said = (("no bfloat16 unit: float16 peak", peaks.bf16 is None and format_ not in ("float32", "float16")),
            ("reading: order of magnitude", hardware.kind == "cpu"))
    return (peak * low, best * high), tuple(text for text, holds in said if holds)


def _peak(peaks: Peaks, format_: Format) -> float | None:
    if format_ == "float32":
        return peaks.fp32
    return peaks.fp16 if format_ == "float16" or peaks.bf16 is None else peaks.bf16


def _shares(hardware: Hardware) -> Span:
    if hardware.kind == "cpu":
        return CPU_SHARE
    low, high = PRODUCT_SHARE.get(hardware.vendor, ANY_PRODUCT_SHARE)
    return low * WHOLE_MODEL * (LAPTOP_CLOCK if _is_limited(hardware) else 1), high


def _is_limited(hardware: Hardware) -> bool:
    """Whether the maker of the machine decides how much power the device gets; Apple's chips have one limit."""
    return hardware.form == "laptop" and hardware.vendor != "Apple"


def _caveats(hardware: Hardware) -> tuple[str, ...]:
    said = (("at the top power limit", _is_limited(hardware) and hardware.kind != "cpu"),
            ("memory as fitted", hardware.memory_gib is None))
    return tuple(text for text, holds in said if holds)


def _price(hardware: Hardware, prices: Mapping[str, float]) -> Fact | None:
    if hardware.id in prices:
        return Fact(prices[hardware.id], "specification", "your price")
    if hardware.launch_price_usd is None:
        return None
    return Fact(hardware.launch_price_usd, "specification", f"price at launch, {hardware.launch_year}")
