"""The Hardware page: ceilings, roofline, verdict and numbers of the run at hand, and the one button at its top."""

from collections.abc import Callable, Iterable

import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.core.events import Event
from llmscope.core.spec import MACHINE as OF_MACHINE
from llmscope.core.units import NBSP
from llmscope.gui.main_window import MainWindow
from llmscope.gui.pages.hardware_page import HardwarePage
from llmscope.gui.plots.roofline_scale import crosses, free_place, scale_for
from tests.gui.fakes import FakeRunner, know_ceilings
from tests.gui.stream import CELLS, stream

Play = Callable[[Iterable[Event]], None]


def opened(window: MainWindow) -> HardwarePage:
    window.show_page("hardware")
    assert window.hardware.page is not None
    return window.hardware.page


@pytest.fixture
def page(window: MainWindow, play: Play) -> HardwarePage:
    """The page after a run."""
    play(stream())
    return opened(window)


def names(page: HardwarePage) -> list[str]:
    return [test.name.split(NBSP)[0] for test in page.look.tests]


def test_the_test_that_tells_most_is_shown_first_and_a_picked_one_stays(page: HardwarePage, window: MainWindow,
                                                                       play: Play) -> None:
    assert page.formula.text().startswith("gen64: ") and page.card.limiter.text() == "Host overhead"
    page.choose(names(page).index("tg32"))
    play(stream())
    window.hardware.refresh()
    assert page.formula.text().startswith("tg32: ")


def test_the_running_test_moves_on_the_roofline_while_the_page_is_in_view(window: MainWindow, play: Play) -> None:
    page = opened(window)
    events = list(stream(until_s=34.0))
    play(events[:-200])
    before = page.plot.live
    play(events[-200:])
    assert before is not None and page.plot.live is not None and before != page.plot.live
    assert page.plot.live.test == "train128" and page.plot.live.share is not None
    window.show_page("run")
    last = page.plot.live
    play(e for e in stream() if e.t_ns > events[-1].t_ns)
    assert page.plot.live is last  # out of view, nothing is done
    window.show_page("hardware")
    assert page.plot.live is None and "train128" in names(page)


def test_the_running_test_is_drawn_at_least_twice_a_second_and_only_if_it_moved(
        window: MainWindow, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(window)
    play(stream(until_s=34.0))
    updates: list[None] = []
    monkeypatch.setattr(page.plot, "update", lambda: updates.append(None))
    asked: list[None] = []
    monkeypatch.setattr(window.hardware, "refresh", lambda: asked.append(None))
    for _ in range(20):
        window.hardware.tick(50)
    assert len(asked) >= 2
    page.plot.show_live(page.plot.live)
    assert not updates


def test_measure_runs_the_hardware_preset_and_stays_and_then_stops(window: MainWindow, play: Play, page: HardwarePage,
                                                                   qtbot: QtBot) -> None:
    assert page.measure.text() == "Measure again"
    tests = names(page)
    page.measure.click()
    runner = window.runner
    assert isinstance(runner, FakeRunner) and window.pages.name == "hardware"
    spec = runner.specs[-1]
    assert spec.preset == "hardware" and {cell.model for cell in spec.cells} == {OF_MACHINE}
    window.hardware.refresh()
    assert page.measure.text() == "Stop" and "round 1 of" in page.look.about
    assert names(page) == tests  # the tests of the run before stay in view
    page.measure.click()
    assert runner.orders[-1] == "cancel"


def test_during_a_run_of_a_model_nothing_can_be_measured(window: MainWindow, play: Play) -> None:
    page = opened(window)
    play(stream(until_s=9.0))
    window.hardware.refresh()
    assert not page.measure.isEnabled()


def test_before_anything_is_known_it_says_what_to_press(window: MainWindow, qtbot: QtBot) -> None:
    (paths.data_folder() / "ceilings.json").unlink()
    window.page.control.resolve()
    page = opened(window)
    assert page.look.about.startswith("Not measured yet. “Measure now” takes about")
    assert page.measure.text() == "Measure now" and page.measure.hasFocus()
    assert "F5" in page.card.evidence.text() and not page.numbers.isVisible()
    page.plot.grab()
    know_ceilings()
    window.page.control.resolve()
    window.hardware.refresh()
    assert page.measure.text() == "Measure again" and page.ceilings.texts()


def test_a_run_of_another_machine_is_not_held_against_this_one(window: MainWindow, play: Play) -> None:
    play(stream())
    window.page.run.is_stored = True
    window.page.run.machine = {"cpu": "another"}
    page = opened(window)
    assert not page.look.roofs and page.look.ceilings and len(page.look.tests) == len(CELLS)
    assert all(test.point is not None and test.point.share is None for test in page.look.tests)
    assert page.look.tests[1].found is not None  # what was found at its time


def test_labels_keep_clear_of_others_and_of_lines() -> None:
    area, size, at = QRectF(0, 0, 400, 300), QSizeF(80, 14), QPointF(200, 150)
    first, is_far = free_place(at, size, area, [], [])
    assert first.left() > at.x() and not is_far
    second, _ = free_place(at, size, area, [first], [])
    assert not second.intersects(first)
    line = (QPointF(0, 150), QPointF(400, 150))
    assert crosses(first, *line) and not crosses(free_place(at, size, area, [], [line])[0], *line)
    everywhere = [QRectF(x, y, 30, 30) for x in range(0, 400, 31) for y in range(0, 300, 31)]
    crowded, _ = free_place(QPointF(20, 150), size, area, everywhere, [])
    assert area.contains(crowded)
    at_the_edge, _ = free_place(QPointF(398, 150), size, area, [], [])
    assert area.contains(at_the_edge)


def test_the_plot_holds_all_points_and_roofs_in_whole_decades() -> None:
    area = QRectF(0, 0, 400, 300)
    scale = scale_for([(0.02, 0.00002), (5000.0, 30.0)], [(34.0, 231.0)], area)
    assert (scale.left, scale.right, scale.bottom, scale.top) == (-2, 4, -5, 2)
    assert scale.place(0.01, 1e-5) == QPointF(0, 300) and scale.place(1e4, 100.0) == QPointF(400, 0)


def test_the_strip_says_what_limited_the_last_test_until_the_next_is_measured(window: MainWindow, play: Play) -> None:
    events = list(stream())
    ends = next(number for number, event in enumerate(events) if type(event).__name__ == "CellEnded")
    begins = next(number for number, event in enumerate(events[ends:], ends) if type(event).__name__ == "CellStarted")
    play(events[:begins + 8])
    assert "gen64 limited by host overhead" in window.page.body.strip.words()


def test_a_stopped_test_says_that_it_was_and_not_that_its_work_is_unknown(window: MainWindow, play: Play) -> None:
    play(stream(outcome="stopped"))
    page = opened(window)
    number = next(number for number, test in enumerate(page.look.tests) if test.row.verdict == "cancelled")
    page.choose(number)
    said = f"{page.look.tests[number].row.test}: stopped. Only a test that counts is held against the ceilings."
    assert page.card.evidence.text() == page.formula.text() == said


def test_while_ceilings_are_measured_nobody_is_told_to_press_measure(window: MainWindow) -> None:
    (paths.data_folder() / "ceilings.json").unlink()
    window.page.control.resolve()
    page = opened(window)
    empty = page.ceilings._empty
    assert "Measure now" in empty.text()
    page.measure.click()
    window.hardware.refresh()
    assert "when all are measured" in empty.text() and "first test" not in page.card.evidence.text()
