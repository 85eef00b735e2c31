"""Numbers as people read them."""

import pytest

from llmscope.core import units


@pytest.mark.parametrize(("value", "digits", "shown"), [
    (27_900.4, 3, "27,900"), (193.04, 4, "193.0"), (0.05123, 3, "0.0512"), (9.996, 3, "10.0"), (999.6, 3, "1,000"),
    (999.5, 3, "1,000"), (999.4, 3, "999"), (99.95, 3, "100"), (0.09996, 3, "0.100"),
    (1234567.0, 3, "1,230,000"), (1234.5, 4, "1,234"),
    (0.0000123, 3, "0.0000123"), (float("inf"), 3, "not a number"),
    (1.0, 3, "1.00"), (0.0, 3, "0"), (-12.34, 3, "-12.3"), (float("nan"), 3, "not a number")])
def test_significant_digits(value: float, digits: int, shown: str) -> None:
    assert units.significant(value, digits) == shown


def test_a_fourth_digit_needs_a_narrow_interval() -> None:
    assert units.measured(193.04, 0.013) == "193.0" and units.measured(193.04, 0.05) == "193"
    assert units.measured(193.04, None) == "193"
    assert units.measured(193.04, 0.02) == "193" and units.measured(193.04, 0.0199) == "193.0"
    assert units.measured(27_912.0, 0.0) == "27,910" and units.measured(0.0, None) == "0"


def test_memory_is_binary_and_unknown_is_not_zero() -> None:
    assert units.gib(8 * 1024**3) == "8.00\u00a0GiB" and units.gib(27 * 1024**2) == "27\u00a0MiB"
    assert units.gib(None) == "not readable" and units.gib(0) == "0\u00a0MiB"
    assert units.gib(9.996 * 1024**3) == "10.0\u00a0GiB" and units.gib(9.99 * 1024**3) == "9.99\u00a0GiB"
    assert units.gib(80e9) == "74.5\u00a0GiB"  # not 80: a GiB is 1024³ bytes
    assert units.gib(1024 * 1024**3) == "1,024.0\u00a0GiB"


def test_no_interval_is_a_dash_and_a_tiny_one_is_not_zero() -> None:
    assert units.plus_minus(None) == "—" and units.plus_minus(0.0001) == "±0.1\u00a0%"
    assert units.plus_minus(0.0) == "±0.1\u00a0%" and units.plus_minus(0.0128) == "±1.3\u00a0%"
    assert units.plus_minus(0.999) == "±99.9\u00a0%" and units.plus_minus(71.7) == ">±100\u00a0%"


@pytest.mark.parametrize(("seconds", "shown"), [
    (0, "0\u00a0s"), (-3, "0\u00a0s"), (41, "41\u00a0s"), (59.4, "59\u00a0s"),
    (59.6, "1:00"), (60, "1:00"), (115, "1:55"), (3671, "61:11")])
def test_durations(seconds: float, shown: str) -> None:
    assert units.duration(seconds) == shown


def test_an_estimate_is_rounded_and_said_to_be_one() -> None:
    assert [units.about(s) for s in (0, 43, 58)] == ["about 5\u00a0s", "about 45\u00a0s", "about 1:00"]


@pytest.mark.parametrize(("count", "shown"), [(6_951_168, "6.95\u00a0M"), (134_515_008, "135\u00a0M"),
                                              (999_999_999, "1.00\u00a0B"), (8_030_261_248, "8.03\u00a0B")])
def test_parameters(count: int, shown: str) -> None:
    assert units.parameters(count) == shown
