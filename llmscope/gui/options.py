"""Settings of single kinds of tests, below the test they belong to: the request of gen, and how training goes."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from llmscope.core.scenarios import SCENARIOS
from llmscope.gui import words
from llmscope.gui.choices import Choices
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Label, repolish
from llmscope.gui.widgets.field import Picker
from llmscope.gui.widgets.segments import Segments

#: How far the rows stand in: where the words of the check boxes begin.
INDENT_PX = 22
#: Key of a request whose lengths the person sets.
FREE = "free"


class GenOptions(QWidget):
    """The shape of a request: free, or one of the scenarios."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.scenario = Picker()
        self.scenario.setAccessibleName(self.tr("Request of gen"))
        self.scenario.setFont(theme().font("small"))
        self.scenario.setStyleSheet(
            "QComboBox { min-height: 22px; padding: 0 0 0 6px; } QComboBox::drop-down { width: 20px; }"
            "QComboBox:focus { min-height: 20px; padding: 0 0 0 5px; }")
        self.scenario.activated.connect(self.changed)
        self._row = _Row(self.tr("Request"), self.scenario, self.tr(
            "Assistant, Translation and Question fix the words, the lengths and the sampling of gen"), share=0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._row)

    def show_choices(self, choices: Choices) -> None:
        """Show the choice while gen is among the tests; a free request has the lengths that are set."""
        shapes = {FREE: (choices.seq, choices.new)} | {name: (shape.seq, shape.new)
                                                       for name, shape in SCENARIOS.items()}
        names = words.scenario_names() | {FREE: self.tr("Free")}
        offered = {key: f"{names[key]} {seq}+{new}" for key, (seq, new) in shapes.items()}
        if not {"seq", "new"}.isdisjoint(dict(choices.sweep)):
            offered[FREE] = self.tr("Free, lengths swept")  # there is no single one to tell
        self.scenario.offer(offered, choices.scenario or FREE)
        self.scenario.setToolTip(self.tr("{0}: tokens of the prompt + new tokens").format(self.scenario.currentText()))
        self.setVisible("scenario" in choices.used)

    def set_locked(self, locked: bool) -> None:
        """Show the choice flat during a run."""
        self._row.label.set_role("text_3" if locked else "text_2")
        self.scenario.setEnabled(not locked)
        self.scenario.setProperty("locked", locked)
        repolish(self.scenario)


class TrainingOptions(QWidget):
    """Optimizer and activation checkpointing, each shown while a chosen test uses it."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.optimizer = Segments({"adamw": "AdamW", "sgd": "SGD"}, self.tr("Optimizer"), height=24)
        self.checkpointing = Segments({"off": self.tr("off"), "on": self.tr("on")},
                                      self.tr("Activation checkpointing"), height=24)
        self._rows = {
            "optimizer": _Row(self.tr("Optimizer"), self.optimizer, self.tr(
                "AdamW keeps two numbers for each weight, SGD with momentum one")),
            "checkpointing": _Row(self.tr("Checkpointing"), self.checkpointing, self.tr(
                "Activation checkpointing: activations are computed again in the backward pass instead of being kept; "
                "less memory, more time")),
        }
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for row, segments in zip(self._rows.values(), (self.optimizer, self.checkpointing), strict=True):
            segments.chosen.connect(self.changed)
            layout.addWidget(row)

    def show_choices(self, choices: Choices) -> None:
        """Show the choices that the chosen tests use."""
        self.optimizer.set_value(choices.optimizer)
        self.checkpointing.set_value("on" if choices.checkpointing else "off")
        for name, row in self._rows.items():
            row.setVisible(name in choices.used)
        self.setHidden(choices.used.isdisjoint(self._rows))

    def set_locked(self, locked: bool) -> None:
        """Show the choices flat during a run."""
        for row in self._rows.values():
            row.label.set_role("text_3" if locked else "text_2")
        self.optimizer.set_locked(locked)
        self.checkpointing.set_locked(locked)


class _Row(QWidget):
    def __init__(self, name: str, control: QWidget, tip: str, share: int = 1) -> None:
        super().__init__()
        self.label = Label(name, "small", role="text_2")
        self.label.setBuddy(control)
        self.setToolTip(tip)
        control.setFixedHeight(theme().px("height", "control_small"))
        self.setFixedHeight(theme().px("height", "control_small") + 3)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(INDENT_PX, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.label, share, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(control, 1, Qt.AlignmentFlag.AlignVCenter)
