from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from llmscope.analysis.bottleneck import Finding
from llmscope.analysis.evidence import Claim
from llmscope.core.events import (
    CellEnded,
    CellStarted,
    Device,
    DtypeProbe,
    PhaseStarted,
    Progress,
    RunStarted,
    Telemetry,
)
from llmscope.core.results import Row
from llmscope.core.spec import MACHINE, Cell, RunSpec
from llmscope.core.stopping import MACHINE_ROUNDS
from llmscope.core.units import GIB, NBSP, gib
from llmscope.gui import advice, live_strip, looks, row_words, words
from llmscope.gui.cards.texts import not_steady
from llmscope.gui.expected import Expected
from llmscope.gui.run_state import CellState, RunState
from llmscope.gui.settings import Settings
from llmscope.gui.setup import Models, Setup
from llmscope.gui.widgets.badge import LOOKS
from llmscope.runs.entry import Brief, Entry
from tests.gui.stream import CELLS, stream

SECOND = 10**9
CPU = Device("cpu", "AMD EPYC", "cpu", 16 * GIB, (DtypeProbe("float32", True),))
CARD = Device("cuda:0", "RTX", "cuda", 8 * GIB, (DtypeProbe("float32", True),))
NOW = Telemetry(t_ns=0, cpu_percent=1.0, others_percent=1.0, memory_used_bytes=4 * GIB, memory_total_bytes=16 * GIB)


def after(**how: object) -> RunState:
    run = RunState()
    for event in stream(**how):  # type: ignore[arg-type]
        run.apply(event)
    return run


def row(**changes: object) -> Row:
    values: dict[str, object] = {
        "run": "r", "test": "pp512", "definition": "pp/1", "model": "bundled", "backend": "eager", "device": "cpu",
        "dtype": "float32", "batch": 1, "seq": 512, "new": 128, "depth": 0, "unit": "tok/s", "verdict": "valid"}
    return Row(**(values | changes))  # type: ignore[arg-type]


def test_a_run_is_open_from_its_order_to_its_end() -> None:
    run = RunState()
    run.begin(RunSpec(CELLS))
    assert run.status == "starting" and run.is_open
    assert after(until_s=14.0).status == "running"
    assert after().status == "done" and not after().is_open
    assert after(outcome="stopped").status == "stopped"
    assert after(outcome="oom").status == "failed"


def test_a_new_run_forgets_the_one_before() -> None:
    run = after()
    run.begin(RunSpec(CELLS))
    assert not run.rows and run.seconds == 0 and not run.spoken


def test_the_text_of_the_last_generation_is_kept() -> None:
    run = after()
    assert run.spoken and {event.cell for event in run.spoken} == {0}


def test_missing_values_are_blank_and_never_zero() -> None:
    state = CellState(Cell("bundled", "pp"), row(verdict="failed", reason="the worker died", median=None))
    assert row_words.value(state) == ("", "", "", "0")
    assert row_words.detail(state) == ["the worker died"]


def test_a_value_without_interval_says_so() -> None:
    state = CellState(Cell("bundled", "pp"), row(median=1234.5, n=3, samples=(1.0, 2.0, 3.0)))
    assert row_words.value(state) == ("1,230", "tok/s", "—", "3")


@pytest.mark.parametrize(("reason", "word"), [
    ("throttled for 3 % of the time", "throttled"), ("on battery", "on battery"), ("drift +2 % a minute", "drift"),
    ("mixed cache", "warned")])
def test_a_warning_is_named_by_its_reason(reason: str, word: str) -> None:
    state = CellState(Cell("bundled", "pp"), row(verdict="warn", reason=reason, median=1.0))
    assert words.badge_word(state, False, True) == word and LOOKS[word] == LOOKS["warned"]
    # Where no badge shows the mark of a warning, the word does.
    assert state.row is not None and not_steady(state.row) == ("warned" if word == "warned" else f"warned ({word})")


