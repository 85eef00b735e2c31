from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.core import events as ev
from llmscope.core.spec import Cell, RunSpec, Sampling
from llmscope.core.units import NBSP
from llmscope.gui import replay as replaying
from llmscope.gui.history_details import HistoryDetails
from llmscope.gui.history_table import HistoryTable
from llmscope.gui.history_thread import ListThread, OpenThread
from llmscope.gui.main_window import MainWindow
from llmscope.gui.models.history_model import KEY, SECOND, VERDICT, WHEN
from llmscope.gui.pages.history_page import HistoryPage
from llmscope.gui.replay import Cancelled, replay
from llmscope.runs import folders, owner, store
from llmscope.runs.entry import read_entry
from tests.gui.fakes import MACHINE, FakeRunner
from tests.gui.history_runs import show_history, write_run
from tests.gui.stream import stream

Play = Callable[[Iterable[ev.Event]], None]
#: Places in what `write_history` returns.
LATEST, OUT_OF_MEMORY, GPU_DONE, CUT_OFF = 0, 2, 4, 7


@pytest.fixture
def page(window: MainWindow, runs: list[Path], qtbot: QtBot) -> HistoryPage:
    return show_history(window, qtbot)


def test_of_several_tests_with_one_id_the_value_says_that_it_is_one(window: MainWindow, qtbot: QtBot) -> None:
    cells = tuple(Cell("bundled", "gen", "cpu", "float32", seq=seq, new=4) for seq in (16, 32, 64))
    write_run(paths.runs_folder(), datetime.now(UTC), (*cells, Cell("bundled", "tg", "cpu", "float32")), "done", 1.0)
    model = show_history(window, qtbot).model
    model.set_key("gen4")
    texts, row = model.texts(model.found[0]), 1
    assert texts[KEY].endswith(" 1 of 3") and " of " not in texts[SECOND]
    told = model.data(model.index(row, KEY), Qt.ItemDataRole.ToolTipRole)
    assert [line.partition(" · Bundled")[0] for line in told.splitlines()[-3:]] == [
        f"gen4 · sequence {seq}" for seq in (16, 32, 64)]
    model.set_key("tg128")
    assert model.texts(model.found[0])[SECOND].endswith(" 1 of 3")


