"""A model on other hardware: ranges that mean something, and nothing made of what is not known."""

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from llmscope.analysis.ceilings import Ceiling, Ceilings
from llmscope.analysis.demand import FORMATS, Demand, Format, demands
from llmscope.analysis.figures import Fact, Range
from llmscope.analysis.projection import Projection, project, projected
from llmscope.analysis.targets import Target, of_ceilings, of_hardware
from llmscope.core.errors import BadInput
from llmscope.core.units import GIB
from llmscope.hardware.catalogue import Hardware, Peaks, catalogue
from llmscope.models.catalog import resolve

BY_ID = {hardware.id: hardware for hardware in catalogue()}
LLAMA = resolve("arch:llama-3.1-8b")
MODELS = tuple(resolve(f"arch:{name}") for name in ("llama-3.1-8b", "qwen3-30b-a3b", "gemma-3-1b", "mamba-130m",
                                                    "deepseek-v2-lite"))
KNOWN = {(model.ref, context, batch): demands(model, context, batch)
         for model in MODELS for context in (1, 512, 2048) for batch in (1, 7, 300)}
any_hardware = st.sampled_from(catalogue())
any_demands = st.sampled_from(sorted(KNOWN)).map(KNOWN.__getitem__)
any_format = st.sampled_from(FORMATS)


def speeds(found: Projection) -> tuple[Range | None, Range | None]:
    return found.decode_tok_s, found.prefill_tok_s


@given(any_hardware, any_demands, any_format)
def test_ranges_have_two_ends_and_a_source(hardware: Hardware, wanted: dict[Format, Demand], format_: Format) -> None:
    found = project(hardware, wanted, format_)
    for speed in speeds(found):
        assert speed is None or (0 < speed.low < speed.high and speed.provenance == "predicted" and speed.source)
    for fact in (found.energy_j_token, found.target.memory, found.target.watts, found.target.price_usd):
        assert fact is None or (fact.value > 0 and fact.source)


@given(any_hardware, any_demands, any_format)
def test_what_does_not_fit_has_no_speed(hardware: Hardware, wanted: dict[Format, Demand], format_: Format) -> None:
    found = project(hardware, wanted, format_)
    if found.fits is False:
        assert speeds(found) == (None, None) and found.energy_j_token is None
        assert found.spare_bytes is not None and found.spare_bytes < 0
        if found.smaller is not None and found.target.memory is not None:
            assert found.smaller.memory_bytes <= found.target.memory.value < found.demand.memory_bytes
    else:
        assert found.smaller is None
        assert (found.fits is None) == (hardware.memory_gib is None) == (found.spare_bytes is None)


@given(any_hardware, any_demands, any_format, st.floats(1.01, 20))
def test_more_bandwidth_is_never_slower(hardware: Hardware, wanted: dict[Format, Demand], format_: Format,
                                        factor: float) -> None:
    faster = replace(hardware, memory_bandwidth_gb_s=hardware.memory_bandwidth_gb_s * factor)
    for before, after in zip(speeds(project(hardware, wanted, format_)), speeds(project(faster, wanted, format_)),
                             strict=True):
        assert (before is None) == (after is None)
        if before is not None and after is not None:
            assert after.low > before.low and after.high >= before.high


@given(any_hardware, any_demands, any_format)
def test_what_is_missing_stays_unknown(hardware: Hardware, wanted: dict[Format, Demand], format_: Format) -> None:
    bare = replace(hardware, peak_tflops=Peaks(None, None, None, None), tdp_w=None, launch_price_usd=None,
                   memory_gib=None)
    found = project(bare, wanted, format_)
    assert found.prefill_tok_s is None and found.energy_j_token is None and found.target.price_usd is None
    assert found.fits is None and found.spare_bytes is None and found.target.tflops is None
    known = project(replace(hardware, memory_gib=None), wanted, format_)
    if found.decode_tok_s is not None and known.decode_tok_s is not None:
        assert found.decode_tok_s.high >= known.decode_tok_s.high


def test_without_a_peak_a_large_batch_is_not_predicted() -> None:
    m5 = BY_ID["apple-m5-ultra"]
    assert project(m5, demands(LLAMA, 512, 1), "bfloat16").decode_tok_s is not None
    assert project(m5, demands(LLAMA, 512, 64), "bfloat16").decode_tok_s is None


@given(any_hardware, any_demands)
def test_fewer_bits_need_less(hardware: Hardware, wanted: dict[Format, Demand]) -> None:
    needs = [wanted[format_].memory_bytes for format_ in ("float32", "bfloat16", "int8", "int4")]
    assert needs == sorted(needs, reverse=True) and len(set(needs)) == 4
    reads = [wanted[format_].step_bytes for format_ in ("float32", "bfloat16", "int8", "int4")]
    assert reads == sorted(reads, reverse=True)


