"""Prompt, sampling, the text as it streams, and when each of its tokens came."""

from PySide6.QtCore import QLocale, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from llmscope.core import events as ev
from llmscope.core.spec import Cell, RunSpec, Sampling
from llmscope.gui.generation_text import Sequence, TextView
from llmscope.gui.plots.token_timeline import EMPTY, TokenTimeline, WaitPool
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Label, Line, Panel, repolish

#: Suits the bundled model, which was trained on plays.
DEFAULT_PROMPT = "SCENE I. A hall in the castle. Enter the KING and a MESSENGER. KING. What news from France?"
DEFAULT_SEED = 1234
#: The fields of the title line are lower than others, and have no arrows.
_SMALL_FIELD = """QAbstractSpinBox { min-height: 22px; padding: 0 0 0 5px; }
QAbstractSpinBox:focus { min-height: 20px; padding: 0 0 0 4px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0; }
QAbstractSpinBox::up-arrow, QAbstractSpinBox::down-arrow { image: none; width: 0; }"""


class GenerationPanel(Panel):
    """Takes the event stream by `on_event`, and shows what came when `refresh` is called."""

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
        self._pool = WaitPool()
        self._pending: list[str] = []
        self._is_dirty = self._is_streaming = False
        self._build_head()
        self._build_body()
        self._say_idle()

    def _build_head(self) -> None:
        self._chooser = QComboBox()
        self._chooser.setAccessibleName(self.tr("Sequence shown"))
        self._chooser.setVisible(False)
        self._chooser.currentIndexChanged.connect(self._show_chosen)
        self.head.setSpacing(6)
        defaults = Sampling()
        self._temperature = self._number(self.tr("Temperature"), 0.0, 10.0, defaults.temperature)
        self._top_p = self._number(self.tr("Top-p"), 0.01, 1.0, defaults.top_p)
        self._top_k = self._count(self.tr("Top-k"), 0, 1_000_000, defaults.top_k)
        self._top_k.setToolTip(self.tr("0 considers every token"))
        self._sequences_field = self._count(self.tr("Sequences"), 1, 64, defaults.sequences)
        self._seed = self._count(self.tr("Seed"), 0, 2**31 - 1, DEFAULT_SEED, width=58)

    def _number(self, name: str, low: float, high: float, value: float) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setDecimals(2)
        box.setSingleStep(0.05)
        box.setRange(low, high)
        box.setValue(value)
        box.valueChanged.connect(self._on_changed)
        self._add_field(name, box, 46)
        return box

    def _count(self, name: str, low: int, high: int, value: int, width: int = 42) -> QSpinBox:
        box = QSpinBox()
        box.setRange(low, high)
        box.setValue(value)
        box.valueChanged.connect(self._on_changed)
        self._add_field(name, box, width)
        return box

    def _add_field(self, name: str, box: QAbstractSpinBox, width: int) -> None:
        label = Label(name, "small", role="text_2")
        label.setBuddy(box)
        box.setLocale(QLocale.c())
        box.setFont(theme().font("small"))
        box.setStyleSheet(_SMALL_FIELD)
        box.lineEdit().setTextMargins(5, 0, 0, 0)
        box.setFixedSize(width, theme().px("height", "control_small"))
        box.setAccessibleName(name)
        self.head.addWidget(label)
        self.head.addWidget(box)

    def _build_body(self) -> None:
        self._prompt = QLineEdit(DEFAULT_PROMPT)
        self._prompt.setAccessibleName(self.tr("Prompt"))
        self._prompt.setMaxLength(100_000)
        self._prompt.setCursorPosition(0)
        self._prompt.textChanged.connect(self._on_changed)
        word = Label(self.tr("Prompt"), "small", role="text_3", parent=self._prompt)
        word.move(9, 6)
        self._prompt.setTextMargins(word.sizeHint().width() + 6, 0, 0, 0)
        self._text = TextView()
        self._text.setAccessibleName(self.tr("Generated text"))
        self._text.setPlaceholderText(self.tr("Text appears here while gen runs."))
        self._note = Label("", "small", role="text_2")
        self._note.setFixedHeight(18)
        top = QHBoxLayout()
        top.addWidget(self._prompt, 1)
        top.addWidget(self._chooser)
        left = QVBoxLayout()
        left.setContentsMargins(12, 9, 12, 6)
        left.setSpacing(6)
        left.addLayout(top)
        left.addWidget(self._text, 1)
        left.addWidget(self._note)
        self.timeline = TokenTimeline()
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addLayout(left, 47)
        body.addWidget(Line(vertical=True))
        body.addWidget(self.timeline, 53)
        self.body.addLayout(body, 1)

    def prompt(self) -> str:
        """Return the text that requests begin with."""
        return self._prompt.text()

    def set_prompt(self, prompt: str) -> None:
        """Set the text that requests begin with."""
        self._prompt.setText(prompt)
        self._prompt.setCursorPosition(0)
        self._prompt.setCursorPosition(0)

    def sampling(self) -> Sampling:
        """Return how the next id is chosen."""
        return Sampling(temperature=round(self._temperature.value(), 2), top_k=self._top_k.value(),
                        top_p=round(self._top_p.value(), 2), sequences=self._sequences_field.value())

    def set_sampling(self, sampling: Sampling, seed: int | None = None) -> None:
        """Set how the next id is chosen, and the seed where one is given."""
        self._temperature.setValue(sampling.temperature)
        self._top_k.setValue(sampling.top_k)
        self._top_p.setValue(sampling.top_p)
        self._sequences_field.setValue(sampling.sequences)
        if seed is not None:
            self._seed.setValue(seed)

    def seed(self) -> int:
        """Return the seed of the run."""
        return self._seed.value()

    def forget(self) -> None:
        """Show no text, as before the first run."""
        self._test, self._request_ns, self._text_cell = (-1, -1), 0, None
        self._sequences, self._pending, self._pool = {}, [], WaitPool()
        self._is_streaming, self._is_dirty = False, True
        self._text.clear()
        self._chooser.clear()
        self._chooser.hide()
        self._set_note("")
        self._say_idle()

    def set_locked(self, is_locked: bool) -> None:
        """Lock prompt and sampling during a run."""
        fields = (self._temperature, self._top_p, self._top_k, self._sequences_field, self._seed, self._prompt)
        for box in fields:
            box.setEnabled(not is_locked)
            box.setProperty("locked", is_locked)
            repolish(box)

    def _on_changed(self) -> None:
        self.changed.emit()

    def on_event(self, event: ev.Event) -> None:
        """Take an event of a run; nothing is painted before `refresh`."""
        match event:
            case ev.RunStarted():
                self._spec = event.spec
                self._set_note("")
            case ev.CellStarted() if self._spec is not None:
                self._say_test(self._spec.cells[event.cell])
            case ev.Text():
                self._take_text(event)
            case ev.CellEnded():
                self._is_streaming = False
                self._text.set_streaming(False)
            case ev.RunEnded():
                self._say_ended(event)

    def _take_text(self, event: ev.Text) -> None:
        if (event.cell, event.sample, event.request_ns) != (*self._test, self._request_ns):
            self._begin_sample(event)
        sequence = self._sequences.setdefault(event.sequence, Sequence(event.request_ns))
        if self._chooser.findData(event.sequence) < 0:
            self._chooser.addItem(self.tr("Sequence {}").format(event.sequence + 1), event.sequence)
            self._chooser.setVisible(self._chooser.count() > 1)
        sequence.parts.append(event.text)
        sequence.token_ns.extend(event.token_ns)
        if event.sequence == self._chosen():
            self._pending.append(event.text)
        self._is_dirty = self._is_streaming = True

    def _begin_sample(self, event: ev.Text) -> None:
        if event.cell != self._test[0]:
            self._pool = WaitPool()
            self._chooser.clear()
        else:
            for sequence in self._sequences.values():
                self._pool.add(sequence.waits(0).gaps_ms)
        # A warm-up and the first sample have the same index, but are two requests.
        self._test, self._request_ns = (event.cell, event.sample), event.request_ns
        self._text_cell = self._spec.cells[event.cell] if self._spec is not None else None
        self._sequences, self._pending = {}, []
        self._text.clear()

    def _chosen(self) -> int:
        """Return the sequence that is shown: the one chosen, the first where there is no choice."""
        data = self._chooser.currentData()
        return int(data) if data is not None else 0

    def _show_chosen(self) -> None:
        sequence = self._sequences.get(self._chosen())
        if sequence is not None:
            self._pending = []
            self._text.setPlainText("".join(sequence.parts))
            self._is_dirty = True

    def refresh_text(self) -> None:
        """Show the text that has come since the last time."""
        if self._pending and self.isVisible():
            self._text.append_text("".join(self._pending))
            self._pending = []
            self._text.set_streaming(self._is_streaming)

    def refresh(self) -> None:
        """Show what has come since the last time, the token timeline too."""
        if not self._is_dirty or not self.isVisible():
            return
        self.refresh_text()
        self._is_dirty = False
        self._text.set_streaming(self._is_streaming)
        cell = self._text_cell
        if cell is not None:
            self.remark.set_text(self.tr("sample {} of {}").format(max(0, self._test[1]) + 1, cell.test))
        sequence = self._sequences.get(self._chosen())
        waits = sequence.waits(cell.new if cell else len(sequence.token_ns)) if sequence else EMPTY
        self.timeline.show_waits(waits, self._pool)

    def _say_test(self, cell: Cell) -> None:
        if cell.workload != "gen":
            self._set_note(self.tr("pp, tg and train do not stream text. This is the last text.") if self._sequences
                           else self.tr("pp, tg and train do not stream text."))
        elif cell.model.startswith("arch:"):
            self._set_note(self.tr("This text is meaningless: the model's weights are random."))
        else:
            self._set_note("")

    def _say_ended(self, event: ev.RunEnded) -> None:
        was_streaming, self._is_streaming = self._is_streaming, False
        self._text.set_streaming(False)
        self._set_note("")
        if event.status == "stopped" and was_streaming:
            tokens = len(self._sequences[self._chosen()].token_ns)
            self._set_note(self.tr("Stopped at token {}.").format(tokens))

    def _say_idle(self) -> None:
        self.remark.set_text(self.tr("the prompt and settings of gen"))

    def _set_note(self, text: str) -> None:
        self._note.setText(text)
