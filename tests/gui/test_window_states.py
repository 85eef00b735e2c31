from collections.abc import Callable, Iterable

import pytest
from msgspec import structs
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication

from llmscope.core import events as ev
from llmscope.core.spec import Cell
from llmscope.core.units import NBSP
from llmscope.gui.looks import message_look
from llmscope.gui.main_window import MainWindow
from llmscope.gui.plots.readouts import NARROW_LINE_PX
from llmscope.gui.results_table import _CellDelegate
from tests.gui.stream import stream

Play = Callable[[Iterable[ev.Event]], None]


def before_the_run() -> list[ev.Event]:
    return [e for e in stream(until_s=0.0) if isinstance(e, ev.Hello | ev.Devices | ev.Telemetry)]


def test_before_the_first_run_the_window_says_what_will_happen(window: MainWindow, play: Play) -> None:
    play(before_the_run())
    body = window.page.body
    assert body.welcome.isVisible() and not body.strip.isVisible()
    assert [body.results.table.results.badge(row) for row in range(3)] == ["not run"] * 3
    assert window.page.rail.run_button.look.word == "Run"
    assert window.page.status() == ("Ready", "")
    assert window.page.rail.device.currentText() == "CPU · AMD EPYC"
    assert not window.top.save.isEnabled()


def test_during_a_run_the_settings_are_locked_and_the_button_stops(window: MainWindow, play: Play) -> None:
    play(stream(until_s=14.0))
    rail, table = window.page.rail, window.page.body.results.table
    assert not rail.seq.isEnabled() and not rail.tests.boxes()[0].isEnabled()
    assert rail.run_button.look.mode == "stop" and 0 < rail.run_button.look.share < 1
    assert [table.results.badge(row) for row in range(4)] == ["steady", "running", "queued", "queued"]
    assert "pp512, 2 of 4 tests" in window.page.status()[1]
    assert "pp512" in window.page.body.strip.words()


def test_a_finished_run_counts_its_verdicts_and_shows_its_values(window: MainWindow, play: Play) -> None:
    play(stream())
    assert window.page.body.strip.words().startswith("Done: 4 tests in 40")
    assert window.page.status()[0] == "Saved"
    texts = window.page.body.results.table.results.texts(0)
    assert texts[0] == "gen64" and texts[1].endswith("tok/s") and texts[2].startswith("±")
    assert window.page.rail.seq.isEnabled()


def test_a_worker_that_cannot_start_any_more_leaves_the_finished_run_as_it_is(window: MainWindow, play: Play) -> None:
    play(stream())
    run, seconds = window.page.run, window.page.run.seconds
    reason = "The worker process cannot start: see the log, and install llmscope again."
    play([ev.Note(t_ns=1, text=reason), ev.RunEnded(t_ns=2, status="failed", seconds=0.0, reason=reason)])
    assert (run.status, run.seconds, run.reason) == ("done", seconds, None)
    assert window.page.status()[0] == "Saved" and message_look(run).title.startswith("Done: 4 tests in 40")
    assert window.status._said.full_text == reason


def test_out_of_memory_is_a_red_row_with_lower_settings_to_choose(window: MainWindow, play: Play) -> None:
    play(stream(outcome="oom"))
    page = window.page
    assert page.body.strip.words().startswith("The training step test ran out of memory")
    assert "3 other tests are saved." in page.body.strip.words()
    assert page.body.below.currentWidget() is page.body.advice
    assert page.body.results.table.results.badge(3) == "failed"
    page.body.advice.buttons()[2].click()
    assert page.rail.choices.seq == 64
    assert [cell.test for cell in page.control.setup.cells] == ["train64"]
    assert page.rail.run_button.look.first == "train64 only"


def test_a_dead_worker_is_told_with_its_reason(window: MainWindow, play: Play) -> None:
    play(stream(outcome="failed"))
    assert "signal 9" in window.page.body.strip.words()
    assert window.page.body.advice.buttons()[0].text() == "Only this test"


def test_a_dismissed_failure_gives_the_text_back(window: MainWindow, play: Play) -> None:
    play(stream(outcome="failed"))
    window.page.body.strip.dismissed.emit()
    assert window.page.body.below.currentWidget() is window.page.body.generation
    assert "1 failed" in window.page.body.strip.words()


def test_a_stopped_run_keeps_what_was_finished(window: MainWindow, play: Play) -> None:
    play(stream(outcome="stopped"))
    assert "2 finished tests are saved." in window.page.body.strip.words()
    table = window.page.body.results.table.results
    assert [table.badge(row) for row in range(4)] == ["steady", "steady", "stopped", "not run"]
    assert table.texts(2)[1]


