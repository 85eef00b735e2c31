"""Stored runs side by side: what is matched, how many times as fast, what differs, and how it is said."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest

from llmscope.analysis.compare import Comparison, compare
from llmscope.analysis.compare_doubt import floor_reason, floor_words, resolution, what_helps
from llmscope.analysis.compare_floors import DEFAULT_FLOOR, MOST_FLOOR, Floor, assumed_floor, floor_of
from llmscope.analysis.compare_settings import Side
from llmscope.analysis.compare_words import headline, ratio_cells, some, turned_round, value_cells
from llmscope.analysis.times_as_fast import TimesAsFast, times_as_fast, together
from llmscope.core.events import RunStarted
from llmscope.core.results import Row
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, RunSpec, Sampling
from llmscope.core.statistics import median_interval
from llmscope.core.units import NBSP

PP, TG = Cell("bundled", "pp", "cpu", "float32"), Cell("bundled", "tg", "cpu", "float32")
MACHINE: dict[str, Any] = {"cpu": "AMD EPYC", "cores": 2, "system": "Debian 12", "on_battery": False}


def row(cell: Cell, value: float, width: float = 0.01, verdict: Any = "valid", **extra: Any) -> Row:
    """A row with a value of its test's unit and a symmetric interval."""
    made = make_row("r", cell, Sampling(), [1.0] * 8, verdict, extra={"threads": 2, **extra})
    if made.median is None:
        return made
    return msgspec.structs.replace(made, median=value, low=value * (1 - width), high=value * (1 + width))


def side(*rows: Row, run: str = "a", machine: str = "m", cells: Sequence[Cell] = (PP,), versions: str = "2.11.0",
         sampling: Sampling | None = None, **about: Any) -> Side:
    spec = RunSpec(tuple(cells), sampling=sampling or Sampling())
    started = RunStarted(t_ns=0, run=run, utc="2026-11-21T18:40:00+00:00", spec=spec, machine=MACHINE | about,
                         versions={"torch": versions})
    own = tuple(msgspec.structs.replace(row, run=run) for row in rows)
    return Side(started, own, "llmscope 0.1.0", machine)


def two(a: Sequence[Row], b: Sequence[Row], repeats: Sequence[Side] = (), **b_settings: Any) -> Comparison:
    return compare([side(*a), side(*b, run="b", **b_settings)], 0, repeats)


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


ANY = row(PP, 1)


def test_the_headline_has_the_digits_of_the_table() -> None:
    found = two([row(PP, 433), row(TG, 42.6)], [row(PP, 27_900), row(TG, 193)])
    assert headline(found) == "B reads prompts 64.4× as fast as A but writes only 4.53× as fast"
    assert [ratio_cells(line.values[1]) for line in found.lines] == [("64.4×", "±0.9"), ("4.53×", "±0.06")]
    assert [ratio_cells(line.values[0]) for line in found.lines] == [("—", "")] * 2
    assert plain(" ".join(value_cells(found.lines[0].values[1], found.lines[0]))) == "27,900 ±300 tok/s"


def test_a_slower_run_is_told_of_the_faster_one_and_the_table_stays_as_it_is() -> None:
    found = two([row(PP, 27_900), row(TG, 193)], [row(PP, 815), row(TG, 42.6)])
    assert headline(found) == "A reads prompts 34.2× as fast as B but writes only 4.53× as fast"
    assert [ratio_cells(line.values[1])[0] for line in found.lines] == ["0.0292×", "0.221×"]
    assert turned_round(found) == "34.2× is 0.0292× the other way round, 4.53× is 0.221×"
    mixed = two([row(PP, 433), row(TG, 42.6)], [row(PP, 27_900), row(TG, 21.3)])
    assert headline(mixed) == "B reads prompts 64.4× as fast as A, but A writes 2.00× as fast as B"
    assert turned_round(mixed) == "2.00× is 0.500× the other way round"
    assert not turned_round(two([row(PP, 433)], [row(PP, 27_900)]))
    times = found.lines[0].values[1].times
    assert times is not None and times.low is not None and times.high is not None
    assert (times.inverse.low, times.inverse.high) == (1 / times.high, 1 / times.low)


