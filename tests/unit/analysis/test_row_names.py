"""What a test is called among others."""

import time

import msgspec
import pytest

from llmscope.analysis.row_names import apart, names
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, Sampling

SHORT, LONG = (Cell("bundled", "gen", "cpu", "float32", seq=seq, new=4) for seq in (16, 1024))


def test_tests_with_one_id_are_told_apart_by_their_length() -> None:
    assert names([SHORT, LONG]) == ["gen4 · sequence 16", "gen4 · sequence 1,024"]
    rows = [make_row("r", cell, Sampling(), [1.0] * 8, "valid") for cell in (SHORT, LONG)]
    assert names(rows) == names([SHORT, LONG])
    assert names([LONG]) == names([LONG, LONG])[:1] == ["gen4"]


@pytest.mark.parametrize(("name", "value", "told"), [
    ("dtype", "bfloat16", ["f32", "bf16"]), ("device", "cuda:0", ["cpu", "cuda:0"]),
    ("threads", 2, ["", ""]), ("backend", "compile", ["eager", "compile"]), ("model", "arch:gpt2", ["", ""])])
def test_what_else_differs_tells_them_where_the_id_does_not(name: str, value: str | int, told: list[str]) -> None:
    assert apart([SHORT, msgspec.structs.replace(SHORT, **{name: value})]) == told


def test_what_a_test_does_not_use_tells_nothing() -> None:
    tg = [Cell("bundled", "tg", "cpu", dtype, seq=seq) for dtype, seq in (("float32", 16), ("float16", 32))]  # type: ignore[arg-type]
    assert apart(tg) == ["f32", "f16"]


def test_a_test_of_another_program_has_a_name() -> None:
    row = msgspec.structs.replace(make_row("r", SHORT, Sampling(), [1.0] * 8, "valid"), definition="odd/1", test="odd")
    assert names([row, row]) == ["odd", "odd"]


def test_ten_thousand_tests_of_one_id_are_told_apart_at_once() -> None:
    tests = [msgspec.structs.replace(SHORT, seq=length) for length in range(1, 10_001)]
    began_s = time.process_time()
    assert len(set(apart(tests))) == len(tests)
    assert time.process_time() - began_s < 5  # each beside each took 36 s
