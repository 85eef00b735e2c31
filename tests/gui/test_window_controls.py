from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QStyleOptionComboBox,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from llmscope.core import events as ev
from llmscope.core.scenarios import SCENARIOS
from llmscope.core.spec import Sampling
from llmscope.gui.dialogs.ask import Question
from llmscope.gui.dialogs.help_dialog import HelpDialog
from llmscope.gui.main_window import MainWindow
from llmscope.gui.settings import Settings
from llmscope.gui.theme import theme
from llmscope.gui.widgets import field
from llmscope.gui.widgets.basic import Line, Panel
from llmscope.gui.widgets.segments import Segments
from tests.gui.fakes import MACHINE, FakeRunner
from tests.gui.stream import stream

Play = Callable[[Iterable[ev.Event]], None]


@pytest.fixture
def ready(window: MainWindow, play: Play) -> MainWindow:
    play(e for e in stream(until_s=0.0) if isinstance(e, ev.Hello | ev.Devices | ev.Telemetry))
    return window


def answer(monkeypatch: pytest.MonkeyPatch, reply: bool) -> list[str]:
    asked: list[str] = []

    def ask(parent: QWidget, title: str, text: str, yes: str, no: str) -> bool:
        asked.append(title)
        return reply

    monkeypatch.setattr(Question, "ask", ask)
    return asked


def test_a_value_that_cannot_work_is_refused_beside_its_control(ready: MainWindow) -> None:
    rail = ready.page.rail
    rail.seq.setValue(40_000)
    assert "At most" in rail.fields["seq"].problem
    assert rail.seq.property("invalid") and not rail.run_button.isEnabled()
    assert rail.seq.accessibleDescription() == rail.fields["seq"].problem
    rail.seq.setValue(128)
    assert rail.fields["seq"].problem == "" and rail.run_button.isEnabled()