def test_a_time_counts_the_other_way_round() -> None:
    cell = Cell("bundled", "ttft", "cpu", "float32")
    found = two([row(cell, 1207)], [row(cell, 19.8)])
    times = found.lines[0].values[1].times
    assert times is not None and times.ratio == pytest.approx(1207 / 19.8) and times.is_resolved
    assert headline(found) == "B begins to answer 61.0× as fast as A"


def test_the_interval_combines_both_sides_of_both() -> None:
    a = msgspec.structs.replace(row(PP, 100), low=90.0, high=130.0)
    b = msgspec.structs.replace(row(PP, 200), low=190.0, high=220.0)
    times = times_as_fast(b, a, (Floor(0.0), Floor(0.0)))
    assert times is not None and times.low is not None and times.high is not None
    assert np.log(2 / times.low) == pytest.approx(np.hypot(np.log(200 / 190), np.log(130 / 100)))
    assert np.log(times.high / 2) == pytest.approx(np.hypot(np.log(220 / 200), np.log(100 / 90)))
    assert times.resolvable == pytest.approx(2 / times.low - 1)  # without floors, what points to 1


@pytest.mark.parametrize(("a", "b"), [
    ((1e-300, 1.0, 1e308), (1e-300, 1.0, 1e308)), ((1e308, 1e308, 1e308), (1e-308, 1e-308, 1e-308)),
    ((1e-308, 1e-308, 1e-300), (1e100, 1e308, 1e308)), ((5e-324, 5e-324, 5e-324), (5e-324, 1e308, 1e308))])
def test_any_figures_that_a_run_may_hold_have_a_ratio_both_ways(a: tuple[float, ...], b: tuple[float, ...]) -> None:
    one, other = (msgspec.structs.replace(ANY, low=low, median=median, high=high) for low, median, high in (a, b))
    for times in (times_as_fast(one, other, (Floor(), Floor())), times_as_fast(other, one, (Floor(), Floor()))):
        assert times is not None and times.low is not None and times.high is not None
        assert 0 < times.low <= times.ratio <= times.high < np.inf
        assert times.inverse.is_resolved is times.is_resolved
    assert ratio_cells(two([one], [other]).lines[0].values[1])[0]


def test_a_difference_within_the_floor_is_none() -> None:
    found = two([row(PP, 100), row(TG, 100)], [row(PP, 104), row(TG, 112)])
    pp, tg = (line.values[1] for line in found.lines)
    assert pp.times is not None and not pp.times.is_resolved and pp.times.low is not None and pp.times.low > 1
    assert ratio_cells(pp)[0] == "no difference" and plain(ratio_cells(pp)[1]) == "±5.2 %"
    assert tg.times is not None and tg.times.is_resolved
    assert plain(headline(found)) == ("B writes 1.12× as fast as A; no difference resolved in reading prompts (±5.2 %)")
    assert found.floors == (Floor(DEFAULT_FLOOR, 0), Floor(DEFAULT_FLOOR, 0))


def test_the_floor_is_found_from_repeats_of_the_same_machine_test_and_settings() -> None:
    values = (100, 101, 99, 100.5, 99.5)
    repeats = [side(row(PP, value), run=f"r{n}") for n, value in enumerate(values)]
    a, b = [row(PP, 100, 0.001)], [row(PP, 104, 0.001)]
    assert two(a, b, repeats).floors[0].runs == 5
    assert two(a, b, repeats).lines[0].values[1].times.is_resolved  # type: ignore[union-attr]
    for others in ([side(row(PP, v), run=f"r{n}", machine="another") for n, v in enumerate(values)],
                   [side(row(TG, v), run=f"r{n}") for n, v in enumerate(values)],
                   [side(row(PP, v), run=f"r{n}", versions=f"2.{n}") for n, v in enumerate(values)],
                   [side(row(PP, v), run="b") for v in values], repeats[:2],
                   [Side(other.started, repeats[0].rows, other.program, "m") for other in repeats]):
        assert two(a, b, others).floors[0] == Floor() and "no difference" in headline(two(a, b, others))


