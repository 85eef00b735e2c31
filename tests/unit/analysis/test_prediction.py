"""Speeds of tests that never ran, on a machine whose laws are known because they are made up."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from llmscope.analysis.ceilings import Ceiling, Ceilings
from llmscope.analysis.observed import observed
from llmscope.analysis.pass_times import PassTimes, machine_of
from llmscope.analysis.prediction import Prediction, predict
from llmscope.analysis.work import cell_of, work_of_cell
from llmscope.core.results import Row
from llmscope.core.rows import make_row
from llmscope.core.spec import MACHINE, Cell, Sampling

MIB = 1024**2
CEILINGS = Ceilings(
    "cpu", "2026-11-22T06:00:00+00:00", "r", {},
    {"float32": Ceiling("gemm512-f32", 0.15, "TFLOPS"), "bfloat16": Ceiling("gemm512-bf16", 0.30, "TFLOPS")},
    {size * MIB: Ceiling(f"membw-read {size}MiB", value, "GB/s")
     for size, value in ((1, 150.0), (8, 120.0), (64, 60.0), (256, 32.0), (1024, 31.0))})
SMALL, LARGE = "bundled", "arch:smollm2-135m"


#: Seconds of a layer in a pass on the made-up machine: outside of its operations, and in them beside their work.
HOST_S, INSIDE_S = 700e-6, 450e-6


def seconds(cell: Cell) -> float:
    """Return what a sample takes on the made-up machine: not by the formula that predicts it."""
    work = work_of_cell(cell)
    product, memory = CEILINGS.product(cell.dtype), CEILINGS.at(work.parameters * 4) if work else None
    assert work is not None and product is not None and memory is not None
    flops_s = product.value * 1e12 * 0.7 * min(1.0, (work.width / 64) ** 0.15)
    bytes_s = memory.value * 1e9 * 0.8
    return (HOST_S + INSIDE_S) * work.layer_passes + sum(
        ((phase.flops / flops_s)**3 + ((2 if phase.rows > 1 else 1) * phase.bytes_moved / bytes_s)**3)**(1 / 3)
        for phase in work.phases)


def row_of(cell: Cell, factor: float = 1.0, **changed: Any) -> Row:
    taken, work = factor * seconds(cell), work_of_cell(cell)
    assert work is not None
    extra = {"seconds": taken, "host": {"share": HOST_S * work.layer_passes / seconds(cell), "operations": 1}}
    row = make_row("r", cell, Sampling(), [taken] * 8, "valid", None, extra, cell.work(Sampling()))
    return replace(row, **changed)


CELLS = [Cell(model, "pp", "cpu", dtype, seq=seq, batch=batch)  # type: ignore[arg-type]
         for model in (SMALL, LARGE) for dtype in ("float32", "bfloat16") for seq in (32, 64, 128) for batch in (1, 2)]
CELLS += [Cell(model, "tg", "cpu", dtype, new=16, batch=batch)  # type: ignore[arg-type]
          for model in (SMALL, LARGE) for dtype in ("float32", "bfloat16") for batch in (1, 2, 4)]
NOISE = np.exp(np.random.default_rng(7).normal(0, 0.03, len(CELLS)))
ROWS = [row_of(cell, factor) for cell, factor in zip(CELLS, NOISE, strict=True)]


def found(rows: list[Row], cell: Cell, ceilings: Ceilings | None = CEILINGS) -> Prediction:
    prediction = predict(rows, cell, ceilings)
    assert prediction is not None and 0 < prediction.low < prediction.value < prediction.high
    return prediction


@pytest.mark.parametrize(("of", "least"), [
    (lambda cell: cell.batch, 0.85), (lambda cell: cell.seq if cell.workload == "pp" else None, 0.85),
    (lambda cell: cell.dtype, 0.85), (lambda cell: cell.model, 0.85)], ids=["batch", "seq", "dtype", "model"])
def test_what_was_left_out_is_predicted_within_15_percent(of: Callable[[Cell], Any], least: float) -> None:
    errors, held = [], []
    for cell, row in zip(CELLS, ROWS, strict=True):
        others = [other for beside, other in zip(CELLS, ROWS, strict=True) if of(beside) != of(cell)]
        prediction = predict(others, cell, CEILINGS)
        held.append(prediction is not None and prediction.low <= (row.median or 0) <= prediction.high)
        if prediction is not None and row.median:
            errors.append(abs(prediction.value / row.median - 1))
    assert np.mean(errors) <= 0.15 and np.mean(held) >= least and len(errors) > 0.9 * len(held)


def test_products_in_bfloat16_take_their_setting_up_on_a_cpu_as_well() -> None:
    of_float = [row for row in ROWS if (row.model, row.dtype) == (SMALL, "float32")]
    cell = Cell(SMALL, "tg", "cpu", "bfloat16", new=16)
    work = work_of_cell(cell)
    assert work is not None
    takes_s = seconds(cell) + 110e-6 * work.layer_passes
    assert found(of_float, cell).value == pytest.approx(cell.new / takes_s, rel=0.1)


def test_what_a_large_model_says_of_its_host_tells_how_long_a_small_one_takes() -> None:
    large = [row for row in ROWS if (row.model, row.dtype) == (LARGE, "float32") and row.definition.startswith("pp")]
    silent = [replace(row, extra={"seconds": row.extra["seconds"]}) for row in large]
    cell = Cell(SMALL, "tg", "cpu", "float32", new=16)
    assert found(large, cell).value == pytest.approx(row_of(cell).median, rel=0.2)
    assert predict(silent, cell, CEILINGS) is None  # too wide a range


def test_small_shares_of_hosts_tell_little() -> None:
    cell = Cell(LARGE, "pp", "cpu", "float32", seq=128)
    loud, quiet = (row_of(cell, extra={"seconds": 0.4, "host": {"share": share, "operations": 1}})
                   for share in (0.3, 0.004))
    wanted = Cell(SMALL, "tg", "cpu", "float32", new=16)
    sure, unsure = predict([loud], wanted, CEILINGS), predict([quiet], wanted, CEILINGS)
    assert sure is not None and (unsure is None or unsure.high / unsure.low > 1.5 * sure.high / sure.low)


@pytest.mark.parametrize(("device", "least", "most"), [("cpu", 1.0, 1.4), ("cuda:0", 1.7, 2.1)])
def test_only_a_cpu_takes_longer_for_two_rows_than_for_one(device: str, least: float, most: float) -> None:
    one = replace(Cell(LARGE, "tg", "cpu", "float32", new=16), device=device)
    row = replace(row_of(replace(one, device="cpu")), device=device)
    assert row.median is not None
    assert least < found([row], replace(one, batch=2)).value / row.median < most


def test_phases_know_how_many_rows_go_through_at_once() -> None:
    def rows(workload: str) -> list[int]:
        work = work_of_cell(Cell(SMALL, workload, "cpu", "float32", batch=3, seq=64, new=8))  # type: ignore[arg-type]
        assert work is not None
        return [phase.rows for phase in work.phases]
    assert [rows(name) for name in ("tg", "pp", "gen", "train", "opt")] == [[3], [192], [192, 3], [192, 192, 0], [0]]


def test_one_row_is_enough_for_its_neighbours_and_says_less_of_others() -> None:
    cell = CELLS[0]
    rows = [row_of(cell)]
    same, near, far = (found(rows, other) for other in (cell, replace(cell, batch=2), replace(cell, model=LARGE)))
    assert same.value == pytest.approx(rows[0].median, rel=0.1)
    widths = [one.high / one.low for one in (same, near, far)]
    assert widths == sorted(widths) and widths[0] < widths[2]


def test_rows_that_scatter_widen_the_range() -> None:
    cells = [cell for cell in CELLS if (cell.model, cell.dtype, cell.workload) == (SMALL, "float32", "pp")]
    wanted = replace(cells[0], seq=96)
    steady = found([row_of(cell) for cell in cells], wanted)
    noisy = predict([row_of(cell, 1.6 if n % 2 else 0.6) for n, cell in enumerate(cells)], wanted, CEILINGS)
    assert noisy is None or noisy.high / noisy.low > 1.5 * steady.high / steady.low


def test_a_range_is_no_narrower_than_measured_values_scatter() -> None:
    rows = [replace(row, low=0.8 * row.median, high=1.2 * row.median) for row in ROWS if row.median]
    wanted = found(rows, CELLS[0])
    assert wanted.high / wanted.low > math.exp(2 * 1.645 * 0.2 / 1.96)


def held_up(cell: Cell, waited: float, others_percent: float) -> Row:
    """Return a row of a test whose threads waited for a core for this share of the time."""
    row = row_of(cell, 1 / (1 - waited))
    return replace(row, extra=row.extra | {"cpu": {"waited": waited}, "others_percent": others_percent,
                                           "usable_cores": 2, "threads": 4})


def test_what_other_programs_held_up_is_taken_off_and_widens_the_range() -> None:
    cells, wanted = CELLS[:6], replace(CELLS[0], seq=96)
    undisturbed = found([row_of(cell) for cell in cells], wanted)
    disturbed = found([held_up(cell, 0.5, 75.0) for cell in cells], wanted)
    assert disturbed.value == pytest.approx(undisturbed.value, rel=0.05)
    assert disturbed.high / disturbed.low > 1.3 * undisturbed.high / undisturbed.low
    # Where no other program ran, the test's own threads waited for one another: that belongs to it.
    own = found([held_up(cell, 0.5, 0.0) for cell in cells], wanted)
    assert own.value == pytest.approx(undisturbed.value / 2, rel=0.05)
    row = held_up(cells[0], 0.5, 99.0)
    waited_all_the_time = replace(row, extra=row.extra | {"cpu": {"waited": 1.0}})
    found([waited_all_the_time, *map(row_of, cells[1:])], wanted)


def test_without_ceilings_ranges_are_wider_across_dtypes() -> None:
    cell = replace(CELLS[0], dtype="bfloat16", seq=512)
    rows = [row for row in ROWS if row.dtype == "float32"]
    blind, sighted = predict(rows, cell, None), found(rows, cell)
    assert blind is None or blind.high / blind.low > 0.99 * sighted.high / sighted.low


def test_rows_that_do_not_count_tell_nothing() -> None:
    cell = CELLS[0]
    assert predict([], cell, CEILINGS) is None
    for changed in ({"definition": "pp/0"}, {"verdict": "failed"}, {"verdict": "invalid"}, {"device": "cuda:0"},
                    {"backend": "other"}, {"extra": {}}, {"extra": {"seconds": 0}}, {"model": "/gone"},
                    {"dtype": "float8"}):
        assert predict([row_of(cell, **changed)], cell, CEILINGS) is None, changed


def with_threads(cell: Cell, threads: int, asked: bool = True) -> Row:
    """Return a row of a test that had so many threads, and was as much slower as it had fewer than two."""
    row = row_of(cell, 2 / threads)
    return replace(row, extra=row.extra | {"threads": threads}, options={"threads": threads} if asked else {})


def test_rows_computed_otherwise_tell_nothing() -> None:
    own, wanted = [with_threads(cell, 2, asked=False) for cell in CELLS], replace(CELLS[0], seq=96)
    others = [with_threads(cell, 1) for cell in CELLS]
    others += [replace(row_of(cell, 3.0), options={"attention": "eager"}, extra=row.extra | {"seconds": 9.0})
               for cell, row in zip(CELLS, own, strict=True)]
    assert found([*others, *own], wanted) == found(own, wanted)
    assert predict(own, replace(wanted, attention="eager"), CEILINGS) is None
    assert predict(own, replace(wanted, threads=1), CEILINGS) is None
    assert predict(others, wanted, CEILINGS) is None  # how many threads torch would take, none of them says


def test_a_number_of_threads_is_predicted_from_tests_that_had_it() -> None:
    rows = [with_threads(cell, threads, threads == 1) for cell in CELLS for threads in (1, 2)]
    wanted = replace(CELLS[0], seq=96)
    two, also_two, one = (found(rows, replace(wanted, threads=threads)) for threads in (None, 2, 1))
    assert two.value == also_two.value == pytest.approx(2 * one.value, rel=0.1)
    assert " with 1 thread and the ceilings" in one.basis and "thread" not in two.basis
    assert found([replace(row, device="cuda:0") for row in rows], replace(wanted, device="cuda:0"))


def test_of_the_ceilings_of_all_threads_fewer_reach_their_share() -> None:
    known = [observed(work, with_threads(CELLS[0], 1)) for work in [work_of_cell(CELLS[0])] if work is not None]
    machine = machine_of(known, "cpu", replace(CEILINGS, threads=4))
    assert machine.threads == 0.25
    half, whole = (PassTimes([known[0].work], of).linear(np.zeros(len(of.sd)))[1][0]
                   for of in (machine, machine._replace(threads=1.0)))
    assert half > whole


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_absurd_rows_break_nothing(factor: float) -> None:
    prediction = predict([*ROWS[:3], row_of(CELLS[3], factor)], CELLS[4], CEILINGS)
    assert prediction is None or 0 < prediction.low < prediction.value < prediction.high < math.inf


@pytest.mark.parametrize("cell", [
    Cell(SMALL, "load-warm", "cpu", "float32"), Cell(SMALL, "tok", "cpu", "float32"),
    Cell("arch:bert-base-uncased", "pp", "cpu", "float32"), Cell("/gone", "pp", "cpu", "float32"),
    Cell(SMALL, "pp", "cpu", "auto"), Cell(MACHINE, "gemm", "cpu", "float32", size=512)],
    ids=lambda cell: f"{cell.workload} {cell.model} {cell.dtype}".replace("/", ""))
def test_what_has_no_closed_form_is_not_predicted(cell: Cell) -> None:
    assert predict(ROWS, cell, CEILINGS) is None


def test_of_a_test_measured_twice_the_last_holds() -> None:
    cell = CELLS[0]
    assert found([row_of(cell, 9.0), row_of(cell)], cell) == found([row_of(cell)], cell)


def test_the_basis_names_tests_ceilings_and_the_nearest() -> None:
    cell = Cell(LARGE, "pp", "cpu", "float32", seq=70, batch=2)
    basis = found(ROWS, cell).basis
    assert basis.startswith(f"{len(ROWS)} measured tests of ") and "ceilings of 2026-11-22" in basis
    assert basis.endswith(f"the nearest is pp64 b2 of {LARGE} in f32")


@pytest.mark.parametrize(("workload", "unit"), [("gen", "tok/s"), ("train", "tok/s"), ("opt", "ms"), ("ttft", "ms")])
def test_other_tests_are_predicted_in_their_unit(workload: str, unit: str) -> None:
    cell = Cell(LARGE, workload, "cpu", "float32", seq=64, new=16)  # type: ignore[arg-type]
    prediction = found([*ROWS, row_of(replace(cell, batch=2))], cell)
    measured = row_of(cell).median
    assert prediction.unit == unit and measured is not None
    assert prediction.value == pytest.approx(measured, rel=0.3)


def test_answers_side_by_side_count_as_sequences() -> None:
    cell = Cell(SMALL, "gen", "cpu", "float32", batch=2, seq=64, new=16)
    three = row_of(cell, extra={"seconds": 1.0, "sequences": 3})
    assert cell_of(three) == replace(cell, batch=6)
    assert cell_of(row_of(Cell(SMALL, "train", "cpu", "float32", seq=64, optimizer="sgd"))) == Cell(
        SMALL, "train", "cpu", "float32", seq=64, optimizer="sgd")


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["pp", "tg", "gen", "train"]), st.sampled_from([SMALL, LARGE, "arch:gpt2"]),
       st.sampled_from(["float32", "bfloat16"]), st.integers(1, 64), st.integers(1, 1024),
       st.lists(st.sampled_from(ROWS), min_size=1, max_size=6))
def test_ranges_are_ordered_or_there_is_none(workload: str, model: str, dtype: str, batch: int, seq: int,
                                             rows: list[Row]) -> None:
    cell = Cell(model, workload, "cpu", dtype, batch=batch, seq=seq, new=seq)  # type: ignore[arg-type]
    for ceilings in (CEILINGS, None):
        prediction = predict(rows, cell, ceilings)
        if prediction is not None:
            assert 0 < prediction.low < prediction.value < prediction.high < math.inf
            assert prediction.high / prediction.low < 10.0001
