"""Cards: that every word has room and can be read, and what they say and leave out."""

import dataclasses
import itertools
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from PySide6.QtGui import QColor

from llmscope import paths
from llmscope.analysis.compare import compare
from llmscope.analysis.compare_words import headline, telling
from llmscope.core.results import Row
from llmscope.core.spec import Cell
from llmscope.gui import compare_look
from llmscope.gui.cards import compare_content
from llmscope.gui.cards.card import Card, paint_card
from llmscope.gui.cards.content import Content
from llmscope.gui.cards.race_content import race_content
from llmscope.gui.cards.texts import without_paths
from llmscope.gui.main_window import MainWindow
from llmscope.gui.race import read_race
from llmscope.gui.replay import replay
from llmscope.gui.run_state import RunState
from llmscope.gui.theme import theme
from llmscope.runs.compare import compare_stored
from llmscope.runs.marks import Marks, write_marks
from tests.gui import cards
from tests.gui.compare_runs import write_compared
from tests.gui.history_runs import CPU, write_run
from tests.gui.race_runs import write_race
from tests.gui.stream import stream

KINDS = ("card", "square")
LONG = "Very-Long-Name-Of-A-Model-That-Nobody-Could-Ever-Read-In-One-Line-Instruct-GGUF-Q4_K_M-" * 3


def changed(run: RunState, **changes: object) -> RunState:
    """Return the run with every row changed."""
    for state in run.cells:
        if state.row is not None:
            state.row = msgspec.structs.replace(state.row, **changes)
    return run


def on_battery() -> RunState:
    run = changed(cards.run_state(), verdict="warn", reason="throttled at 1:12 by heat, power and current " * 4)
    run.on_battery = True
    return run


def many() -> RunState:
    run = cards.run_state()
    run.cells = [state for _ in range(8) for state in run.cells]
    return run


ODD: dict[str, Callable[[], RunState]] = {
    "usual": cards.run_state,
    "failed": lambda: changed(cards.run_state(), median=None, low=None, high=None, n=0, samples=(), verdict="failed",
                              reason="out of memory at C:\\Users\\ann\\x.bin and /home/ann/models/x"),
    "one failed": lambda: cards.run_state(outcome="oom"),
    "no interval": lambda: changed(cards.run_state(), low=None, high=None, n=2),
    "one test": lambda: cards.run_state(tests=("pp",)),
    "forty tests": many,
    "long names": lambda: cards.run_state(model=f"/home/ann/{LONG}"),
    "huge numbers": lambda: changed(cards.run_state(), median=123_456_789.0, low=123_000_000.0, high=124_000_000.0),
    "battery, throttled": on_battery,
}


def check(content: Content, kind: str) -> None:
    """Every text lies within the card, none over another, and each is large enough."""
    card = Card(content, kind, "dark")  # type: ignore[arg-type]
    size = card.image.size()
    for text in card.texts:
        assert text.px >= 11 and text.rect.left() >= 40 and text.rect.right() <= size.width() - 40, text
        assert text.rect.top() >= 0 and text.rect.bottom() <= size.height(), text
    for one, other in itertools.combinations(card.texts, 2):
        assert not one.rect.adjusted(0.5, 0.5, -0.5, -0.5).intersects(other.rect), (one, other)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ODD)
def test_no_text_of_a_runs_card_is_cut_or_lies_over_another(name: str, kind: str) -> None:
    check(cards.of_run(ODD[name](), LONG if name == "long names" else ""), kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [2, 3, 4])
def test_no_text_of_a_comparisons_card_is_cut_or_lies_over_another(count: int, kind: str, tmp_path: Path) -> None:
    content = cards.of_compared(tmp_path / "runs", count)
    check(content, kind)
    check(lengthened(content), kind)


def lengthened(content: Content) -> Content:
    """Return the card with long names and reasons everywhere."""
    machines = tuple(dataclasses.replace(machine, label=LONG, lines=(LONG,) * 3) for machine in content.machines)
    return dataclasses.replace(content, title=LONG.replace("-", " "), machines=machines, warnings=LONG,
                               differing=(LONG,) * 9)


def luminance(colour: QColor) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
             for part in (colour.redF(), colour.greenF(), colour.blueF())]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("shade", ["dark", "light"])