def test_run_orders_the_spec_of_the_rail_and_stop_cancels_it(window: MainWindow, play: Play) -> None:
    play(before_the_run())
    window.page.rail.run_button.click()
    spec = window.runner.specs[0]  # type: ignore[attr-defined]
    assert spec.preset == "quick" and {cell.device for cell in spec.cells} == {"cpu"} and spec.time_limit_s
    window.page.rail.run_button.click()
    assert "cancel" in window.runner.orders  # type: ignore[attr-defined]
    assert window.page.rail.run_button.look.word == "Stopping"


@pytest.mark.parametrize("outcome", ["done", "oom", "stopped"])
def test_a_small_window_shows_the_same_run_in_tabs(window: MainWindow, play: Play, outcome: str) -> None:
    window.resize(1024, 640)
    play(stream(outcome=outcome))  # type: ignore[arg-type]
    body = window.page.body
    assert body.is_narrow and body.tabs.isVisible()
    assert body.tabs.buttons[1].text() == ("What you can do" if outcome == "oom" else "Generation")
    window.resize(1440, 900)
    assert not body.is_narrow and body.results.isVisible() and body.below.isVisible()


def test_readouts_of_a_small_window_have_room_for_all_their_lines(window: MainWindow, play: Play,
                                                                  qapp: QApplication) -> None:
    window.resize(1024, 640)
    play(stream(gpu=True, until_s=14.0))
    qapp.processEvents()
    for readout in window.page.body.plots._readouts.values():
        lines = 1 + len(readout.values)
        assert readout.height() >= NARROW_LINE_PX * lines, readout.accessibleName()
    assert lines == 3


def test_a_small_window_names_what_limits_the_running_test_in_full(window: MainWindow, play: Play,
                                                                   qapp: QApplication) -> None:
    play(stream(gpu=True, until_s=25.0))
    live = window.page.body.strip._live
    assert live._right.text().endswith("measured")
    window.resize(1024, 640)
    qapp.processEvents()
    assert live._title.text() == live._title.full_text and live._title.text().startswith("Memory bandwidth: ")
    assert live._right.text().replace(NBSP, " ") == "of 720 GB/s"


def test_strip_and_graphs_tell_the_same_moment_at_which_a_run_was_stopped(window: MainWindow, play: Play) -> None:
    play(stream(outcome="stopped"))
    said = window.page.body.plots._end_words
    assert said.startswith("stopped ") and said.removeprefix("stopped ") in window.page.body.strip.words()


@pytest.mark.parametrize("size", [QSize(1440, 900), QSize(1024, 640)])
def test_tests_with_options_show_their_whole_id_and_shorten_only_the_longest(
        window: MainWindow, play: Play, qapp: QApplication, monkeypatch: pytest.MonkeyPatch, size: QSize) -> None:
    drawn: list[tuple[str, QRect]] = []

    def draw(painter: QPainter, rect: QRect, text: str, *look: object) -> None:
        drawn.append((text, rect))

    monkeypatch.setattr(_CellDelegate, "_text", staticmethod(draw))
    train = Cell("bundled", "train", "cpu", "float32", seq=512)
    cells = [structs.replace(train, **options) for options in (
        {"optimizer": "sgd"}, {"optimizer": "sgd", "checkpointing": True}, {"dtype": "amp"})]
    gen = structs.replace(train, workload="gen", scenario="translation")
    window.resize(size)
    play(stream((gen, *cells)))
    qapp.processEvents()
    drawn.clear()
    table = window.page.body.results.table
    table.grab()
    texts = [text for text, _ in drawn]
    assert "translation" in texts and "sgd" in texts and "amp" in texts and texts.count("train512") == 3
    assert any(text.startswith("sgd c") for text in texts)
    ends = table.columnWidth(0) + table.columnWidth(1)
    assert all(rect.right() < ends for text, rect in drawn if text in ("translation", "sgd", "amp"))
    tip = table.results.index(2, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.splitlines()[0] == "train512 sgd checkpointing"


def test_ticks_show_how_long_each_test_took(window: MainWindow, play: Play) -> None:
    play(before_the_run())
    window.page.rail.run_button.click()
    spec = window.runner.specs[0]  # type: ignore[attr-defined]
    play(e for e in stream(spec.cells) if e.t_ns > 0)
    assert window.page.control.expected.seconds(spec.cells[0], "quick") != 12


