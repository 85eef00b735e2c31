"""Rows, specs, ids and events: what travels and is kept."""

import msgspec
import pytest

from llmscope.core import commands, events
from llmscope.core.definitions import test_id as make_id
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, RunSpec, Sampling, preset_cells

PP = Cell("bundled", "pp", device="cpu", dtype="float32", batch=2, seq=100)
LOAD = Cell("bundled", "load-warm", device="cpu", dtype="float32")
TIMES = [1.0, 1.2, 0.9, 1.1, 0.95, 1.05, 1.0]


def test_a_rate_turns_the_interval_of_the_times() -> None:
    row = make_row("r", PP, Sampling(), TIMES, "valid")
    assert row.test == "pp100 b2" and row.unit == "tok/s" and row.n == 7
    assert row.median == pytest.approx(200 / 1.0)
    assert row.low == pytest.approx(200 / 1.2) and row.high == pytest.approx(200 / 0.9)
    assert row.timed_s == pytest.approx(sum(TIMES))


def test_seconds_stay_as_they_are() -> None:
    row = make_row("r", LOAD, Sampling(), TIMES, "valid")
    assert (row.median, row.low, row.high) == (1.0, 0.9, 1.2)


def test_several_answers_count_all_their_tokens() -> None:
    cell = Cell("bundled", "gen", batch=2, new=10)
    assert make_row("r", cell, Sampling(sequences=3), [1.0] * 6, "valid").median == 60


@pytest.mark.parametrize("verdict", ["failed", "invalid"])
def test_a_failure_never_becomes_a_number(verdict: str) -> None:
    row = make_row("r", PP, Sampling(), TIMES, verdict, "why")  # type: ignore[arg-type]
    assert row.median is None and row.low is None and row.n == 0 and row.samples == ()


def test_a_stopped_test_keeps_what_it_had_and_too_few_give_no_interval() -> None:
    row = make_row("r", PP, Sampling(), TIMES[:3], "cancelled", "stopped")
    assert row.median == 200 and row.low is None and row.n == 3


def test_missing_stays_missing_on_its_way() -> None:
    row = make_row("r", PP, Sampling(), (), "cancelled", "stopped")
    event = events.CellEnded(t_ns=1, cell=0, row=row)
    line = events.encode(event)
    assert b'"median":null' in line and events.decode(line) == event


@pytest.mark.parametrize("line", [b"", b"{}", b'{"event":"nope","t_ns":1}', b'{"event":"note","t_ns":"x"}', b"\xff"])
def test_a_line_that_is_no_event_is_refused(line: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        events.decode(line)


def test_commands_come_through_whole() -> None:
    order = commands.RunCells("r", RunSpec((PP, LOAD), seed=7), (1,))
    assert commands.decode(commands.encode(order)) == order


@pytest.mark.parametrize(("settings", "shown"), [
    ({"kind": "pp"}, "pp512"), ({"kind": "tg", "depth": 512}, "tg128 @ d512"),
    ({"kind": "gen", "batch": 4}, "gen128 b4"),
    ({"kind": "load-warm", "batch": 4}, "load-warm"), ({"kind": "tg", "depth": 8, "batch": 2}, "tg128 @ d8 b2")])
def test_ids_follow_the_grammar(settings: dict[str, object], shown: str) -> None:
    assert make_id(**({"seq": 512, "new": 128} | settings)) == shown  # type: ignore[arg-type]


def test_settings_out_of_bounds_are_refused() -> None:
    with pytest.raises(ValueError, match="temperature above 0"):
        Sampling(temperature=0, sequences=2)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"cells": [{"model": "bundled", "workload": "pp", "batch": 0}]}, RunSpec)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"cells": []}, RunSpec)


def test_quick_adds_the_yardstick_only_to_the_bundled_model() -> None:
    assert [c.test for c in preset_cells("quick", "bundled")] == ["gen128", "pp512", "tg32"]
    assert [c.test for c in preset_cells("quick", "arch:gpt2")] == ["gen128"]
    assert "load-warm" not in [c.test for c in preset_cells("inference", "arch:gpt2")]
