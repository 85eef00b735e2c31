"""Numbers as people read them."""

import pytest

from llmscope.core import units


@pytest.mark.parametrize(("value", "digits", "shown"), [
    (27_900.4, 3, "27,900"), (193.04, 4, "193.0"), (0.05123, 3, "0.0512"), (9.996, 3, "10.0"), (999.6, 3, "1,000"),
    (1.0, 3, "1.00"), (0.0, 3, "0"), (-12.34, 3, "-12.3"), (float("nan"), 3, "not a number")])
def test_significant_digits(value: float, digits: int, shown: str) -> None:
    assert units.significant(value, digits) == shown


def test_a_fourth_digit_needs_a_narrow_interval() -> None:
    assert units.measured(193.04, 0.013) == "193.0" and units.measured(193.04, 0.05) == "193"
    assert units.measured(193.04, None) == "193"


def test_memory_is_binary_and_unknown_is_not_zero() -> None:
    assert units.gib(8 * 1024**3) == "8.00\u00a0GiB" and units.gib(27 * 1024**2) == "27\u00a0MiB"
    assert units.gib(None) == "not readable"


def test_no_interval_is_a_dash_and_a_tiny_one_is_not_zero() -> None:
    assert units.plus_minus(None) == "—" and units.plus_minus(0.0001) == "±0.1\u00a0%"


@pytest.mark.parametrize(("seconds", "shown"), [(41, "41\u00a0s"), (59.6, "1:00"), (115, "1:55"), (3671, "61:11")])
def test_durations(seconds: float, shown: str) -> None:
    assert units.duration(seconds) == shown
