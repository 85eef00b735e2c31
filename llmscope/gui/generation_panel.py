"""Prompt, sampling, the text as it streams, and when each of its tokens came."""

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from llmscope.core import events as ev
from llmscope.core.scenarios import SCENARIOS, Scenario
from llmscope.core.spec import Cell, RunSpec, Sampling
from llmscope.gui import words
from llmscope.gui.generation_text import Columns, Sequence
from llmscope.gui.plots.token_timeline import TokenTimeline
from llmscope.gui.plots.waits import EMPTY, WaitPool
from llmscope.gui.sampling_fields import SamplingFields
from llmscope.gui.widgets.basic import Button, Label, Line, Panel, repolish

#: Suits the bundled model, which was trained on plays.
DEFAULT_PROMPT = "SCENE I. A hall in the castle. Enter the KING and a MESSENGER. KING. What news from France?"
#: Shares of the width for text and timeline, with one sequence and with several.
_SHARES, _SHARES_OF_SEVERAL = (47, 53), (70, 30)


class GenerationPanel(Panel):
    """Takes the event stream by `on_event`, and shows what came when `refresh` is called.

    While it is locked the words and sampling of the running test are shown, after a stored run was opened those of
    that run, else what the next run will take.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.title.setText(self.tr("Generation"))
        self.setAccessibleName(self.tr("Generation"))
        self._spec: RunSpec | None = None
        self._text_cell: Cell | None = None
        self._test: tuple[int, int] = (-1, -1)
        self._request_ns = 0
        self._sequences: dict[int, Sequence] = {}
        self._total, self._pages = 1, [range(1)]
        self._pool = WaitPool()
        self._is_dirty = self._is_streaming = self._is_new = self._is_locked = False
        self._own_prompt = DEFAULT_PROMPT
        self._chosen: Scenario | None = None
        self._running: Cell | None = None
        self._stored: RunSpec | None = None
        self._said = ""
        self.fields = SamplingFields()
        self.fields.changed.connect(self._on_sampling)
        self.head.addWidget(self.fields)
        self.own_button = Button(self.tr("My settings"), "close", "quiet", "text_2")
        self.own_button.setToolTip(self.tr("These are the stored run's: back to those of the next run"))
        self.own_button.clicked.connect(self._on_own)
        self.own_button.hide()
        self.head.addWidget(self.own_button)
        self._build_body()
        self._say_idle()

    def _build_body(self) -> None:
        self._chooser = QComboBox()
        self._chooser.setAccessibleName(self.tr("Sequences shown"))
        self._chooser.setVisible(False)
        self._chooser.currentIndexChanged.connect(self._show_page)
        self._prompt = QLineEdit(DEFAULT_PROMPT)
        self._prompt.setAccessibleName(self.tr("Prompt"))
        self._prompt.setMaxLength(100_000)
        self._prompt.setCursorPosition(0)
        self._prompt.textChanged.connect(self._on_prompt)
        word = Label(self.tr("Prompt"), "small", role="text_3", parent=self._prompt)
        word.move(9, 6)
        self._prompt.setTextMargins(word.sizeHint().width() + 6, 0, 0, 0)
        self.columns = Columns()
        self.columns.views[0].setPlaceholderText(self.tr("Text appears here while gen runs."))
        self.columns.resized.connect(self._arrange)
        self._note = Label("", "small", role="text_2")
        self._note.setFixedHeight(18)
        top = QHBoxLayout()
        top.addWidget(self._prompt, 1)
        top.addWidget(self._chooser)
        left = QVBoxLayout()
        left.setContentsMargins(12, 9, 12, 6)
        left.setSpacing(6)
        left.addLayout(top)
        left.addWidget(self.columns, 1)
        left.addWidget(self._note)
        self.timeline = TokenTimeline()
        self._halves = QHBoxLayout()
        self._halves.setSpacing(0)
        self._halves.addLayout(left, _SHARES[0])
        self._halves.addWidget(Line(vertical=True))
        self._halves.addWidget(self.timeline, _SHARES[1])
        self.body.addLayout(self._halves, 1)

    def prompt(self) -> str:
        """Return the text that free requests begin with."""
        return self._own_prompt

    def set_prompt(self, prompt: str) -> None:
        """Set the text that free requests begin with."""
        self._own_prompt = prompt
        self._show_request()
        self.changed.emit()

    def sampling(self) -> Sampling:
        """Return how free requests choose the next id."""
        return self.fields.sampling()

    def set_sampling(self, sampling: Sampling, seed: int | None = None) -> None:
        """Set how the next id is chosen, and the seed where one is given."""
        self.fields.set_sampling(sampling)
        if seed is not None:
            self.fields.seed.setValue(seed)

    def seed(self) -> int:
        """Return the seed of the run."""
        return self.fields.own_seed()

    def show_stored(self, spec: RunSpec | None) -> None:
        """Show words, sampling and seed of a stored run, locked, or those of the next run again."""
        self._stored = spec
        self.fields.show_stored(None if spec is None else (spec.sampling, spec.seed))
        self.own_button.setVisible(spec is not None)
        self._show_request()

    def show_scenario(self, scenario: Scenario | None) -> None:
        """Show the words and the sampling of a scenario, locked, or the person's own."""
        if scenario != self._chosen:
            self._chosen = scenario
            self._show_request()

    def forget(self) -> None:
        """Show no text, as before the first run."""
        self._test, self._request_ns, self._text_cell, self._running = (-1, -1), 0, None, None
        self._sequences, self._pool, self._total = {}, WaitPool(), 1
        self._is_streaming, self._is_new, self._is_dirty = False, True, True
        self._arrange()
        self.columns.clear()
        self._set_note("")
        self._show_request()
        self._say_idle()

    def set_locked(self, is_locked: bool) -> None:
        """Lock prompt and sampling during a run."""
        self.show_stored(None)
        self._is_locked = is_locked
        self.fields.set_locked(is_locked)
        self._show_request()

    def _show_request(self) -> None:
        """Show the words and the sampling in force."""
        is_locked = self._is_locked or self._stored is not None
        scenario = self._running.scenario if is_locked and self._running is not None else self._chosen
        shape = SCENARIOS[scenario] if scenario is not None else None
        self.fields.show_shape(shape)
        own = self._own_prompt if self._stored is None else self._stored.prompt
        text = own if shape is None else shape.prompt
        if text != self._prompt.text():
            with QSignalBlocker(self._prompt):
                self._prompt.setText(text)
                self._prompt.setCursorPosition(0)
        is_open = not is_locked and shape is None
        if self._prompt.isEnabled() != is_open:
            self._prompt.setEnabled(is_open)
            self._prompt.setProperty("locked", not is_open)
            repolish(self._prompt)
        self._prompt.setToolTip("" if scenario is None else self.tr(
            "{0}, after a passage of the shipped text: {1}").format(words.scenario_names()[scenario], text))
        self._set_note(self._said)

    def _on_own(self) -> None:
        self.show_stored(None)

    def _on_prompt(self, text: str) -> None:
        self._own_prompt = text
        self.changed.emit()

    def _on_sampling(self) -> None:
        self._set_note(self._said)
        self.changed.emit()

    def on_event(self, event: ev.Event) -> None:
        """Take an event of a run; nothing is painted before `refresh`."""
        match event:
            case ev.RunStarted():
                self.forget()  # its text and waits would pass for those of the new run
                self._spec = event.spec
            case ev.CellStarted() if self._spec is not None:
                self._say_test(self._spec.cells[event.cell])
            case ev.Text():
                self._take_text(event)
            case ev.CellEnded():
                self._set_streaming(False)
            case ev.RunEnded():
                self._say_ended(event)

    def _take_text(self, event: ev.Text) -> None:
        if (event.cell, event.sample, event.request_ns) != (*self._test, self._request_ns):
            self._begin_sample(event)
        sequence = self._sequences.setdefault(event.sequence, Sequence(event.request_ns))
        sequence.parts.append(event.text)
        sequence.token_ns.extend(event.token_ns)
        self._total = max(self._total, event.sequence + 1)
        self._is_dirty = self._is_streaming = True

    def _begin_sample(self, event: ev.Text) -> None:
        if event.cell != self._test[0]:
            self._pool, self._total = WaitPool(), 1
        else:
            for sequence in self._sequences.values():
                self._pool.add(sequence.waits(0).gaps_ms)
        # A warm-up and the first sample have the same index, but are two requests.
        self._test, self._request_ns = (event.cell, event.sample), event.request_ns
        self._text_cell = self._spec.cells[event.cell] if self._spec is not None else None
        self._sequences, self._is_new = {}, True
        if self._running is not self._text_cell:
            self._running = self._text_cell
            self._show_request()

    def _arrange(self) -> None:
        """Show as many sequences side by side as fit; the others are on further pages."""
        several = self._total > 1
        for place, share in zip((0, 2), _SHARES_OF_SEVERAL if several else _SHARES, strict=True):
            self._halves.setStretch(place, share)
        size = min(self._total, self.columns.fitting()) if several else 1
        pages = [range(first, min(first + size, self._total)) for first in range(0, self._total, size)]
        page = min(self.columns.numbers.start // size, len(pages) - 1)
        if pages != self._pages:
            self._pages = pages
            with QSignalBlocker(self._chooser):
                self._chooser.clear()
                self._chooser.addItems([_page_name(numbers, self._total) for numbers in pages])
                self._chooser.setCurrentIndex(page)
            self._chooser.setVisible(len(pages) > 1)
        self._show_page()

    def _show_page(self) -> None:
        numbers = self._pages[max(0, self._chooser.currentIndex())]
        if (numbers, self._total) == (self.columns.numbers, self.columns.total):
            return
        self.columns.show_numbers(numbers, self._total)
        for sequence in self._sequences.values():
            sequence.shown = 0
        self._is_dirty = True

    def _first_shown(self) -> Sequence | None:
        return self._sequences.get(self.columns.numbers.start)

    def refresh_text(self) -> None:
        """Show the text that has come since the last time."""
        if not self._is_dirty or not self.isVisible():
            return
        if self._is_new:
            self._is_new = False
            self.columns.clear()
            self._arrange()
        elif self._total != self.columns.total:
            self._arrange()
        for number, view in zip(self.columns.numbers, self.columns.views, strict=True):
            sequence = self._sequences.get(number)
            text = sequence.take() if sequence is not None else ""
            if text:
                view.append_text(text)
        self._set_streaming(self._is_streaming)

    def _set_streaming(self, is_streaming: bool) -> None:
        self._is_streaming = is_streaming
        for view in self.columns.views:
            view.set_streaming(is_streaming)

    def refresh(self) -> None:
        """Show what has come since the last time, the token timeline too."""
        if not self._is_dirty or not self.isVisible():
            return
        self.refresh_text()
        self._is_dirty = False
        cell = self._text_cell
        if cell is not None:
            self.remark.set_text(self.tr("sample {} of {}").format(max(0, self._test[1]) + 1, cell.test))
        sequence = self._first_shown()
        waits = sequence.waits(cell.new if cell else len(sequence.token_ns)) if sequence else EMPTY
        self.timeline.show_waits(waits, self._pool)

    def _say_test(self, cell: Cell) -> None:
        if cell.workload == "gen":
            self._running = cell
            self._show_request()
        else:
            self._set_note(self.tr("pp, tg and train do not stream text. This is the last text.") if self._sequences
                           else self.tr("pp, tg and train do not stream text."))
            return
        is_random = cell.model.startswith("arch:")
        self._set_note(self.tr("This text is meaningless: the model's weights are random.") if is_random else "")

    def _say_ended(self, event: ev.RunEnded) -> None:
        was_streaming = self._is_streaming
        self._set_streaming(False)
        self._set_note("")
        sequence = self._first_shown()
        if event.status == "stopped" and was_streaming and sequence is not None:
            self._set_note(self.tr("Stopped at token {}.").format(len(sequence.token_ns)))

    def _say_idle(self) -> None:
        self.remark.set_text(self.tr("the prompt and settings of gen"))

    def _set_note(self, text: str) -> None:
        self._said = text
        shown = text or self.fields.remark()
        self._note.setText(shown)
        self._note.setVisible(bool(shown))


def _page_name(numbers: range, total: int) -> str:
    if len(numbers) == 1:
        return words.tr("Sequence {0} of {1}").format(numbers.start + 1, total)
    return words.tr("Sequences {0} to {1} of {2}").format(numbers.start + 1, numbers.stop, total)
