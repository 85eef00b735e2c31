"""The live feed: one time axis, gaps, phases, plans, and bounded memory."""

import threading

import numpy as np
import pytest

from llmscope.core import events as ev
from llmscope.gui.live_feed import MAX_PHASES, LiveFeed
from llmscope.gui.series import CAPACITY, Series
from tests.gui.stream import CELLS, START_NS, stream

SECOND = 1_000_000_000


def telemetry(at_s: float, cpu: float | None = 50.0) -> ev.Telemetry:
    return ev.Telemetry(t_ns=START_NS + round(at_s * SECOND), cpu_percent=cpu, others_percent=1.0,
                        memory_used_bytes=4, memory_total_bytes=16)


def started(at_s: float = 0.0) -> ev.RunStarted:
    first = next(e for e in stream() if isinstance(e, ev.RunStarted))
    return ev.RunStarted(t_ns=START_NS + round(at_s * SECOND), run=first.run, utc=first.utc, spec=first.spec,
                         machine={}, versions={})


def phase(name: ev.Phase, at_s: float, cell: int = 0) -> ev.PhaseStarted:
    return ev.PhaseStarted(t_ns=START_NS + round(at_s * SECOND), cell=cell, phase=name)


def progress(at_s: float, rate: float | None) -> ev.Progress:
    return ev.Progress(t_ns=START_NS + round(at_s * SECOND), cell=0, counter=1, sample=0, tokens_per_s=rate)


def fed(*events: ev.Event) -> LiveFeed:
    feed = LiveFeed()
    for event in events:
        feed.push(event)
    feed.drain()
    return feed


def test_drain_returns_all_events_in_order_whoever_pushed_them() -> None:
    feed = LiveFeed()
    events = list(stream(until_s=2.0))
    thread = threading.Thread(target=lambda: [feed.push(event) for event in events])
    thread.start()
    drained = feed.drain()
    thread.join()
    assert drained + feed.drain() == events
    assert feed.drain() == []


def test_axis_begins_where_the_run_begins_and_idle_history_goes() -> None:
    feed = LiveFeed()
    for event in stream(until_s=-0.5):
        feed.push(event)
    feed.drain()
    idle = feed.series["utilization", "cpu"].count
    assert idle == 13 and not feed.running
    feed = fed(*stream(until_s=1.0))
    x, _ = feed.series["utilization", "cpu"].line(0.01)
    assert x.min() >= 0 and x.max() == pytest.approx(1.0, abs=0.21)


def test_idle_history_is_the_last_minute_only() -> None:
    feed = fed(*(telemetry(0.2 * n) for n in range(6000)))
    x, _ = feed.series["utilization", "cpu"].line(0.01)
    assert feed.now_s - x.min() <= 60 + 0.2 * CAPACITY / 8


@pytest.mark.parametrize("cause", ["missing", "pause"])
def test_gap_in_measuring_is_a_gap_in_the_line(cause: str) -> None:
    middle = [telemetry(0.4, None)] if cause == "missing" else []
    feed = fed(started(), telemetry(0.0), telemetry(0.2), *middle, telemetry(9.0), telemetry(9.2))
    _, y = feed.series["utilization", "cpu"].line(0.01)
    assert np.isnan(y).tolist() == [False, False, True, False, False]


def test_tokens_of_two_phases_are_not_joined() -> None:
    feed = fed(started(), phase("prefill", 0), progress(0.1, 900), progress(0.2, 910), phase("decode", 0.3),
               progress(0.4, 90), progress(0.5, 91))
    _, y = feed.series["tokens", "work"].line(0.01)
    assert np.isnan(y).tolist() == [False, False, True, False, False]


def test_progress_without_a_rate_adds_no_value() -> None:
    feed = fed(started(), phase("prefill", 0), progress(0.1, None), progress(0.2, 910.0), progress(0.3, None))
    assert feed.series["tokens", "work"].count == 1


def test_value_that_was_never_readable_makes_no_series() -> None:
    feed = fed(*stream(until_s=3.0))
    assert ("power", "cpu") not in feed.series
    assert feed.values("power") == {}


def test_gpu_comes_before_cpu_and_memory_is_a_share_of_capacity() -> None:
    feed = fed(*stream(gpu=True, until_s=3.0))
    assert list(feed.values("memory")) == ["gpu0", "cpu"]
    low, high = feed.series["memory", "gpu0"].limits() or (None, None)
    assert low is not None and 0 < low <= high < 100


def test_phases_follow_one_another_and_end_with_the_run() -> None:
    feed = fed(*stream())
    assert [p.name for p in feed.phases] == ["load", "warm-up", "generate", "load", "warm-up", "prefill", "warm-up",
                                            "decode", "load", "warm-up", "train"]
    assert all(p.end_s is not None and p.end_s > p.start_s for p in feed.phases)
    assert feed.ended and not feed.running and feed.open_phase is None


def test_plan_shrinks_as_phases_pass() -> None:
    feed = fed(started())
    feed.set_plan([("load", 1.0), ("warm-up", 2.0), ("decode", 5.0)])
    assert feed.planned() == [("load", 1.0), ("warm-up", 2.0), ("decode", 5.0)]
    for event in (phase("load", 0.0), telemetry(0.4)):
        feed.push(event)
    feed.drain()
    assert feed.planned() == [("load", pytest.approx(0.6)), ("warm-up", 2.0), ("decode", 5.0)]
    feed.push(phase("decode", 1.5))
    feed.push(telemetry(9.0))
    feed.drain()
    assert feed.planned() == []


