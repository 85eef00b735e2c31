"""From the first start to a picture of this machine beside a reference."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.core.events import Devices, Event
from llmscope.core.spec import QUICK_LIMIT_S
from llmscope.core.units import NBSP
from llmscope.gui.dialogs.save_dialog import SaveDialog
from llmscope.gui.main_window import MainWindow
from llmscope.gui.reference_strip import ReferenceStrip
from tests.gui.fakes import CPU, GPU
from tests.gui.first_minute import let_through, run_beside, write_references
from tests.gui.stream import stream

Play = Callable[[Iterable[Event]], None]
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
NAME = "Core i7-13700H, 14 cores"


def offered(window: MainWindow, qtbot: QtBot, *devices: object) -> ReferenceStrip:
    """Let the window read the references, and tell it of the devices."""
    window.feed.push(Devices(t_ns=1, devices=devices or (CPU,), complete=True))  # type: ignore[arg-type]
    window.tick()
    qtbot.waitUntil(lambda: window.page.body.reference is not None)
    strip = window.page.body.reference
    assert strip is not None
    return strip


@pytest.fixture
def references(tmp_path: Path) -> list[str]:
    return write_references(paths.sample_runs_folder(), 3)


@pytest.fixture
def strip(references: list[str], window: MainWindow, qtbot: QtBot) -> Iterator[ReferenceStrip]:
    yield offered(window, qtbot)
    for dialog in window.findChildren(SaveDialog):
        dialog.reject()


def test_without_references_nothing_is_offered(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(window.references._thread.isFinished)
    QApplication.processEvents()
    assert window.page.body.reference is None and window.page.body.results.legend.example is None


def test_the_first_page_shows_the_closest_reference_and_how_its_results_read(
        strip: ReferenceStrip, window: MainWindow) -> None:
    assert strip.picker.currentText() == NAME and strip.picker.count() == 3
    assert strip.about.full_text == f"reference run of 21{NBSP}Nov{NBSP}2026"
    test = f"pp512{NBSP}±1.1{NBSP}%"
    assert strip._look.figures[1] == ("928.9", "tok/s", f"Reading a prompt, {test}", test)
    assert strip.compare.text() == f"Compare this machine, about 45{NBSP}s" and strip.compare.isEnabled()
    window.resize(QSize(1440, 1000))  # the ceilings, which are known here, take room too
    QApplication.processEvents()
    legend = window.page.body.results.legend
    assert legend.example is not None and legend.example.isVisible()
    assert [legend.example.table.isRowHidden(row, legend.example.table.rootIndex()) for row in range(3)] == [
        False, False, True]


def test_on_a_gpu_the_reference_of_a_gpu_is_the_closest_unless_another_is_picked(
        references: list[str], window: MainWindow, qtbot: QtBot) -> None:
    strip = offered(window, qtbot, CPU, GPU)
    assert strip.picker.currentText() == "RTX 4070 Laptop"
    strip.picker.activated.emit(2)
    assert strip._look.names[2] == NAME and strip._look.place == 2
    window.page.control.resolve()
    assert strip._look.place == 2


def test_one_press_ends_in_a_picture_of_this_machine_beside_the_reference(
        strip: ReferenceStrip, references: list[str], window: MainWindow, qtbot: QtBot) -> None:
    run = run_beside(window)
    spec, = window.runner.specs  # type: ignore[attr-defined]
    assert [cell.test for cell in spec.cells] == ["gen128", "pp512", "tg32"]
    assert (spec.accuracy, spec.preset, spec.time_limit_s) == ("quick", None, QUICK_LIMIT_S)
    assert window.pages.name == "compare"
    qtbot.waitUntil(lambda: window.findChild(SaveDialog) is not None)
    page = window.compare.page
    assert page is not None and page.shown_ids == [references[0], run] and page.compared is not None
    assert page.compared.comparison.baseline == 0
    dialog = window.findChild(SaveDialog)
    assert dialog is not None and dialog.choice().kind == "card" and dialog.save.isDefault()
    dialog.reject()
    window.compare.show_runs([run, references[0]])
    qtbot.waitUntil(lambda: window.compare.is_idle and page.shown_ids[0] == run)
    assert not any(dialog.isVisible() for dialog in window.findChildren(SaveDialog))


def test_who_looks_at_another_page_by_the_end_is_only_told(
        strip: ReferenceStrip, window: MainWindow, qtbot: QtBot) -> None:
    said: list[str] = []
    window.references.said.connect(said.append)
    strip.compare.click()
    window.show_page("history")
    let_through(window)
    qtbot.waitUntil(lambda: window.compare.is_idle)
    assert said == [f"This machine stands beside {NAME} on Compare."]
    assert window.pages.name == "history" and window.findChild(SaveDialog) is None


def test_a_stopped_run_says_how_it_is_compared_after_all(
        strip: ReferenceStrip, references: list[str], window: MainWindow, qtbot: QtBot) -> None:
    run_beside(window, "stopped")
    assert window.pages.name == "run"
    assert window.page.body.strip.words().endswith(f"Go on with it to compare it with {NAME}.")
    window.page.body.strip.go_on.click()
    run = let_through(window)
    qtbot.waitUntil(lambda: window.findChild(SaveDialog) is not None)
    assert window.compare.ids == [references[0], run]


def test_a_failed_run_stays_and_says_why_there_is_no_comparison(strip: ReferenceStrip, window: MainWindow) -> None:
    run_beside(window, "oom")
    assert window.pages.name == "run" and window.compare.ids == []
    assert window.page.body.strip.words().endswith(f"So it is not compared with {NAME}.")


def test_another_run_is_not_compared(strip: ReferenceStrip, window: MainWindow, play: Play) -> None:
    run_beside(window, "stopped")
    window.page.rail.run_button.run_asked.emit()
    play(stream(window.runner.specs[-1].cells))  # type: ignore[attr-defined]
    assert window.page.run.status == "done" and window.pages.name == "run" and window.compare.ids == []


@pytest.fixture
def of_float16(tmp_path: Path) -> list[str]:
    return write_references(paths.sample_runs_folder(), 1, "float16")


@pytest.mark.parametrize("narrow", [False, True])
def test_where_none_of_its_tests_can_be_run_one_line_says_why(
        of_float16: list[str], window: MainWindow, qtbot: QtBot, narrow: bool) -> None:
    strip = offered(window, qtbot)
    window.resize(QSize(1024, 640) if narrow else QSize(1440, 900))
    assert not strip.compare.isEnabled() and strip.compare.text() == "Compare this machine"
    assert strip.about.full_text == "None of its tests can be run here. float16 does not work on AMD EPYC. Use float32."
    assert strip._figures[0].isVisible() != narrow
    strip.compare_asked.emit()
    assert window.runner.specs == []  # type: ignore[attr-defined]


def test_the_example_opens_the_reference_from_which_one_can_compare(
        strip: ReferenceStrip, references: list[str], window: MainWindow, qtbot: QtBot) -> None:
    example = window.page.body.example
    assert example is not None
    example.click()
    qtbot.waitUntil(lambda: window.page.run.is_stored)
    header = window.page.body.strip
    assert window.page.run.run == references[0] and not strip.isVisible()
    assert f"Measured on {NAME}, 21" in header.words() and header.compare.isVisible()
    header.compare.click()
    let_through(window)
    qtbot.waitUntil(lambda: window.findChild(SaveDialog) is not None)
    assert window.compare.ids[0] == references[0]
    assert not header.compare.isVisible()


def test_keyboard_and_screen_reader_reach_it_after_run_which_has_the_first_focus(
        strip: ReferenceStrip, window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    assert window.focusWidget() is window.page.rail.run_button
    example = window.page.body.example
    assert example is not None
    assert window.page.rail.run_button.nextInFocusChain() is example
    assert example.nextInFocusChain() is strip.picker and strip.picker.nextInFocusChain() is strip.compare
    assert strip.picker.accessibleName() == "Reference to compare with"
    assert strip.compare.accessibleName() == f"Compare this machine with {NAME}"


def test_in_a_small_window_everything_of_the_first_page_has_its_room(strip: ReferenceStrip, window: MainWindow) -> None:
    window.resize(QSize(1024, 640))
    QApplication.processEvents()
    body = window.page.body
    assert strip.compare.text() == f"Compare, about 45{NBSP}s"
    for part in (body.welcome, body.machine, body.know, strip, body.tabs):
        assert part.isVisible() and part.height() >= part.minimumSizeHint().height(), part
    assert body.know.height() >= body.know.sizeHint().height() - 2
    rows = body.results.table
    assert rows.visualRect(rows.results.index(2, 0)).bottom() <= rows.viewport().height()