def test_a_value_of_another_model_than_its_runs_first_is_told(page: HistoryPage) -> None:
    model = page.model
    assert (model.key, model.second) == ("gen64", "pp512")
    assert model.headerData(SECOND, Qt.Orientation.Horizontal) == "pp512, tok/s"
    assert "another model" in model.headerData(SECOND, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    entry = model.found[LATEST]
    assert (model.other_model(entry, KEY), model.other_model(entry, SECOND)) == ("", "SmolLM2-135M")
    spoken = model.data(model.index(1, SECOND), Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == f"{model.texts(entry)[SECOND]} · SmolLM2-135M"
    assert spoken in model.data(model.index(1, WHEN), Qt.ItemDataRole.AccessibleTextRole)
    told = model.data(model.index(1, SECOND), Qt.ItemDataRole.ToolTipRole).splitlines()[-1]
    assert told.startswith(f"pp512 · SmolLM2-135M: {model.texts(entry)[SECOND]}{NBSP}tok/s ±")
    model.set_key("pp512")
    assert (model.other_model(entry, KEY), model.other_model(entry, SECOND)) == ("SmolLM2-135M", "")


def test_without_runs_one_line_and_a_button_lead_to_the_run_page(window: MainWindow, qtbot: QtBot) -> None:
    page = show_history(window, qtbot)
    assert page._empty.run.isVisible() and not page.search.isVisible() and not page.table.isVisible()
    page._empty.run.click()
    assert window.page.isVisible() and window.top.tabs["run"].isChecked()


def open_run(window: MainWindow, page: HistoryPage, run: Path, qtbot: QtBot) -> None:
    page.table.go_to(run.name)
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.page.run.run == run.name)
    qtbot.waitUntil(lambda: window.history._opening is None)


def test_enter_shows_a_stored_run_as_at_its_end(window: MainWindow, page: HistoryPage, runs: list[Path],
                                                qtbot: QtBot) -> None:
    open_run(window, page, runs[GPU_DONE], qtbot)
    body = window.page.body
    assert window.page.isVisible() and "Stored run of" in body.strip.words() and "all steady" in body.strip.words()
    assert [body.results.table.results.badge(row) for row in range(3)] == ["steady"] * 3
    assert window.feed.ended and {"gpu0", "cpu"} == set(window.feed.values("utilization"))
    assert window.feed.phases[-1].name == "decode" and window.feed.now_s == pytest.approx(26.87, 1e-2)
    assert body.generation.columns.views[0].toPlainText()
    assert window.page.status() == ("Stored run", runs[GPU_DONE].name)
    assert "i7-13700H" in window.picture().text("Machine") and window.top.save.isEnabled()


def test_after_a_stored_run_a_new_one_starts_as_usual(window: MainWindow, page: HistoryPage, runs: list[Path],
                                                      qtbot: QtBot, play: Play) -> None:
    open_run(window, page, runs[CUT_OFF], qtbot)
    play(e for e in stream(until_s=0.0) if isinstance(e, ev.Hello | ev.Devices | ev.Telemetry))
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert len(window.runner.specs) == 1  # type: ignore[attr-defined]
    assert not window.page.run.is_stored and not window.page.run.was_cut_off
    play(stream())
    assert window.page.body.strip.words().startswith("Done: 4 tests in 40") and "Stored" not in \
        window.page.body.strip.words()
    assert set(window.feed.values("utilization")) == {"cpu"}


def test_a_run_that_was_cut_off_shows_its_finished_tests(window: MainWindow, page: HistoryPage, runs: list[Path],
                                                         qtbot: QtBot) -> None:
    open_run(window, page, runs[CUT_OFF], qtbot)
    words = window.page.body.strip.words()
    assert words.startswith("This run was cut off at 0:1") and "1 finished test is saved." in words
    table = window.page.body.results.table.results
    assert [table.badge(row) for row in range(3)] == ["steady", "stopped", "stopped"]
    assert "cut off before this test ended" in table.detail(1)


def test_a_stored_failure_says_why_and_what_can_be_done(window: MainWindow, page: HistoryPage, runs: list[Path],
                                                        qtbot: QtBot) -> None:
    open_run(window, page, runs[OUT_OF_MEMORY], qtbot)
    body = window.page.body
    assert body.strip.words().startswith("The generate test ran out of GPU memory. Stored run of")
    assert body.below.currentWidget() is body.advice
    body.strip.dismissed.emit()
    assert "Stored run of" in body.strip.words()


def test_a_run_without_text_shows_no_text_of_another(window: MainWindow, page: HistoryPage, runs: list[Path],
                                                     qtbot: QtBot) -> None:
    open_run(window, page, runs[GPU_DONE], qtbot)
    silent = [line for line in (runs[GPU_DONE + 4] / store.EVENTS).read_bytes().splitlines(keepends=True)
              if b'"event":"text"' not in line]
    (runs[GPU_DONE + 4] / store.EVENTS).write_bytes(b"".join(silent))
    window.show_page("history")
    open_run(window, page, runs[GPU_DONE + 4], qtbot)
    assert not window.page.body.generation.columns.views[0].toPlainText()


def test_events_that_fit_no_test_are_left_out(runs: list[Path]) -> None:
    with (runs[LATEST] / store.EVENTS).open("ab") as file:
        for event in (ev.CellStarted(t_ns=1, cell=99), ev.CellStarted(t_ns=1, cell=-1), ev.Note(t_ns=1, text="noted")):
            file.write(ev.encode(event))
        file.write(b"garbage\n")
    shown = replay(runs[LATEST])
    assert shown.run.status == "done" and "noted" in shown.run.notes and "damaged" in shown.run.notes[-1]
    assert len(shown.run.rows) == 3


def test_reading_a_run_ends_when_nobody_wants_it(runs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "STEP", 10)
    looks = iter([False, False, True])
    with pytest.raises(Cancelled):
        replay(runs[LATEST], lambda: next(looks))


def test_a_run_that_the_other_window_deleted_is_said_and_leaves_the_list(
        window: MainWindow, page: HistoryPage, runs: list[Path], qtbot: QtBot) -> None:
    folders.delete(paths.runs_folder(), runs[GPU_DONE].name)
    page.table.go_to(runs[GPU_DONE].name)
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.status._said.full_text == "This run is no longer there.")
    qtbot.waitUntil(lambda: len(page.model.entries) == 20 and page.reading.is_idle)
    assert window.history.page is page and page.isVisible()


