"""A grid as Markdown, and what is refused in one line."""

from typing import Any

import pytest

from llmscope.analysis.sweeps import grid
from llmscope.core.errors import BadInput
from llmscope.core.results import Row
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, Sampling
from llmscope.core.units import GIB, NBSP
from llmscope.runs.export_grid import asked_grids, grid_markdown


def row(seconds: float, verdict: Any = "valid", reason: str | None = None, **settings: Any) -> Row:
    cell = Cell("bundled", "pp", device="cpu", **{"dtype": "float32"} | settings)  # type: ignore[arg-type]
    return make_row("r", cell, Sampling(), [seconds] * 8, verdict, reason)


ROWS = [row(1.0, batch=1, seq=100), row(2.0, batch=1, seq=1000), row(1.0, "not_converged", batch=8, seq=100),
        row(1.0, "failed", "out of memory", batch=8, seq=1000)]


def test_a_grid_is_a_table_with_the_best_in_bold_and_reasons_below() -> None:
    text = grid_markdown(*asked_grids(ROWS, "batch,seq", "speed", None)).replace(NBSP, " ")
    assert text.splitlines() == [
        "pp, speed in tok/s", "",
        "| batch \\ sequence | 100 | 1000 |", "| --- | ---: | ---: |",
        "| 1 | 100.0 ±0.1 % | 500.0 ±0.1 % |", "| 8 | **800.0 ±0.1 %** noisy | failed |", "",
        "Best, in bold: batch 8, sequence 100, 800.0 tok/s.", "", "- batch 8, sequence 1000: failed, out of memory"]


def test_how_many_are_not_told_from_the_best_stands_beside_it() -> None:
    rows = [row(1.0, batch=1, seq=100), row(1.0, batch=1, seq=101)]
    assert "sequence 101, 101.0 tok/s." in grid_markdown(grid(rows, "pp", "seq", None, "speed")).replace(NBSP, " ")
    rows = [*rows, row(1.0, "not_converged", batch=1, seq=101, dtype="bfloat16"), row(1.0, batch=2, seq=50)]
    text = grid_markdown(grid(rows, "pp", "batch", "dtype", "speed", (("seq", "101"),)))
    assert text.replace(NBSP, " ").rstrip().endswith("Best, in bold: precision f32, batch 1, 101.0 tok/s; "
                                                     "1 other is not told from it.")


def test_one_setting_stands_down_and_each_other_setting_gets_a_table() -> None:
    rows = [*ROWS[:2], row(0.5, batch=1, seq=100, dtype="bfloat16")]
    first, second = asked_grids(rows, "seq", "speed", "pp")
    assert first.fixed == (("dtype", "f32"),) and second.fixed == (("dtype", "bf16"),)
    assert "| sequence | speed |" in grid_markdown(first)
    assert grid_markdown(second).startswith("pp, speed in tok/s, precision bf16\n")


def test_a_place_that_was_never_planned_is_a_dash_and_a_stopped_test_says_so() -> None:
    rows = [row(1.0, batch=1, seq=100), make_row("r", Cell("bundled", "pp", "cpu", "float32", batch=2, seq=200),
                                                 Sampling(), [], "cancelled", "not started")]
    text = grid_markdown(grid(rows, "pp", "seq", "batch", "speed"))
    assert "| 2 | — | stopped |" in text and "0.0" not in text.replace("100.0", "")


@pytest.mark.parametrize(("text", "figure", "test", "words"), [
    ("batch,size", "speed", None, "There is no setting 'size'"), ("batch,batch", "speed", None, "two different"),
    ("batch", "taste", None, "There is no figure 'taste'"), ("batch", "energy", None, "has the figure energy"),
    ("dtype", "speed", None, "does not vary dtype. Settings that differ are pp: seq, batch"),
    ("batch", "speed", "tg", "no grid of 'tg' in this run: use pp."),
])
def test_what_cannot_be_shown_is_said_in_one_line(text: str, figure: str, test: str | None, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        asked_grids(ROWS, text, figure, test)
    assert words in str(refused.value) and "\n" not in str(refused.value)


def test_a_run_without_a_sweep_has_no_grid() -> None:
    with pytest.raises(BadInput, match="one setting only"):
        asked_grids(ROWS[:1], "batch", "speed", None)


@pytest.mark.parametrize(("peaks", "shown"), [((50 * 1024**2, 200 * 1024**2), ("MiB", "**50.0**", "200")),
                                              ((GIB // 4, 3 * GIB), ("GiB", "**0.250**", "3.00"))])
def test_memory_has_one_unit_in_a_grid(peaks: tuple[int, int], shown: tuple[str, str, str]) -> None:
    rows = [make_row("r", Cell("bundled", "pp", "cpu", "float32", batch=batch), Sampling(), [1.0] * 8, "valid", None,
                     {"peak_by_holder": {"peak": peak}}) for batch, peak in zip((1, 2), peaks, strict=True)]
    text = grid_markdown(*asked_grids(rows, "batch", "memory", None))
    assert f"peak memory in {shown[0]}" in text and f"| {shown[1]} |" in text and f"| {shown[2]} |" in text
    assert "(less is better)" in text


def test_several_results_with_the_same_settings_are_said() -> None:
    text = grid_markdown(grid([*ROWS[:2], row(4.0, batch=1, seq=100)], "pp", "seq", None, "speed")).replace(NBSP, " ")
    assert text.endswith("| 1000 | **500.0 ±0.1 %** |\n\nBest, in bold: sequence 1000, 500.0 tok/s.\n\n"
                         "- sequence 100: one of 2 results with these settings\n")
