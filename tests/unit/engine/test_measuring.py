"""The measuring loop with workloads that do nothing, on a clock that passes with their blocks."""

import gc
from typing import Any

import pytest
import torch

from llmscope.core import events
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.stopping import StoppingRule
from llmscope.engine import conditions, measuring
from llmscope.engine.checks import NotTrustworthy
from llmscope.engine.measuring import Measured, measure
from llmscope.engine.meter import Cancelled, Meter
from llmscope.engine.timers import Block, Stopwatch, TimerFacts

CPU = torch.device("cpu")
NEVER = 10**9


class Clock:
    """Time that passes only while a block runs."""

    now_s = 50.0

    def perf_counter(self) -> float:
        return self.now_s

    def perf_counter_ns(self) -> int:
        return int(self.now_s * 1e9)


class Fake:
    """A workload whose warm-up passes and then whose samples last what lists say, their last values for ever."""

    phase: events.Phase = "prefill"
    request = False
    work: int | None = 10
    definition = DEFINITIONS["pp"]

    def __init__(self, samples: list[float], warm_up: list[float] | None = None, *, cancel_at: int = NEVER,
                 fail_at: int = NEVER, break_at: int = NEVER, device_share: float | None = None,
                 warning: str | None = None) -> None:
        self._seconds, self._after_warm_up = warm_up or samples, samples
        self._cancel_at, self._fail_at, self._break_at = cancel_at, fail_at, break_at
        self._device_share, self._warning = device_share, warning
        self._done = 0
        self.warm = False
        self.clock = Clock()

    def prepare(self) -> None:
        assert not gc.isenabled()

    def run(self, _: Stopwatch) -> Block:
        if self._done == self._cancel_at:
            raise Cancelled
        if self._done == self._break_at:
            raise RuntimeError("strange")
        seconds = self._seconds[min(self._done, len(self._seconds) - 1)]
        self.clock.now_s += abs(seconds)
        return Block(seconds, None if self._device_share is None else self._device_share * seconds, {})

    def finish(self) -> dict[str, Any]:
        if self._done == self._fail_at:
            raise NotTrustworthy("a logit is not finite")
        self._done += 1
        return {"kept": self._done}

    def summary(self) -> dict[str, Any]:
        return {"kept": self._done} | ({"warning": self._warning} if self._warning else {})

    def reset(self) -> None:
        self._seconds, self._done, self.warm = self._after_warm_up, 0, True


