"""The Race page: two stored runs beside each other, frame by frame."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from random import Random

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.core import events as ev
from llmscope.core.errors import BadInput
from llmscope.core.spec import Cell
from llmscope.gui import race_shot, race_words
from llmscope.gui.cards.choice import Choice
from llmscope.gui.cards.race_content import race_content
from llmscope.gui.main_window import MainWindow
from llmscope.gui.pages.race_page import RacePage
from llmscope.gui.race import Race, race_of, read_race
from llmscope.gui.race_clock import RaceClock
from llmscope.gui.race_picture import RacePicture
from llmscope.gui.race_side import RaceSide
from llmscope.gui.replay import Cancelled
from llmscope.runs import owner, store
from llmscope.runs.exchange.pictures import carried
from llmscope.runs.marks import Marks, write_marks
from tests.gui.history_runs import show_history, write_run
from tests.gui.race_runs import CPU, GPU, write_race
from tests.gui.test_race_track import FakeClock

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture
def folders(own_data_folder: Path) -> tuple[Path, Path]:
    return write_race(paths.runs_folder())


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


def rows(folder: Path) -> list[ev.Event]:
    return list(store.read_events(folder, []))


def shown(side: RaceSide) -> tuple[str, tuple[tuple[str, str], ...], int]:
    return side.text.toPlainText(), side.figures._figures, len(side.timeline._waits.token_ms)


def test_the_middle_request_of_both_is_raced_with_its_readings(folders: tuple[Path, Path]) -> None:
    race = read_race(folders)
    for entrant, folder in zip(race.entrants, folders, strict=True):
        seconds = sorted(e.seconds for e in rows(folder) if isinstance(e, ev.Sample))
        assert entrant.requests == len(seconds)
        assert entrant.track.end_ns / 1e9 == pytest.approx(seconds[(len(seconds) - 1) // 2])
        texts = [e for e in rows(folder) if isinstance(e, ev.Text) and e.text in entrant.track.text]
        assert len(entrant.track.token_ns) == race.tokens == 128 and len(texts) >= 1
        first, last = entrant.track.readings[0].at_ns, entrant.track.readings[-1].at_ns
        assert first <= 0 and last >= entrant.track.end_ns
    busy = [entrant.track.readings[3].busy_percent for entrant in race.entrants]
    assert busy[0] != busy[1] and all(b is not None and b > 80 for b in busy)


def test_b_is_told_to_have_won_with_the_digits_that_are_shown(race: Race) -> None:
    a_ms, b_ms = (entrant.track.end_ns / 1e6 for entrant in race.entrants)
    assert race.winner == 1 and race.times_as_fast == pytest.approx(a_ms / b_ms)
    assert race_words.headline(race) == (f"B wrote 128 tokens in {b_ms:.1f}\u00a0ms, "
                                         f"{a_ms / b_ms:.2f}× as fast as A")
    assert race_words.about(race, race.end_ns).startswith(f"{a_ms - b_ms:.0f}\u00a0ms ahead. ")
    assert not race_words.not_the_same(race)
    assert race_words.standing(race, 0) == "Race to 128 tokens"
    assert race_words.standing(race, round(b_ms * 1e6)).startswith("B is at the finish, A has 1")


def test_two_that_are_alike_have_no_winner(race: Race) -> None:
    a = race.entrants[0]
    assert race_words.headline(race_of(a, a)).startswith("A and B wrote 128 tokens in the same time, ")
    assert race_words.standing(race_of(a, a), a.track.token_ns[3]) == "Level at 4 tokens"


def test_what_is_not_the_same_work_is_said_and_the_finish_is_the_fewer_tokens(own_data_folder: Path) -> None:
    race = read_race(write_race(paths.runs_folder(), unlike=True))
    assert race.tokens == 64 and [e.new_tokens for e in race.entrants] == [128, 64]
    assert race_words.not_the_same(race) == (
        "Not the same work: Bundled model and SmolLM2-135M; batch 1 and 4; prompts of 128 and 512 tokens; "
        "128 and 64 new tokens.")
    assert race.entrants[0].track.end_ns == race.entrants[0].track.token_ns[63]


def test_of_several_tests_those_that_are_alike_are_raced(own_data_folder: Path) -> None:
    short = msgspec.structs.replace(CPU, new=32)
    both = write_run(paths.runs_folder(), datetime.now(UTC), (CPU, short), "done", 1.0)
    other = write_run(paths.runs_folder(), datetime.now(UTC), (msgspec.structs.replace(GPU, new=32),), "done", 1.0)
    race = read_race((both, other))
    assert [e.cell.new for e in race.entrants] == [32, 32] and race.entrants[0].row is not None
    assert race.entrants[0].row.test == "gen32"


def test_a_run_without_text_or_that_goes_on_is_refused_in_one_line(
        folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    events = [line for line in (folders[1] / store.EVENTS).read_bytes().splitlines() if b'"event":"text"' not in line]
    (folders[1] / store.EVENTS).write_bytes(b"\n".join(events) + b"\n")
    with pytest.raises(BadInput, match=f"^Run {folders[1].name} holds no streamed text: a race needs [^\n]*$"):
        read_race(folders)
    (folders[0] / store.RESULT).unlink()
    monkeypatch.setattr(owner, "is_running", lambda folder: folder == folders[0])
    with pytest.raises(BadInput, match="goes on: race it when it is over"):
        read_race(folders)


def test_reading_ends_when_nobody_wants_it(folders: tuple[Path, Path]) -> None:
    with pytest.raises(Cancelled):
        read_race(folders, lambda: True)


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


def select(window: MainWindow, qtbot: QtBot, *names: str) -> None:
    table = show_history(window, qtbot).table
    model = table.selectionModel()
    model.clearSelection()
    for name in names:
        model.select(table.runs.index(table.runs.row_of(name), 0),
                     model.SelectionFlag.Select | model.SelectionFlag.Rows)
    show_history(window, qtbot)._on_moved()


@pytest.mark.parametrize("oldest_first", [False, True])
def test_two_runs_selected_in_history_are_raced_the_older_one_as_a(
        window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot, oldest_first: bool,
        monkeypatch: pytest.MonkeyPatch) -> None:
    select(window, qtbot, folders[0].name)
    button = show_history(window, qtbot).details.race_button
    assert not button.isVisible()
    select(window, qtbot, folders[1].name, folders[0].name)
    assert button.isVisible() and button.isEnabled()
    table = show_history(window, qtbot).table
    found = sorted(table.selected(), key=lambda entry: entry.at_s, reverse=not oldest_first)
    monkeypatch.setattr(table, "selected", lambda: found)
    button.click()
    qtbot.waitUntil(lambda: window.pages.name == "race")
    page = window.race.page
    assert page is not None and page.race is not None
    assert [e.entry.id for e in page.race.entrants] == [folder.name for folder in folders]
    page.back.click()
    assert window.pages.name == "history"


def test_two_runs_that_are_compared_are_raced_and_back_leads_to_compare(
        window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot) -> None:
    window.compare.show_runs([folder.name for folder in folders])
    window.show_page("compare")
    compare = window.compare.page
    assert compare is not None
    qtbot.waitUntil(lambda: window.compare.is_idle and compare.compared is not None)
    assert compare.race.isVisible()
    compare.race.click()
    qtbot.waitUntil(lambda: window.pages.name == "race")
    page = window.race.page
    assert page is not None and page.race is not None
    assert [e.entry.id for e in page.race.entrants] == [folder.name for folder in folders]
    page.back.click()
    assert window.pages.name == "compare"
    shutil.rmtree(folders[0])
    compare.race.click()  # told in a line
    assert window.pages.name == "compare" and window.race._thread is None


def test_an_entrant_is_called_as_the_person_named_its_run(folders: tuple[Path, Path]) -> None:
    write_marks(folders[0], Marks("On battery"))
    race = read_race(folders)
    a, b = race.entrants
    assert [race_words.name(race, place) for place in (0, 1)] == ["On battery", "Bundled model, GPU"]
    assert race_words.settings(a).startswith("Bundled model, CPU · f32 · batch")
    assert race_words.settings(b).startswith("bf16 · batch")


def test_two_entrants_of_one_name_are_told_apart_by_what_differs(folders: tuple[Path, Path]) -> None:
    for folder in folders:
        write_marks(folder, Marks("My laptop"))
    race = read_race(folders)
    assert [race_words.name(race, place) for place in (0, 1)] == ["f32, My laptop", "bf16, My laptop"]
    again = race_of(race.entrants[0], race.entrants[0])
    assert race_words.name(again, 1) == "My laptop"  # a run against itself


def test_a_moment_of_a_race_is_a_picture(tmp_path: Path, race: Race) -> None:
    pictures = [tmp_path / f"{at_s}.png" for at_s in (0.1, None, 1e300)]
    for at_s, picture in zip((0.1, None, 1e300), pictures, strict=True):
        race_shot.shoot(picture, race, at_s, "dark", Choice())
    early, end, after = (QImage(str(picture)) for picture in pictures)
    assert early.width() == 2 * 1360 and early != end and end == after
    assert early.text("Title") == race_words.standing(race, 100_000_000) and "B is at the finish" in early.text("Title")
    assert early.text("Accuracy").startswith("at 100\u00a0ms of ") and "torch 2.11.0" in early.text("Software")
    with pytest.raises(BadInput, match="another folder"):
        race_shot.shoot(tmp_path / "no" / "x.png", race, None, "dark", Choice())


def test_the_picture_shows_exactly_the_tokens_of_its_moment(race: Race, qtbot: QtBot) -> None:
    at_ns = race.end_ns // 4
    picture = RacePicture(race, at_ns)
    qtbot.addWidget(body := picture.body())
    picture.settle()
    for side, entrant in zip(body.findChildren(RaceSide), race.entrants, strict=True):
        assert side.text.toPlainText() == entrant.track.text_at(at_ns) != ""


def test_the_page_offers_the_picture_of_the_moment_it_shows_and_a_card_which_bring_both_runs(
        window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot, tmp_path: Path) -> None:
    window.show_race(*folders)
    qtbot.waitUntil(lambda: window.pages.name == "race")
    page = window.race.page
    assert page is not None and window.top.save.isEnabled()
    page.seek(page.clock.end_ns // 4)
    for kind, width in (("page", 2720), ("card", 1200)):
        assert window.save_picture(tmp_path / "x.png", Choice(kind))  # type: ignore[arg-type]
        image = QImage(str(tmp_path / "x.png"))
        assert image.width() == width and [run.name for run in carried((tmp_path / "x.png").read_bytes()).runs] == [
            folder.name for folder in folders]
        assert image.text("Title").startswith("B is at the finish" if kind == "page" else "B wrote 128 tokens in")


def test_a_card_of_a_race_has_its_times_and_says_that_it_is_one_request(race: Race) -> None:
    content = race_content(race, ["Left"])
    assert [machine.label for machine in content.machines] == ["Left", "Bundled model, GPU"]
    whole, first, gaps, every = content.tests
    assert every.name == "gen128" and every.values[0].ends and every.values[1].times_plus.startswith("B vs A  ±")
    assert whole.values[1].times in content.title and whole.values[1].times_plus == "B vs A"
    assert first.values[0].unit == "ms" and gaps.values[0].median == pytest.approx(4.74e6, rel=0.1)
    assert "no interval" in content.foot[0] and any("torch 2.11.0" in line for line in content.foot)
    assert race_content(race_of(*[race.entrants[0]] * 2)).tests[0].values[0].times == ""  # nobody won


def test_a_run_without_the_test_gen_cannot_be_raced(
        window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot) -> None:
    plain = write_run(paths.runs_folder(), datetime.now(UTC), (Cell("bundled", "tg", "cpu", "float32"),), "done", 1.0)
    select(window, qtbot, folders[0].name, plain.name)
    button = show_history(window, qtbot).details.race_button
    assert button.isVisible() and not button.isEnabled() and plain.name in button.toolTip()


def test_f11_gives_the_race_the_whole_screen_and_esc_or_another_page_take_it_back(
        window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot) -> None:
    window.show_race(*folders)
    qtbot.waitUntil(lambda: window.pages.name == "race")
    page = window.race.page
    assert page is not None
    size = page.title.font().pixelSize()
    for leave in (Qt.Key.Key_F11, Qt.Key.Key_Escape):
        QTest.keyClick(page, Qt.Key.Key_F11)
        assert window.isFullScreen() and not window.top.isVisible() and not window.status.isVisible()
        assert page.title.font().pixelSize() == round(1.35 * size) and not page.back.isVisible()
        QTest.keyClick(page, leave)
        assert not window.isFullScreen() and window.top.isVisible() and page.title.font().pixelSize() == size
    QTest.keyClick(page, Qt.Key.Key_F11)
    window.show_page("run")
    assert not window.isFullScreen() and window.top.isVisible() and window.status.isVisible()


def test_a_refusal_is_told_and_the_page_stays(window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot) -> None:
    said: list[str] = []
    window.race.said.connect(said.append)
    window.show_page("history")
    window.show_race(folders[0], folders[1].with_name("gone"))
    qtbot.waitUntil(lambda: window.race._thread is None)
    assert window.pages.name == "history" and "no readable run" in said[-1]


def test_the_window_can_be_closed_while_a_race_is_read(window: MainWindow, folders: tuple[Path, Path]) -> None:
    window.show_race(*folders)
    window.close()
    assert window.race._thread is None or window.race._thread.isFinished()


def test_a_window_closed_while_it_presents_keeps_the_size_it_had_before(
        window: MainWindow, folders: tuple[Path, Path], qtbot: QtBot) -> None:
    window.show_race(*folders)
    qtbot.waitUntil(lambda: window.race.page is not None and window.pages.name == "race")
    assert window.race.page is not None
    window.race.page.present(True)
    qtbot.waitUntil(lambda: window.width() != 1440)
    window.close()
    size = [window.settings.number(f"window/{side}", 0, 0, 10_000) for side in ("width", "height")]
    assert size == [1440, 900]