def test_two_thousand_pairs_without_a_difference_are_told_apart_in_at_most_5_percent() -> None:
    random = np.random.default_rng(11)
    samples, within, between, told = 24, 0.03, 0.01, {"known": 0, "estimated": 0}
    known = Floor(float(np.expm1(1.96 * between * np.sqrt(2))))
    for _ in range(2000):
        medians = np.exp(between * random.standard_normal(7))
        values = [median * np.exp(within * random.standard_normal(samples)) for median in medians]
        a, b, estimated = _row_of(values[0]), _row_of(values[1]), floor_of([[float(np.median(v)) for v in values[2:]]])
        for name, floor in (("known", known), ("estimated", estimated)):
            times = times_as_fast(b, a, (floor, floor))
            told[name] += times is not None and times.is_resolved
    assert all(count <= 0.05 * 2000 for count in told.values()), told


def test_a_machine_that_drifts_over_minutes_is_not_told_apart_from_itself() -> None:
    """2,000 pairs of half a minute, three minutes apart; the speed wanders by ±10 %, with a memory of a minute."""
    random, sample_s, n = np.random.default_rng(3), 1.3, 22
    steps, memory = int((180 + 30) / sample_s), np.exp(-sample_s / 60)
    speed = np.empty((2000, steps))
    speed[:, 0] = random.standard_normal(2000)
    for step in range(1, steps):
        speed[:, step] = memory * speed[:, step - 1] + np.sqrt(1 - memory**2) * random.standard_normal(2000)
    seen = 100 * np.exp(0.05 * speed + 0.02 * random.standard_normal((2000, steps)))
    told = {"5 % assumed": 0, "of the run": 0}
    for values in seen:
        a, b = _row_of(values[:n]), _row_of(values[-n:])
        of_run = assumed_floor(values[:n]), assumed_floor(values[-n:])
        for name, floors in (("5 % assumed", (Floor(), Floor())), ("of the run", of_run)):
            times = times_as_fast(b, a, floors)
            told[name] += times is not None and times.is_resolved
    assert told["5 % assumed"] > 0.2 * 2000 and told["of the run"] <= 0.05 * 2000, told


def test_a_quiet_machine_keeps_the_usual_floor_and_a_noisy_one_says_why_it_has_another() -> None:
    random = np.random.default_rng(8)
    quiet = [assumed_floor(np.exp(0.005 * random.standard_normal(n))) for n in (10, 24, 80) for _ in range(100)]
    assert sum(floor == Floor() for floor in quiet) >= 0.95 * len(quiet)
    assert [assumed_floor(values) for values in ((), (1.0,) * 5, (1.0,) * 8 + (0.0,))] == [Floor()] * 3
    assert assumed_floor((1e-300, 1e300) * 4).share == pytest.approx(MOST_FLOOR)
    moved = msgspec.structs.replace(row(PP, 100), samples=(90.0, 92.0, 95.0, 100.0, 104.0, 108.0, 110.0, 112.0))
    found = two([moved], [row(PP, 140)])
    assert found.floors[0].has_varied and found.floors[0].runs == 0 and found.floors[1] == Floor()
    assert plain(floor_words(found.floors[0])) == "±75.3 % assumed"
    assert [floor_reason(floor) for floor in (*found.floors, Floor(0.03, 4, 3))] == [
        "its speed varied during the run, too few stored repeats", "too few stored repeats", ""]
    assert not found.lines[0].values[1].times.is_resolved  # type: ignore[union-attr]
    repeats = [side(row(PP, value), run=f"r{n}") for n, value in enumerate((100, 101, 99))]
    assert two([moved], [row(PP, 140)], repeats).floors[0].runs == 3


