"""The set-up rail: what to run, on what, how well; the memory ledger and the button stay below it."""

from dataclasses import replace
from typing import cast

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from llmscope.core.spec import Accuracy, Dtype, Preset
from llmscope.core.units import NBSP
from llmscope.gui import words
from llmscope.gui.checklist import KINDS, Checklist
from llmscope.gui.choices import MOST_BATCH, MOST_TOKENS, Choices, Source
from llmscope.gui.ledger import Ledger
from llmscope.gui.options import FREE, GenOptions, TrainingOptions
from llmscope.gui.run_button import RunButton
from llmscope.gui.sweep_line import SweepLine
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, Icon, Label, Line, repolish
from llmscope.gui.widgets.field import Field, NumberBox, Picker
from llmscope.gui.widgets.parts_label import PartsLabel
from llmscope.gui.widgets.segments import Segments

#: Preset, row, column.
PRESETS: tuple[tuple[Preset, int, int], ...] = (
    ("quick", 0, 0), ("inference", 0, 2), ("training", 0, 4), ("hardware", 1, 0), ("everything", 1, 3))
#: Letters of a list of numbers that fit into a field.
LONGEST_LIST = 12


class Rail(QFrame):
    """Controls only: `changed` says that the person chose something, `choices` what; `sweep_asked`
    asks for several values of a setting. It judges nothing itself."""

    changed = Signal()
    sweep_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._choices = Choices()
        self.run_button = RunButton()
        self.ledger = Ledger()
        self.setObjectName("rail")
        self._make_controls()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._scrolled(), 1)
        layout.addWidget(Line())
        layout.addWidget(self.ledger)
        button = QVBoxLayout()
        button.setContentsMargins(12, 4, 12, 12)
        button.addWidget(self.run_button)
        layout.addLayout(button)
        self._connect()
        self.tests.put_in_tab_order("gen", self.gen.scenario)
        self.tests.put_in_tab_order("train", self.training.optimizer, self.training.checkpointing)

    @property
    def choices(self) -> Choices:
        """What is chosen now."""
        return self._choices

    def show_choices(self, choices: Choices) -> None:
        """Show choices without saying that they changed."""
        self._choices = choices
        self.source.set_value(choices.source)
        self.pickers.setCurrentIndex({"bundled": 0, "architecture": 1, "disk": 2, "hub": 3}[choices.source])
        self.architecture.setCurrentIndex(self.architecture.findData(choices.architecture))
        self.cached.setCurrentIndex(self.cached.findData(choices.cached))
        if choices.folder:
            self.folder.offer({choices.folder: words.model_name(choices.folder)}, choices.folder)
        for box, value in ((self.batch, choices.batch), (self.seq, choices.seq), (self.new, choices.new)):
            with QSignalBlocker(box):
                box.setValue(value)
        self.accuracy.set_value(choices.accuracy)
        for preset, button in self.presets.items():
            button.setChecked(preset == choices.preset)
        self.gen.show_choices(choices)
        self.training.show_choices(choices)
        self.sweep.show_sweep(choices.sweep)
        self._show_swept(self.sweep.is_locked)

    def offer_cached(self, titles: dict[str, str]) -> None:
        """Offer models of the Hub cache; without any their source is not shown."""
        offered = self._sources | ({"hub": self.tr("Hub")} if titles else {})
        self.source.offer(offered)
        self.cached.offer(titles, self._choices.cached)

    def show_problems(self, problems: dict[str, str]) -> None:
        """Put each reason below the control it belongs to."""
        for name, field in self.fields.items():
            field.show_problem(problems.get(name, ""))
        self._workload_problem.setText(problems.get("workload", ""))
        self._workload_problem.setVisible(bool(problems.get("workload")))

    def show_facts(self, text: str) -> None:
        """Show the size of the chosen model."""
        self._facts.set_parts(text)
        self._facts.setVisible(bool(text))

    def set_locked(self, locked: bool) -> None:
        """Show the settings flat while a run goes on."""
        self._lock.setVisible(locked)
        for field in self.fields.values():
            field.set_locked(locked)
        self.source.set_locked(locked)
        self.accuracy.set_locked(locked)
        self.tests.set_locked(locked)
        self.gen.set_locked(locked)
        self.training.set_locked(locked)
        self.sweep.set_locked(locked)
        for picker in (self.bundled, self.architecture, self.folder, self.cached):
            picker.setProperty("locked", locked)
            repolish(picker)
        for widget in (*self.presets.values(), self.choose_folder):
            widget.setEnabled(not locked)
        self._show_swept(locked)

    def _show_swept(self, locked: bool) -> None:
        """Show the list of a setting that is swept in the place of its one value."""
        over = dict(self._choices.sweep)
        for name in ("batch", "seq", "new", "dtype", "model"):
            self.fields[name].control.setEnabled(not locked and name not in over)
        for name, box in (("batch", self.batch), ("seq", self.seq), ("new", self.new)):
            text = ", ".join(map(str, over.get(name, ())))
            box.show_list(text if len(text) <= LONGEST_LIST else self.tr("{0} values").format(len(over[name])))
        self.source.setEnabled("model" not in over)

    def focus_model(self) -> None:
        """Go to the choice among the models of the source at hand."""
        picker = {"bundled": self.bundled, "architecture": self.architecture, "disk": self.folder,
                  "hub": self.cached}[self._choices.source]
        picker.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def scroll_to_tests(self) -> None:
        """Bring the tests into view, as a run starts."""
        self._area.ensureWidgetVisible(self.accuracy, 0, 12)
        self._area.ensureWidgetVisible(self.presets["quick"], 0, 30)

    def _make_controls(self) -> None:
        self._sources = {"bundled": self.tr("Bundled"), "architecture": self.tr("Architecture"),
                         "disk": self.tr("On disk")}
        self.source = Segments(self._sources, self.tr("Model source"))
        self.bundled, self.architecture, self.folder, self.cached = Picker(), Picker(), Picker(), Picker()
        self.choose_folder = Button("", "folder", role="text_2")
        self.choose_folder.setAccessibleName(self.tr("Choose a model folder"))
        self.choose_folder.setToolTip(self.tr("Choose a folder with config.json and .safetensors files"))
        self.choose_folder.setFixedWidth(36)
        self.device, self.dtype = Picker(), Picker()
        self.batch = NumberBox(1, MOST_BATCH)
        self.seq, self.new = NumberBox(1, MOST_TOKENS), NumberBox(1, MOST_TOKENS)
        self.presets = {preset: Button(preset.capitalize(), kind="preset") for preset, *_ in PRESETS}
        self.sweep = SweepLine()
        self.tests, self.gen, self.training = Checklist(), GenOptions(), TrainingOptions()
        self.tests.put_below("gen", self.gen)
        self.tests.put_below("train", self.training)
        third = {"quick": f"±3{NBSP}%", "standard": f"±1{NBSP}%", "rigorous": f"±0.5{NBSP}%"}
        self.accuracy = Segments({"quick": self.tr("Quick"), "standard": self.tr("Standard"),
                                  "rigorous": self.tr("Rigorous")}, self.tr("Accuracy"), third)
        self.fields = {
            "model": Field(self.tr("Model"), self._model_pickers()),
            "device": Field(self.tr("Device"), self.device), "dtype": Field(self.tr("Precision"), self.dtype),
            "batch": Field(self.tr("Batch size"), self.batch), "seq": Field(self.tr("Sequence length"), self.seq),
            "new": Field(self.tr("New tokens"), self.new),
        }
        self.fields["model"].label.hide()
        self._facts = PartsLabel("small", "text_2")
        self._workload_problem = Label("", "small", role="bad")
        self._workload_problem.setWordWrap(True)
        self._workload_problem.hide()

    def _model_pickers(self) -> QWidget:
        holder = QWidget()
        self.pickers = QStackedLayout(holder)
        on_disk = QWidget()
        row = QHBoxLayout(on_disk)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.folder, 1)
        row.addWidget(self.choose_folder)
        for picker, name in ((self.bundled, self.tr("Bundled model")), (self.architecture, self.tr("Architecture")),
                             (self.folder, self.tr("Model folder")), (self.cached, self.tr("Model in the Hub cache"))):
            picker.setAccessibleName(name)
            picker.setFont(theme().font())
        for widget in (self.bundled, self.architecture, on_disk, self.cached):
            self.pickers.addWidget(widget)
        return holder

    def _scrolled(self) -> QScrollArea:
        inner = QWidget()
        inner.setProperty("kind", "scrolled")
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(12, 8, 12, 6)
        layout.setSpacing(0)
        layout.addLayout(self._model_head())
        layout.addSpacing(3)
        layout.addWidget(self.source)
        layout.addSpacing(6)
        layout.addWidget(self.fields["model"])
        layout.addSpacing(3)
        layout.addWidget(self._facts)
        layout.addSpacing(6)
        layout.addWidget(self.fields["device"])
        layout.addSpacing(6)
        layout.addLayout(self._numbers())
        layout.addSpacing(6)
        layout.addWidget(self.sweep)
        workloads = QHBoxLayout()
        workloads.addWidget(Label(self.tr("Workloads"), "small", role="text_2"))
        workloads.addStretch(1)
        workloads.addWidget(self.sweep.ask)
        layout.addLayout(workloads)
        layout.addSpacing(3)
        layout.addLayout(self._preset_grid())
        layout.addSpacing(3)
        layout.addWidget(self.tests)
        layout.addWidget(self._workload_problem)
        layout.addSpacing(6)
        layout.addWidget(Label(self.tr("Accuracy, {0} confidence").format(f"95{NBSP}%"), "small", role="text_2"))
        layout.addSpacing(3)
        layout.addWidget(self.accuracy)
        layout.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidget(inner)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return self._area

    def _model_head(self) -> QHBoxLayout:
        self._lock = QWidget()
        row = QHBoxLayout(self._lock)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        row.addWidget(Icon("lock", 13, "text_3"))
        row.addWidget(Label(self.tr("Locked during a run"), "small", role="text_3"))
        self._lock.hide()
        head = QHBoxLayout()
        head.addWidget(Label(self.tr("Model"), "small", role="text_2"))
        head.addStretch(1)
        head.addWidget(self._lock)
        return head

    def _numbers(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        top = Qt.AlignmentFlag.AlignTop
        for i, name in enumerate(("dtype", "batch", "seq", "new")):
            grid.addWidget(self.fields[name], i // 2, i % 2, top)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        return grid

    def _preset_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(6)
        for preset, row, column in PRESETS:
            button = self.presets[preset]
            button.setCheckable(True)
            button.setObjectName(preset)
            grid.addWidget(button, row, column, 1, 2 if row == 0 else 3)
        for column in range(6):
            grid.setColumnStretch(column, 1)
        return grid

    def _connect(self) -> None:
        self.source.chosen.connect(self._on_source)
        self.architecture.activated.connect(self._on_picked)
        self.folder.activated.connect(self._on_picked)
        self.cached.activated.connect(self._on_picked)
        self.device.activated.connect(self._on_picked)
        self.dtype.activated.connect(self._on_picked)
        for box in (self.batch, self.seq, self.new):
            box.valueChanged.connect(self._on_number)
        for button in self.presets.values():
            button.clicked.connect(self._on_preset)
        self.tests.toggled.connect(self._on_ticked)
        self.gen.changed.connect(self._on_options)
        self.training.changed.connect(self._on_options)
        self.sweep.asked.connect(self.sweep_asked)
        self.sweep.cleared.connect(self._on_no_sweep)
        self.accuracy.chosen.connect(self._on_accuracy)
        self.choose_folder.clicked.connect(self._on_choose_folder)

    def take(self, choices: Choices) -> None:
        """Take choices as if the person had made them."""
        if choices != self._choices:
            self.show_choices(choices)
            self.changed.emit()

    def take_folder(self, folder: str) -> None:
        """Take a folder as the model."""
        self.take(replace(self._choices, source="disk", folder=folder))

    def _on_source(self, source: str) -> None:
        self.take(replace(self._choices, source=cast(Source, source),
                          cached=self._choices.cached or str(self.cached.itemData(0) or "")))

    def _on_picked(self) -> None:
        self.take(replace(
            self._choices, architecture=self.architecture.taken() or self._choices.architecture,
            folder=self.folder.taken() or self._choices.folder, cached=self.cached.taken() or self._choices.cached,
            device=self.device.taken() or "auto",
            dtype=cast(Dtype, self.dtype.taken() or "auto")))

    def _on_number(self) -> None:
        self.take(replace(self._choices, batch=self.batch.value(), seq=self.seq.value(), new=self.new.value()))

    def _on_preset(self) -> None:
        preset = cast(Preset, self.sender().objectName())
        self.take(self._choices.with_preset(preset))
        self.show_choices(self._choices)

    def _on_ticked(self, kind: str, ticked: bool) -> None:
        self.take(self._choices.tick(KINDS[kind], ticked))

    def _on_options(self) -> None:
        scenario = self.gen.scenario.taken()
        self.take(self._choices.with_options(
            optimizer=self.training.optimizer.value(), checkpointing=self.training.checkpointing.value() == "on",
            scenario=None if scenario == FREE else scenario))

    def _on_no_sweep(self) -> None:
        self.take(replace(self._choices, sweep=()))
        self.sweep.ask.setFocus()

    def _on_accuracy(self, accuracy: str) -> None:
        self.take(replace(self._choices, accuracy=cast(Accuracy, accuracy)))

    def _on_choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Choose a model folder"), self._choices.folder)
        if folder:
            self.take_folder(folder)