def test_a_run_that_goes_on_in_another_window_is_neither_opened_nor_deleted(
        window: MainWindow, runs: list[Path], qtbot: QtBot) -> None:
    owner.claim(runs[CUT_OFF])
    page = show_history(window, qtbot)
    page.table.go_to(runs[CUT_OFF].name)
    assert page.model.texts(page.model.found[CUT_OFF])[VERDICT] == "running"
    assert not page.details.open_button.isEnabled()
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    assert "goes on: stop it" in window.status._said.full_text and runs[CUT_OFF].is_dir()
    qtbot.waitUntil(lambda: page.reading.is_idle)
    owner.release(runs[CUT_OFF])


def test_tests_of_one_id_are_told_apart_by_their_length(qtbot: QtBot, own_data_folder: Path) -> None:
    cells = tuple(Cell("bundled", "gen", "cpu", "float32", seq=seq, new=4) for seq in (16, 1024))
    folder = write_run(paths.runs_folder(), datetime.now(UTC), cells, "done", 1.0)
    details = HistoryDetails(folder.parent)
    qtbot.addWidget(details)
    details.show_run(read_entry(folder.parent, folder.name), "")
    details.show_trend("gen4", [(0.0, 50.0, 0.01)])
    assert "gen4 · sequence 16 " in details._tests.accessibleName()
    assert "gen4 · sequence 1,024 " in details._tests.accessibleName()
    assert details.trend._title.text().startswith("gen4 · sequence 16, the first run")


def test_while_a_run_goes_on_no_other_takes_its_page(window: MainWindow, page: HistoryPage, play: Play,
                                                     qtbot: QtBot) -> None:
    play(stream(until_s=10.0))
    assert not page.details.open_button.isEnabled() and "A run goes on" in page.details._reason.text()
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert "A run goes on" in window.status._said.full_text and window.history._opening is None
    play(list(stream())[-1:])
    assert page.details.open_button.isEnabled()
    qtbot.waitUntil(lambda: page.reading.is_idle)


