"""The page of a race: frames, time, keys and what it says while it plays."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, count
from random import Random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from llmscope.gui import race_words
from llmscope.gui.pages.race_page import RacePage
from llmscope.gui.race import Race, race_of, read_race
from llmscope.gui.race_clock import RaceClock
from llmscope.gui.race_side import RaceSide
from tests.gui.race_runs import write_race
from tests.gui.test_race_track import FakeClock

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture(scope="module")
def race(tmp_path_factory: pytest.TempPathFactory) -> Race:
    return read_race(write_race(tmp_path_factory.mktemp("race")))


@pytest.fixture
def page(qtbot: QtBot, race: Race) -> Iterator[RacePage]:
    page = RacePage()
    qtbot.addWidget(page)
    page.resize(1200, 760)
    page.show()
    page.show_race(race)
    yield page
    page.hide()


def shown(side: RaceSide) -> tuple[str, tuple[tuple[str, str], ...], int]:
    return side.text.toPlainText(), side.figures._figures, len(side.timeline._waits.token_ms)


def test_every_frame_shows_exactly_the_tokens_that_are_due(page: RacePage, race: Race) -> None:
    now, random = FakeClock(), Random(2)
    page.clock = RaceClock(race.end_ns, now)
    page.clock.play()
    frames = 0
    while page.clock.is_playing:
        now.ns += random.choice((1_000_000, 16_700_000, 60_000_000))  # some frames come late
        page.show_frame()
        at_ns, frames = page.clock.position_ns, frames + 1
        for side, entrant in zip(page.sides, race.entrants, strict=True):
            due = [came for came in entrant.track.token_ns if came <= at_ns]
            text, figures, steps = shown(side)
            assert figures[2][0] == str(len(due)) and steps == len(due)
            assert text == (entrant.track.text[:entrant.track.text_ends[len(due) - 1]] if due else "")
    assert frames > 10 and page.title.full_text == race_words.headline(race)


def test_the_same_moment_is_the_same_picture_whichever_way_it_was_reached(page: RacePage, race: Race) -> None:
    at_ns = race.end_ns // 3
    page.seek(at_ns)
    first, picture = [shown(side) for side in page.sides], page.grab().toImage()
    for other_ns in (race.end_ns, 0, at_ns + 10**7, at_ns - 10**7):
        page.seek(other_ns)
        page.seek(at_ns)
        assert [shown(side) for side in page.sides] == first
    assert page.grab().toImage() == picture
    page.seek(at_ns + 3 * 10**7)
    assert page.grab().toImage() != picture


def test_the_timer_only_runs_while_something_moves(page: RacePage) -> None:
    assert not page._timer.isActive() and page._timer.interval() >= 1000 / 60
    page.play()
    assert page._timer.isActive() and page.bar.play.text() == "Pause"
    page.pause()
    assert not page._timer.isActive() and page.bar.play.text() == "Play"
    page.play()
    page.hide()
    assert not page._timer.isActive() and not page.clock.is_playing
    page.play()
    assert not page._timer.isActive()


def test_at_the_end_the_timer_stops_and_space_starts_anew(page: RacePage, race: Race) -> None:
    now = FakeClock()
    page.clock = RaceClock(race.end_ns, now)
    page.play()
    now.ns += 10 * race.end_ns
    page.show_frame()
    assert not page._timer.isActive() and page.bar.play.text() == "Play"
    QTest.keyClick(page, Qt.Key.Key_Space)
    assert page.clock.is_playing and page.clock.position_ns == 0 and page._timer.isActive()


@pytest.mark.parametrize("left_ns", [2, 3, 4])
def test_the_last_frame_is_drawn_even_if_the_end_comes_while_a_frame_is(
        page: RacePage, race: Race, left_ns: int) -> None:
    looks = chain((0,), count(race.end_ns - left_ns))  # each look at the clock is a ns later
    page.clock = RaceClock(race.end_ns, lambda: next(looks))
    page.play()
    while page._timer.isActive():
        page.show_frame()
    assert page.title.full_text == race_words.headline(race)


def test_a_race_that_is_played_comes_to_its_end_by_itself(page: RacePage, race: Race, qtbot: QtBot) -> None:
    page.clock.set_speed(4.0)
    page.play()
    qtbot.waitUntil(lambda: not page._timer.isActive())
    assert page.title.full_text == race_words.headline(race) and page.clock.position_ns == race.end_ns


def test_a_race_waits_while_a_run_goes_on(page: RacePage) -> None:
    page.play()
    page.set_run_goes_on(True)
    assert not page._timer.isActive() and not page.bar.play.isEnabled() and page.bar.play.toolTip()
    page.play()
    assert not page.clock.is_playing
    page.set_run_goes_on(False)
    assert page.bar.play.isEnabled()


def test_keys_play_seek_and_change_the_speed_wherever_the_focus_is(page: RacePage, race: Race) -> None:
    for where in (page, page.bar.play, page.back, page.sides[0].text):
        page.seek(race.end_ns // 2)
        QTest.keyClick(where, Qt.Key.Key_Right)
        assert page.clock.position_ns == race.end_ns // 2 + round(0.02 * race.end_ns)
        QTest.keyClick(where, Qt.Key.Key_Home)
        assert page.clock.position_ns == 0
        QTest.keyClick(where, Qt.Key.Key_End)
        assert page.clock.position_ns == race.end_ns
    plus, minus = Qt.Key.Key_Plus, Qt.Key.Key_Minus
    for key, speed in ((plus, 2.0), (Qt.Key.Key_Equal, 4.0), (plus, 4.0), (minus, 2.0), (minus, 1.0), (minus, 0.5)):
        QTest.keyClick(page, key)
        assert page.clock.speed == speed and page.bar.speeds.value() == f"{speed:g}"
    QTest.keyClick(page.sides[1].text, Qt.Key.Key_Space)
    assert page.clock.is_playing


def test_a_click_on_the_line_of_time_goes_there(page: RacePage, race: Race) -> None:
    QTest.mouseClick(page.bar.slider, Qt.MouseButton.LeftButton, pos=page.bar.slider.rect().center())
    assert page.clock.position_ns == pytest.approx(race.end_ns / 2, rel=0.02)


def test_another_size_of_the_window_is_no_other_moment(page: RacePage, race: Race) -> None:
    page.seek(race.end_ns // 3)
    before = page.bar._time.text(), [shown(side) for side in page.sides]
    page.set_room("narrow")
    page.present(True)
    assert (page.bar._time.text(), [shown(side) for side in page.sides]) == before
    assert page.bar._time.text() == f"{race.end_ns / 3e6:.0f} of {race.end_ns / 1e6:.0f}\u00a0ms"


def test_marks_of_two_that_finish_at_once_stand_beside_each_other(page: RacePage, race: Race) -> None:
    page.show_race(race_of(race.entrants[0], race.entrants[0]))
    page.seek(race.end_ns)
    assert not page.grab().isNull() and page.title.full_text.startswith("A and B wrote")


def test_a_device_that_cannot_be_read_is_said_and_not_zero(page: RacePage, race: Race) -> None:
    a = race.entrants[0]
    gaps = tuple(replace(r, busy_percent=None, memory_percent=None) for r in a.track.readings)
    page.show_race(race_of(replace(a, track=replace(a.track, readings=gaps)), a))
    page.seek(race.end_ns // 2)
    assert page.sides[0].strip._words == ("CPU busy not readable", "memory not readable")
    assert not page.sides[0].strip._lines("busy_percent", page.sides[0].strip.rect().toRectF())
