"""The measuring loop with workloads that do next to nothing."""

import gc
import time
from typing import Any

import pytest
import torch

from llmscope.core import events
from llmscope.core.stopping import StoppingRule
from llmscope.engine import conditions, measuring
from llmscope.engine.checks import NotTrustworthy
from llmscope.engine.measuring import measure
from llmscope.engine.meter import Cancelled, Meter
from llmscope.engine.timers import Block, Stopwatch, TimerFacts

CPU = torch.device("cpu")


class Fake:
    """A workload whose blocks last what the test says; the first passes are slow, as warm-ups are."""

    phase: events.Phase = "prefill"
    request = False
    work = 10

    def __init__(self, seconds: float = 0.01, cancel_at: int = 10**9, fail_at: int = 10**9) -> None:
        self.seconds, self.cancel_at, self.fail_at = seconds, cancel_at, fail_at
        self.calls, self.kept = 0, 0

    def prepare(self) -> None:
        assert not gc.isenabled()

    def run(self, watch: Stopwatch) -> Block:
        self.calls += 1
        if self.calls == self.cancel_at:
            raise Cancelled
        time.sleep(0.0005)
        return Block(self.seconds * (100 if self.calls == 1 else 1), None, {})

    def finish(self) -> dict[str, Any]:
        if self.calls == self.fail_at:
            raise NotTrustworthy("a logit is not finite")
        self.kept += 1
        return {}

    def summary(self) -> dict[str, Any]:
        return {"kept": self.kept}

    def reset(self) -> None:
        self.kept = 0


def run(workload: Fake) -> tuple[Any, list[events.Event]]:
    heard: list[events.Event] = []
    meter = Meter(heard.append)
    measured = measure(workload, StoppingRule("quick", t_min_s=0.1), meter, CPU, warm_up_cap_s=0.05)
    return measured, heard


def test_warm_ups_are_no_samples_and_their_first_is_kept_apart() -> None:
    measured, heard = run(Fake())
    assert measured.verdict == "valid" and set(measured.times) == {0.01}
    assert measured.extra["warm_up"]["first_s"] == 1.0 and measured.extra["kept"] == len(measured.times)
    samples = [e for e in heard if isinstance(e, events.Sample)]
    assert len(samples) == len(measured.times) and gc.isenabled()
    assert [e.phase for e in heard if isinstance(e, events.PhaseStarted)] == ["warm-up", "prefill"]
    assert any(isinstance(e, events.Estimate) and e.median == pytest.approx(1000) for e in heard)


def test_a_stop_keeps_the_samples_before_it() -> None:
    workload = Fake()
    full, _ = run(workload)
    stopped, _ = run(Fake(cancel_at=workload.calls - len(full.times) + 5))
    assert stopped.verdict == "cancelled" and 0 < len(stopped.times) < len(full.times) and gc.isenabled()


@pytest.mark.parametrize("workload", [Fake(seconds=0.0), Fake(seconds=-1.0), Fake(fail_at=2)])
def test_what_cannot_be_believed_is_invalid(workload: Fake) -> None:
    measured, _ = run(workload)
    assert measured.verdict == "invalid" and measured.reason


def test_sleep_of_the_computer_makes_a_test_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10**9))

    def read() -> conditions.Reading:
        return conditions.Reading(0, next(clock) * 60_000_000, 0, 0, 0)

    monkeypatch.setattr(conditions, "read", read)
    measured, _ = run(Fake())
    assert measured.verdict == "invalid" and "slept" in measured.reason


def test_what_disturbed_a_sample_is_the_difference_of_the_counters() -> None:
    before = conditions.Reading(0, 0, 3, None, 100)
    after = conditions.Reading(10**9, 10**9 + 20_000_000, 5, None, 150)
    found = conditions.between(before, after)
    assert found == conditions.Disturbance(0.0, 2, None, 50)


def test_marks_add_up_to_the_block() -> None:
    watch = Stopwatch(CPU)
    watch.start()
    time.sleep(0.002)
    watch.mark("a")
    time.sleep(0.004)
    watch.mark("b")
    block = watch.stop()
    assert block.phases_s["a"] >= 0.002 and block.phases_s["b"] >= 0.004
    assert sum(block.phases_s.values()) == pytest.approx(block.seconds, rel=0.03)


class Scripted(Fake):
    """A workload whose blocks last what a list says, the last one for ever."""

    def __init__(self, *seconds: float, device_share: float | None = None, warning: str | None = None) -> None:
        super().__init__()
        self.script, self.device_share, self.warning = seconds, device_share, warning

    def run(self, watch: Stopwatch) -> Block:
        seconds = self.script[min(self.calls, len(self.script) - 1)]
        self.calls += 1
        return Block(seconds, None if self.device_share is None else self.device_share * seconds, {})

    def summary(self) -> dict[str, Any]:
        return {} if self.warning is None else {"warning": self.warning}


@pytest.fixture
def no_least_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "WARM_UP_S", {"cpu": 0.0})