def test_a_stored_run_with_a_warned_test_is_not_shown_as_steady() -> None:
    steady = Brief("pp512", "bundled", "tok/s", 1.0, 0.01, 9, "valid", "", "")
    warned = replace(steady, test="tg128", verdict="warn", reason="drift +2 % a minute")
    assert words.run_badge(Entry("a", 0.0, "done", tests=(steady, warned)), None) == "drift"
    assert words.run_badge(Entry("a", 0.0, "done", tests=(steady, steady)), None) == "steady"


def test_settings_name_only_what_the_tests_use() -> None:
    assert words.settings_line(Cell("bundled", "tg", dtype="float32")).replace(NBSP, " ") == \
        "f32 · batch 1 · 128 new tokens"
    several = words.settings_lines([Cell("bundled", "pp", seq=128), Cell("bundled", "pp", seq=512, batch=4)])
    assert several.replace(NBSP, " ") == "batch 1/4 · sequence 128/512"


def test_the_gauge_is_full_when_the_accuracy_asked_is_reached() -> None:
    run = after(until_s=9.0)
    look = live_strip.live_look(run, {}, {}, None)
    assert look.share is not None and look.share > 0.9
    assert "3" in look.gauge_right and look.gauge_title.startswith("Accuracy ±")


def test_a_live_rate_is_no_figure_of_a_test_that_measures_a_time() -> None:
    def figure(workload: str) -> str:
        run = RunState()
        run.begin(RunSpec((Cell("bundled", workload),)))  # type: ignore[arg-type]
        return live_strip.live_look(run, {}, {}, 22.0).figure

    assert figure("pp") == "22.0" and figure("ttft") == "—"


def test_verdicts_are_counted_in_words() -> None:
    assert looks.verdicts([row(), row()]) == "all steady"
    assert looks.verdicts([row()]) == "steady"
    assert looks.verdicts([row(), row(), row(verdict="not_converged")]) == "2 steady and 1 noisy"


def test_a_run_without_a_steady_result_gets_no_check_mark() -> None:
    run = after()
    assert looks.done_look(run).kind == "done"
    for state in run.cells:
        assert state.row is not None
        state.row = msgspec.structs.replace(state.row, verdict="not_converged")
    assert looks.done_look(run).kind == "warn"


def test_the_time_left_never_falls_below_zero(tmp_path: Path) -> None:
    expected = Expected(Settings(tmp_path / "s.ini"))
    assert looks.seconds_left(after(until_s=10.5), expected) >= 5
    assert looks.seconds_left(after(), expected) == 0


def test_a_test_is_expected_to_take_as_long_as_last_time(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "s.ini")
    expected, cell = Expected(settings), Cell("a/b model", "pp", device="cpu", dtype="float32")
    assert expected.seconds(cell, "rigorous") > expected.seconds(cell, "quick")
    expected.remember(cell, "quick", 33.3)
    settings.sync()
    assert Expected(Settings(tmp_path / "s.ini")).seconds(cell, "quick") == 33.3
    assert sum(seconds for _, seconds in expected.plan([cell], "quick")) == pytest.approx(33.3)


def test_the_button_names_the_only_test_after_a_failure(tmp_path: Path) -> None:
    spec = RunSpec((Cell("bundled", "train", "cpu", "float32", seq=64),), accuracy="quick")
    expected = Expected(Settings(tmp_path / "s.ini"))
    look = looks.button_look(after(outcome="oom"), Setup(cells=spec.cells), expected, spec)
    assert (look.word, look.first) == ("Run", "train64 only")


def test_run_again_says_how_long_it_took(tmp_path: Path) -> None:
    run = after()
    assert run.spec is not None
    look = looks.button_look(run, Setup(cells=run.spec.cells), Expected(Settings(tmp_path / "s.ini")), run.spec)
    assert (look.word, look.first) == ("Run again", f"took 40{NBSP}s")