def test_of_twenty_tests_without_a_difference_none_is_told_apart_in_95_percent_of_comparisons() -> None:
    random = np.random.default_rng(13)
    tests, within, between = 20, 0.005, 0.02
    known = Floor(float(np.expm1(2 * between * np.sqrt(2))))
    told = {"each for itself": 0, "known": 0, "estimated": 0}
    for _ in range(2000):
        runs = 100 * np.exp(between * random.standard_normal((7, tests)))
        rows = [[msgspec.structs.replace(ANY, median=value, low=value * (1 - 1.96 * within),
                                         high=value * (1 + 1.96 * within)) for value in run]
                for run in (runs[:2] * np.exp(within * random.standard_normal((2, tests)))).tolist()]
        estimated = [floor_of([repeats]) for repeats in runs[2:].T]
        of_known = [(b, a, (known, known)) for a, b in zip(*rows, strict=True)]
        of_estimated = [(b, a, (floor, floor)) for a, b, floor in zip(*rows, estimated, strict=True)]
        told["each for itself"] += _any_told([times_as_fast(*pair) for pair in of_known])
        told["known"] += _any_told(together(of_known))
        told["estimated"] += _any_told(together(of_estimated))
    assert told["each for itself"] > 0.5 * 2000, told
    assert max(told["known"], told["estimated"]) <= 0.05 * 2000, told


def _any_told(found: Sequence[TimesAsFast | None]) -> bool:
    return any(times is not None and times.is_resolved for times in found)


def test_a_difference_that_is_told_makes_it_easier_for_the_rest() -> None:
    exact = (Floor(0.0), Floor(0.0))
    pairs = [(row(PP, 100 * ratio), row(PP, 100), exact) for ratio in (2.0, 1.0168, 1.001)]
    first, second, third = together(pairs)
    alone = times_as_fast(*pairs[1], tests=3)
    assert first is not None and second is not None and third is not None and alone is not None
    assert (first.is_resolved, second.is_resolved, third.is_resolved, alone.is_resolved) == (True, True, False, False)
    assert second.low == alone.low and second.resolvable is not None and alone.resolvable is not None
    few = msgspec.structs.replace(row(PP, 100), low=None, high=None)
    assert together([*pairs[:2], (few, row(PP, 100), exact)])[:2] == together(pairs[:2])


def test_the_tests_of_the_machine_take_no_confidence_from_those_of_models() -> None:
    gemm = Cell("machine", "gemm", "cpu", "float32", size=512)
    found = two([row(PP, 100), row(gemm, 1)], [row(PP, 100), row(gemm, 1)])
    assert found.lines[0].values[1].times == two([row(PP, 100)], [row(PP, 100)]).lines[0].values[1].times


def _row_of(values: np.ndarray[Any, Any]) -> Row:
    interval = median_interval(values)
    return msgspec.structs.replace(ANY, median=interval.median, low=interval.low, high=interval.high)


def test_a_real_difference_is_told() -> None:
    random = np.random.default_rng(5)
    told = {"usual floor": 0, "of the run": 0}
    for _ in range(100):
        noise = random.standard_normal((2, 24))
        for name, spread in (("usual floor", 0.02), ("of the run", 0.015)):
            values = np.array([[1.0], [1.12]]) * np.exp(spread * noise)
            a, b = (assumed_floor(own) if name == "of the run" else Floor() for own in values)
            times = times_as_fast(_row_of(values[1]), _row_of(values[0]), (b, a))
            told[name] += times is not None and times.is_resolved
    assert min(told.values()) >= 95, told