def test_a_run_that_is_expected_to_fail_is_asked_about(ready: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    ready.page.rail.source.chosen.emit("architecture")
    ready.page.rail.presets["training"].click()
    ready.page.rail.batch.setValue(4096)
    asked = answer(monkeypatch, False)
    ready.page.rail.run_button.click()
    assert asked == ["This is expected to fail. Run anyway?"]
    assert not ready.runner.specs  # type: ignore[attr-defined]
    answer(monkeypatch, True)
    ready.page.rail.run_button.click()
    assert len(ready.runner.specs) == 1  # type: ignore[attr-defined]


def test_closing_during_a_run_asks_and_keeps_running_on_no(window: MainWindow, play: Play,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    play(stream(until_s=10.0))
    asked = answer(monkeypatch, False)
    assert not window.close()
    assert len(asked) == 1 and window.isVisible()
    assert "close" not in window.runner.orders  # type: ignore[attr-defined]
    answer(monkeypatch, True)
    assert window.close()
    assert window.runner.orders[-1] == "close"  # type: ignore[attr-defined]


def test_closing_an_idle_window_asks_nothing(ready: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answer(monkeypatch, False)
    assert ready.close() and not asked


def test_f5_runs_and_shift_f5_stops(ready: MainWindow, qtbot: QtBot) -> None:
    ready.activateWindow()
    qtbot.keyClick(ready, Qt.Key.Key_F5)
    assert len(ready.runner.specs) == 1  # type: ignore[attr-defined]
    qtbot.keyClick(ready, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    assert "cancel" in ready.runner.orders  # type: ignore[attr-defined]


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_f1_explains_the_page(ready: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(ready, Qt.Key.Key_F1)
    dialog = ready.findChild(HelpDialog)
    assert dialog is not None and dialog.isVisible()
    dialog.close()


def test_arrow_keys_move_a_segment_and_locked_ones_stay(qtbot: QtBot) -> None:
    segments = Segments({"a": "One", "b": "Two"}, "Choice")
    qtbot.addWidget(segments)
    qtbot.keyClick(segments, Qt.Key.Key_Right)
    assert segments.value() == "b" and segments.accessibleName() == "Choice: Two"
    segments.set_locked(True)
    qtbot.keyClick(segments, Qt.Key.Key_Left)
    assert segments.value() == "b"


def test_a_long_text_in_a_box_is_shortened_with_a_sign_and_stays_whole_beside_it(
        qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    class Recorder(field.QStylePainter):  # type: ignore[misc, name-defined]
        def drawControl(self, element: object, option: QStyleOptionComboBox) -> None:
            drawn.append(option.currentText)

    monkeypatch.setattr(field, "QStylePainter", Recorder)
    box = field.Picker()
    qtbot.addWidget(box)
    box.offer({"a": "NVIDIA GeForce RTX 4070 Laptop GPU"}, "a")
    for width in (120, 400):
        box.resize(width, 28)
        box.grab()
    assert "…" in drawn[0] and drawn[0].startswith("NV") and drawn[0].endswith("PU")
    assert drawn[1] == box.currentText() == box.toolTip()


def test_the_line_below_a_title_is_at_one_height_beside_all_controls(qtbot: QtBot) -> None:
    panels = Panel("Roofline"), Panel("What limits it")
    panels[1].head.addWidget(field.Picker())
    for panel in panels:
        qtbot.addWidget(panel)
        panel.resize(300, 200)
        panel.grab()
    heights = {panel.head_widget.findChildren(Line)[-1].y() for panel in panels}
    assert heights == {theme().px("height", "area_header") - 1}


def test_ctrl_c_copies_rows_as_tab_separated_text_and_copy_as_markdown(window: MainWindow, play: Play,
                                                                       qtbot: QtBot) -> None:
    play(stream())
    results = window.page.body.results
    results.table.selectAll()
    qtbot.keyClick(results.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[0] == "test" and lines[1].split("\t")[0] == "gen64" and len(lines) == 5
    results.copy.click()
    assert QGuiApplication.clipboard().text().startswith("| test | model |")


def test_every_control_has_a_name_for_screen_readers(window: MainWindow, play: Play) -> None:
    play(stream(outcome="oom"))
    kinds = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit, QTextEdit, Segments)
    nameless = [widget for kind in kinds for widget in window.findChildren(kind)
                if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not widget.accessibleName()
                and not isinstance(widget.parent(), QAbstractSpinBox | QComboBox)]
    assert not nameless


def test_tab_goes_through_the_rail_from_top_to_bottom(ready: MainWindow) -> None:
    rail = ready.page.rail
    wanted = [rail.source, rail.bundled, rail.device, rail.dtype, rail.batch, rail.seq, rail.new,
              *rail.presets.values(), *rail.tests.boxes(), rail.accuracy, rail.run_button]
    after_gen, after_train = ([box.objectName() for box in rail.tests.boxes()].index(kind) + 1 + wanted.index(
        rail.tests.boxes()[0]) for kind in ("gen", "train"))
    wanted[after_train:after_train] = [rail.training.optimizer, rail.training.checkpointing]
    wanted.insert(after_gen, rail.gen.scenario)
    order, widget = [], rail.source
    for _ in range(400):
        if widget in wanted:
            order.append(widget)
        widget = widget.nextInFocusChain()  # type: ignore[assignment]
        if widget is rail.source:
            break
    assert order == wanted


def test_settings_of_training_show_only_while_a_test_uses_them(ready: MainWindow) -> None:
    rail = ready.page.rail
    training = rail.training
    assert training.isHidden() and not rail.gen.isHidden()
    rail.presets["training"].click()
    assert training.optimizer.isVisible() and training.checkpointing.isVisible() and rail.gen.isHidden()
    for kind in ("fwd", "bwd", "train"):
        rail.tests.toggled.emit(kind, False)
    assert training.optimizer.isVisible() and not training.checkpointing.isVisible()
    rail.tests.toggled.emit("opt", False)
    assert training.isHidden()


def test_optimizer_and_checkpointing_are_chosen_by_keyboard_and_reach_the_run(ready: MainWindow, qtbot: QtBot) -> None:
    rail = ready.page.rail
    rail.presets["training"].click()
    qtbot.keyClick(rail.training.optimizer, Qt.Key.Key_Right)
    qtbot.keyClick(rail.training.checkpointing, Qt.Key.Key_Right)
    assert not any(button.isChecked() for button in rail.presets.values())
    spec = ready.page.spec()
    assert spec is not None and [cell.test for cell in spec.cells] == [
        "fwd512 checkpointing", "bwd512 checkpointing", "opt sgd", "train512 sgd checkpointing", "val512"]
    rail.presets["training"].click()
    assert rail.training.optimizer.value() == "adamw" and rail.training.checkpointing.value() == "off"


def test_a_request_of_a_scenario_is_chosen_by_keyboard_and_shown_with_its_words(ready: MainWindow,
                                                                                qtbot: QtBot) -> None:
    rail, panel = ready.page.rail, ready.page.body.generation
    assert rail.gen.scenario.currentText() == "Free 512+128"
    qtbot.keyClick(rail.gen.scenario, Qt.Key.Key_Down)
    assert rail.choices.scenario == "assistant" and rail.choices.preset is None
    spec = ready.page.spec()
    assert spec is not None and "gen128 assistant" in [cell.test for cell in spec.cells]
    assert panel._prompt.text() == SCENARIOS["assistant"].prompt and not panel._prompt.isEnabled()


def test_amp_is_offered_where_bfloat16_is_proven_and_explained(ready: MainWindow) -> None:
    rail = ready.page.rail
    rail.dtype.setCurrentIndex(rail.dtype.findData("amp"))
    rail.dtype.activated.emit(rail.dtype.currentIndex())
    assert rail.fields["dtype"].problem == "amp is for training: gen takes float32, bfloat16 or float16."
    rail.presets["training"].click()
    assert rail.fields["dtype"].problem == "" and rail.run_button.isEnabled()
    assert rail.dtype.accessibleDescription() == "mixed: float32 weights, bfloat16 arithmetic"
    assert ready.page.spec().cells[0].dtype == "amp"  # type: ignore[union-attr]


def test_sampling_reaches_the_run_within_its_bounds_and_is_remembered(ready: MainWindow, qtbot: QtBot) -> None:
    fields = ready.page.body.generation.fields
    for box, value in ((fields.temperature, 99), (fields.top_p, -1), (fields.top_k, 7), (fields.sequences, 1000),
                       (fields.seed, 5)):
        box.setValue(value)
    spec = ready.page.spec()
    assert spec is not None and spec.seed == 5
    assert spec.sampling == Sampling(temperature=10, top_k=7, top_p=0.01, sequences=64)
    ready.close()
    again = MainWindow(FakeRunner, lambda: MACHINE)
    qtbot.addWidget(again)
    assert again.page.body.generation.sampling() == spec.sampling and again.page.body.generation.seed() == 5
    again.close()


def test_temperature_0_with_several_sequences_starts_a_run_of_one(ready: MainWindow) -> None:
    fields = ready.page.body.generation.fields
    fields.sequences.setValue(3)
    fields.temperature.setValue(0)
    ready.page.rail.run_button.click()
    assert ready.runner.specs[0].sampling == Sampling(temperature=0, sequences=1)  # type: ignore[attr-defined]


def test_damaged_sampling_settings_do_not_keep_the_window_from_opening(ready: MainWindow, qtbot: QtBot) -> None:
    ready.page._settings.keep("gen/temperature", 0)
    ready.page._settings.keep("gen/sequences", 4)
    again = MainWindow(FakeRunner, lambda: MACHINE)
    qtbot.addWidget(again)
    assert again.page.body.generation.sampling() == Sampling(temperature=0, sequences=1)
    again.close()


def test_the_button_for_more_tests_begins_where_the_names_of_the_tests_do(ready: MainWindow) -> None:
    tests = ready.page.rail.tests
    row = tests._rows["pp"].grab().toImage()
    button = tests._more.grab().toImage()

    def first_ink(image: QImage, start: int) -> int:
        ground = image.pixelColor(image.width() - 60, 3)
        middle = range(6, image.height() - 6)
        return next(x for x in range(start, image.width()) if any(
            abs(image.pixelColor(x, y).lightness() - ground.lightness()) > 60 for y in middle))

    assert abs(first_ink(row, 18) - first_ink(button, 0)) <= 1


def test_every_word_of_segments_has_the_same_space_with_the_hub_too(ready: MainWindow) -> None:
    ready.resize(1024, 640)
    rail = ready.page.rail
    rail.offer_cached({"org/name": "org/name"})
    metrics = QFontMetrics(theme().font("small", 600))
    spaces = [rect.width() - metrics.horizontalAdvance(rail.source._choices[key]) for key, rect in rail.source._rects()]
    assert len(spaces) == 4 and min(spaces) >= 8 and max(spaces) - min(spaces) < 1


def test_options_are_locked_during_a_run(window: MainWindow, play: Play) -> None:
    play(stream(until_s=4.0))
    rail = window.page.rail
    rail.training.optimizer._choose("sgd")
    assert rail.training.optimizer.value() == "adamw" and not rail.gen.scenario.isEnabled()


def test_choices_theme_and_size_are_there_after_a_new_start(ready: MainWindow, qtbot: QtBot) -> None:
    ready.page.rail.seq.setValue(256)
    ready.page.rail.presets["training"].click()
    ready.page.body.generation.set_prompt("To be")
    ready.show_theme("light")
    ready.resize(1300, 800)
    ready.close()
    again = MainWindow(FakeRunner, lambda: MACHINE)
    qtbot.addWidget(again)
    theme().set_mode("dark")
    assert again.page.rail.choices.seq == 256 and again.page.rail.choices.preset == "training"
    assert again.page.body.generation.prompt() == "To be"
    assert (again.width(), again.height()) == (1300, 800)
    assert Settings().text("window/theme", "system") == "light"
    again.close()


def test_the_timer_sleeps_while_the_window_is_hidden(window: MainWindow) -> None:
    window.hide()
    window.show()
    assert window._timer.isActive()
    window.hide()
    assert not window._timer.isActive()


def test_the_theme_changes_every_colour_at_once(ready: MainWindow, qapp: QApplication) -> None:
    dark = ready.grab().toImage().pixelColor(700, 20)
    ready.show_theme("light")
    qapp.processEvents()
    light = ready.grab().toImage().pixelColor(700, 20)
    ready.show_theme("dark")
    assert dark == "#14171b" and light == "#e9ecf0"


def test_a_picture_is_twice_the_size_and_says_what_one_must_know(window: MainWindow, play: Play,
                                                                 tmp_path: Path) -> None:
    play(stream())
    file = tmp_path / "é result.png"
    assert window.save_picture(file)
    image = window.picture()
    assert file.read_bytes()[:4] == b"\x89PNG"
    assert image.devicePixelRatio() == 2 and image.width() == 2 * 1136
    assert "AMD EPYC" in image.text("Machine") and "batch" in image.text("Settings")
    assert "95" in image.text("Accuracy") and "2026" in image.text("Date") and "torch" in image.text("Software")
    assert "gen64" in image.text("Results")


def test_a_picture_that_cannot_be_written_is_told(window: MainWindow, play: Play, tmp_path: Path) -> None:
    play(stream())
    assert not window.save_picture(tmp_path / "no such folder" / "a.png")


def test_the_results_model_keeps_to_qts_rules(window: MainWindow, play: Play, qtmodeltester: object) -> None:
    play(stream(until_s=14.0))
    qtmodeltester.check(window.page.body.results.table.results)  # type: ignore[attr-defined]
