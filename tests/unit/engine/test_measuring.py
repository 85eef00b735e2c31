"""The measuring loop with workloads that do next to nothing."""

import gc
import time
from typing import Any

import pytest
import torch

from llmscope.core import events
from llmscope.core.stopping import StoppingRule
from llmscope.engine import conditions
from llmscope.engine.checks import NotTrustworthy
from llmscope.engine.measuring import measure
from llmscope.engine.meter import Cancelled, Meter
from llmscope.engine.timers import Block, Stopwatch

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
