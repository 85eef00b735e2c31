"""The run at hand: what was heard, when its worker is stuck, and the row of a test that nobody ended."""

from statistics import median

import msgspec
import pytest

from llmscope.core import events
from llmscope.core.results import Verdict
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, RunSpec, Sampling
from llmscope.runs import active, deadlines
from llmscope.runs.active import ActiveRun

CELL = Cell("arch:gpt2", "pp", device="cpu", dtype="float32", seq=100)
STARTED = events.RunStarted(t_ns=0, run="r", utc="2026-01-01T00:00:00+00:00", spec=RunSpec((CELL, CELL)), machine={},
                            versions={})


class Clock:
    """Time that passes only when the test says so."""

    now_s = 1000.0

    def perf_counter(self) -> float:
        return self.now_s

    def perf_counter_ns(self) -> int:
        return int(self.now_s * 1e9)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(active, "time", clock)
    return clock


@pytest.fixture
def run(clock: Clock) -> ActiveRun:
    return ActiveRun(STARTED)


def hear_start(run: ActiveRun, phase: events.Phase = "prefill") -> None:
    run.hear(events.CellStarted(t_ns=0, cell=0))
    run.hear(events.PhaseStarted(t_ns=0, cell=0, phase=phase))


def progress(counter: int) -> events.Progress:
    return events.Progress(t_ns=0, cell=0, counter=counter, sample=0)


@pytest.mark.parametrize(("verdict", "others", "expected"), [
    ("valid", (3.0, 9.0, 80.0), ("valid", None)), ("valid", (), ("valid", None)),
    ("valid", (44.6, 45.4), ("warn", "other programs used 45 % of the CPU")),
    ("not_converged", (45.0,), ("not_converged", "wide, other programs used 45 % of the CPU")),
    ("failed", (45.0,), ("failed", "wide"))])
def test_a_row_says_if_other_programs_kept_the_cpu_busy(
        run: ActiveRun, verdict: Verdict, others: tuple[float, ...], expected: tuple[str, str | None]) -> None:
    run.watch(telemetry(99.0))  # before the test began
    hear_start(run)
    for percent in others:
        run.watch(telemetry(percent))
    row = run.judged(0, make_row("r", CELL, Sampling(), [1.0], verdict, None if verdict == "valid" else "wide"))
    assert (row.verdict, row.reason) == expected
    assert row.extra.get("others_percent") == (median(others) if others and verdict != "failed" else None)


def telemetry(others_percent: float) -> events.Telemetry:
    return events.Telemetry(t_ns=0, cpu_percent=50.0, others_percent=others_percent, memory_used_bytes=1,
                            memory_total_bytes=2)


@pytest.mark.parametrize(("device", "unit_tok_s", "energy"), [
    ("cpu", 50.0, {"power_w": 30.0, "readings": 5, "scope": "CPU package", "j_per_token": 0.6}),
    ("cuda:1", 50.0, {"power_w": 200.0, "readings": 5, "scope": "GPU", "j_per_token": 4.0}),
    ("cuda:2", 50.0, None)])
def test_a_row_has_the_energy_of_a_token_from_the_power_while_it_was_measured(
        clock: Clock, device: str, unit_tok_s: float, energy: dict[str, object] | None) -> None:
    cell = Cell("arch:gpt2", "pp", device=device, dtype="bfloat16", seq=100)
    run = ActiveRun(events.RunStarted(t_ns=0, run="r", utc="", spec=RunSpec((cell,)), machine={}, versions={}))

    def draw(watts: float) -> None:
        gpus = (events.Gpu(index=0, name="A", power_w=1.0), events.Gpu(index=1, name="B", power_w=10 * watts))
        run.watch(msgspec.structs.replace(telemetry(0.0), cpu_power_w=1.5 * watts, gpus=gpus))

    hear_start(run, "warm-up")
    draw(1000.0)
    run.hear(events.PhaseStarted(t_ns=0, cell=0, phase="prefill"))
    for _ in range(5):
        draw(20.0)
    row = run.judged(0, make_row("r", cell, Sampling(), [100 / unit_tok_s], "valid"))
    assert row.extra.get("energy") == energy


def test_a_row_says_how_often_heat_or_power_slowed_its_gpu_and_what_limits_it(clock: Clock) -> None:
    """Recorded readings: no GPU here can be made to slow down."""
    cell = Cell("arch:gpt2", "pp", device="cuda:1", dtype="bfloat16", seq=100)
    run = ActiveRun(events.RunStarted(t_ns=0, run="r", utc="", spec=RunSpec((cell,)), machine={}, versions={}))
    hear_start(run)
    for words in ("heat, by the hardware", "power limit", "heat, by the hardware", "", None):
        gpus = (events.Gpu(index=0, name="A", slowed_by="power limit"), events.Gpu(index=1, name="B", slowed_by=words))
        run.watch(msgspec.structs.replace(telemetry(0.0), gpus=gpus))
    row = run.judged(0, make_row("r", cell, Sampling(), [1.0] * 10, "valid"))
    assert row.extra["throttled"] == {"share": 0.75, "reason": "heat, by the hardware"}
    assert row.extra["bottleneck"]["limiter"] == "heat or power" and "75" in row.extra["bottleneck"]["evidence"]


