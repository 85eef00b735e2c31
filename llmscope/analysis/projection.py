"""How fast a model would run on other hardware, and whether it would fit: ranges, from published figures.

A step of decoding takes the time of its bytes or of its FLOPs, whichever is longer; at worst both, one after the
other, besides launching the kernels of each layer.
"""

from collections.abc import Mapping

from msgspec import Struct

from llmscope.analysis.demand import SMALLER, WEIGHT_BYTES, Demand, Format
from llmscope.analysis.figures import Fact, Range
from llmscope.analysis.targets import LAYER_S, Target, of_hardware
from llmscope.hardware.catalogue import Hardware

#: Without a known peak, decoding is predicted from memory alone up to so many FLOPs a byte: all published figures here
#: allow more.
MEMORY_BOUND = 8.0


class Projection(Struct, frozen=True, kw_only=True):
    """What a demand comes to on one target. None is unknown; speeds are of all sequences together.

    `fits` None: the target's memory is not known. `spare_bytes` is negative for what is short. `smaller` is the widest
    format that fits where the one asked for does not. `energy_j_token` is at most: the rated power of the device alone,
    at the slowest speed predicted.
    """

    target: Target
    demand: Demand
    fits: bool | None
    spare_bytes: float | None
    smaller: Demand | None = None
    decode_tok_s: Range | None = None
    prefill_tok_s: Range | None = None
    energy_j_token: Fact | None = None


def project(hardware: Hardware, demands: Mapping[Format, Demand], format_: Format,
            prices: Mapping[str, float] | None = None) -> Projection:
    """Return what is expected of published hardware; `prices` are a person's own, by id."""
    return projected(of_hardware(hardware, format_, prices or {}), demands, format_)


def projected(target: Target, demands: Mapping[Format, Demand], format_: Format) -> Projection:
    """Return what is expected of a target; what does not fit has no speed."""
    demand = demands[format_]
    spare = None if target.memory is None else target.memory.value - demand.memory_bytes
    if spare is not None and spare < 0:
        return Projection(target=target, demand=demand, fits=False, spare_bytes=spare,
                          smaller=_smaller(target, demands, format_))
    decode = _speed(target, demand.batch, demand.step_bytes, demand.step_flops, demand.layers)
    prefill = (_speed(target, demand.context, demand.prompt_bytes, demand.prompt_flops, demand.layers)
               if target.tflops is not None else None)
    return Projection(target=target, demand=demand, fits=None if spare is None else True, spare_bytes=spare,
                      decode_tok_s=decode, prefill_tok_s=prefill, energy_j_token=_energy(target, decode))


def at_most_tok_s(target: Target, demand: Demand) -> float:
    """Return the tokens per second of all sequences that no decoding exceeds, however fast the target computes."""
    return demand.batch / max(demand.step_bytes / (target.gb_s[1] * 1e9), demand.layers * LAYER_S[0])


def _smaller(target: Target, demands: Mapping[Format, Demand], format_: Format) -> Demand | None:
    assert target.memory is not None
    return next((demands[other] for other in SMALLER if WEIGHT_BYTES[other] < WEIGHT_BYTES[format_]
                 and demands[other].memory_bytes <= target.memory.value), None)


def _speed(target: Target, tokens: int, moved: float, flops: float, layers: int) -> Range | None:
    """Return tokens per second of one pass over so many tokens."""
    slow_s, fast_s = (moved / (rate * 1e9) for rate in target.gb_s)
    if target.tflops is not None:
        slow_s += flops / (target.tflops[0] * 1e12)
        fast_s = max(fast_s, flops / (target.tflops[1] * 1e12))
    elif flops > MEMORY_BOUND * moved:
        return None
    fastest_s, slowest_s = (layers * seconds for seconds in LAYER_S)
    return Range(tokens / (slow_s + slowest_s), tokens / max(fast_s, fastest_s), "predicted", target.source)


def _energy(target: Target, decode: Range | None) -> Fact | None:
    if target.watts is None or decode is None:
        return None
    return Fact(target.watts.value / decode.low, "predicted", f"at most: {target.watts.source} at the slowest speed")
