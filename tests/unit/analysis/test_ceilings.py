import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmscope.analysis.ceilings import Ceiling, Ceilings, ceilings_of, judged, limits, merged
from llmscope.core.results import Row, Verdict
from llmscope.core.rows import make_row
from llmscope.core.spec import MACHINE, Cell, Sampling

MIB = 1024**2
VERSIONS = {"torch": "2.13"}


def ceilings(**memory: float) -> Ceilings:
    """Ceilings of 0.15 TFLOPS in float32, with GB/s of memory by MiB (`m64=30`), and a disk of 1.2 GB/s."""
    found = {int(name[1:]) * MIB: Ceiling(f"membw-read {name[1:]}MiB", value, "GB/s") for name, value in memory.items()}
    products = {"float32": Ceiling("gemm512-f32", 0.15, "TFLOPS"), "bfloat16": Ceiling("gemm512-bf16", 0.02, "TFLOPS")}
    return Ceilings("cpu", "2026-11-21T18:12:00+00:00", "r", VERSIONS, products, found,
                    {"disk-read": Ceiling("disk-read 256MiB", 1.2, "GB/s")})


def machine_row(workload: str, seconds: list[float], verdict: Verdict = "valid", **settings: Any) -> Row:
    cell = Cell(MACHINE, workload, device=settings.pop("device", "cpu"), **({"dtype": "float32"} | settings))  # type: ignore[arg-type]
    return make_row("r", cell, Sampling(), seconds, verdict, "mixed: 3 %" if verdict == "warn" else None)


def row_of(workload: str = "tg", seconds: float = 1.0, dtype: str = "float32", **extra: Any) -> Row:
    cell = Cell("bundled", workload, device="cpu", dtype=dtype, new=1)  # type: ignore[arg-type]
    return make_row("r", cell, Sampling(), [seconds] * 10, "valid", None, extra | {"seconds": seconds}, 9)


def test_a_ceiling_is_the_best_sample_of_the_best_size() -> None:
    rows = [machine_row("gemm", [2e-3, 1e-3], size=512), machine_row("gemm", [10e-3], size=1024),
            machine_row("membw-read", [0.1, 0.05], size=1024 * MIB), machine_row("disk-read", [0.2], size=256 * MIB)]
    found = ceilings_of(rows, "cpu", "", "r", VERSIONS)
    assert found is not None and not found.is_complete
    assert found.products["float32"] == Ceiling("gemm512-f32", pytest.approx(2 * 512**3 / 1e-3 / 1e12), "TFLOPS")
    assert found.memory[1024 * MIB].value == pytest.approx(1024 * MIB / 0.05 / 1e9)
    assert found.others["disk-read"].value == pytest.approx(256 * MIB / 0.2 / 1e9)


def test_what_did_not_count_or_came_from_elsewhere_is_no_ceiling() -> None:
    rows = [machine_row("gemm", [1e-3], "failed", size=512), machine_row("gemm", [1e-3], size=512, device="cuda:0"),
            machine_row("disk-read", [1e-3], "warn", size=256 * MIB)]
    assert ceilings_of(rows, "cpu", "", "r", VERSIONS) is None


@pytest.mark.parametrize("odd", [{"definition": "new/1"}, {"options": {}}, {"options": {"size": "x"}},
                                 {"options": {"size": 0}}, {"samples": (0.0,)}])
def test_rows_of_others_that_lack_something_hold_none(odd: dict[str, Any]) -> None:
    row = msgspec.structs.replace(machine_row("membw-read", [0.1], size=64 * MIB), **odd)
    assert ceilings_of([row], "cpu", "", "r", VERSIONS) is None


def test_of_two_measurements_the_better_holds_unless_the_versions_changed() -> None:
    old, new = ceilings(m64=30.0, m128=28.0), ceilings(m64=25.0)
    both = merged(old, new)
    assert both.memory[64 * MIB].value == 30.0 and both.memory[128 * MIB].value == 28.0
    assert merged(msgspec.structs.replace(old, versions={"torch": "2.10"}), new) == new
    assert merged(None, new) == new


def test_memory_is_taken_at_the_working_set() -> None:
    known = ceilings(m1=100.0, m64=36.0, m128=34.0)
    assert known.at(64 * MIB) == known.memory[64 * MIB]
    between = known.at(8 * MIB)
    assert between is not None and between.value == pytest.approx(60.0) and between.test == "membw-read 1MiB to 64MiB"
    assert known.at(512 * MIB) == known.memory[128 * MIB]  # 36 and 34 are the memory behind the caches
    assert known.at(0.5 * MIB) is None
    assert ceilings(m1=100.0, m64=36.0).at(512 * MIB) is None  # still falling: nobody knows how far


@given(st.floats(0.01, 1e3))
def test_between_two_sizes_the_ceiling_is_between_theirs(mib: float) -> None:
    found = ceilings(m1=100.0, m32=70.0, m64=36.0, m1024=34.0).at(mib * MIB)
    assert (found is None) == (mib < 1) and (found is None or 33.99 <= found.value <= 100.01)


