"""The generation panel: settings, streamed text, and what it says when none streams."""

import pytest
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit
from pytestqt.qtbot import QtBot

from llmscope.core import events as ev
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


def text_of_last_sample(events: list[ev.Event]) -> str:
    texts = [e for e in events if isinstance(e, ev.Text)]
    return "".join(e.text for e in texts if e.sample == texts[-1].sample)


def test_text_of_the_present_sample_is_shown_whole(panel: GenerationPanel) -> None:
    events = play(panel, until_s=7.0)
    assert panel._text.toPlainText() == text_of_last_sample(events)
    sample = next(e for e in reversed(events) if isinstance(e, ev.Text)).sample
    assert panel.remark.full_text == f"sample {sample + 1} of gen64" and sample > 3


def test_batches_that_came_between_two_refreshes_are_appended_at_once(panel: GenerationPanel) -> None:
    for event in stream(until_s=2.35):
        panel.on_event(event)
    assert panel._text.toPlainText() == ""
    panel.refresh()
    shown = panel._text.toPlainText()
    assert len(shown.split()) > 5
    panel.refresh()
    assert panel._text.toPlainText() == shown


def test_a_warm_up_and_the_first_sample_are_two_requests(panel: GenerationPanel) -> None:
    panel.on_event(ev.RunStarted(t_ns=0, run="r", utc="", spec=RunSpec((GEN,)), machine={}, versions={}))
    for request_ns, text in ((10, "warm"), (1000, "timed")):
        panel.on_event(ev.Text(t_ns=request_ns, cell=0, sample=0, sequence=0, text=text, request_ns=request_ns,
                               token_ns=(request_ns + 5, request_ns + 7)))
        panel.refresh()
        assert panel._text.toPlainText() == text and len(panel._sequences[0].token_ns) == 2


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
    assert panel._text.toPlainText() == text_of_last_sample(events)
    assert panel._note.text() == "pp, tg and train do not stream text. This is the last text."
    assert panel.remark.full_text.endswith("of gen64")


def test_random_weights_are_said_to_be_meaningless(panel: GenerationPanel) -> None:
    play(panel, (Cell("arch:gpt2", "gen", "cpu", "float32", new=16),), until_s=4.0)
    assert "meaningless" in panel._note.text() and panel._note.isVisible()
    play(panel, (GEN,), until_s=4.0)
    assert panel._note.text() == ""


def test_block_stands_at_the_end_only_while_text_streams(panel: GenerationPanel) -> None:
    play(panel, (GEN,), until_s=4.0)
    assert panel._text._is_streaming
    play(panel, (GEN,))
    assert not panel._text._is_streaming


def test_stopped_sample_says_at_which_token(panel: GenerationPanel) -> None:
    events = list(stream((GEN,), until_s=4.0))
    for event in events:
        panel.on_event(event)
    panel.refresh()
    tokens = len(panel.timeline._waits.token_ms)
    panel.on_event(ev.RunEnded(t_ns=events[-1].t_ns, status="stopped", seconds=4.0))
    assert panel._note.text() == f"Stopped at token {tokens}."


def test_one_of_several_sequences_is_shown_and_can_be_chosen(panel: GenerationPanel) -> None:
    def piece(sequence: int, text: str) -> ev.Text:
        return ev.Text(t_ns=1, cell=0, sample=0, sequence=sequence, text=text, request_ns=0, token_ns=(10**7,))

    for event in (piece(0, "one "), piece(1, "two "), piece(0, "more")):
        panel.on_event(event)
    panel.refresh()
    assert panel._text.toPlainText() == "one more" and panel._chooser.isVisible()
    panel._chooser.setCurrentIndex(1)
    panel.on_event(piece(1, "again"))
    panel.refresh()
    assert panel._text.toPlainText() == "two again"
    panel.on_event(ev.Text(t_ns=1, cell=0, sample=1, sequence=0, text="new", request_ns=0, token_ns=(1,)))
    panel.on_event(ev.Text(t_ns=1, cell=0, sample=1, sequence=1, text="other", request_ns=0, token_ns=(1,)))
    panel.refresh()
    assert panel._text.toPlainText() == "other"


def test_hidden_panel_keeps_the_text_for_later(panel: GenerationPanel) -> None:
    panel.hide()
    events = play(panel, until_s=7.0)
    assert panel._text.toPlainText() == ""
    panel.show()
    panel.refresh()
    assert panel._text.toPlainText() == text_of_last_sample(events)


def test_settings_come_back_as_they_were_set(panel: GenerationPanel) -> None:
    wanted = Sampling(temperature=0.35, top_k=7, top_p=0.55, sequences=3)
    panel.set_sampling(wanted, seed=99)
    panel.set_prompt("Who goes there? Stand, ho!")
    assert (panel.sampling(), panel.seed(), panel.prompt()) == (wanted, 99, "Who goes there? Stand, ho!")


def test_defaults_are_those_of_the_spec(panel: GenerationPanel) -> None:
    assert panel.sampling() == Sampling() and panel.prompt() == DEFAULT_PROMPT


def test_every_edit_says_changed(panel: GenerationPanel, qtbot: QtBot) -> None:
    for box, key in ((panel._temperature, "1"), (panel._top_k, "1"), (panel._prompt, "x")):
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
    fields = [*panel.findChildren(QAbstractSpinBox), panel._prompt, panel._text, panel.timeline, panel._chooser]
    assert all(f.accessibleName() for f in fields)


def test_values_fit_their_fields(panel: GenerationPanel) -> None:
    for box in panel.findChildren(QAbstractSpinBox):
        line = box.findChild(QLineEdit)
        assert line.width() >= line.fontMetrics().horizontalAdvance(line.text())


def test_panel_fits_the_narrowest_window(panel: GenerationPanel) -> None:
    assert panel.minimumSizeHint().width() <= 740
