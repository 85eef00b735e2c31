"""Pictures of pages: what they say, what they leave out, and how sharp they are."""

from collections.abc import Callable, Iterable

import pytest
from msgspec.structs import replace
from PySide6.QtGui import QGuiApplication

from llmscope.core.events import Estimate, Event, Progress
from llmscope.core.spec import Cell, RunSpec, machine_cells
from llmscope.gui.hardware_look import HardwareLook
from llmscope.gui.main_window import MainWindow
from llmscope.gui.pages.hardware_page import HardwarePage
from llmscope.gui.picture import draw
from llmscope.gui.picture_facts import of_run
from llmscope.gui.plots.roofline_drawing import decade
from llmscope.gui.run_picture import RunPicture
from llmscope.gui.run_state import CellState, RunState
from llmscope.gui.theme import theme
from tests.gui.stream import stream

Play = Callable[[Iterable[Event]], None]


def opened(window: MainWindow) -> HardwarePage:
    window.show_page("hardware")
    assert window.hardware.page is not None
    return window.hardware.page


@pytest.fixture
def page(window: MainWindow, play: Play) -> HardwarePage:
    """The Hardware page after a run."""
    play(stream())
    return opened(window)


def test_tests_of_the_machine_that_came_along_are_not_what_it_is_about() -> None:
    cells = (Cell("bundled", "pp", "cuda:0", "bfloat16"), Cell("bundled", "tok", "cpu", "float32"),
             *machine_cells("cpu"))
    run = RunState(spec=RunSpec(cells), cells=[CellState(cell) for cell in cells])
    facts = of_run(run, {"bundled": "Bundled model"}, {"cuda:0": "GPU · RTX", "cpu": "CPU · EPYC"}, None)
    assert facts["Title"] == "Bundled model" and facts["Device"] == "GPU · RTX + CPU · EPYC"
    assert facts["Settings"].startswith("bf16/f32 · batch")


def test_ceilings_alone_have_a_picture_and_nothing_has_none(window: MainWindow) -> None:
    page = opened(window)
    assert window.top.save.isEnabled()
    image = window.picture()
    assert image.text("Title") == "What this machine can do at most" and "gemm1024-f32" in image.text("Results")
    page.show_look(HardwareLook())
    window._show_state()
    assert not window.top.save.isEnabled() and window.picture().isNull()
    QGuiApplication.clipboard().setText("before")
    window._on_copy_picture()
    assert "no picture of this page yet" in window.status._said.full_text
    assert QGuiApplication.clipboard().text() == "before"


def test_the_keys_reach_the_page_that_is_shown(page: HardwarePage, window: MainWindow) -> None:
    window._on_copy_picture()
    assert QGuiApplication.clipboard().image().width() == 2 * 1280
    window.show_page("run")
    window._on_copy_picture()
    assert QGuiApplication.clipboard().image().width() == 1200  # a page with cards offers them first
    window.show_page("history")
    assert not window.top.save.isEnabled() and "A list has no picture" in window.top.save.toolTip()
    window._on_save_picture()
    assert "open a run" in window.status._said.full_text


def test_the_running_dot_follows_the_live_rate_although_there_is_an_estimate(window: MainWindow, play: Play) -> None:
    page = opened(window)
    events = list(stream())
    at = max(number for number, event in enumerate(events) if isinstance(event, Estimate) and event.cell == 2)
    play(events[:at + 1])
    window.hardware.refresh()
    before = page.plot.live
    play(Progress(t_ns=events[at].t_ns + number * 100_000_000, cell=2, counter=10_000 + number, sample=3,
                  tokens_per_s=20.0) for number in range(1, 40))
    window.hardware.refresh()
    assert before is not None and page.plot.live is not None
    assert page.plot.live.speed_tflops < before.speed_tflops / 2


def test_a_runs_picture_shows_the_row_of_every_test(window: MainWindow, play: Play) -> None:
    play(stream(tuple(Cell("bundled", "gen", "cpu", "float32", seq=16 * number, new=4) for number in range(1, 11))))
    picture = window.pages.page().picture()
    assert isinstance(picture, RunPicture)
    draw(picture)
    table = picture._body.results.table
    assert picture._body.results.ceilings.title.text() and table.verticalScrollBar().maximum() == 0
    assert table.visualRect(table.model().index(9, 0)).bottom() <= table.viewport().height()


def test_a_runs_picture_cuts_nothing_of_what_limits_its_tests(window: MainWindow, play: Play) -> None:
    play(stream())
    for state in window.page.run.cells:  # all noisy: the strip gives advice too
        assert state.row is not None
        state.row = replace(state.row, verdict="not_converged",
                            reason="the interval is ±4.1 % wide: other programs used 67 % of the CPU meanwhile")
    window.page._show_strip(window.page.body)
    picture = window.pages.page().picture()
    assert isinstance(picture, RunPicture)
    draw(picture)
    table, said = picture._body.results.table, picture._body.strip._message._text
    assert "Close other programs" in said.text() == said.full_text
    assert said.height() >= said.heightForWidth(said.width()) > 2 * said.fontMetrics().height() - 2
    assert table.viewport().width() == table._whole_px and table.more_height(0) > 0
    heights = [table.visualRect(table.model().index(row, 0)).height() for row in range(len(window.page.run.cells))]
    least = theme().px("height", "row_two_line")
    assert heights == [least + table.more_height(row) for row in range(len(heights))]
    # On the page itself a line stays a line: it has a tooltip.
    shown = window.page.body.results.table
    assert not shown.more_height(0) and shown.rowHeight(shown.model().index(0, 0)) <= least


def test_a_runs_picture_names_no_folder_although_it_cuts_nothing(window: MainWindow, play: Play) -> None:
    play(stream(outcome="oom"))
    state = next(state for state in window.page.run.cells if state.row is not None and state.row.verdict == "failed")
    assert state.row is not None
    state.row = replace(state.row, reason="nothing can be read from /home/somebody/models/secret")
    window.page._show_strip(window.page.body)
    picture = window.pages.page().picture()
    assert isinstance(picture, RunPicture)
    body = picture.body()
    row = window.page.run.cells.index(state)
    for said in (body.strip._message._text.full_text, body.results.table._whole_line(row)):
        assert "nothing can be read from …".casefold() in said.casefold() and "somebody" not in said
    body.deleteLater()


def test_a_decade_that_has_no_room_is_written_as_a_power() -> None:
    assert [decade(n) for n in (3, 0, -4, -5, -12)] == ["1,000", "1", "0.0001", "10⁻⁵", "10⁻¹²"]
