"""A run as a grid: which settings vary, what lies where, what is missing, and which place is best."""

from typing import Any

import msgspec

from llmscope.analysis import sweeps
from llmscope.core.results import Row
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, Sampling


def row(workload: str, seconds: float, verdict: Any = "valid", extra: dict[str, Any] | None = None,
        **settings: Any) -> Row:
    cell = Cell("bundled", workload, device="cpu", **{"dtype": "float32"} | settings)  # type: ignore[arg-type]
    return make_row("r", cell, Sampling(), [seconds] * 8, verdict, None, extra)


ROWS = [row("pp", 0.1 * batch * seq / 128, batch=batch, seq=seq) for batch in (1, 8, 16) for seq in (128, 1024)]


def test_the_settings_that_vary_are_axes_and_tests_that_do_not_are_none() -> None:
    rows = [*ROWS, row("tg", 1.0), row("gen", 1.0), row("gen", 1.0, dtype="bfloat16")]
    assert sweeps.workloads(rows) == ("pp", "gen")
    assert not sweeps.workloads([msgspec.structs.replace(one, definition="odd/1") for one in rows])
    assert sweeps.axes(rows, "pp") == ("seq", "batch") and sweeps.axes(rows, "gen") == ("dtype",)
    threads = [row("pp", 1.0), row("pp", 2.0, threads=1)]
    assert sweeps.axes(threads, "pp") == ("threads",)
    assert sweeps.grid(threads, "pp", "threads", None, "speed").xs == ("all", "1")


def test_a_grid_has_its_numbers_in_their_order_and_each_row_in_its_place() -> None:
    found = sweeps.grid(list(reversed(ROWS)), "pp", "seq", "batch", "speed")
    assert found.xs == ("128", "1024") and found.ys == ("1", "8", "16") and found.unit == "tok/s"
    assert [(spot.x, spot.y) for spot in found.spots] == [(x, y) for y in found.ys for x in found.xs]
    assert all(spot.row is not None and (str(spot.row.seq), str(spot.row.batch)) == (spot.x, spot.y)
               for spot in found.spots)


def test_what_failed_or_was_never_run_has_no_figure_and_is_never_the_best() -> None:
    rows = [row("pp", 1e-6, "failed", batch=1), row("pp", 1.0, batch=2), row("pp", 0.1, batch=4, seq=64),
            row("pp", 0.5, batch=1, seq=64)]
    found = sweeps.grid(rows, "pp", "seq", "batch", "speed")
    spots = {(spot.x, spot.y): spot for spot in found.spots}
    assert len(spots) == 6 and spots["64", "2"].row is None and spots["64", "2"].value is None
    failed = spots["512", "1"]
    assert failed.row is not None and failed.row.verdict == "failed" and failed.value is None
    assert found.best == spots["64", "4"]
    assert sweeps.grid(rows[:1], "pp", "seq", None, "speed").best is None


def test_less_is_better_of_times_memory_and_energy() -> None:
    extras = [{"peak_by_holder": {"peak": peak}, "ttft_ms": 10.0 * peak, "energy": {"j_per_token": 0.5 / peak}}
              for peak in (3, 1, 2)]
    rows = [row("gen", 1.0, extra=extra, batch=batch) for extra, batch in zip(extras, (1, 2, 4), strict=True)]
    best = {figure: sweeps.grid(rows, "gen", "batch", None, figure).best for figure in sweeps.figures(rows, "gen")}
    assert {figure: spot.x for figure, spot in best.items() if spot} == {
        "speed": "4", "ttft": "2", "memory": "2", "energy": "1"}
    slow = [row("ttft", seconds, seq=seq) for seconds, seq in ((0.2, 64), (0.1, 128))]
    found = sweeps.grid(slow, "ttft", "seq", None, "speed").best
    assert found is not None and found.x == "128" and found.value == 100.0
    assert sweeps.figures(ROWS, "pp") == ("speed",)


