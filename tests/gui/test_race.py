"""Two stored runs that are raced: what is compared, how the entrants are called, and pictures of a moment."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.core import events as ev
from llmscope.core.errors import BadInput
from llmscope.core.units import NBSP
from llmscope.gui import race_shot, race_words
from llmscope.gui.cards.choice import Choice
from llmscope.gui.cards.race_content import race_content
from llmscope.gui.main_window import MainWindow
from llmscope.gui.race import Race, race_of, read_race
from llmscope.gui.race_picture import RacePicture
from llmscope.gui.race_side import RaceSide
from llmscope.gui.replay import Cancelled
from llmscope.runs import owner, store
from llmscope.runs.exchange.pictures import carried
from llmscope.runs.marks import Marks, write_marks
from tests.gui.history_runs import write_run
from tests.gui.race_runs import CPU, GPU, write_race

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture
def folders(own_data_folder: Path) -> tuple[Path, Path]:
    return write_race(paths.runs_folder())


@pytest.fixture(scope="module")
def race(tmp_path_factory: pytest.TempPathFactory) -> Race:
    return read_race(write_race(tmp_path_factory.mktemp("race")))


def rows(folder: Path) -> list[ev.Event]:
    return list(store.read_events(folder, []))


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


def test_where_the_tests_tell_no_difference_two_requests_give_no_ratio(race: Race) -> None:
    a, b = race.entrants
    assert not race.is_doubtful and a.row is not None and b.row is not None
    wide = msgspec.structs.replace(b.row, median=a.row.median, low=0.5 * a.row.low, high=2 * a.row.high)
    doubtful = race_of(a, replace(b, side=msgspec.structs.replace(b.side, rows=(wide,))))
    assert doubtful.is_doubtful
    assert re.fullmatch(r"B wrote 128 tokens in \S+, A in \S+", race_words.headline(doubtful).replace(NBSP, ""))
    assert "cannot be told apart" in race_words.about(doubtful, doubtful.end_ns)
    content = race_content(doubtful, ["a", "b"])
    assert not any(value.times for value in content.tests[0].values) and "×" not in content.title


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