@pytest.mark.parametrize(("cell", "settings"), [
    (Cell("bundled", "pp", "cpu", "float32", batch=4), {}), (Cell("arch:gpt2", "pp", "cpu", "float32"), {}),
    (Cell("bundled", "pp", "cpu", "float32", seq=256), {}),
    (Cell("bundled", "gen", "cpu", "float32"), {"sampling": Sampling(sequences=3)})])
def test_other_work_is_not_matched(cell: Cell, settings: dict[str, Any]) -> None:
    first = PP if cell.workload == "pp" else cell
    found = two([row(first, 100)], [row(cell, 200)], **settings)
    assert not found.lines and all(len(names) == 1 for names in found.alone)
    assert headline(found) == "Nothing can be compared: A and B have no test in common"


def test_a_test_that_failed_in_one_run_is_shared_and_has_no_ratio() -> None:
    found = two([row(PP, 100)], [row(PP, 200, verdict="failed")])
    assert not found.is_apart and headline(found) == "No test has a value in both A and B"


def test_three_runs_that_share_nothing_are_all_named() -> None:
    third = Cell("arch:gpt2", "pp", "cpu", "float32")
    found = compare([side(row(PP, 1)), side(row(TG, 1), run="b"), side(row(third, 1), run="c")])
    assert headline(found) == "Nothing can be compared: A, B and C have no test in common"


def test_a_scenario_that_gives_one_answer_is_the_same_work_however_many_were_asked_for() -> None:
    one, several = (Cell("bundled", "gen", "cpu", "float32", scenario=name)  # type: ignore[arg-type]
                    for name in ("translation", "assistant"))
    assert two([row(one, 9)], [row(one, 6)], sampling=Sampling(sequences=3)).lines
    assert not two([row(several, 9)], [row(several, 6)], sampling=Sampling(sequences=3)).lines


def test_a_request_with_a_prompt_of_another_length_is_other_work() -> None:
    short, long = (Cell("bundled", "gen", "cpu", "float32", seq=seq, new=4) for seq in (16, 32))
    found = two([row(short, 9), row(long, 5)], [row(long, 6)])
    (line,) = (line for line in found.lines if line.is_shared)
    assert line.name == "gen4 · sequence 32" and value_cells(line.values[0], line)[0].startswith("5")
    assert found.alone == (("gen4 · sequence 16",), ())
    assert not two([row(short, 9)], [row(long, 6)]).lines
    assert two([row(short, 9)], [row(short, 6)]).lines[0].name == "gen4"


def test_what_only_another_program_has_in_a_test_tells_it_from_others() -> None:
    deep, busy = (msgspec.structs.replace(row(PP, 50), test=test, definition=f"pp/{tool}")
                  for test, tool in (("pp512 @ d1024", "llama-bench"), ("pp512 8-at-once", "vllm")))
    found = two([deep, busy, row(PP, 100)], [row(PP, 110), deep, busy])
    assert [line.name for line in found.lines] == ["pp512 @ d1024", "pp512 8-at-once", "pp512"]
    assert [value.row.median for value in found.lines[2].values if value.row] == [100, 110]


def test_another_version_of_the_definition_is_shown_and_not_compared() -> None:
    newer = msgspec.structs.replace(row(PP, 200), definition="pp/99")
    value = two([row(PP, 100)], [newer]).lines[0].values[1]
    assert value.times is None and value.counted and "pp/99" in value.why


def test_a_row_that_was_taken_over_from_the_other_run_is_no_comparison() -> None:
    first = side(row(PP, 100))
    value = compare([first, Side(side(run="b").started, first.rows, "llmscope 0.1.0", "m")]).lines[0].values[1]
    assert value.times is None and value.counted and value.why.startswith("the same measurement, of run a")