def measured_by(workload: Fake, cap_s: float = 30.0, limit_s: float | None = None) -> tuple[Any, list[events.Event]]:
    heard: list[events.Event] = []
    rule = StoppingRule("quick", limit_s, t_min_s=0.1)
    return measure(workload, rule, Meter(heard.append), CPU, cap_s), heard


def test_warm_up_is_at_least_three_passes(no_least_warm_up: None) -> None:
    measured, _ = measured_by(Scripted(0.5, 0.02, 0.02, 0.01))
    assert measured.extra["warm_up"]["n"] == 3 and measured.extra["warm_up"]["first_s"] == 0.5
    assert set(measured.times) == {0.01} and measured.extra["warm_up"]["steady"]


def test_warm_up_goes_on_until_the_passes_are_steady(no_least_warm_up: None) -> None:
    falling = [1.0 * 0.9**i for i in range(30)]
    measured, _ = measured_by(Scripted(*falling, 0.01))
    assert measured.extra["warm_up"]["n"] > 30 and max(measured.times) < 0.05


def test_warm_up_ends_at_its_cap_and_says_that_it_was_not_steady(no_least_warm_up: None) -> None:
    falling = [1.0 * 0.9**i for i in range(2000)]
    measured, _ = measured_by(Scripted(*falling), cap_s=0.02, limit_s=0.05)
    assert not measured.extra["warm_up"]["steady"]


def test_a_fault_in_a_pass_leaves_the_collector_as_it_was() -> None:
    class Broken(Fake):
        def run(self, watch: Stopwatch) -> Block:
            raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        run(Broken())
    assert gc.isenabled() and gc.get_freeze_count() == 0


def test_a_stop_in_the_warm_up_leaves_no_sample_and_no_value() -> None:
    measured, heard = run(Fake(cancel_at=2))
    assert (measured.verdict, measured.times, measured.reason) == ("cancelled", (), "stopped before its first sample")
    assert not any(isinstance(e, events.Sample) for e in heard)


def test_what_a_workload_warns_of_is_the_verdict_unless_there_is_a_worse_one(no_least_warm_up: None) -> None:
    measured, _ = measured_by(Scripted(0.01, warning="mixed: 6 % of the bytes came from disk"))
    assert (measured.verdict, measured.reason) == ("warn", "mixed: 6 % of the bytes came from disk")
    assert "warning" not in measured.extra
    measured, _ = measured_by(Scripted(*[0.01] * 8, 0.0, warning="mixed"))
    assert measured.verdict == "invalid" and "mixed" not in measured.reason


def test_a_sample_too_short_for_the_clock_is_warned_of(no_least_warm_up: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "timer_facts", lambda: TimerFacts(1000.0, 1))  # blocks of 10 ms and more are told
    assert measured_by(Scripted(0.0101))[0].verdict == "valid"
    measured, _ = measured_by(Scripted(0.0099))
    assert measured.verdict == "warn" and "too short" in measured.reason


def test_sustained_speed_is_shown_where_it_differs(no_least_warm_up: None) -> None:
    assert "sustained" not in measured_by(Scripted(*[0.0101, 0.01] * 500))[0].extra
    spiky = [0.01] * 3 + [*[0.01] * 4, 0.1] * 500
    measured, _ = measured_by(Scripted(*spiky))
    assert measured.extra["sustained"] == pytest.approx(10 * len(measured.times) / sum(measured.times))
    far = measured.extra["outliers"]["far"]
    assert [o["sample"] for o in far] == [i for i, t in enumerate(measured.times) if t == 0.1]
    assert len(measured.times) == len([e for e in measured_by(Scripted(*spiky))[1] if isinstance(e, events.Sample)])


def test_a_device_cannot_work_longer_than_the_wall_clock_ran(no_least_warm_up: None) -> None:
    measured, _ = measured_by(Scripted(0.01, device_share=1.02))
    assert measured.verdict == "invalid" and "wall clock" in measured.reason


@pytest.mark.parametrize(("share", "bound"), [(0.5, "host or launch"), (0.95, None)])
def test_a_device_that_waits_for_the_program_is_named(no_least_warm_up: None, share: float, bound: str | None) -> None:
    measured, _ = measured_by(Scripted(0.01, device_share=share))
    assert measured.extra["device_share_of_wall"] == pytest.approx(share) and measured.extra.get("bound") == bound


def test_seconds_are_not_turned_into_a_rate_where_they_are_the_value(no_least_warm_up: None) -> None:
    workload = Scripted(*[0.010, 0.0102] * 500)
    workload.work = None  # type: ignore[assignment]
    _, heard = measured_by(workload)
    estimates = [e for e in heard if isinstance(e, events.Estimate) and e.low is not None]
    assert estimates and all(e.low <= e.median <= e.high < 0.02 for e in estimates)  # type: ignore[operator]
    _, heard = measured_by(Scripted(*[0.010, 0.0102] * 500))
    estimates = [e for e in heard if isinstance(e, events.Estimate) and e.low is not None]
    assert estimates and all(980 < e.low <= e.median <= e.high <= 1000 for e in estimates)  # type: ignore[operator]
