"""Where tests stand below the roofs, by closed forms."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmscope.analysis.ceilings import Ceiling, Ceilings
from llmscope.analysis.roofline import Point, point, point_of, points, ridge, roof_tflops
from llmscope.core.results import Row
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, Sampling

#: 0.2 TFLOPS in f32, 20 GB/s: the ridge lies at 10 FLOP a byte. Blocks up to 1 MiB go five times as fast.
CEILINGS = Ceilings("cpu", "", "r", {}, {"float32": Ceiling("gemm512-f32", 0.2, "TFLOPS"),
                                         "bfloat16": Ceiling("gemm512-bf16", 0.8, "TFLOPS")},
                    {2**20: Ceiling("membw-read 1MiB", 100.0, "GB/s"), 2**30: Ceiling("membw-read", 20.0, "GB/s"),
                     2**31: Ceiling("membw-read", 20.0, "GB/s")})
POSITIVE = st.floats(1e-3, 1e3)


def row_of(workload: str = "tg", verdict: str = "valid", dtype: str = "float32", **extra: Any) -> Row:
    cell = Cell("bundled", workload, device="cpu", dtype=dtype, new=10)  # type: ignore[arg-type]
    extra = {"flops": 4e9, "bytes_moved": 8e9, "seconds": 0.5, "parameters": 2**28} | extra
    return make_row("r", cell, Sampling(), [0.5] * 10, verdict, None, extra, 10)  # type: ignore[arg-type]


def found(**how: Any) -> Point:
    result = point_of(row_of(**how), CEILINGS)
    assert result is not None
    return result


def test_left_of_the_ridge_memory_bounds_and_right_of_it_arithmetic() -> None:
    assert ridge(0.2, 20.0) == pytest.approx(10.0)
    assert roof_tflops(1.0, 0.2, 20.0) == pytest.approx(0.02)
    assert roof_tflops(10.0, 0.2, 20.0) == pytest.approx(0.2)
    assert roof_tflops(1000.0, 0.2, 20.0) == 0.2


@given(POSITIVE, POSITIVE, POSITIVE)
def test_the_roof_bends_at_the_ridge_and_never_falls(intensity: float, peak: float, bandwidth: float) -> None:
    assert roof_tflops(ridge(peak, bandwidth), peak, bandwidth) == pytest.approx(peak)
    assert roof_tflops(intensity, peak, bandwidth) <= roof_tflops(2 * intensity, peak, bandwidth) <= peak


def test_a_test_stands_at_its_intensity_and_speed() -> None:
    tg = found()
    assert (tg.intensity, tg.speed_tflops) == (pytest.approx(0.5), pytest.approx(0.008))
    assert tg.roof_tflops == pytest.approx(0.01) and tg.share == pytest.approx(0.8)


@given(st.floats(1e6, 1e15), st.floats(1e6, 1e15), st.floats(1e-3, 1e3))
def test_the_share_is_the_larger_of_the_shares_of_both_ceilings(flops: float, moved: float, seconds: float) -> None:
    at = point("pp512", "cpu", "float32", {"flops": flops, "bytes_moved": moved, "working_set_bytes": 2**30}, seconds,
               CEILINGS)
    assert at is not None
    assert at.share == pytest.approx(max(flops / seconds / 0.2e12, moved / seconds / 20e9))


def test_the_roof_is_that_of_the_dtype_and_of_the_working_set() -> None:
    fast = found(dtype="bfloat16", flops=4e12)
    assert fast.peak is not None and fast.peak.test == "gemm512-bf16"
    small = found(parameters=2**18)
    assert small.bandwidth is not None and small.bandwidth.value == 100.0


@pytest.mark.parametrize("extra", [{"flops": None}, {"bytes_moved": None}, {"bytes_moved": 0}, {"seconds": None}])
def test_without_flops_bytes_or_time_a_test_has_no_place(extra: dict[str, Any]) -> None:
    assert point_of(row_of(**extra), CEILINGS) is None
    assert points([row_of(**extra), row_of()], {"cpu": CEILINGS}) == [found()]


def test_a_failed_test_has_no_place() -> None:
    assert point_of(row_of(verdict="failed"), CEILINGS) is None


def test_without_ceilings_the_place_is_known_and_its_share_is_not() -> None:
    at = point_of(row_of(), None)
    assert at is not None and at.intensity == pytest.approx(0.5) and at.roof_tflops is None and at.share is None
    assert len(at.formula) == 2


def test_the_formula_can_be_checked_by_hand() -> None:
    lines = tuple(line.replace("\u00a0", " ") for line in found().formula)
    assert lines == ("4.00 GFLOP ÷ 8.00 GB = 0.500 FLOP/byte", "4.00 GFLOP ÷ 0.500 s = 0.00800 TFLOPS",
                     "roof: min(0.200 TFLOPS, 0.500 FLOP/byte × 20.0 GB/s = 0.0100 TFLOPS) = 0.0100 TFLOPS; "
                     "80 % of it reached")