def test_every_colour_of_text_has_contrast_enough_on_its_ground(shade: str, tmp_path: Path) -> None:
    contents = [cards.of_compared(tmp_path / "runs", 4), *(cards.of_run(make()) for make in ODD.values())]
    colours = theme().colours_of(shade)  # type: ignore[arg-type]
    used = {(text.role) for content in contents for kind in KINDS
            for text in Card(content, kind, shade).texts}  # type: ignore[arg-type]
    assert {"text", "text_2", "bad", "warn"} <= used
    for role in used:
        light, dark = sorted((luminance(colours[role]), luminance(colours["panel"])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, role


def words(content: Content, kind: str = "square") -> str:
    return "\n".join(text.text for text in Card(content, kind, "dark").texts).replace("\u00a0", " ")  # type: ignore[arg-type]


def test_a_runs_card_says_what_one_must_know() -> None:
    said = words(cards.of_run(on_battery(), "My tower"))
    for part in ("My tower", "bf16", "517.8", "±1.2 % · n 37 · warned (throttled)", "limited by host overhead",
                 "95 % interval", "On battery", "21 Nov 2026", "torch 2.11.0", "0.1.0",
                 "Not steady: gen128 warned (throttled)"):
        assert part in said, part


def test_a_comparisons_card_says_what_one_must_know(tmp_path: Path) -> None:
    said = words(cards.of_compared(tmp_path / "runs", 4))
    for part in ("B reads prompts 37.0× as fast as A", "baseline", "95 % confidence, ±1 % asked", "121,900",
                 "Power source mains power, D on battery", "torch 2.11.0, C 2.10.0", "D: train512 failed"):
        assert part in said.replace("\n", " "), part
    two = cards.of_compared(tmp_path / "more", 2)
    assert "no difference\nresolved\n(±5.4 %)" in words(alike(two))
    assert "cannot tell\n(under 3.1×)" in words(alike(two, "cannot tell", "under 3.1×"))


def test_a_ratio_that_nothing_tells_from_chance_does_not_stand_large(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    sides = compare_stored(runs, write_compared(runs, 2)).comparison.sides
    few = [replace(side, rows=tuple(replace(row, low=None, high=None, n=3) for row in side.rows)) for side in sides]
    found = compare(few, 0)
    tests = [compare_content.test_of(found, line) for line in telling(found)]
    assert "cannot be told apart: too few samples" in headline(found)
    assert tests and all(test.values[1].times == "cannot tell" for test in tests)
    assert all(re.fullmatch(r"[\d.,]+×, no interval", test.values[1].times_plus) for test in tests)
    content = dataclasses.replace(cards.of_compared(tmp_path / "more", 2), tests=tuple(tests))
    for kind in KINDS:
        check(content, kind)
        said = words(content, kind)
        assert "cannot tell\n(" in said and "no interval)" in said.replace("\n", " ") and "…" not in said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [2, 4])
def test_what_was_measured_on_and_what_is_not_steady_take_a_second_line(kind: str, count: int, tmp_path: Path) -> None:
    content = cards.of_compared(tmp_path / "runs", count)
    lines = ("baseline · AMD EPYC · Bundled model + SmolLM2-135M · bf16", "ceilings not measured")
    unsteady = "; ".join(f"{letter}: gen128\u00a0noisy, pp512\u00a0noisy, tg32\u00a0noisy" for letter in "ABCD"[:count])
    content = dataclasses.replace(content, warnings=unsteady, machines=tuple(
        dataclasses.replace(machine, label="AMD EPYC", lines=lines) for machine in content.machines))
    check(content, kind)
    said = words(content, kind).replace("\n", " ").replace("\u00a0", " ")
    assert said.count(lines[0]) == count and f"Not steady: {unsteady}.".replace("\u00a0", " ") in said


def test_the_numbers_of_a_comparison_call_a_warning_as_a_card_does(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    sides = compare_stored(runs, write_compared(runs, 2)).comparison.sides
    warned = [replace(side, rows=tuple(replace(row, verdict="warn", reason="drift +2 % a minute") for row in side.rows))
              for side in sides]
    found = compare(warned, 0)
    line = telling(found)[0]
    assert compare_look.told(found, line, 0)[-1] == "warned (drift)"
    assert compare_look.warning(line.values[0]) == "warned: drift +2 % a minute"
    assert f"{line.name}\u00a0warned (drift)" in compare_content.warnings(found)


def alike(content: Content, times: str = "no difference", plus: str = "±5.4 %") -> Content:
    """Return a comparison of two in which no difference was resolved."""
    tests = tuple(dataclasses.replace(test, values=(test.values[0], dataclasses.replace(
        test.values[1], times=times, times_plus=plus, is_resolved=False))) for test in content.tests)
    found = dataclasses.replace(content, tests=tests)
    for kind in KINDS:
        check(found, kind)
    return found


def test_tests_of_a_length_sweep_are_told_apart_on_a_card() -> None:
    run = RunState()
    cells = tuple(Cell("bundled", "gen", "cpu", "float32", seq=seq, new=4) for seq in (16, 32))
    for event in stream(cells):
        run.apply(event)
    run.cells[1].row = msgspec.structs.replace(run.rows[1], verdict="not_converged")
    for kind in KINDS:
        said = words(cards.of_run(run), kind)
        assert "gen4 · sequence 16" in said and "Not steady: gen4 · sequence 32 noisy." in said
    assert "gen4 · sequence 32 " in cards.of_run(run).data["Results"]


def test_a_run_that_was_named_in_history_has_its_name_on_its_card(window: MainWindow) -> None:
    folder = write_run(paths.runs_folder(), datetime.now(UTC), CPU, "done", 1.0)
    window.show_stored(replay(folder))
    picture = window.pages.page().picture()
    assert picture is not None and picture.card(picture.labels()).about.startswith("f32 · ")  # type: ignore[union-attr]
    write_marks(folder, Marks("Before the update"))
    content = picture.card(picture.labels())
    assert content is not None and "Before the update · f32" in words(content)


@pytest.mark.parametrize("unlike", [False, True])
def test_the_tests_of_a_race_take_all_the_room_of_a_square(tmp_path: Path, unlike: bool) -> None:
    content = race_content(read_race(write_race(tmp_path, unlike)))
    for kind in KINDS:
        check(content, kind)
    card = Card(content, "square", "dark")
    ratio = max(text.rect.bottom() for text in card.texts if text.text.startswith(("A vs B", "B vs A")))
    foot = min(text.rect.top() for text in card.texts if text.text.startswith("One request of each"))
    assert foot - ratio < 110
    assert "gen128 · sequence 128" in words(content) or unlike


@pytest.mark.parametrize("unlike", [False, True])
def test_a_race_of_noisy_tests_is_not_called_steady(tmp_path: Path, unlike: bool) -> None:
    race = read_race(write_race(tmp_path, unlike))
    assert "All steady." in " ".join(words(race_content(race)).split())
    row = race.entrants[0].row
    assert row is not None
    noisy = dataclasses.replace(race.entrants[0], row=msgspec.structs.replace(row, verdict="not_converged"))
    said = " ".join(words(race_content(dataclasses.replace(race, entrants=(noisy, race.entrants[1])))).split())
    assert "Not steady: A: gen128 noisy" in said and "All steady." not in said and "B: " not in said
    assert ("whiskers" in said) is not unlike


def test_nothing_personal_is_on_a_card() -> None:
    said = words(cards.of_run(ODD["failed"]())) + words(cards.of_run(ODD["long names"]()))
    assert "ann" not in said.replace("planned", "") and "home" not in said and "Users" not in said
    assert without_paths("2 tok/s, 1/2 of 8 GiB, ±1.3 %") == "2 tok/s, 1/2 of 8 GiB, ±1.3 %"
    assert without_paths("no ~/.cache/x or file:///a/b left") == "no … or … left"


def test_a_card_without_a_value_says_so_and_invents_none() -> None:
    said = words(cards.of_run(ODD["failed"]()))
    assert "no test gave a result" in said and "tok/s" not in said and "\n0\n" not in said


def test_the_words_go_with_the_image() -> None:
    image = paint_card(cards.of_run(cards.run_state(), "My tower"), "card", "light")
    assert (image.width(), image.height()) == (1200, 630) and image.text("Machine") == "My tower"
    assert "gen128" in image.text("Results")


def test_the_hardware_is_told_once_and_under_a_name_of_ones_own() -> None:
    usual = cards.of_run(cards.run_state(False)).machines[0]
    typed = cards.of_run(cards.run_state(False), usual.label.replace("\u00a0", " ")).machines[0]
    assert usual.lines == typed.lines == ("measured on AMD EPYC, 2 cores",)
    assert "AMD EPYC" in cards.of_run(cards.run_state(False), "My tower").machines[0].lines[0]


def test_of_a_run_with_two_models_the_headline_names_the_one_it_measured() -> None:
    run = cards.run_state()
    first: Row | None = run.cells[0].row
    assert first is not None
    run.cells[0].row = msgspec.structs.replace(first, model="bundled")
    content = cards.of_run(run)
    assert content.title.startswith("Bundled model answers") and "SmolLM2-135M, " in content.tests[1].values[0].below