class Loop:
    """What measuring a workload gave and said."""

    def __init__(self, workload: Fake, monkeypatch: pytest.MonkeyPatch, accuracy: Any, limit_s: float | None) -> None:
        monkeypatch.setattr(measuring, "time", workload.clock)
        self.heard: list[events.Event] = []
        self.measured: Measured = measure(
            workload, workload.definition, StoppingRule(accuracy, limit_s), Meter(self.heard.append), CPU)
        assert gc.isenabled()

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.heard if isinstance(event, kind)]


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that measures a workload; the clock of this machine plays no part in it."""
    monkeypatch.setattr(measuring, "timer_facts", lambda: TimerFacts(10.0, 1))
    return lambda workload, accuracy="quick", limit_s=None: Loop(workload, monkeypatch, accuracy, limit_s)


def test_warm_ups_are_no_samples_and_their_first_is_kept_apart(loop: Any) -> None:
    done = loop(Fake([0.3], [2.0, 0.5, 0.5]))
    measured, warm_up = done.measured, done.measured.extra["warm_up"]
    assert measured.verdict == "valid" and measured.times == (0.3,) * 14 and measured.extra["kept"] == 14
    assert (warm_up["n"], warm_up["first_s"], warm_up["seconds"]) == (3, 2.0, 3.0) and warm_up["steady"]
    assert [(s.index, s.seconds, s.parts["kept"]) for s in done.of(events.Sample)] == [
        (i, 0.3, i + 1) for i in range(14)]
    assert [e.phase for e in done.of(events.PhaseStarted)] == ["warm-up", "prefill"]


@pytest.mark.parametrize(("seconds", "passes"), [(0.01, 100), (0.4, 3), (5.0, 3)])
def test_warm_up_is_at_least_three_passes_and_a_second(loop: Any, seconds: float, passes: int) -> None:
    found = loop(Fake([seconds])).measured.extra["warm_up"]
    assert found["n"] == pytest.approx(passes, abs=1) and found["seconds"] >= 1.0 - 1e-9


def test_warm_up_goes_on_until_the_passes_are_steady(loop: Any) -> None:
    falling = [0.1 * 0.97**i for i in range(60)]
    found = loop(Fake([0.3], [*falling, falling[-1]])).measured.extra["warm_up"]
    assert found["n"] > 60 and found["steady"]


def test_warm_up_ends_at_its_cap_and_says_that_it_was_not_steady(loop: Any) -> None:
    rising = [0.1 * 1.03**i for i in range(500)]
    found = loop(Fake([0.3], rising)).measured.extra["warm_up"]
    assert not found["steady"] and measuring.WARM_UP_CAP_S <= found["seconds"] < 1.1 * measuring.WARM_UP_CAP_S


def test_estimates_are_told_in_the_unit_of_the_test(loop: Any) -> None:
    jumping = [0.3, 0.306] * 50
    rates = loop(Fake(jumping)).of(events.Estimate)
    assert [e.n for e in rates] == [10, 14]
    assert all(32.6 < e.low <= e.median <= e.high < 33.4 for e in rates)
    workload = Fake(jumping)
    workload.work, workload.definition = None, DEFINITIONS["load-warm"]
    assert all(0.3 <= e.low <= e.median <= e.high <= 0.306 for e in loop(workload).of(events.Estimate))


def test_a_stop_keeps_the_samples_before_it(loop: Any) -> None:
    measured = loop(Fake([0.3], cancel_at=5)).measured
    assert (measured.verdict, measured.reason, len(measured.times)) == ("cancelled", "stopped", 5)


def test_a_stop_in_the_warm_up_leaves_no_sample(loop: Any) -> None:
    done = loop(Fake([0.3], cancel_at=2))
    assert (done.measured.verdict, done.measured.times) == ("cancelled", ()) and not done.of(events.Sample)
    assert done.measured.reason == "stopped before its first sample"


@pytest.mark.parametrize("samples", [[0.3, 0.3, 0.0], [0.3, 0.3, -0.1]])
def test_a_sample_of_no_length_makes_a_test_invalid(loop: Any, samples: list[float]) -> None:
    measured = loop(Fake(samples, [0.5])).measured
    assert measured.verdict == "invalid" and "a sample took" in measured.reason


@pytest.mark.parametrize("where", [1, 3])
def test_a_result_that_cannot_be_believed_makes_a_test_invalid(loop: Any, where: int) -> None:
    measured = loop(Fake([0.3], [0.5], fail_at=where)).measured
    assert (measured.verdict, measured.reason) == ("invalid", "a logit is not finite")


def test_sleep_of_the_computer_makes_a_test_invalid(loop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(NEVER))
    monkeypatch.setattr(conditions, "read", lambda: conditions.Reading(0, next(clock) * 60_000_000, 0, 0, 0))
    measured = loop(Fake([0.3])).measured
    assert measured.verdict == "invalid" and "slept for 0.1 s" in measured.reason


def test_a_fault_in_a_pass_leaves_the_collector_as_it_was(loop: Any) -> None:
    with pytest.raises(RuntimeError, match="strange"):
        loop(Fake([0.3], break_at=2))
    assert gc.isenabled()


def test_what_a_workload_warns_of_is_the_verdict_unless_there_is_a_worse_one(loop: Any) -> None:
    measured = loop(Fake([0.3], warning="mixed: 6 %")).measured
    assert (measured.verdict, measured.reason) == ("warn", "mixed: 6 %") and "warning" not in measured.extra
    measured = loop(Fake([0.3], warning="mixed: 6 %", cancel_at=4)).measured
    assert measured.verdict == "cancelled"
    measured = loop(Fake([0.3, 0.0], [0.5], warning="mixed: 6 %")).measured
    assert measured.verdict == "invalid" and "mixed" not in measured.reason


@pytest.mark.parametrize(("samples", "said"), [
    ([0.1, 0.5] * 200, "±3 % not reached after"), ([0.1 + 0.002 * n for n in range(400)], "drift +")])
def test_a_warning_hides_neither_a_missed_accuracy_nor_drift(loop: Any, samples: list[float], said: str) -> None:
    alone, warned = loop(Fake(samples)).measured, loop(Fake(samples, warning="mixed: 6 %")).measured
    assert alone.reason.startswith(said)
    assert (warned.verdict, warned.reason) == ("warn", f"mixed: 6 %, {alone.reason}")


def test_a_sample_too_short_for_the_clock_is_warned_of(loop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "timer_facts", lambda: TimerFacts(10_000.0, 1))  # 100 ms and more can be told
    assert loop(Fake([0.101])).measured.verdict == "valid"
    measured = loop(Fake([0.099])).measured
    assert measured.verdict == "warn" and "too short" in measured.reason


def test_spikes_are_counted_kept_and_joined_to_what_disturbed_them(
        loop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = [0.1] * 40
    samples[7] = samples[13] = 1.5
    switches = iter(range(0, NEVER, 3))
    monkeypatch.setattr(conditions, "read", lambda: conditions.Reading(0, 0, next(switches), None, None))
    measured = loop(Fake(samples)).measured
    assert measured.times == tuple(samples[:len(measured.times)]) and len(measured.times) == 14
    assert [o["sample"] for o in measured.extra["outliers"]["far"]] == [7, 13]
    assert all(o["involuntary_switches"] == 3 for o in measured.extra["outliers"]["far"])
    assert measured.extra["sustained"] == pytest.approx(10 * len(measured.times) / sum(measured.times))
    assert "sustained" not in loop(Fake([0.1, 0.101] * 50)).measured.extra


def test_a_first_sample_that_stands_out_is_said(loop: Any) -> None:
    assert loop(Fake([0.5, *[0.3, 0.301] * 50])).measured.extra["warm_up"]["first_sample_stood_out"]
    assert not loop(Fake([0.3, 0.301] * 50)).measured.extra["warm_up"]["first_sample_stood_out"]


def test_a_device_cannot_work_longer_than_the_wall_clock_ran(loop: Any) -> None:
    measured = loop(Fake([0.3], device_share=1.02)).measured
    assert measured.verdict == "invalid" and "wall clock" in measured.reason


@pytest.mark.parametrize(("share", "bound"), [(0.5, "host or launch"), (0.95, None)])
def test_a_device_that_waits_for_the_program_is_named(loop: Any, share: float, bound: str | None) -> None:
    extra = loop(Fake([0.3], device_share=share)).measured.extra
    assert extra["device_share_of_wall"] == pytest.approx(share) and extra.get("bound") == bound


def test_noise_and_drift_are_said_as_the_rule_says_them(loop: Any) -> None:
    noisy = loop(Fake([0.3, 0.6] * 500, [0.5]), limit_s=12).measured
    assert noisy.verdict == "not_converged" and noisy.reason.startswith("±")
    drifting = loop(Fake([0.3 * 1.01**i for i in range(500)], [0.5]), limit_s=12).measured
    assert drifting.verdict == "warn" and drifting.reason.startswith("drift +")
