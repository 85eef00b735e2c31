"""Two things in turns: the ratio, its interval, and how seldom it cries wolf."""

import numpy as np
import pytest

from llmscope.core.paired import LEAST_ROUNDS, MOST_ROUNDS, paired_ratio, rounds_within

TRIALS = 2_000


def trial(chance: np.random.Generator, rounds: int, faster: float = 1.0) -> bool:
    """Return whether a difference is found between A and a B so many times as fast, on a machine that drifts."""
    drift = np.cumsum(chance.normal(0, 0.02, 2 * rounds)) + np.linspace(0, 0.5, 2 * rounds)
    slow = np.where(chance.random(2 * rounds) < 0.1, 2.0, 1.0)
    times = np.exp(drift) * slow * (1 + 0.05 * np.abs(chance.standard_t(2, 2 * rounds)))
    first_is_a = chance.random(rounds) < 0.5
    a = np.where(first_is_a, times[0::2], times[1::2])
    b = np.where(first_is_a, times[1::2], times[0::2]) / faster
    return paired_ratio(a, b).is_resolved


@pytest.mark.parametrize("rounds", [8, 16, 33, 64])
def test_without_a_difference_one_is_found_in_at_most_five_percent(rounds: int) -> None:
    chance = np.random.default_rng(rounds)
    found = sum(trial(chance, rounds) for _ in range(TRIALS))
    assert found / TRIALS <= 0.05


def test_a_real_difference_is_found_on_the_same_machine() -> None:
    chance = np.random.default_rng(1)
    assert sum(trial(chance, 40, faster=1.3) for _ in range(200)) > 180


def test_the_ratio_is_how_many_times_as_fast_the_second_is() -> None:
    found = paired_ratio(np.full(10, 2.0), np.full(10, 1.0))
    assert (found.ratio, found.low, found.high, found.rounds) == (2.0, 2.0, 2.0, 10) and found.is_resolved


def test_eight_rounds_give_the_range_and_fewer_nothing() -> None:
    a = np.array([1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 0.9])
    found = paired_ratio(a, np.ones(8))
    assert found.low == pytest.approx(0.9) and found.high == pytest.approx(1.6) and not found.is_resolved
    assert found.half_width == pytest.approx(0.35 / 1.25, rel=0.01)
    with pytest.raises(ValueError, match="at least 8"):
        paired_ratio(a[:7], np.ones(7))


def test_rounds_are_decided_by_the_time_within_bounds() -> None:
    assert rounds_within(20, 1.0) == 20
    assert rounds_within(1, 10.0) == LEAST_ROUNDS and rounds_within(1e6, 0.001) == MOST_ROUNDS