def test_ctrl_1_and_4_change_the_page_and_the_last_one_is_there_again(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert window.top.tabs["history"].isChecked() and not window.page.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.top.tabs["run"].isChecked() and window.page.isVisible()
    window.top.tabs["history"].click()
    window.close()
    again = MainWindow(FakeRunner, lambda: MACHINE)
    qtbot.addWidget(again)
    assert again.top.tabs["history"].isChecked()
    again.close()


def test_f5_in_history_runs_and_shows_it(window: MainWindow, page: HistoryPage, play: Play, qtbot: QtBot) -> None:
    play(e for e in stream(until_s=0.0) if isinstance(e, ev.Hello | ev.Devices | ev.Telemetry))
    qtbot.keyClick(page.table, Qt.Key.Key_F5)
    assert len(window.runner.specs) == 1 and window.page.isVisible()  # type: ignore[attr-defined]


def test_a_list_that_cannot_be_kept_is_shown_with_the_reason(window: MainWindow, runs: list[Path],
                                                             qtbot: QtBot) -> None:
    (paths.data_folder() / "index.sqlite").mkdir()
    page = show_history(window, qtbot)
    assert len(page.model.found) == 21 and "cannot be kept" in page._note._text.full_text


def test_closing_the_window_ends_what_reads(window: MainWindow, runs: list[Path]) -> None:
    window.show_page("history")
    page = window.history.page
    assert page is not None and not page.reading.is_idle
    page.open_asked.emit(runs[LATEST])
    reading = page.reading._thread
    thread = window.history._opening
    assert isinstance(thread, OpenThread)
    window.close()
    assert thread.isFinished() and reading is not None and reading.isFinished()


def test_a_stored_run_shows_its_own_sampling_and_the_next_run_takes_the_persons(
        window: MainWindow, page: HistoryPage, runs: list[Path], qtbot: QtBot, play: Play) -> None:
    play(e for e in stream(until_s=0.0) if isinstance(e, ev.Hello | ev.Devices | ev.Telemetry))
    panel, fields = window.page.body.generation, window.page.body.generation.fields
    fields.top_k.setValue(7)
    fields.seed.setValue(9)
    panel.set_prompt("Mine")
    manifest = runs[GPU_DONE] / store.MANIFEST
    spec = RunSpec(store.read_manifest(runs[GPU_DONE])[0].started.spec.cells, accuracy="quick", prompt="Theirs",
                   sampling=Sampling(temperature=0.3, top_k=3, top_p=0.4, sequences=2), seed=2**40)
    stored = msgspec.json.decode(manifest.read_bytes())
    stored["started"]["spec"] = msgspec.to_builtins(spec)
    manifest.write_bytes(msgspec.json.encode(stored))
    open_run(window, page, runs[GPU_DONE], qtbot)
    shown = [box.text() for box in (fields.temperature, fields.top_k, fields.top_p, fields.sequences, fields.seed)]
    assert shown == ["0.30", "3", "0.40", "2", str(2**40)] and panel._prompt.text() == "Theirs"
    assert not fields.top_k.isEnabled() and not fields.seed.isEnabled() and not panel._prompt.isEnabled()
    next_run = window.page.spec()
    assert next_run is not None and (next_run.sampling.top_k, next_run.seed, next_run.prompt) == (7, 9, "Mine")
    panel.own_button.click()
    assert fields.top_k.text() == "7" and fields.seed.text() == "9" and panel._prompt.text() == "Mine"
    assert fields.top_k.isEnabled() and panel.own_button.isHidden()
    open_run(window, page, runs[GPU_DONE], qtbot)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert panel._prompt.text() == "Mine" and fields.top_k.text() == "7" and panel.own_button.isHidden()


def test_the_rest_is_read_after_the_list_is_drawn(window: MainWindow, runs: list[Path], qtbot: QtBot,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    order = []
    paint, go_on = HistoryTable.paintEvent, ListThread.go_on
    monkeypatch.setattr(HistoryTable, "paintEvent", lambda table, event: (order.append("drawn"), paint(table, event)))
    monkeypatch.setattr(ListThread, "go_on", lambda thread: (order.append("goes on"), go_on(thread)))
    page = show_history(window, qtbot)
    qtbot.waitUntil(lambda: "goes on" in order)
    assert order[0] == "drawn"
    qtbot.waitUntil(lambda: page.reading.is_idle)


def test_the_page_is_made_where_it_stays(window: MainWindow, runs: list[Path], qtbot: QtBot) -> None:
    page = window.history.make_page(window.pages)
    moves = ParentChanges(page)
    assert show_history(window, qtbot) is page and moves.count == 0


class ParentChanges(QObject):
    """Counts how often a widget gets another parent; each time styles all that is within it anew."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.ParentChange
        return False