def test_a_worker_that_takes_up_nothing_is_stuck(run: ActiveRun, clock: Clock) -> None:
    clock.now_s += deadlines.START_S
    assert run.stuck() is None
    clock.now_s += 0.1
    assert "did not start" in (run.stuck() or "")


def test_a_silent_worker_is_told_from_a_slow_one(run: ActiveRun, clock: Clock) -> None:
    hear_start(run, "load")
    for _ in range(10):
        clock.now_s += deadlines.SILENT_S
        assert run.stuck() is None
        run.hear(progress(1))
    clock.now_s += deadlines.SILENT_S + 0.1
    assert "stopped answering" in (run.stuck() or "")


def test_words_without_progress_do_not_help_and_progress_does(run: ActiveRun, clock: Clock) -> None:
    hear_start(run)
    limit_s = deadlines.progress_deadline_s(CELL, "prefill")
    assert limit_s > deadlines.PASS_S
    for counter in (1, 2, 3):
        for _ in range(20):
            clock.now_s += limit_s / 21
            run.hear(progress(counter))
            assert run.stuck() is None
    for _ in range(22):
        clock.now_s += limit_s / 21
        run.hear(progress(3))
    assert "no progress" in (run.stuck() or "") and "prefill" in (run.stuck() or "")


def test_a_phase_has_time_for_its_work_and_a_folder_that_went_away_has_time_too() -> None:
    long = Cell("arch:gpt2", "train", dtype="float32", batch=64, seq=1024)
    assert deadlines.progress_deadline_s(long, "train") > 1e4 > deadlines.progress_deadline_s(CELL, "prefill")
    assert deadlines.progress_deadline_s(Cell("/nowhere", "pp", dtype="float32"), "prefill") > deadlines.PASS_S
    assert deadlines.progress_deadline_s(long, "load") == deadlines.LOAD_S


def test_samples_that_count_make_the_row_of_a_test_that_was_stopped(run: ActiveRun) -> None:
    hear_start(run)
    for index, (seconds, excluded) in enumerate([(0.5, None), (9.0, "slept"), (0.5, None)]):
        run.hear(events.Sample(t_ns=0, cell=0, index=index, seconds=seconds, excluded=excluded))
    row = run.row_for(0, "cancelled", "stopped")
    assert (row.n, row.median, row.reason) == (2, 200.0, "stopped")
    failed = run.row_for(0, "failed", "it crashed", log="x" * 9000)
    assert (failed.n, failed.median) == (0, None) and len(failed.extra["worker_log"]) == 4000
    assert run.row_for(1, "failed", "it crashed").n == 0


@pytest.mark.parametrize(("verdicts", "status"), [
    (("valid", "failed"), "done"), (("warn", "failed"), "done"), (("not_converged", "invalid"), "done"),
    (("failed", "invalid"), "failed"), (("cancelled", "cancelled"), "failed")])
def test_a_run_failed_if_nothing_counts(run: ActiveRun, verdicts: tuple[str, str], status: str) -> None:
    for cell, verdict in enumerate(verdicts):
        run.end_cell(cell, make_row("r", CELL, STARTED.spec.sampling, [0.1] * 8, verdict))  # type: ignore[arg-type]
    assert not run.todo and run.end().status == status
    run.stop_asked_s = 1.0
    assert run.end().status == "stopped"


def test_of_tests_in_rounds_the_one_whose_phase_began_last_is_at_hand(run: ActiveRun) -> None:
    for cell in (0, 1):
        run.hear(events.CellStarted(t_ns=0, cell=cell))
    run.watch(telemetry(50.0))
    run.hear(events.PhaseStarted(t_ns=0, cell=0, phase="prefill"))
    assert run.current == 0
    run.watch(telemetry(2.0))
    said = [run.judged(cell, make_row("r", CELL, Sampling(), [1.0], "valid", None)).extra["others_percent"]
            for cell in (0, 1)]
    assert said == [2.0, 50.0]  # each has what was read in its own turns


def test_a_stop_leaves_a_test_the_samples_of_its_turns(run: ActiveRun) -> None:
    run.hear(events.CellStarted(t_ns=0, cell=0))
    run.hear(events.Sample(t_ns=0, cell=0, index=0, seconds=0.5, work=100))
    had_turns, had_none = run.stopped_row(0), run.stopped_row(1)
    assert (had_turns.verdict, had_turns.reason, had_turns.samples) == ("cancelled", "stopped", (200.0,))
    assert (had_none.verdict, had_none.reason, had_none.samples) == ("cancelled", "not started", ())
