"""The generation panel: settings, streamed text, and what it says when none streams."""

import pytest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from llmscope.core import events as ev
from llmscope.core.scenarios import SCENARIOS
from llmscope.core.spec import Cell, RunSpec, Sampling
from llmscope.gui.generation_panel import DEFAULT_PROMPT, GenerationPanel
from tests.gui.stream import CELLS, stream

GEN = Cell("bundled", "gen", "cpu", "float32", seq=128, new=64)

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture
def panel(qtbot: QtBot) -> GenerationPanel:
    made = GenerationPanel()
    qtbot.addWidget(made)
    made.resize(1112, 236)
    made.show()
    return made


def play(panel: GenerationPanel, cells: tuple[Cell, ...] = CELLS, **run: object) -> list[ev.Event]:
    events = list(stream(cells, **run))  # type: ignore[arg-type]
    for number, event in enumerate(events):
        panel.on_event(event)
        if number % 7 == 0:
            panel.refresh()
    panel.refresh()
    return events


def text(panel: GenerationPanel, place: int = 0) -> str:
    return panel.columns.views[place].toPlainText()


def text_of_last_sample(events: list[ev.Event]) -> str:
    texts = [e for e in events if isinstance(e, ev.Text)]
    return "".join(e.text for e in texts if e.sample == texts[-1].sample)


def test_text_of_the_present_sample_is_shown_whole(panel: GenerationPanel) -> None:
    events = play(panel, until_s=7.0)
    assert text(panel) == text_of_last_sample(events)
    sample = next(e for e in reversed(events) if isinstance(e, ev.Text)).sample
    assert panel.remark.full_text == f"sample {sample + 1} of gen64" and sample > 3


def test_batches_that_came_between_two_refreshes_are_appended_at_once(panel: GenerationPanel) -> None:
    for event in stream(until_s=2.35):
        panel.on_event(event)
    assert text(panel) == ""
    panel.refresh()
    shown = text(panel)
    assert len(shown.split()) > 5
    panel.refresh()
    assert text(panel) == shown


def test_a_warm_up_and_the_first_sample_are_two_requests(panel: GenerationPanel) -> None:
    panel.on_event(ev.RunStarted(t_ns=0, run="r", utc="", spec=RunSpec((GEN,)), machine={}, versions={}))
    for request_ns, said in ((10, "warm"), (1000, "timed")):
        panel.on_event(ev.Text(t_ns=request_ns, cell=0, sample=0, sequence=0, text=said, request_ns=request_ns,
                               token_ns=(request_ns + 5, request_ns + 7)))
        panel.refresh()
        assert text(panel) == said and len(panel._sequences[0].token_ns) == 2


def test_timeline_has_the_tokens_of_the_sample(panel: GenerationPanel) -> None:
    events = play(panel, until_s=6.7)
    last = next(e for e in reversed(events) if isinstance(e, ev.Text))
    tokens = [t for e in events if isinstance(e, ev.Text) and e.sample == last.sample for t in e.token_ns]
    waits = panel.timeline._waits
    assert waits.total == 64 and len(waits.token_ms) == len(tokens)
    assert waits.token_ms[-1] == pytest.approx((tokens[-1] - last.request_ns) / 1e6)


def test_percentile_pools_the_samples_of_a_test(panel: GenerationPanel) -> None:
    play(panel, until_s=10.9)
    assert panel.timeline._pool.count >= 20 * 63


def test_last_text_stays_while_tests_without_text_run(panel: GenerationPanel) -> None:
    events = play(panel, until_s=17.0)
    assert text(panel) == text_of_last_sample(events)
    assert panel._note.text() == "pp, tg and train do not stream text. This is the last text."
    assert panel.remark.full_text.endswith("of gen64")


def test_a_new_run_shows_nothing_of_the_run_before(panel: GenerationPanel) -> None:
    play(panel, (GEN,), until_s=8.0)
    assert text(panel) and panel.timeline._pool.count
    panel.on_event(ev.RunStarted(t_ns=0, run="r", utc="", spec=RunSpec((GEN,)), machine={}, versions={}))
    panel.refresh()
    assert text(panel) == "" and panel.timeline._pool.count == 0 and not len(panel.timeline._waits.token_ms)
    assert panel.remark.full_text == "the prompt and settings of gen"


def test_random_weights_are_said_to_be_meaningless(panel: GenerationPanel) -> None:
    play(panel, (Cell("arch:gpt2", "gen", "cpu", "float32", new=16),), until_s=4.0)
    assert "meaningless" in panel._note.text() and panel._note.isVisible()
    play(panel, (GEN,), until_s=4.0)
    assert panel._note.text() == ""


