"""Intervals, trends and outliers against closed forms and brute force."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmscope.core.statistics import (
    PERCENTILE_MINIMUM,
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


@given(times)
def test_times_turned_into_rates_turn_the_interval(values: np.ndarray) -> None:
    seconds, rates = median_interval(values), median_interval(1 / values)
    if seconds.low is None or seconds.high is None:
        return
    ordered = np.sort(values)
    place = int(np.flatnonzero(ordered == seconds.low)[0])
    assert np.sort(1 / values)[len(values) - 1 - place] == pytest.approx(1 / seconds.low)
    if rates.n_effective == seconds.n_effective and rates.low is not None:
        assert (rates.low, rates.high) == pytest.approx((1 / seconds.high, 1 / seconds.low))


@pytest.mark.parametrize("value", [0.1, 0.3, 1e-6, 7.7])
def test_equal_values_have_an_interval_of_no_width_whatever_rounding_leaves(value: float) -> None:
    for n in range(6, 200):
        found = median_interval(np.full(n, value))
        assert (found.low, found.high, found.half_width) == (value, value, 0) and found.n_effective == n - 2


def test_an_independent_sample_of_any_size_uses_the_rank_of_the_table() -> None:
    for n in range(6, 400):
        values = np.arange(n, dtype=float)
        values[::2] = values[::2][::-1]  # falling and rising in turn: no positive autocorrelation
        found = median_interval(values)
        assert found.n_effective == n and found.low == order_rank(n) - 1 and found.high == n - order_rank(n)


def test_the_range_stands_in_where_values_depend_too_much_on_each_other() -> None:
    climbing = np.arange(1.0, 9.0)
    assert median_interval(climbing[:5]).low is None
    for n in (6, 8):
        found = median_interval(climbing[:n])
        assert found.n_effective < 6 and (found.low, found.high) == (1.0, n)


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
    assert mann_kendall_p(values) == mann_kendall_p(-values) == mann_kendall_p(values[::-1])


def test_the_trend_test_gives_the_textbook_value_with_ties() -> None:
    values = np.array([1.0, 3.0, 2.0, 2.0, 4.0, 1.0, 5.0, 3.5])  # S = 10, two pairs of equal values
    z = (10 - 1) / math.sqrt((8 * 7 * 21 - 2 * (2 * 1 * 9)) / 18)
    assert mann_kendall_p(values) == pytest.approx(math.erfc(z / math.sqrt(2)))


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


def test_spikes_are_counted_exactly_and_stay_in_the_sample() -> None:
    random = np.random.default_rng(4)
    for _ in range(50):
        values = np.exp(0.02 * random.normal(size=300))
        spikes = random.random(300) < 0.01
        found = outliers(np.where(spikes, 10 * values, values), 0.001)
        assert found.far == tuple(np.flatnonzero(spikes)) and found.severe == spikes.sum()
    assert median_interval(np.where(spikes, 10 * values, values)).n == 300


@pytest.mark.parametrize(("value", "mild", "severe"), [(14.6, 0, 0), (14.7, 1, 0), (17.2, 1, 0), (17.3, 0, 1)])
def test_fences_are_those_of_tukey(value: float, mild: int, severe: int) -> None:
    values = np.array([10.0, 11, 12, 12, 11, 10, 12, 10, 11, value])
    assert np.quantile(values, [0.25, 0.75]) == pytest.approx([10.25, 12])  # fences at 14.625 and 17.25
    found = outliers(values, 1e-9)
    assert (found.mild, found.severe) == (mild, severe)


def test_a_percentile_is_stated_only_where_n_allows_it() -> None:
    for p, n in PERCENTILE_MINIMUM.items():
        assert percentile(np.arange(n - 1.0), p) is None and percentile(np.arange(float(n)), p) is not None
    assert percentile(np.arange(1.0, 131.0), 95.0) == 124.0  # nearest rank, not interpolated