def test_phase_that_was_not_planned_leaves_the_plan_alone() -> None:
    feed = fed(started())
    feed.set_plan([("warm-up", 2.0), ("decode", 5.0)])
    feed.push(phase("load", 0.0))
    feed.drain()
    assert feed.planned() == [("warm-up", 2.0), ("decode", 5.0)]


def test_plan_that_comes_late_is_matched_with_the_phases_that_passed() -> None:
    feed = fed(started(), phase("load", 0.0), phase("warm-up", 1.0), phase("decode", 2.0), telemetry(4.0))
    feed.set_plan([("load", 1.0), ("warm-up", 2.0), ("decode", 5.0), ("train", 9.0)])
    assert feed.planned() == [("decode", pytest.approx(3.0)), ("train", 9.0)]


def test_phases_that_a_whole_run_did_not_have_are_not_planned_any_more() -> None:
    feed = LiveFeed()
    feed.set_plan([("generate", 9.0), ("prefill", 5.0), ("decode", 6.0), ("train", 10.0), ("decode", 6.0)])
    for event in stream():
        feed.push(event)
    feed.drain()
    assert feed.planned() == []


def test_plan_of_the_next_run_leaves_the_picture_of_the_last_one_alone() -> None:
    feed = fed(*stream())
    feed.set_plan([("load", 1.0), ("decode", 5.0)])
    assert feed.planned() == []


@pytest.mark.parametrize(("outcome", "left"), [("done", []), ("stopped", [("train", 10.0)])])
def test_plan_of_a_run_that_was_stopped_shows_what_is_missing(outcome: str, left: list[tuple[str, float]]) -> None:
    feed = LiveFeed()
    feed.set_plan([("generate", 9.0), ("prefill", 5.0), ("decode", 6.0), ("train", 10.0)])
    for event in stream(CELLS, outcome=outcome):  # type: ignore[arg-type]
        feed.push(event)
    feed.drain()
    assert feed.planned() == left


def test_mean_is_of_the_present_phase() -> None:
    feed = fed(started(), phase("load", 0.0), telemetry(0.2, 10), telemetry(0.4, 20), phase("decode", 0.5),
               telemetry(0.6, 90), telemetry(0.8, 94))
    assert feed.series["utilization", "cpu"].mean == 92


def test_telemetry_after_the_run_changes_the_readout_but_not_the_line() -> None:
    feed = fed(*stream())
    before = feed.series["utilization", "cpu"].count
    late = telemetry(500.0, 3.0)
    feed.push(late)
    feed.drain()
    assert feed.telemetry == late
    assert feed.series["utilization", "cpu"].count == before


def test_eight_hours_of_telemetry_stay_bounded_and_draw_no_more_points() -> None:
    series = Series(gap_s=2.0)
    points, stored = [], 0
    for n in range(8 * 3600 * 5):
        series.add(0.2 * n, 50.0 + n % 7)
        stored = max(stored, series.count)
        if n * 0.2 in (120.0, 3600.0, 14400.0, 28799.0):
            points.append(len(series.line(0.2 * n / 450)[0]))
    assert stored <= CAPACITY
    assert max(points) <= 2 * 450 * 2 and points[-1] <= points[0] * 2


def test_a_short_spike_survives_eight_hours() -> None:
    series = Series(gap_s=2.0)
    for n in range(8 * 3600):
        series.add(float(n), 99.0 if n == 7000 else 10.0)
    _, y = series.line(28800 / 450)
    assert np.nanmax(y) == 99.0 and np.nanmin(y) == 10.0


def test_many_gaps_stay_bounded() -> None:
    series = Series(gap_s=2.0)
    for n in range(40_000):
        series.add(float(n), None if n % 3 else 5.0)
    assert series.count <= CAPACITY
    assert np.isnan(series.line(0.1)[1]).any()


def test_gap_stays_where_both_its_ends_fall_into_one_step() -> None:
    feed = fed(started(), phase("prefill", 0), progress(0.1, 900), progress(0.2, 910), phase("decode", 0.3),
               progress(0.4, 90), progress(0.5, 91))
    x, y = feed.series["tokens", "work"].line(60.0)
    np.testing.assert_array_equal(y, [900, 910, np.nan, 90, 91])
    assert x.tolist() == [0.1, 0.1, 0.1, 0.4, 0.4]


def test_part_of_a_line_is_the_same_as_the_whole_there() -> None:
    feed = fed(*stream(until_s=20.0))
    series = feed.series["tokens", "work"]
    whole_x, whole_y = series.line(0.1)
    part_x, part_y = series.line(0.1, 6.0, 8.0)
    first = int(np.flatnonzero(whole_x == part_x[0])[0])
    assert part_x[0] <= 6.0 and part_x[-1] >= 8.0 and len(part_x) < len(whole_x) / 4
    np.testing.assert_array_equal(part_y, whole_y[first : first + len(part_y)])


def test_phases_of_a_very_long_run_stay_bounded() -> None:
    feed = LiveFeed()
    feed.push(started())
    for n in range(3000):
        feed.push(phase("prefill" if n % 2 else "decode", float(n), n))
    feed.drain()
    assert len(feed.phases) <= MAX_PHASES + 1
    assert feed.phases[0].start_s == 0 and feed.phases[-1].end_s is None
    assert all(a.end_s == b.start_s for a, b in zip(feed.phases, feed.phases[1:], strict=False))