def test_block_stands_at_the_end_only_while_text_streams(panel: GenerationPanel) -> None:
    play(panel, (GEN,), until_s=4.0)
    assert panel.columns.views[0]._is_streaming
    play(panel, (GEN,))
    assert not panel.columns.views[0]._is_streaming


def test_stopped_sample_says_at_which_token(panel: GenerationPanel) -> None:
    events = list(stream((GEN,), until_s=4.0))
    for event in events:
        panel.on_event(event)
    panel.refresh()
    tokens = len(panel.timeline._waits.token_ms)
    panel.on_event(ev.RunEnded(t_ns=events[-1].t_ns, status="stopped", seconds=4.0))
    assert panel._note.text() == f"Stopped at token {tokens}."


def piece(sequence: int, text: str, sample: int = 0) -> ev.Text:
    return ev.Text(t_ns=1, cell=0, sample=sample, sequence=sequence, text=text, request_ns=0, token_ns=(10**7,))


def test_a_text_that_was_followed_is_followed_after_its_view_shrank(panel: GenerationPanel, qapp: QApplication) -> None:
    view = panel.columns.views[0]
    view.append_text("a word and another one, " * 20)
    panel.resize(745, 150)
    qapp.processEvents()
    assert view.verticalScrollBar().value() == view.verticalScrollBar().maximum() > 0


def test_several_sequences_stream_side_by_side_each_with_its_number(panel: GenerationPanel, qtbot: QtBot) -> None:
    for event in (piece(0, "one "), piece(1, "two "), piece(2, "three"), piece(0, "more")):
        panel.on_event(event)
    panel.refresh()
    qtbot.waitUntil(lambda: len(panel.columns.views) == 3)
    panel.refresh()
    assert [text(panel, place) for place in range(3)] == ["one more", "two ", "three"]
    assert [column.title.text() for column in panel.columns._columns] == ["Sequence 1", "Sequence 2", "Sequence 3"]
    assert all(column.title.isVisible() for column in panel.columns._columns) and not panel._chooser.isVisible()
    panel.on_event(piece(1, "again"))
    panel.refresh()
    assert text(panel, 1) == "two again"
    for number in range(3):
        panel.on_event(piece(number, f"new {number}", sample=1))
    panel.refresh()
    assert [text(panel, place) for place in range(3)] == ["new 0", "new 1", "new 2"]


def test_sequences_that_do_not_fit_beside_the_others_are_on_further_pages(panel: GenerationPanel,
                                                                          qtbot: QtBot) -> None:
    panel.resize(745, 200)
    for number in range(7):
        panel.on_event(piece(number, f"text {number}"))
    panel.refresh()
    qtbot.waitUntil(lambda: len(panel.columns.views) == 3)
    assert [panel._chooser.itemText(i) for i in range(panel._chooser.count())] == [
        "Sequences 1 to 3 of 7", "Sequences 4 to 6 of 7", "Sequence 7 of 7"]
    panel._chooser.setCurrentIndex(1)
    panel.refresh()
    assert [text(panel, place) for place in range(3)] == ["text 3", "text 4", "text 5"]
    panel._chooser.setCurrentIndex(2)
    panel.refresh()
    assert len(panel.columns.views) == 1 and text(panel) == "text 6"


def test_no_more_than_five_sequences_stand_side_by_side(panel: GenerationPanel, qtbot: QtBot) -> None:
    panel.resize(2000, 300)
    for number in range(9):
        panel.on_event(piece(number, "text"))
    panel.refresh()
    qtbot.waitUntil(lambda: len(panel.columns.views) == 5)
    assert panel._chooser.isVisible()


def test_columns_are_laid_out_once_and_not_at_each_token(panel: GenerationPanel, monkeypatch: pytest.MonkeyPatch,
                                                         qtbot: QtBot) -> None:
    for number in range(3):
        panel.on_event(piece(number, "text"))
    panel.refresh()
    qtbot.waitUntil(lambda: len(panel.columns.views) == 3)
    laid_out: list[object] = []
    monkeypatch.setattr(panel.columns, "show_numbers", lambda *asked: laid_out.append(asked))
    for sample in range(1, 4):
        for number in range(3):
            panel.on_event(piece(number, "word ", sample))
            panel.refresh()
    assert not laid_out


def test_a_single_text_after_several_has_the_whole_width_again(panel: GenerationPanel) -> None:
    play(panel, (GEN,), sequences=3, until_s=4.0)
    assert len(panel.columns.views) == 3
    panel._spec = None
    panel.on_event(ev.Text(t_ns=1, cell=1, sample=0, sequence=0, text="alone", request_ns=5, token_ns=(7,)))
    panel.refresh()
    assert len(panel.columns.views) == 1 and text(panel) == "alone"
    assert not panel.columns._columns[0].title.isVisible()


