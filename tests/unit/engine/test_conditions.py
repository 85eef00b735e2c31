"""What disturbed a sample: read where the system keeps it, None where it does not."""

from pathlib import Path

import pytest

from llmscope.engine import conditions
from llmscope.engine.conditions import Disturbance, Reading, between


@pytest.mark.parametrize(("awake_ns", "with_sleep_ns", "slept_s"), [
    (10**9, 10**9, 0.0), (10**9, 10**9 + 50_000_000, 0.0), (10**9, 10**9 + 50_000_001, 0.050000001),
    (10**9, 4 * 10**9, 3.0), (None, None, 0.0)])
def test_sleep_is_what_one_clock_saw_and_the_other_did_not(
        awake_ns: int | None, with_sleep_ns: int | None, slept_s: float) -> None:
    begin = Reading(0 if awake_ns else None, 0 if with_sleep_ns else None, 0, 0, 0)
    assert between(begin, Reading(awake_ns, with_sleep_ns, 0, 0, 0)).suspended_s == pytest.approx(slept_s)


def test_counts_are_differences_and_what_cannot_be_had_stays_missing() -> None:
    found = between(Reading(0, 0, 3, None, 100), Reading(0, 0, 5, 7, None))
    assert found == Disturbance(0.0, 2, None, None)


def test_this_system_can_be_read_twice() -> None:
    found = between(conditions.read(), conditions.read())
    assert found.suspended_s == 0.0
    assert all(count is None or count >= 0 for count in (found.involuntary_switches, found.major_faults))


def test_bytes_from_disk_are_those_of_the_system_s_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "rchar: 9\nwchar: 9\nread_bytes: 4096\nwrite_bytes: 1\ncancelled_write_bytes: 0\n"
    monkeypatch.setattr(Path, "read_text", lambda _: text)
    assert conditions.bytes_read_from_disk() == 4096

    def refuse(_: Path) -> str:
        raise OSError("not here")

    monkeypatch.setattr(Path, "read_text", refuse)
    assert conditions.bytes_read_from_disk() is None and conditions.read().cpu_pressure_us is None


def test_pressure_is_the_total_of_some(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "some avg10=0.00 avg60=0.00 avg300=0.00 total=77\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5\n"
    monkeypatch.setattr(Path, "read_text", lambda _: text)
    assert conditions.read().cpu_pressure_us == 77