def test_out_of_memory_offers_settings_that_fit() -> None:
    cell = Cell("arch:smollm2-135m", "train", "cpu", "float32", batch=64, seq=1024)
    failed = row(verdict="failed", reason="out of memory: …", extra={"memory": {}})
    offers = advice.offers(failed, cell, Models(), (CPU,), NOW)
    assert [offer.changes for offer in offers][-1] == {}
    assert offers[0].verdict == "fits" and 0 < int(offers[0].changes["batch"]) < 64
    assert "GiB" in offers[0].peak


def test_training_out_of_memory_offers_checkpointing_and_sgd_with_what_they_save() -> None:
    cell = Cell("arch:smollm2-135m", "train", "cpu", "float32", batch=8, seq=512)
    models, failed = Models(), row(verdict="failed", reason="out of memory: …", extra={"memory": {}})
    saved = {frozenset(changes): size for changes, size in advice.savings(cell, models)}
    weights = advice.peak_of([cell], models)[1].weights  # type: ignore[index]
    assert saved[frozenset({"optimizer"})] == pytest.approx(weights, rel=0.01)  # one moment less
    assert saved[frozenset({"checkpointing", "optimizer"})] > saved[frozenset({"checkpointing"})] > GIB
    offers = advice.offers(failed, cell, models, (CPU,), NOW)
    assert offers[0].changes == {"checkpointing": True} and offers[0].verdict == "fits"
    assert offers[0].title == f"Checkpointing: saves about {gib(saved[frozenset({'checkpointing'})])}"
    assert "train512 b8 checkpointing: not comparable with train512 b8." in offers[0].text
    assert [set(offer.changes) for offer in offers] == [{"checkpointing"}, {"optimizer"}, {"batch"}]
    between = msgspec.structs.replace(NOW, memory_used_bytes=16 * GIB - (advice.peak_of([msgspec.structs.replace(
        cell, checkpointing=True)], models)[1].total_bytes - 1))  # type: ignore[index, operator]
    only_both = advice.offers(failed, cell, models, (CPU,), between)[0]
    assert set(only_both.changes) == {"checkpointing", "optimizer"} and only_both.verdict != "does not fit"
    light = Cell("arch:smollm2-135m", "train", "cpu", "float32", optimizer="sgd", checkpointing=True)
    assert advice.savings(light, models) == [] and advice.savings_words([light], models) == ""
    assert advice.savings_words([cell], models).startswith("Checkpointing would save ")
    assert advice.savings(Cell("arch:smollm2-135m", "gen"), models) == []


def test_a_failure_on_a_gpu_offers_the_cpu() -> None:
    cell = Cell("bundled", "pp", "cuda:0", "float32")
    offers = advice.offers(row(verdict="failed", reason="the device failed"), cell, Models(), (CPU, CARD), NOW)
    assert [offer.changes for offer in offers] == [{}, {"device": "cpu", "dtype": "auto"}]


def test_each_phase_says_which_ceiling_it_came_nearest_to() -> None:
    phases = {"data": {"seconds": 0.1}, "forward": {"seconds": 0.3, "mfu": 0.5, "mbu": 0.2},
              "optimizer": {"seconds": 0.6, "mbu": 0.75}}
    said = row_words._behind(row(extra={"phases_s": {name: part["seconds"] for name, part in phases.items()},
                                    "phases": phases})).replace(NBSP, " ")
    assert said == "data 10 %, forward 30 % (50 % of compute), optimizer 60 % (75 % of memory bandwidth)"


@pytest.mark.parametrize(("verdict", "reason", "title"), [
    ("failed", "it broke", "The prefill test failed"),
    ("failed", "out of memory", "The prefill test ran out of memory"),
    ("invalid", "beyond a ceiling", "The prefill test is not counted")])
def test_the_title_tells_a_failure_from_a_result_that_cannot_be_true(verdict: str, reason: str, title: str) -> None:
    assert looks.failed_title(row(verdict=verdict, reason=reason)) == title


