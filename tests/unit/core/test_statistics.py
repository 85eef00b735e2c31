"""Intervals, trends and outliers against closed forms and brute force."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmscope.core.statistics import (
    drift,
    is_stationary,
    lag1_autocorrelation,
    mann_kendall_p,
    median_interval,
    order_rank,
    outliers,
    percentile,
)

times = st.lists(st.floats(1e-6, 1e3), min_size=6, max_size=60).map(np.array)


@pytest.mark.parametrize(("n", "rank"), [(5, 0), (6, 1), (10, 2), (20, 6), (30, 10), (50, 18), (100, 40)])
def test_the_rank_is_that_of_the_binomial_table(n: int, rank: int) -> None:
    assert order_rank(n) == rank


@given(st.integers(1, 400))
def test_the_rank_is_the_largest_whose_tail_is_below_the_level(n: int) -> None:
    def tail(rank: int) -> float:
        return sum(math.comb(n, k) for k in range(rank)) / 2**n

    rank = order_rank(n)
    assert rank == 0 or tail(rank) <= 0.025 + 1e-12
    assert tail(rank + 1) > 0.025 - 1e-12


@given(times, st.floats(1e-3, 1e3))
def test_the_interval_holds_the_median_and_scales_with_the_values(values: np.ndarray, factor: float) -> None:
    found, scaled = median_interval(values), median_interval(values * factor)
    if found.low is not None and found.high is not None:
        assert min(values) <= found.low <= found.median <= found.high <= max(values)
    if scaled.low is not None and found.low is not None and scaled.n_effective == found.n_effective:
        assert scaled.low == pytest.approx(found.low * factor)


def test_no_interval_below_six_samples() -> None:
    assert median_interval(np.arange(1.0, 6.0)).low is None
    assert median_interval(np.arange(1.0, 6.0)).half_width is None


def test_dependent_samples_give_a_wider_interval() -> None:
    random = np.random.default_rng(1)
    noise = random.normal(size=200)
    dependent = np.zeros(200)
    for i in range(1, 200):
        dependent[i] = 0.7 * dependent[i - 1] + noise[i]
    alone = median_interval(100 + random.permutation(dependent))
    together = median_interval(100 + dependent)
    assert lag1_autocorrelation(dependent) > 0.5
    assert together.n_effective < 80 < alone.n_effective
    assert (together.half_width or 0) > 1.3 * (alone.half_width or 1)


def test_the_trend_test_agrees_with_counting_permutations() -> None:
    values = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 6.0])

    def s(order: tuple[float, ...]) -> float:
        return sum(math.copysign(1, b - a) for a, b in itertools.combinations(order, 2))

    observed = abs(s(tuple(values)))
    orders = list(itertools.permutations(values))
    exact = sum(abs(s(order)) >= observed for order in orders) / len(orders)
    assert mann_kendall_p(values) == pytest.approx(exact, abs=0.03)
    assert mann_kendall_p(np.ones(20)) == 1.0


def test_a_slow_drift_is_told_and_noise_is_not() -> None:
    random = np.random.default_rng(2)
    steady = 1 + random.normal(scale=0.005, size=60)
    drifting = steady * (1 + 0.002 * np.arange(60))
    assert is_stationary(steady, 0.01) and not is_stationary(drifting, 0.01)
    assert drift(drifting) == pytest.approx(0.06, abs=0.02)


def test_outliers_are_counted_and_a_tiny_spread_makes_none() -> None:
    values = np.array([1.0, 1.01, 0.99, 1.0, 1.02, 0.98, 1.0, 1.01, 5.0, 1.035])
    found = outliers(values, 1e-4)
    assert found.far == (8,) and found.severe == 1
    assert outliers(np.array([1.0] * 9 + [1.0004]), 0.001).far == ()


def test_a_percentile_is_stated_only_where_n_allows_it() -> None:
    assert percentile(np.arange(100.0), 99.0) is None
    assert percentile(np.arange(1.0, 131.0), 95.0) == 124.0  # nearest rank, not interpolated