def test_where_the_speed_varied_too_much_to_compare_it_is_said_in_which_run_and_what_helps() -> None:
    wild = msgspec.structs.replace(row(PP, 100), samples=(30.0, 45.0, 60.0, 90.0, 140.0, 200.0, 260.0, 330.0))
    found = two([wild, row(TG, 10)], [row(PP, 140), row(TG, 20)])
    times = found.lines[0].values[1].times
    assert times is not None and times.resolvable is not None and times.resolvable > 1
    assert plain(headline(found)) == "B writes 2.00× as fast as A; the speed of A varied too much in reading prompts"
    assert what_helps(found) == ("Close other programs and run A three more times: "
                                 "repeats tell how far it varies")
    assert ratio_cells(found.lines[0].values[1]) == ("cannot tell", "under 60×")
    assert floor_words(found.floors[0]) == ">100× assumed" and plain(floor_words(found.floors[1])) == "±5.0 % assumed"
    assert headline(two([wild], [wild])) == ("B and A cannot be told apart: "
                                             "the speed of A and B varied too much in reading prompts")
    assert not what_helps(two([row(PP, 100)], [row(PP, 101)]))


def test_a_run_with_too_few_samples_is_to_be_run_again_unless_it_is_not_ours_to_run() -> None:
    few = msgspec.structs.replace(row(PP, 100), low=None, high=None, samples=(100.0,))
    assert what_helps(two([row(PP, 140)], [few])) == "Close other programs and run B again with accuracy rigorous"
    theirs = msgspec.structs.replace(side(few, run="b"), program="llama-bench 1")
    shipped = msgspec.structs.replace(side(few, run="b"), is_reference=True)
    assert not any(what_helps(compare([side(row(PP, 140)), b])) for b in (theirs, shipped))


def test_a_quick_run_that_varied_is_to_be_run_with_accuracy_standard() -> None:
    wild = msgspec.structs.replace(row(PP, 100), samples=(60.0, 70.0, 80.0, 95.0, 110.0, 125.0, 140.0, 160.0))
    quick = side(wild, run="b")
    quick = msgspec.structs.replace(quick, started=msgspec.structs.replace(
        quick.started, spec=msgspec.structs.replace(quick.started.spec, accuracy="quick")))
    found = compare([side(row(PP, 140)), quick], 0)
    assert what_helps(found) == "Close other programs and run B again with accuracy standard"
    assert resolution(TimesAsFast(1.2, 1.1, 1.3, 2.14)) == "under 3.1×"
    assert floor_words(Floor(2.14, 4, 3)) == "3.1× of 4 repeats"


@pytest.mark.parametrize(("verdict", "word"), [("failed", "failed: no memory"), ("invalid", "not counted: no memory"),
                                               ("cancelled", "stopped: no memory")])
def test_what_has_no_value_is_told_and_never_0(verdict: str, word: str) -> None:
    bad = msgspec.structs.replace(row(PP, 200, verdict=verdict), reason="no memory")
    found = two([row(PP, 100), row(TG, 50)], [bad])
    value = found.lines[0].values[1]
    assert value.times is None and not value.counted and value_cells(value, found.lines[0]) == ("—", word)
    assert ratio_cells(value)[0] == "—" and found.alone == ((TG.test,), ())


def test_few_samples_give_a_ratio_without_an_interval_that_is_never_resolved() -> None:
    few = msgspec.structs.replace(row(PP, 300), low=None, high=None, n=3)
    found = two([row(PP, 100), row(TG, 10)], [few, row(TG, 10)])
    value = found.lines[0].values[1]
    assert plain(headline(found)) == ("B and A cannot be told apart: no difference resolved in writing (±5.2 %), "
                                      "too few samples in reading prompts")
    assert value.times is not None and not value.times.is_resolved and ratio_cells(value) == ("3.00×", "no interval")
    assert plain("|".join(value_cells(value, found.lines[0]))) == "300 tok/s|—"
    assert plain("|".join(value_cells(found.lines[0].values[0], found.lines[0]))).startswith("100|±")


