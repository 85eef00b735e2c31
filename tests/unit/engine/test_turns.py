"""Two settings of one test in turns, and the settings themselves: read back from what ran."""

import math
import statistics
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from llmscope.core import events
from llmscope.core.commands import RunCells
from llmscope.core.results import COUNTED, Row
from llmscope.core.spec import Cell, RunSpec
from llmscope.engine import backends, checks
from llmscope.engine.cells import CellRunner
from llmscope.engine.interleaved import width_reached
from llmscope.engine.meter import Meter


def run(folder: Path, *settings: dict[str, Any], workload: str = "tg", in_turns: bool = True) -> list[events.Event]:
    """Return what is said while cells with these settings run."""
    cells = tuple(Cell(str(folder), workload, "cpu", **({"dtype": "float32", "seq": 16, "new": 4} | s))  # type: ignore[arg-type]
                  for s in settings)
    heard: list[events.Event] = []
    runner = CellRunner(heard.append, Meter(heard.append))
    spec = RunSpec(cells, accuracy="quick", time_limit_s=0.1, in_turns=in_turns)
    runner.run(RunCells("r", spec, tuple(range(len(cells)))))
    return heard


def rows(heard: list[events.Event]) -> list[Row]:
    return [event.row for event in heard if isinstance(event, events.CellEnded)]


def test_rounds_have_both_in_an_order_that_changes_and_the_rows_have_the_ratio(folder: Path) -> None:
    heard = run(folder, {}, {"batch": 8})
    one, eight = rows(heard)
    order = [event.cell for event in heard if isinstance(event, events.Sample)]
    pairs = [tuple(order[i:i + 2]) for i in range(0, len(order), 2)]
    assert {frozenset(pair) for pair in pairs} == {frozenset((0, 1))} and len(set(pairs)) == 2
    assert one.n == eight.n == len(pairs) >= 8 and {one.verdict, eight.verdict} <= COUNTED
    assert one.extra["compared"] == eight.extra["compared"]
    # In tokens a second, as the rows are: eight times the tokens, over the median of the rounds' ratios of seconds.
    seconds = [[event.seconds for event in heard if isinstance(event, events.Sample) and event.cell == cell]
               for cell in (0, 1)]
    by_round = [math.log(8 * of_one / of_eight) for of_one, of_eight in zip(*seconds, strict=True)]
    assert eight.extra["compared"]["ratio"] == pytest.approx(math.exp(statistics.median(by_round)))


def test_each_side_runs_with_its_own_threads_and_attention(folder: Path) -> None:
    one, two = rows(run(folder, {"threads": 1, "attention": "eager"}, {"threads": 2}, workload="pp"))
    assert (one.extra["threads"], two.extra["threads"]) == (1, 2)
    assert (one.extra["numerics"]["attention"], two.extra["numerics"]["attention"]) == ("eager", "sdpa")
    assert one.test == "pp16 eager-attention 1-thread" and two.test == "pp16 2-threads"


def test_what_fails_on_one_side_fails_both_with_the_reason(folder: Path) -> None:
    broken = folder / "nowhere"
    both = rows(run(folder, {}, {"dtype": "bfloat16"}, workload="pp")) + rows(run(broken, {}, {"batch": 2}))
    assert [row.verdict in COUNTED for row in both] == [True, True, False, False]
    assert [row.verdict for row in both[2:]] == ["failed", "failed"]
    assert all(row.median is None and "nowhere" in (row.reason or "") for row in both[2:])


def test_weights_that_are_not_what_the_row_would_name_count_for_neither(
        folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(loaded: object) -> None:
        raise checks.NotTrustworthy("weights are bfloat16, float32, not bfloat16")

    monkeypatch.setattr(checks, "numerics", refuse)
    both = rows(run(folder, {}, {"batch": 2}))
    assert [(row.verdict, row.median, row.reason) for row in both] == [
        ("invalid", None, "weights are bfloat16, float32, not bfloat16")] * 2
    assert all("compared" not in row.extra for row in both)


def test_a_stop_before_the_first_round_leaves_no_value_of_the_warm_up(folder: Path) -> None:
    heard: list[events.Event] = []
    meter = Meter(heard.append)

    def hear(event: events.Event) -> None:
        heard.append(event)
        if isinstance(event, events.PhaseStarted) and event.phase == "decode":
            meter.cancel()

    meter.send = hear
    cell = Cell(str(folder), "tg", "cpu", "float32", new=4)
    spec = RunSpec((cell, msgspec.structs.replace(cell, batch=2)), accuracy="quick", time_limit_s=0.1, in_turns=True)
    CellRunner(hear, meter).run(RunCells("r", spec, (0, 1)))
    assert [(row.verdict, row.median, row.n) for row in rows(heard)] == [("cancelled", None, 0)] * 2


def test_each_side_says_itself_whether_its_own_value_is_steady() -> None:
    assert width_reached([1.0, 1.01] * 10, "quick") == ("valid", None)
    assert width_reached([1.0, 2.0] * 10, "quick") == ("not_converged", "±3 % not reached in 20 rounds")
    assert width_reached([1.0, 1.02] * 10, "rigorous")[0] == "not_converged"


@pytest.mark.parametrize("cells", [
    (Cell("m", "tg"),), (Cell("m", "tg"), Cell("m", "pp")), (Cell("m", "train"), Cell("m", "train", batch=2))])
def test_only_two_settings_of_one_test_that_changes_no_weights_can_be_compared(cells: tuple[Cell, ...]) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError), match="Two settings of one test"):
        RunSpec(cells, in_turns=True)


@pytest.mark.parametrize("workload", ["tg", "gen"])
def test_a_static_cache_gives_the_same_count_and_says_so(folder: Path, workload: str) -> None:
    found, = rows(run(folder, {"cache": "static"}, workload=workload, in_turns=False))
    assert found.median is not None and found.test.endswith(" static-cache") and found.options == {"cache": "static"}


def test_eight_bit_weights_are_a_backend_of_their_own(folder: Path) -> None:
    pytest.importorskip("torchao")
    found, = rows(run(folder, {"backend": "int8"}, workload="pp", in_turns=False))
    assert found.median is not None and found.backend == "int8"
    assert found.extra["peak_by_holder"]["weights"] < 4 * found.extra["parameters"]
    assert "bytes_moved" not in found.extra


def test_compiling_needs_a_compiler(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends.shutil, "which", lambda _: None)
    found, = rows(run(folder, {"backend": "compile"}, in_turns=False))
    assert found.verdict == "failed" and "C++ compiler" in (found.reason or "")


def test_a_compiled_network_is_what_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def compiled(forward: Any, dynamic: bool) -> Any:
        return lambda *a, **k: (calls.append(dynamic), forward(*a, **k))[1]

    monkeypatch.setattr(torch, "compile", compiled)
    found, = rows(run(folder, {"backend": "compile"}, in_turns=False))
    assert found.median is not None and found.backend == "compile" and calls and all(calls)
    assert "host" not in found.extra
