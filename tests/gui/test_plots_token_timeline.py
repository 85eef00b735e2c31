"""The token timeline: where its bars stand and what it says."""

import itertools

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from llmscope.gui.plots.token_timeline import TokenTimeline
from llmscope.gui.plots.waits import WaitPool, Waits, nice

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


def waits(count: int = 94, total: int = 128, first_ms: float = 20.0, gap_ms: float = 5.0,
          slow: int | None = None) -> Waits:
    gaps = np.full(count - 1, gap_ms)
    if slow is not None:
        gaps[slow] = 2 * gap_ms
    return Waits(first_ms + np.concatenate([[0.0], np.cumsum(gaps)]), total)


def timeline(qtbot: QtBot, request: Waits, pooled: int = 0) -> TokenTimeline:
    widget = TokenTimeline()
    qtbot.addWidget(widget)
    widget.resize(600, 200)
    widget.show()
    widget.show_waits(request, pool_of(np.full(pooled, 5.0)))
    return widget


def pool_of(*requests_ms: np.ndarray) -> WaitPool:
    pool = WaitPool()
    for gaps_ms in requests_ms:
        pool.add(gaps_ms)
    return pool


def test_one_bar_for_each_wait_ends_where_its_token_came(qtbot: QtBot) -> None:
    request = waits()
    widget = timeline(qtbot, request)
    bars = widget.bars()
    assert len(bars) == 93
    assert [b.right() for b in bars] == pytest.approx([widget.x_of(float(ms)) for ms in request.token_ms[1:]])
    assert all(a.right() <= b.left() for a, b in itertools.pairwise(bars))


def test_height_of_a_bar_is_its_wait(qtbot: QtBot) -> None:
    bars = timeline(qtbot, waits(slow=30)).bars()
    assert bars[30].height() == pytest.approx(2 * bars[0].height())
    assert bars[30].bottom() == bars[0].bottom()


def test_a_very_long_wait_is_cut_off_at_the_top(qtbot: QtBot) -> None:
    request = Waits(np.array([20.0, 25.0, 30.0, 35.0, 400.0, 405.0]), 6)
    widget = timeline(qtbot, request)
    bars = widget.bars()
    assert max(b.height() for b in bars) == pytest.approx(bars[0].bottom() - widget._top())
    assert widget.top_ms < 50


def test_more_tokens_than_px_draw_at_most_one_bar_a_px(qtbot: QtBot) -> None:
    bars = timeline(qtbot, waits(count=5000, total=5000)).bars()
    assert 100 < len(bars) <= 600
    assert len({b.left() for b in bars}) == len(bars)


def test_axis_runs_to_the_expected_last_token_and_holds_still(qtbot: QtBot) -> None:
    widget = timeline(qtbot, waits(count=20))
    before = widget._end_ms
    assert before >= 20 + 127 * 5
    widget.show_waits(waits(count=60, gap_ms=4.8), WaitPool())
    assert widget._end_ms == before


def test_figures_are_first_token_median_and_percentile(qtbot: QtBot) -> None:
    assert timeline(qtbot, waits(), pooled=700).figures() == [
        ("First token", "20.0\u00a0ms"),
        ("Between tokens, median", "5.00\u00a0ms"), ("99th percentile", "5.00\u00a0ms")]


def test_percentile_of_too_few_waits_is_not_stated(qtbot: QtBot) -> None:
    assert timeline(qtbot, waits(), pooled=661).figures()[2] == ("99th percentile", "needs 662 gaps")


def test_percentile_follows_the_waits_of_later_requests() -> None:
    pool = pool_of(np.full(700, 5.0))
    assert pool.p99_ms == 5.0
    for _ in range(10):
        pool.add(np.full(100, 9.0))
    assert pool.count == 1700 and pool.p99_ms == 9.0


def test_nothing_is_said_before_the_first_token(qtbot: QtBot) -> None:
    assert [value for _, value in timeline(qtbot, Waits(np.empty(0), 0)).figures()] == ["—", "—", "—"]


def test_first_token_alone_has_no_bar_and_no_median(qtbot: QtBot) -> None:
    widget = timeline(qtbot, Waits(np.array([20.0]), 128))
    assert widget.bars() == [] and widget.figures()[1][1] == "—"


def test_accessible_name_says_the_figures(qtbot: QtBot) -> None:
    assert timeline(qtbot, waits()).accessibleName().startswith("First token 20.0\u00a0ms.")


def test_wait_for_the_first_token_is_a_block_in_the_colour_of_prefill(qtbot: QtBot) -> None:
    widget = timeline(qtbot, waits(first_ms=200.0))
    colour = widget.grab().toImage().pixelColor(int(widget.x_of(100)), 150)
    assert colour.green() > colour.red() + 30


@pytest.mark.parametrize(("value", "top"), [(0.9, 1), (1.0, 1), (4.2, 5), (5.1, 10), (734, 1000)])
def test_axis_ends_at_a_round_number(value: float, top: float) -> None:
    assert nice(value) == top