def test_what_varies_within_a_run_must_be_the_same() -> None:
    half = msgspec.structs.replace(PP, dtype="bfloat16")
    found = two([row(PP, 100), row(half, 300)], [row(half, 330), row(PP, 110)])
    assert [line.name for line in found.lines] == ["pp512 · f32", "pp512 · bf16"]
    assert [line.values[1].row.median for line in found.lines if line.values[1].row] == [110, 330]
    other = two([row(PP, 100)], [row(half, 300)])  # set out to compare: one of each
    assert [line.name for line in other.lines] == ["pp512"]


def test_settings_are_read_back_from_the_rows_and_not_from_the_plan() -> None:
    half = msgspec.structs.replace(PP, dtype="bfloat16")
    found = two([row(PP, 100, others_percent=2.0)], [row(half, 300, others_percent=9.0, threads=1)], versions="2.12.0",
                cells=(msgspec.structs.replace(PP, threads=2),), on_battery=True)
    differ = {setting.name: setting for setting in found.settings if setting.differing}
    assert {name: setting.values for name, setting in differ.items() if setting.kind == "compared"} == {
        "Precision": ("f32", "bf16"), "CPU threads": ("2", "1")}
    assert {plain(str(value)) for value in differ["Background load"].values} == {"2 % CPU", "9 % CPU"}
    assert differ["torch"].values == ("2.11.0", "2.12.0") and differ["torch"].differing == (1,)
    assert differ["Power source"].values == ("mains power", "on battery")
    assert "System" not in differ and "System" in {setting.name for setting in found.settings}


def test_a_setting_that_only_others_have_is_no_difference_to_them() -> None:
    gpu = msgspec.structs.replace(PP, device="cuda:0")
    card = {"gpus": [{"name": "NVIDIA GeForce RTX 4070", "driver": "576.52"}]}
    sides = [side(row(PP, 100)), side(row(gpu, 900), run="b", **card), side(row(gpu, 900), run="c", **card)]
    found = {setting.name: setting for setting in compare(sides).settings}
    assert found["Driver"].values == (None, "576.52", "576.52") and not found["Driver"].differing
    assert found["Device"].values == ("AMD EPYC", "RTX 4070", "RTX 4070") and found["Device"].differing == (1, 2)


def test_the_baseline_can_be_another_run() -> None:
    sides = [side(row(PP, 100)), side(row(PP, 200), run="b"), side(row(PP, 400), run="c")]
    found = compare(sides, 1)
    assert [value.times and value.times.ratio for value in found.lines[0].values] == [
        pytest.approx(0.5), None, pytest.approx(2.0)]
    assert headline(found) == "B reads prompts 2.00× as fast as A"


def test_a_run_of_another_program_was_asked_for_no_accuracy() -> None:
    foreign = msgspec.structs.replace(side(row(PP, 100), run="b"), program="llama-bench 4711")
    found = {setting.name: setting for setting in compare([side(row(PP, 100)), foreign]).settings}
    assert found["Accuracy asked"].values == ("standard", None) and not found["Accuracy asked"].differing
    assert found["Program"].differing == (1,)


def test_hostile_extras_are_no_settings() -> None:
    odd = row(PP, 100, others_percent="much", numerics=["x"], throttled=3)
    assert two([odd], [row(PP, 100)], on_battery=[1], gpus="none").lines
    lines = two([row(PP, 100, revision="a\nb\tc" + 10_000 * "x")], [row(PP, 100)])
    value = next(setting.values[0] for setting in lines.settings if setting.name == "Model revision")
    assert value is not None and "\n" not in value and len(value) < 1000


@pytest.mark.parametrize("count", [0, 1, 5])
def test_one_run_or_five_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        compare([side(row(PP, 1), run=str(n)) for n in range(count)])


@pytest.mark.parametrize(("count", "said"), [
    (1, "a"), (5, "a, b, c, d, e"), (6, "a, b, c, d and 2 more"), (26, "a, b, c, d and 22 more")])
def test_of_many_names_the_first_are_told_and_the_rest_counted(count: int, said: str) -> None:
    assert some([chr(ord("a") + n) for n in range(count)]) == said