def test_the_nearest_ceiling_is_what_limits() -> None:
    known = ceilings(m64=34.0, m128=34.0)
    work = {"flops": 1e9, "bytes_moved": 10e9, "working_set_bytes": 100 * MIB}
    first, second = limits(work, 0.5, "float32", known)
    assert (first.bound, second.bound) == ("memory bandwidth", "compute")
    assert first.achieved == pytest.approx(20.0) and first.share == pytest.approx(20 / 34)
    assert second.share == pytest.approx(0.002 / 0.15)


def test_a_16_bit_model_is_held_against_its_own_arithmetic_and_cannot_pass_the_fastest() -> None:
    known = ceilings(m64=34.0)
    for dtype, own in (("bfloat16", 0.02), ("amp", 0.02), ("float32", 0.15)):
        mine, fastest = known.product(dtype), known.product(dtype, 0.1)
        assert mine is not None and mine.value == own and fastest is not None and fastest.value == 0.15
    assert known.product("float16") is None
    upcast, impossible = (judged(row_of("pp", dtype="bfloat16", flops=t * 1e12), known) for t in (0.1, 0.16))
    assert upcast.verdict == "valid" and upcast.extra["limit"]["share"] == pytest.approx(0.1 / 0.15)
    assert impossible.verdict == "invalid" and "0.15" in (impossible.reason or "")


def test_a_row_says_how_near_it_came() -> None:
    row = judged(row_of(flops=1e9, bytes_moved=20e9, parameters=16 * MIB), ceilings(m64=34.0, m128=33.0))
    assert row.verdict == "valid" and row.extra["limit"]["bound"] == "memory bandwidth"
    assert row.extra["limit"]["share"] == row.extra["mbu"] == pytest.approx(20 / 34)
    assert row.extra["mfu"] == pytest.approx(0.001 / 0.15)


@pytest.mark.parametrize(("gb", "verdict"), [(34.0 * 1.04, "valid"), (34.0 * 1.06, "invalid")])
def test_what_is_beyond_a_physical_bound_is_not_counted(gb: float, verdict: str) -> None:
    row = judged(row_of(bytes_moved=gb * 1e9, parameters=16 * MIB), ceilings(m64=34.0, m128=33.0))
    assert row.verdict == verdict
    if verdict == "invalid":
        assert row.median is None and row.low is None and not row.samples and row.n == 0
        assert "membw-read 64MiB" in (row.reason or "") and "memory bandwidth" in (row.reason or "")


@pytest.mark.parametrize(("row", "known", "why"), [
    (row_of(bytes_moved=1e9, parameters=16 * MIB), None, "not measured yet"),
    (row_of(bytes_moved=1e9, parameters=16), ceilings(m64=34.0), "no ceiling was measured at its size"),
    (row_of(), ceilings(m64=34.0), "not known"), (row_of("tok"), ceilings(m64=34.0), "not known"),
    (row_of("load-warm", bytes_moved=1e9), ceilings(m64=34.0), "not known")])
def test_what_cannot_be_compared_says_why(row: Row, known: Ceilings | None, why: str) -> None:
    found = judged(row, known)
    assert why in found.extra["not_checked"] and "limit" not in found.extra and found.median == row.median


@pytest.mark.parametrize(("workload", "copies"), [("pp", 1), ("bwd", 2), ("opt", 4), ("train", 4)])
def test_training_works_on_weights_gradients_and_moments(workload: str, copies: int) -> None:
    known = ceilings(m32=90.0, m64=60.0, m128=34.0)
    row = judged(row_of(workload, bytes_moved=1e9, parameters=8 * MIB), known)
    assert row.extra["limit"]["ceiling"] == {1: 90.0, 2: 60.0, 4: 34.0}[copies]


def test_each_phase_of_a_step_is_held_against_the_ceilings_at_its_own_working_set() -> None:
    known = ceilings(m32=90.0, m64=60.0, m128=34.0)
    phases = {"data": {"seconds": 0.1, "flops": None, "bytes_moved": None},
              "forward": {"seconds": 0.5, "flops": 15e9, "bytes_moved": 9e9},
              "optimizer": {"seconds": 0.4, "flops": 0, "bytes_moved": 3.4e9}}
    row = judged(row_of("train", flops=15e9, bytes_moved=12.4e9, parameters=8 * MIB, phases=phases), known)
    data, forward, optimizer = row.extra["phases"].values()
    assert data == phases["data"]
    assert forward == phases["forward"] | {"mfu": pytest.approx(0.03 / 0.15), "mbu": pytest.approx(18 / 90)}
    assert optimizer == phases["optimizer"] | {"mbu": pytest.approx(8.5 / 34)}


def test_a_cold_load_is_held_against_the_disk() -> None:
    row = judged(row_of("load-cold", 0.5, file_bytes=0.3e9), ceilings(m64=34.0))
    assert row.extra["limit"]["bound"] == "storage" and row.extra["limit"]["share"] == pytest.approx(0.5)


def test_failed_rows_and_those_of_the_machine_stay_as_they_are() -> None:
    failed = make_row("r", Cell("bundled", "pp", device="cpu", dtype="float32"), Sampling(), (), "failed", "why")
    for row in (failed, machine_row("gemm", [1e-9], size=512)):
        assert judged(row, ceilings(m64=1e-9)) == row
    assert math.isfinite(machine_row("gemm", [1e-9], size=512).median or math.nan)