def test_a_7b_model_does_not_fit_8_gib_but_its_int4_does() -> None:
    wanted = demands(resolve("arch:qwen2.5-7b"), 4096, 1)
    found = project(BY_ID["rtx-4060"], wanted, "bfloat16")
    assert found.fits is False and found.smaller is not None and found.smaller.format == "int4"
    # 7.6 B parameters of 2 bytes, 0.23 GiB of cache, and what is in work.
    assert 14.4 < found.demand.memory_bytes / GIB < 15.2
    assert found.demand.step_bytes == pytest.approx(2 * (7.62e9 - 0.545e9) + 0.235e9, rel=0.01)


def test_bfloat16_on_turing_is_computed_in_float16_and_says_so() -> None:
    found = project(BY_ID["t4"], demands(LLAMA, 512, 1), "int8")
    assert found.prefill_tok_s is not None and "no bfloat16 unit: float16 peak" in found.target.caveats
    no_float16 = project(BY_ID["tpu-v5p"], demands(LLAMA, 512, 1), "float16")
    assert no_float16.prefill_tok_s is None and "no peak published for float16" in no_float16.target.caveats


def test_weak_figures_are_marked() -> None:
    def said(id_: str) -> str:
        target = of_hardware(BY_ID[id_], "bfloat16", {})
        return "; ".join((target.source, *target.caveats))
    assert "no source" in said("rtx-5090-laptop") and "top power limit" in said("rtx-5090-laptop")
    assert "order of magnitude" in said("epyc-9654") and "memory as fitted" in said("epyc-9654")
    assert said("h100-sxm") == "the vendor's figures"


def test_a_cpu_and_a_laptop_get_wider_ranges() -> None:
    def width(id_: str) -> float:
        tflops = of_hardware(BY_ID[id_], "bfloat16", {}).tflops
        assert tflops is not None
        return tflops[1] / tflops[0]
    assert width("epyc-9654") == pytest.approx(10) and width("rtx-4070-laptop") > 1.5 * width("rtx-4070")


def test_a_price_of_ones_own_comes_first() -> None:
    assert of_hardware(BY_ID["rtx-4090"], "bfloat16", {}).price_usd == Fact(
        1599, "specification", "price at launch, 2022")
    own = of_hardware(BY_ID["rtx-4090"], "bfloat16", {"rtx-4090": 1800}).price_usd
    assert own == Fact(1800, "specification", "your price")


def ceilings(device: str = "cpu") -> Ceilings:
    return Ceilings(device, "2026-11-22T06:00:00+00:00", "r", {}, {"float32": Ceiling("gemm", 1.0, "TFLOPS")},
                    {512 * 1024**2: Ceiling("a", 50.0, "GB/s"), GIB: Ceiling("b", 50.0, "GB/s")})


def test_measured_ceilings_bound_what_is_predicted_from_them() -> None:
    wanted = demands(LLAMA, 512, 1)
    target = of_ceilings(ceilings(), "This machine, CPU", 64 * GIB, wanted["int4"])
    assert target is not None and target.memory is not None and target.memory.provenance == "measured"
    found = projected(target, wanted, "int4")
    assert found.decode_tok_s is not None and found.decode_tok_s.source == "ceilings measured here on 2026-11-22"
    assert found.decode_tok_s.high == pytest.approx(50e9 / wanted["int4"].step_bytes)
    assert projected(replace(target, memory=None), wanted, "int4").fits is None


def test_ceilings_at_other_sizes_are_no_ceilings_here() -> None:
    small = demands(resolve("bundled"), 16, 1)["float32"]
    assert of_ceilings(ceilings(), "This machine, CPU", None, small) is None


@pytest.mark.parametrize(("context", "batch"), [(0, 1), (-1, 1), (131_073, 1), (1, 0), (1, 65_537)])
def test_numbers_out_of_bounds_are_refused(context: int, batch: int) -> None:
    with pytest.raises(BadInput, match="must be 1 to"):
        demands(LLAMA, context, batch)


def test_a_model_without_a_closed_form_is_refused() -> None:
    with pytest.raises(BadInput, match="closed form"):
        demands(resolve("arch:bert-base-uncased"), 1, 1)


@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(allow_nan=True, allow_infinity=True))
def test_no_range_is_made_of_what_is_none(low: float, high: float) -> None:
    assume(not 0 < low < high < float("inf"))
    with pytest.raises(ValueError, match="is no range"):
        Range(low, high, "predicted", "s")


def test_a_projection_is_written_as_json() -> None:
    found = project(BY_ID["epyc-9654"], demands(LLAMA, 512, 1), "bfloat16")
    assert msgspec.json.decode(msgspec.json.encode(found))["spare_bytes"] is None
    assert isinstance(found.target, Target)