def test_a_third_setting_that_varies_is_held_and_said() -> None:
    rows = [*ROWS, *(msgspec.structs.replace(r, dtype="bfloat16", median=1.0) for r in ROWS)]
    found = sweeps.grid(rows, "pp", "seq", "batch", "speed")
    assert found.fixed == (("dtype", "f32"),) and all((spot.value or 0) > 1 for spot in found.spots)
    other = sweeps.grid(rows, "pp", "seq", "batch", "speed", [("dtype", "bf16")])
    assert other.fixed == (("dtype", "bf16"),) and all(spot.value == 1 for spot in other.spots)


def test_ways_of_training_and_shapes_of_requests_are_settings_too() -> None:
    rows = [row("train", 1.0), row("train", 2.0, optimizer="sgd"), row("train", 3.0, checkpointing=True)]
    assert sweeps.axes(rows, "train") == ("optimizer", "checkpointing")
    found = sweeps.grid(rows, "train", "checkpointing", "optimizer", "speed")
    assert found.xs == ("off", "on") and found.ys == ("adamw", "sgd")
    assert sweeps.held(rows, "train", "optimizer", None) == ((("checkpointing", "off"),), (("checkpointing", "on"),))


def told(median: float, **options: str | bool | int) -> Row:
    """Return a row of another program, with options of its own."""
    return msgspec.structs.replace(row("pp", 1.0), median=median, options=options)


def test_options_of_other_programs_are_axes_too_so_that_no_value_is_dropped() -> None:
    rows = [told(1.0, flash_attn=False, n_batch=2048), told(2.0, flash_attn=True, n_batch=2048), told(3.0, n_batch=512)]
    assert sweeps.axes(rows, "pp") == ("flash_attn", "n_batch")
    found = sweeps.grid(rows, "pp", "flash_attn", "n_batch", "speed")
    assert found.xs == ("off", "on", "not told") and found.ys == ("512", "2048")
    assert {(spot.x, spot.y): spot.value for spot in found.spots if spot.value} == {
        ("off", "2048"): 1.0, ("on", "2048"): 2.0, ("not told", "512"): 3.0}
    assert sweeps.held(rows, "pp", "n_batch", None) == tuple(
        (("flash_attn", at),) for at in ("off", "on", "not told"))


def test_of_results_with_the_same_settings_the_last_that_counts_is_shown_and_the_others_are_said() -> None:
    failed = msgspec.structs.replace(told(3.0), verdict="failed")
    found = sweeps.grid([told(1.0), told(2.0), failed, row("pp", 1.0, batch=2)], "pp", "batch", None, "speed")
    assert [(spot.value, spot.rows) for spot in found.spots] == [(2.0, 3), (512 * 2, 1)]


def test_settings_are_numbers_only_where_they_can_be_reckoned_with() -> None:
    assert sweeps.is_number("2048") and not any(map(sweeps.is_number, ("", "-1", "2.5", "²", "9" * 5000)))
    odd = sweeps.grid([told(1.0, poll="²"), told(2.0, poll="")], "pp", "poll", None, "speed")
    assert odd.xs == ("²", "not told")


def test_places_whose_intervals_meet_that_of_the_best_are_not_told_from_it() -> None:
    rows = [msgspec.structs.replace(row("pp", 1.0, seq=seq), median=median, low=low, high=high)
            for seq, median, low, high in ((64, 100.0, 90.0, 110.0), (128, 92.0, 80.0, 95.0), (256, 80.0, 75.0, 89.0),
                                           (512, 70.0, None, None))]
    found = sweeps.grid(rows, "pp", "seq", None, "speed")
    assert found.best is not None and found.best.x == "64"
    assert [spot.x for spot in found.as_good] == ["128", "512"]
    peaks = [row("gen", 1.0, extra={"peak_by_holder": {"peak": peak}}, batch=batch)
             for peak, batch in ((1, 1), (1, 2), (2, 4))]
    assert [spot.x for spot in sweeps.grid(peaks, "gen", "batch", None, "memory").as_good] == ["2"]
    assert sweeps.grid(rows[:1], "pp", "seq", None, "speed").as_good == ()