def test_temperature_0_with_several_sequences_is_told_in_words(panel: GenerationPanel) -> None:
    panel.fields.sequences.setValue(3)
    panel.fields.temperature.setValue(0)
    assert panel.sampling() == Sampling(temperature=0, sequences=1)
    assert panel._note.text() == "At temperature 0 all 3 sequences would be the same: one is made."
    assert panel.fields.sequences.value() == 1 and not panel.fields.sequences.isEnabled()
    panel.fields.temperature.setValue(0.5)
    assert panel._note.text() == "" and panel.sampling().sequences == 3 and panel.fields.sequences.isEnabled()


def test_a_scenario_shows_its_words_and_sampling_locked_and_gives_the_own_ones_back(panel: GenerationPanel) -> None:
    own = Sampling(temperature=0.35, top_k=7, top_p=0.55, sequences=3)
    panel.set_sampling(own)
    panel.show_scenario("translation")
    shape, fields = SCENARIOS["translation"], panel.fields
    assert panel._prompt.text() == shape.prompt and not panel._prompt.isEnabled()
    assert (fields.temperature.value(), fields.top_k.value(), fields.sequences.value()) == (0, 0, 1)
    assert not fields.temperature.isEnabled() and fields.seed.isEnabled() and panel._note.text()
    assert panel.sampling() == own and panel.prompt() == DEFAULT_PROMPT
    panel.show_scenario("question")
    assert fields.sequences.isEnabled() and fields.sequences.value() == 3
    panel.show_scenario(None)
    assert panel._prompt.text() == DEFAULT_PROMPT and fields.temperature.value() == 0.35
    assert fields.temperature.isEnabled() and panel._prompt.isEnabled()


def test_the_request_of_the_running_test_is_shown_during_a_run(panel: GenerationPanel) -> None:
    cells = (GEN, Cell("bundled", "gen", "cpu", "float32", scenario="assistant"))
    panel.set_locked(True)
    play(panel, cells, until_s=4.0)
    assert panel._prompt.text() == DEFAULT_PROMPT
    play(panel, cells)
    assert panel._prompt.text() == SCENARIOS["assistant"].prompt
    panel.set_locked(False)
    assert panel._prompt.text() == DEFAULT_PROMPT


def test_hidden_panel_keeps_the_text_for_later(panel: GenerationPanel) -> None:
    panel.hide()
    events = play(panel, until_s=7.0)
    assert text(panel) == ""
    panel.show()
    panel.refresh()
    assert text(panel) == text_of_last_sample(events)


def test_settings_come_back_as_they_were_set(panel: GenerationPanel) -> None:
    wanted = Sampling(temperature=0.35, top_k=7, top_p=0.55, sequences=3)
    panel.set_sampling(wanted, seed=99)
    panel.set_prompt("Who goes there? Stand, ho!")
    assert (panel.sampling(), panel.seed(), panel.prompt()) == (wanted, 99, "Who goes there? Stand, ho!")


def test_defaults_are_those_of_the_spec(panel: GenerationPanel) -> None:
    assert panel.sampling() == Sampling() and panel.prompt() == DEFAULT_PROMPT


def test_every_edit_says_changed(panel: GenerationPanel, qtbot: QtBot) -> None:
    for box, key in ((panel.fields.temperature, "1"), (panel.fields.top_k, "1"), (panel._prompt, "x")):
        box.selectAll()
        with qtbot.waitSignal(panel.changed, timeout=1000):
            qtbot.keyClicks(box, key)


def test_settings_are_locked_during_a_run(panel: GenerationPanel) -> None:
    fields = [*panel.findChildren(QAbstractSpinBox), panel._prompt]
    panel.set_locked(True)
    assert len(fields) == 6 and not any(f.isEnabled() for f in fields)
    panel.set_locked(False)
    assert all(f.isEnabled() for f in fields)


def test_everything_is_named_for_screen_readers(panel: GenerationPanel) -> None:
    fields = [*panel.findChildren(QAbstractSpinBox), panel._prompt, *panel.columns.views, panel.timeline,
              panel._chooser]
    assert all(f.accessibleName() for f in fields)


def test_values_fit_their_fields(panel: GenerationPanel) -> None:
    for box in panel.findChildren(QAbstractSpinBox):
        line = box.findChild(QLineEdit)
        assert line.width() >= line.fontMetrics().horizontalAdvance(line.text())


def test_panel_fits_the_narrowest_window(panel: GenerationPanel) -> None:
    assert panel.minimumSizeHint().width() <= 740
