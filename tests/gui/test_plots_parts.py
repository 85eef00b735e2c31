"""Parts of the plots that are plain arithmetic: axes, times, and where names stand."""

import itertools

import pytest

from llmscope.gui.plots.pane import decades, linear
from llmscope.gui.plots.ruler import LEADER_PX, Mark, place_names
from llmscope.gui.plots.time_scale import TimeScale, clock, round_end

WIDTHS = {"load": 24.0, "warm-up": 50.0, "prefill": 40.0, "decode": 44.0}


@pytest.mark.parametrize(("seconds", "text"),
                         [(0, "0:00"), (59.9, "0:59"), (61, "1:01"), (3725, "1:02:05"), (-20, "−0:20")])
def test_clock_reads_like_a_watch(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize("seconds", [0.3, 9.0, 41.0, 118.0, 500.0, 3000.0, 28_800.0])
def test_axis_end_holds_the_run_with_little_to_spare(seconds: float) -> None:
    assert seconds <= round_end(seconds) <= max(10.0, seconds * 1.13 + 5)


def test_axis_end_rests_while_the_run_grows() -> None:
    assert len({round_end(40 + 0.25 * n) for n in range(40)}) <= 4


@pytest.mark.parametrize("width", [200, 440, 1200])
@pytest.mark.parametrize("seconds", [10, 115, 4000, 28_800])
def test_ticks_are_not_closer_than_their_labels(width: int, seconds: int) -> None:
    scale = TimeScale(0, seconds, 46, width)
    places = [scale.x(s) for s, _ in scale.ticks()]
    assert len(places) >= 2
    assert min(b - a for a, b in itertools.pairwise(places)) >= 70


def test_times_and_places_are_inverse() -> None:
    scale = TimeScale(-10, 50, 46, 440)
    assert scale.x(-10) == 46 and scale.x(50) == pytest.approx(486)
    assert scale.seconds(scale.x(12.5)) == pytest.approx(12.5)
    assert scale.span(60, 70) is None and scale.span(40, 70) == (pytest.approx(scale.x(40)), 486)


@pytest.mark.parametrize(("low", "high"), [(193, 193), (180, 30_350), (0.5, 2_000_000), (9.99, 10.01)])
def test_log_axis_holds_the_values_in_whole_decades(low: float, high: float) -> None:
    axis = decades(low, high, most=4)
    assert 10**axis.low <= low and high <= 10**axis.high
    assert axis.high - axis.low >= 2 and len(axis.ticks) <= 4


def test_log_labels_are_short() -> None:
    assert [label for _, label in decades(150, 90_000, most=4).ticks] == ["100", "1k", "10k", "100k"]


@pytest.mark.parametrize(("low", "high"), [(3, 8), (14, 96), (45, 71), (30, 420)])
def test_linear_axis_holds_the_values_with_few_ticks(low: float, high: float) -> None:
    for from_zero in (True, False):
        axis = linear(low, high, "W", from_zero)
        assert axis.low <= low and high <= axis.high and 3 <= len(axis.ticks) <= 4
        assert not from_zero or axis.low == 0
        assert axis.ticks[-1][1].endswith("\u00a0W")


def placed(*marks: Mark, width: float = 400.0, **more: object) -> dict[str, tuple[float, int]]:
    names = place_names(list(marks), TimeScale(0, 100, 0, width), WIDTHS, **more)  # type: ignore[arg-type]
    return {p.mark.name: (p.x, p.level) for p in names}


def test_name_too_wide_for_its_phase_goes_one_level_up() -> None:
    places = placed(Mark("load", 0, 7, "over"), Mark("warm-up", 7, 12, "over"), Mark("prefill", 12, 40, "over"))
    assert [places[name][1] for name in ("load", "warm-up", "prefill")] == [0, 1, 0]


def test_present_phase_is_named_however_short_it_is() -> None:
    places = placed(Mark("warm-up", 0, 50, "over"), Mark("decode", 50, 50.5, "now"),
                    Mark("prefill", 50.5, 90, "planned"))
    assert places["decode"] == (201.0, 0)
    assert places["prefill"][1] == 0 and places["prefill"][0] > 201 + WIDTHS["decode"]


def test_no_leader_goes_through_a_name_on_the_bar() -> None:
    marks = [Mark("load", 0, 10, "over"), Mark("decode", 10, 14, "now"), Mark("decode", 14, 17, "rest"),
             Mark("load", 17, 23, "planned"), Mark("prefill", 23, 60, "planned")]
    names = place_names([mark for mark in marks if mark.state != "rest"], TimeScale(0, 100, 0, 400), WIDTHS)
    on_bar = [(name.x, name.x + WIDTHS[name.mark.name]) for name in names if name.level == 0]
    leaders = [name.x - LEADER_PX for name in names if name.level == 1]
    assert on_bar and leaders and len(names) == 4
    assert not any(a < leader < b for leader in leaders for a, b in on_bar)


def test_names_never_overlap() -> None:
    marks = [Mark(("load", "warm-up", "prefill", "decode")[n % 4], 2.5 * n, 2.5 * n + 2.5, "over") for n in range(40)]
    names = place_names(marks, TimeScale(0, 100, 0, 400), WIDTHS)
    for level in (0, 1):
        ends = sorted((p.x, p.x + WIDTHS[p.mark.name]) for p in names if p.level == level)
        assert all(a[1] < b[0] for a, b in itertools.pairwise(ends))
    assert len(names) >= 4


def test_names_leave_room_for_the_words_at_the_end() -> None:
    assert "warm-up" not in placed(Mark("warm-up", 7, 12, "over"), taken_above=(60.0, 150.0))
