"""What limits a test: each claim from its own measurement, and how sure the finding is."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmscope.analysis.bottleneck import Finding, finding, stored_finding
from llmscope.analysis.ceilings import Ceiling, Ceilings
from llmscope.analysis.remedies import Remedy, changed
from llmscope.analysis.time_model import time_model
from llmscope.core.results import Row
from llmscope.core.rows import cell_of, make_row
from llmscope.core.spec import MACHINE, Cell, Sampling

#: 0.2 TFLOPS and 20 GB/s: the ridge lies at 10 FLOP a byte.
CEILINGS = Ceilings("cpu", "", "r", {}, {"float32": Ceiling("gemm512-f32", 0.2, "TFLOPS")},
                    {1: Ceiling("membw-read 1MiB", 20.0, "GB/s"), 2**40: Ceiling("membw-read", 20.0, "GB/s")},
                    {"disk-read": Ceiling("disk-read 256MiB", 1.0, "GB/s")}, threads=2)


def row_of(workload: str = "tg", gflop: float = 1.0, gb: float = 1.0, seconds: float = 1.0, **extra: Any) -> Row:
    cell = Cell("bundled", workload, device="cpu", dtype="float32", new=10)  # type: ignore[arg-type]
    extra = {"flops": gflop * 1e9, "bytes_moved": gb * 1e9, "parameters": 10**6, "seconds": seconds, "threads": 2,
             "usable_cores": 2, "host": {"share": 0.0, "operations": 100}} | extra
    return make_row("r", cell, Sampling(), [seconds] * 10, "valid", None, extra, 10)


def found_of(row: Row, ceilings: Ceilings | None = CEILINGS) -> Finding:
    found = finding(row, ceilings)
    assert found is not None
    return found


def test_moving_data_at_nearly_the_ceiling_is_memory_bandwidth() -> None:
    found = found_of(row_of(gb=16.0))
    assert found.limiter == "memory bandwidth" and found.is_sure
    assert found.evidence == ("10.00\u00a0tok/s × 1.60\u00a0GB per token = 16.0\u00a0GB/s, 80\u00a0% of the measured "
                              "20.0")


def test_computing_at_nearly_the_ceiling_is_compute() -> None:
    found = found_of(row_of("pp", gflop=150.0))
    assert found.limiter == "compute" and found.is_sure and "75\u00a0% of the measured 0.200" in found.evidence


def test_near_the_ridge_neither_roof_is_named_for_sure() -> None:
    assert not found_of(row_of(gflop=150.0, gb=14.0)).is_sure
    assert found_of(row_of(gflop=150.0, gb=11.0)).is_sure


def test_time_outside_of_operations_is_host_overhead() -> None:
    found = found_of(row_of(gb=6.0, host={"share": 0.7, "operations": 4_000}))
    assert found.limiter == "host overhead" and found.is_sure and "70\u00a0%" in found.evidence
    assert found_of(row_of(gb=10.0, host={"share": 0.48, "operations": 4_000})).is_sure is False


def test_operations_far_from_both_roofs_are_unclear_and_halfway_ones_only_probable() -> None:
    assert found_of(row_of(gb=2.9)).limiter == "unclear"
    halfway = found_of(row_of(gb=8.0))
    assert halfway.limiter == "memory bandwidth" and not halfway.is_sure


def test_where_it_is_unclear_the_operations_that_take_the_time_are_named() -> None:
    host = {"share": 0.2, "operations": 100, "heaviest": {"linear": 0.5, "cat": 0.06}}
    found = found_of(row_of(gb=2.0, host=host))
    assert found.limiter == "unclear" and found.operations == {"linear": 0.5, "cat": 0.06}
    assert found.evidence.endswith(": far from both roofs; 50\u00a0% of the time is in linear, 6\u00a0% in cat")
    assert [(claim.limiter, claim.share) for claim in found.claims] == [("unclear", 0.8), ("host overhead", 0.2)]


def test_of_operations_that_no_roof_explains_nothing_is_predicted_but_what_can_be_tried_stays() -> None:
    found = found_of(row_of(gb=2.0, host={"share": 0.3, "operations": 100}))
    assert [remedy.change for remedy in (*found.would_help, *found.would_not_help)] == ["host"]
    assert {remedy.change for remedy in found.may_help} >= {"batch", "compile"}
    assert all(remedy.settings for remedy in found.may_help)


def test_16_bit_operations_on_a_cpu_that_no_roof_explains_may_be_tried_in_float32() -> None:
    ceilings = msgspec.structs.replace(CEILINGS, products=CEILINGS.products | {
        "bfloat16": Ceiling("gemm512-bf16", 0.05, "TFLOPS")})
    sixteen = msgspec.structs.replace(row_of(gb=2.0), dtype="bfloat16")
    assert Remedy("32-bit weights", "float32 weights, twice the bytes", None, {"dtype": "float32"}) in found_of(
        sixteen, ceilings).may_help
    for other in (row_of(gb=2.0), msgspec.structs.replace(row_of(gb=16.0), dtype="bfloat16"),
                  msgspec.structs.replace(row_of("train", gb=2.0), dtype="bfloat16")):
        assert "32-bit weights" not in [remedy.change for remedy in found_of(other, ceilings).changes]


def test_time_that_nothing_explains_gives_way_to_a_host_that_takes_nearly_as_much() -> None:
    found = found_of(row_of(gb=1.0, host={"share": 0.46, "operations": 100}))
    assert found.limiter == "host overhead" and not found.is_sure


def test_a_roof_that_is_not_nearly_reached_gives_way_to_what_was_measured_to_take_as_much() -> None:
    found = found_of(row_of(gb=1.0, cpu={"waited": 0.48, "still": 0.5}, others_percent=50.0))
    assert found.limiter == "other programs" and not found.is_sure and found.margin == pytest.approx(-0.04)
    assert [claim.limiter for claim in found.claims] == ["other programs", "unclear"]
    half = found_of(row_of(gb=7.0, cpu={"waited": 0.4, "still": 0.4}, others_percent=50.0))
    assert half.limiter == "memory bandwidth" and half.is_sure  # 7 of 20 GB/s in 60 % of the time: 58 %


def test_what_operations_reach_counts_without_the_host_s_time() -> None:
    found = found_of(row_of(gb=9.0, host={"share": 0.4, "operations": 100}))
    assert found.limiter == "memory bandwidth" and found.is_sure  # 9 of 20 GB/s in 60 % of the time: 75 %


@pytest.mark.parametrize(("extra", "limiter", "words"), [
    ({"cpu": {"waited": 0.5, "still": 0.5}, "others_percent": 40.0}, "other programs", "used 40\u00a0% of the CPU"),
    ({"cpu": {"waited": 0.5, "still": 0.5}, "others_percent": 1.0, "threads": 2, "usable_cores": 1}, "host overhead",
     "2 threads share 1 core and"),
    ({"cpu": {"waited": 0.0, "still": 0.5}, "others_percent": 1.0}, "heat or power", "held back"),
    ({"throttled": {"share": 0.6, "reason": "hardware thermal"}}, "heat or power", "hardware thermal"),
    ({"major_faults": 150_000.0}, "memory capacity", "150,000 pages"),
    ({"host": None, "issued_share": 0.97}, "host overhead", "the device waits for the program"),
])
def test_what_else_takes_the_time_is_named_by_its_own_evidence(extra: dict[str, Any], limiter: str,
                                                               words: str) -> None:
    found = found_of(row_of(gb=8.0, **extra))
    assert found.limiter == limiter and words in found.evidence


def test_others_that_use_little_of_the_cpu_cannot_take_much_of_the_time() -> None:
    found = found_of(row_of(gb=18.0, cpu={"waited": 0.6, "still": 0.0}, others_percent=6.0))
    assert found.limiter == "memory bandwidth"
    assert next(c.share for c in found.claims if c.limiter == "other programs") == pytest.approx(0.12)


def test_a_gpu_s_roof_does_not_hang_on_the_threads_of_the_cpu() -> None:
    row = msgspec.structs.replace(row_of("pp", gflop=150.0, threads=1), device="cuda:0")
    found = found_of(row)
    assert found.limiter == "compute" and "threads" not in {r.change for r in found.changes}
    model = time_model(row, CEILINGS)
    assert model is not None and model.reached("compute") == pytest.approx(0.75)


def test_a_test_that_waits_for_its_device_is_not_called_slow_to_start() -> None:
    assert found_of(row_of("gen", gb=8.0, host=None, issued_share=1.0)).limiter == "memory bandwidth"


@pytest.mark.parametrize(("kind", "read_share", "phases", "limiter"), [
    ("load-cold", 1.0, {"read": 0.8, "deserialise": 0.1, "copy": 0.1}, "storage"),
    ("load-cold", 1.0, {"read": 0.2, "deserialise": 0.7, "copy": 0.1}, "host overhead"),
    ("load-warm", 0.0, {"read": 0.4, "deserialise": 0.1, "copy": 0.5}, "memory bandwidth")])
def test_loading_is_limited_by_its_longest_step(kind: str, read_share: float, phases: dict[str, float],
                                                limiter: str) -> None:
    row = row_of(kind, flops=None, read_share=read_share, phases_s=phases, file_bytes=7 * 10**8, host=None,
                 cpu={"waited": 0.0, "still": 0.9})  # asleep until the disk has answered
    assert found_of(row).limiter == limiter


def test_weights_on_their_way_to_a_device_are_the_interconnect_s() -> None:
    row = msgspec.structs.replace(
        row_of("load-warm", flops=None, read_share=0.0, phases_s={"read": 0.1, "deserialise": 0.1, "copy": 0.8},
               weights_bytes=8 * 10**9, host=None), device="cuda:0")
    way = msgspec.structs.replace(CEILINGS, others={"h2d": Ceiling("h2d", 12.5, "GB/s")})
    found = found_of(row, way)
    assert (found.limiter, found.is_sure) == ("interconnect", True)
    said = "copying 8.00 GB to the device at 10.0 GB/s (80 % of the measured 12.5 GB/s) takes 80 % of the time"
    assert found.evidence.replace("\u00a0", " ") == said


def test_without_a_model_it_is_the_program_itself() -> None:
    assert found_of(row_of("tok", flops=None, bytes_moved=None)).limiter == "host overhead"


def test_running_out_of_memory_is_memory_capacity_and_other_failures_are_nothing() -> None:
    def failed(**extra: Any) -> Row:
        return msgspec.structs.replace(row_of(), verdict="failed", reason="out of memory: 3 GiB more", extra=extra)
    assert found_of(failed(kind="out_of_memory")).limiter == "memory capacity"
    assert finding(failed(), CEILINGS) is None


def test_tests_of_the_machine_and_stopped_ones_have_no_finding() -> None:
    machine = make_row("r", Cell(MACHINE, "gemm", device="cpu", dtype="float32", size=512), Sampling(), [1.0] * 10,
                       "valid")
    assert finding(machine, CEILINGS) is None
    assert finding(msgspec.structs.replace(row_of(), verdict="cancelled"), CEILINGS) is None


def test_without_ceilings_it_is_unclear_and_says_what_is_missing() -> None:
    for host in (None, {"share": 0.08, "operations": 5}):
        found = found_of(row_of(host=host), None)
        assert found.limiter == "unclear" and "not measured yet" in found.evidence
    assert found_of(row_of(host={"share": 0.7, "operations": 5}), None).limiter == "host overhead"


def test_fewer_threads_can_reach_less_arithmetic_and_the_evidence_says_how_many_there_were() -> None:
    found = found_of(row_of("pp", gflop=80.0, threads=1))
    assert found.limiter == "compute" and found.is_sure
    assert found.evidence.endswith("of the measured 0.200, with 1 of 2 threads")
    assert "threads" not in found_of(msgspec.structs.replace(row_of("pp", gflop=80.0, threads=1),
                                                             device="cuda:0")).evidence
    assert next(r for r in found.would_help if r.change == "threads").speedup == pytest.approx(2.0)


def test_waiting_for_other_programs_ends_when_they_are_closed() -> None:
    found = found_of(row_of(gb=8.0, cpu={"waited": 0.6, "still": 0.0}, others_percent=50.0))
    remedy = next(r for r in found.would_help if r.change == "others")
    assert remedy.words == "other programs closed" and remedy.speedup == pytest.approx(2.5) and not remedy.settings
    assert remedy.at_least and not any(change.at_least for change in found.changes if change.change != "others")
    assert found.changes[0].change in ("others", "batch")
    quiet = found_of(row_of(gb=8.0, cpu={"waited": 0.6, "still": 0.0}, others_percent=1.0))
    assert "others" not in {r.change for r in quiet.changes}


def test_more_threads_than_cores_are_offered_to_be_as_many() -> None:
    row = row_of(gb=8.0, threads=4, cpu={"waited": 0.5, "still": 0.5}, others_percent=1.0)
    remedy = next(r for r in found_of(row).would_help if r.change == "threads")
    assert remedy.words == "2 threads instead of 4" and remedy.speedup == pytest.approx(2.0)
    cell = cell_of(row)
    assert cell is not None and changed(cell, remedy) == msgspec.structs.replace(cell, threads=2)


def test_what_helps_is_what_the_model_of_the_time_predicts() -> None:
    found = found_of(row_of(gflop=2.0, gb=16.0, host={"share": 0.2, "operations": 9}))
    speedup = {r.change: r.speedup for r in (*found.would_help, *found.would_not_help)}
    assert speedup["memory"] == pytest.approx(1 / (0.2 + 0.8 / 1.2))
    assert speedup["host"] == pytest.approx(1 / (0.2 / 1.2 + 0.8))
    assert speedup["arithmetic"] == pytest.approx(1.0) and "arithmetic" in {r.change for r in found.would_not_help}
    assert speedup["batch"] == pytest.approx(8.0)


def test_the_time_that_a_test_waits_stays_whatever_gets_faster() -> None:
    waits = found_of(row_of("pp", gflop=60.0, cpu={"waited": 0.6, "still": 0.0}, others_percent=50.0))
    speedup = {remedy.change: remedy.speedup for remedy in waits.changes}
    assert waits.claims[1].limiter == "compute" and waits.claims[1].share == pytest.approx(0.4, abs=0.01)
    assert speedup["arithmetic"] == pytest.approx(1 / (0.6 + 0.4 / 1.2), abs=0.01)


def test_what_the_program_can_change_itself_has_its_settings_and_hardware_has_none() -> None:
    row = msgspec.structs.replace(row_of(gb=8.0, threads=1, numerics={"attention": "sdpa"}), backend="eager", batch=4)
    ceilings = msgspec.structs.replace(CEILINGS, products=CEILINGS.products | {
        "bfloat16": Ceiling("gemm512-bf16", 0.05, "TFLOPS")})
    cell = cell_of(row)
    assert cell == Cell("bundled", "tg", device="cpu", dtype="float32", new=10, batch=4)
    made = {remedy.change: changed(cell, remedy) for remedy in found_of(row, ceilings).changes}
    assert made == {
        "memory": None, "arithmetic": None, "host": None,
        "16-bit weights": msgspec.structs.replace(cell, dtype="bfloat16"),
        "batch": msgspec.structs.replace(cell, batch=32), "threads": msgspec.structs.replace(cell, threads=2),
        "cache": msgspec.structs.replace(cell, cache="static"),
        "compile": msgspec.structs.replace(cell, backend="compile"),
        "int8": msgspec.structs.replace(cell, backend="int8"),
        "attention": msgspec.structs.replace(cell, attention="eager")}
    assert changed(cell, Remedy("batch", "more than can be asked", 8.0, {"batch": 8 * 65_536})) is None


def test_options_without_a_prediction_come_last_and_only_where_the_test_has_them_and_does_not_use_them() -> None:
    found = found_of(row_of(gb=8.0, numerics={"attention": "eager"}))
    assert [r.change for r in found.may_help] == ["cache", "compile", "int8", "attention"]
    assert found.may_help[-1].settings == {"attention": "sdpa"} and found.changes[-4:] == found.may_help
    assert all(r.speedup is None for r in found.may_help)
    used = msgspec.structs.replace(row_of(gb=8.0), backend="compile", options={"cache": "static", "threads": 2})
    assert not found_of(used).may_help and cell_of(used).threads == 2 and cell_of(used).cache == "static"
    assert [r.change for r in found_of(row_of("pp", gb=8.0)).may_help] == ["compile", "int8"]
    assert not found_of(row_of("train")).may_help


def test_a_stored_finding_comes_back_and_a_foreign_one_is_none() -> None:
    found = found_of(row_of(gb=16.0))
    row = row_of(bottleneck=msgspec.json.decode(msgspec.json.encode(found)))
    assert stored_finding(row) == found
    assert stored_finding(row_of(bottleneck={"limiter": "magic"})) is None and stored_finding(row_of()) is None


shares = st.floats(0, 1)


@given(shares, shares, shares, shares, st.floats(0.01, 100), st.floats(0.001, 30))
def test_claims_are_shares_and_the_first_is_the_finding(host: float, waited: float, still: float, others: float,
                                                        gflop: float, gb: float) -> None:
    found = found_of(row_of(gflop=gflop, gb=gb, host={"share": host, "operations": 1},
                            cpu={"waited": waited, "still": still}, others_percent=100 * others))
    assert all(0 <= claim.share <= 1.0001 for claim in found.claims)
    assert found.limiter in (found.claims[0].limiter, "unclear")
    assert all((remedy.speedup or 0) > 0 for remedy in (*found.would_help, *found.would_not_help))


def test_a_test_that_this_version_does_not_know_has_no_finding() -> None:
    assert finding(msgspec.structs.replace(row_of(), definition="odd/1"), CEILINGS) is None
