"""The stopping rule on a virtual clock."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from llmscope.core.stopping import CHECKS, Decision, StoppingRule

Random = np.random.Generator


def constant(random: Random) -> Iterator[float]:
    while True:
        yield 0.1


def lognormal(sigma: float) -> Callable[[Random], Iterator[float]]:
    def values(random: Random) -> Iterator[float]:
        while True:
            yield 0.1 * float(np.exp(sigma * random.normal()))

    return values


def autoregressive(random: Random) -> Iterator[float]:
    x = 0.0
    while True:
        x = 0.5 * x + random.normal(scale=0.02)
        yield 0.1 * (1 + x)


def drifting(random: Random) -> Iterator[float]:
    i = 0
    while True:
        yield 0.1 * (1 + 0.01 * i) * (1 + random.normal(scale=0.005))
        i += 1


def spiky(random: Random) -> Iterator[float]:
    while True:
        yield 0.1 * (10.0 if random.random() < 0.01 else 1.0) * (1 + random.normal(scale=0.01))


def run(values: Iterator[float], accuracy: str = "standard") -> tuple[Decision, list[float]]:
    rule, elapsed, taken = StoppingRule(accuracy), 0.0, []  # type: ignore[arg-type]
    while True:
        taken.append(next(values))
        elapsed += taken[-1]
        decision = rule.add(taken[-1], elapsed)
        if decision.stop:
            return decision, taken


def test_a_constant_stops_at_the_first_allowed_check() -> None:
    decision, taken = run(constant(np.random.default_rng(0)))
    assert decision.verdict == "valid"
    assert len(taken) == next(n for n in CHECKS if n >= 30)  # 3 s of 0.1 s, and the second check that is narrow


@pytest.mark.parametrize(("values", "truth"), [
    (lognormal(0.02), 0.1), (lognormal(0.05), 0.1), (autoregressive, 0.1)])
def test_the_interval_at_the_stop_holds_the_truth(values: Callable[[Random], Iterator[float]], truth: float) -> None:
    """Checking more than once costs coverage; 93 % must remain, less two standard errors of 300 trials."""
    held = 0
    for trial in range(300):
        decision, _ = run(values(np.random.default_rng(trial)), "quick")
        interval = decision.interval
        assert interval is not None and interval.low is not None and interval.high is not None
        held += interval.low <= truth <= interval.high
    assert held / 300 >= 0.93 - 2 * 0.0147


def test_drift_is_never_called_valid() -> None:
    verdicts = [run(drifting(np.random.default_rng(trial)))[0].verdict for trial in range(40)]
    assert verdicts.count("valid") <= 2


def test_rare_spikes_do_not_hold_up_the_median() -> None:
    decisions = [run(spiky(np.random.default_rng(trial))) for trial in range(40)]
    assert sum(d.verdict == "valid" for d, _ in decisions) >= 36


def test_noise_that_cannot_be_narrowed_ends_unconverged_and_says_what_was_reached() -> None:
    decision, taken = run(lognormal(1.5)(np.random.default_rng(3)))
    assert decision.verdict == "not_converged" and "±" in (decision.reason or "")
    assert sum(taken) <= 121 + max(taken)


def test_long_passes_are_checked_from_six_on_and_get_their_time() -> None:
    rule = StoppingRule("quick", time_limit_s=5)
    decisions = [rule.add(4.0 + 0.01 * (i % 3), 4.0 * (i + 1)) for i in range(6)]
    assert not any(d.stop for d in decisions[:5]) and decisions[5].verdict == "valid"


def test_fewer_than_six_samples_are_never_called_converged() -> None:
    rule = StoppingRule("quick")
    decision = Decision(False)
    for i in range(5):
        decision = rule.add(50.0, 50.0 * (i + 1))
    assert decision.stop and decision.verdict == "not_converged"
    assert decision.interval is not None and decision.interval.low is None


def test_the_time_limit_ends_a_test() -> None:
    rule, n = StoppingRule("rigorous", time_limit_s=1.0), 0
    random = np.random.default_rng(1)
    while not rule.add(0.1 * (1 + 0.3 * random.random()), 0.1 * (n + 1)).stop:
        n += 1
    assert n < 15
