"""Shares of the vendor's figures: dense, of the dtype's own peak, and none where a figure or the work is unknown."""

import pytest
from msgspec.structs import replace

from llmscope.analysis.rated import rated_limits
from llmscope.core.results import Row
from llmscope.hardware.catalogue import catalogue

BY_ID = {hardware.id: hardware for hardware in catalogue()}
#: 8.26 TFLOP and 50.4 GB in a tenth of a second.
ROW = Row(run="r", test="pp512", definition="pp/1", model="m", backend="eager", device="cuda:0", dtype="bfloat16",
          batch=1, seq=512, new=0, depth=0, unit="tok/s", median=1.0, verdict="valid",
          extra={"seconds": 0.1, "flops": 8.26e12, "bytes_moved": 50.4e9})


def test_shares_are_of_the_dense_peak_and_of_the_bandwidth() -> None:
    found = rated_limits(ROW, BY_ID["rtx-4090"])
    assert found["compute"].ceiling == 165.2 and found["compute"].share == pytest.approx(0.5)
    assert found["memory bandwidth"].share == pytest.approx(0.5)
    assert found["compute"].test.startswith("vendor's peak 165 TFLOPS bf16 dense: NVIDIA GeForce RTX 4090 24GB, ")


def test_the_sparse_figure_is_never_taken() -> None:
    published_sparse = {"a100-80-sxm": 624, "h100-sxm": 1979, "l4": 242, "rtx-4090": 330.3}
    for name, sparse in published_sparse.items():
        assert rated_limits(ROW, BY_ID[name])["compute"].ceiling <= 0.51 * sparse


@pytest.mark.parametrize(("dtype", "peak"), [("float32", 82.6), ("float16", 165.2), ("amp", 165.2)])
def test_each_dtype_has_its_own_peak(dtype: str, peak: float) -> None:
    assert rated_limits(replace(ROW, dtype=dtype), BY_ID["rtx-4090"])["compute"].ceiling == peak


def test_what_is_unknown_is_left_out() -> None:
    assert rated_limits(ROW, BY_ID["t4"]).keys() == {"memory bandwidth"}  # a T4 has no bfloat16
    assert rated_limits(replace(ROW, extra={"seconds": 0.1, "flops": 1e12}), BY_ID["l4"]).keys() == {"compute"}
    assert rated_limits(replace(ROW, dtype="int8"), BY_ID["l4"]).keys() == {"memory bandwidth"}
    for row in (replace(ROW, extra={}), replace(ROW, verdict="failed")):
        assert rated_limits(row, BY_ID["rtx-4090"]) == {}
    assert rated_limits(ROW, None) == {}