def test_tests_that_take_turns_take_the_time_of_their_own_turns() -> None:
    run = RunState()
    cells = tuple(Cell(MACHINE, "gemm", "cpu", "float32", size=size) for size in (64, 128))
    utc = "2026-01-01T00:00:00+00:00"
    run.apply(RunStarted(t_ns=0, run="r", utc=utc, spec=RunSpec(cells), machine={}, versions={}))
    expected = Expected(Settings())
    whole_s = looks.seconds_left(run, expected)
    for number in (0, 1):
        run.apply(CellStarted(t_ns=number * SECOND, cell=number))
    run.apply(PhaseStarted(t_ns=2 * SECOND, cell=0, phase="products"))
    assert looks.ceilings_words(run) == f"ceilings of this machine, round 2 of {MACHINE_ROUNDS}"
    assert looks.status_words(run, Setup())[1] == looks.ceilings_words(run)
    run.apply(Progress(t_ns=2 * SECOND + SECOND // 10, cell=0, counter=1, sample=1))
    first, second = run.cells
    assert (first.turns, second.turns) == (2, 1)
    assert run.took_s(first) == pytest.approx(1.1) and run.took_s(second) == pytest.approx(1.0)
    assert looks.seconds_left(run, expected) == pytest.approx(whole_s - 2.1)
    ended = row(model=MACHINE, test="gemm64-f32", definition="gemm/1", unit="TFLOPS", median=1.0)
    run.apply(CellEnded(t_ns=3 * SECOND, cell=0, row=ended))
    run.apply(PhaseStarted(t_ns=4 * SECOND, cell=1, phase="products"))
    assert run.took_s(first) == first.took_s == pytest.approx(2.0)  # what came between was nobody's


def test_a_row_whose_limit_is_unclear_names_the_operations_that_take_most_of_its_time() -> None:
    decoded = next(event.row for event in stream() if isinstance(event, CellEnded) and event.row.test == "tg32")
    named = Finding("unclear", "", False, None, (Claim("unclear", 0.7, ""),), operations={"linear": 0.53, "cat": 0.06})
    nameless = msgspec.structs.replace(named, operations={})
    for found, line in ((named, "limit unclear: 53 % of the time in linear"),
                        (nameless, "limit unclear: memory bandwidth 73 % of 45.2 GB/s")):
        held = msgspec.structs.replace(decoded, extra=decoded.extra | {"bottleneck": msgspec.to_builtins(found)})
        assert words.limit_line(held, short=True).replace(NBSP, " ") == line


#: A verdict with its reason, and how the line of the row begins and ends in a small window.
NOISY, FEW = "±3 % not reached after 16 s", "n = 1 is too few for an interval"
OTHERS = "other programs used 68 % of the CPU"
REASONS = [
    ("not_converged", f"{NOISY}, {FEW}, {OTHERS}", OTHERS, FEW), ("not_converged", NOISY, "", NOISY),
    ("warn", "drift +216 % in time from the first half to the second, ±3 % not reached",
     "drift +216 % between its halves", ""),
    ("warn", "throttled (power, heat)", "throttled (power, heat)", "")]


@pytest.mark.parametrize(("verdict", "reason", "first", "last"), REASONS)
def test_of_a_reason_that_comes_first_which_can_be_acted_on(verdict: str, reason: str, first: str, last: str) -> None:
    state = CellState(Cell("bundled", "pp", "cpu", "float32"), row(
        verdict=verdict, reason=reason, median=100.0, n=1, timed_s=1.0))
    said = row_words.detail(state, short=True)
    assert said[0] == first or (not first and said[0] not in reason)
    assert not last or said[-1] == last
    whole = row_words.detail(state)
    assert all(part in ", ".join(whole) for part in reason.split(", "))


def test_a_small_window_names_a_limit_without_its_first_words() -> None:
    lines = [(row_words.detail(state)[0], row_words.detail(state, short=True)[0]) for state in after().cells]
    assert any(whole.startswith("limited by ") for whole, _ in lines)
    assert not any(short.startswith(("limited by ", "limit unclear")) for _, short in lines)
