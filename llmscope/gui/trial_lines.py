"""The changes of a test that can be tried here, a line each: prediction, a button to measure it, and the outcome."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from llmscope.gui.trials import Trial
from llmscope.gui.widgets.basic import Button, Label

#: So many changes have room; more do not apply to any test.
MOST_TRIALS = 6


class TrialLines(QWidget):
    """`asked` carries the two tests to compare, `stop_asked` that the comparison under way is to end."""

    asked = Signal(object)
    stop_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.lines = [_TrialLine() for _ in range(MOST_TRIALS)]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.addWidget(Label(self.tr("To try here"), "small", 600), 0, 0)
        grid.addWidget(Label(self.tr("predicted"), "small", role="text_2"), 0, 1, Qt.AlignmentFlag.AlignRight)
        for number, line in enumerate(self.lines):
            for column, part in enumerate((line.words, line.predicted, line.button)):
                grid.addWidget(part, 2 * number + 1, column)
            grid.addWidget(line.outcome, 2 * number + 2, 0, 1, 3)
            line.button.clicked.connect(lambda _=False, line=line: self._on_clicked(line))

    @property
    def buttons(self) -> list[Button]:
        """The buttons from top to bottom."""
        return [line.button for line in self.lines]

    def show_trials(self, trials: Sequence[Trial]) -> None:
        """Show these changes."""
        for number, line in enumerate(self.lines):
            line.show_trial(trials[number] if number < len(trials) else None)
        self.setVisible(bool(trials))

    def show_progress(self, words: str) -> None:
        """Say how far the comparison under way is."""
        for line in self.lines:
            if line.trial is not None and line.trial.is_running and line.outcome.text() != words:
                line.outcome.setText(words)
                line.outcome.show()

    def _on_clicked(self, line: "_TrialLine") -> None:
        if line.trial is None:
            return
        if line.trial.is_running:
            self.stop_asked.emit()
        else:
            self.asked.emit(line.trial.pair)


class _TrialLine:
    def __init__(self) -> None:
        self.trial: Trial | None = None
        self.words, self.predicted = Label("", "small"), Label("", "small", 600)
        self.outcome, self.button = Label("", "small", 600), Button("", kind="quiet")
        self.words.setWordWrap(True)
        self.outcome.setWordWrap(True)
        self.outcome.setContentsMargins(0, 0, 0, 6)
        self.outcome.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.predicted.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def show_trial(self, trial: Trial | None) -> None:
        self.trial = trial
        for part in (self.words, self.predicted, self.button):
            part.setVisible(trial is not None)
        self.outcome.setVisible(trial is not None and bool(trial.outcome))
        if trial is None:
            return
        self.words.setText(trial.words)
        self.predicted.setText(trial.predicted)
        self.predicted.setToolTip(_tr("not predicted") if trial.predicted == "—" else "")
        self.outcome.setText(trial.outcome)
        self._show_button(trial)

    def _show_button(self, trial: Trial) -> None:
        name = _tr("Stop measuring {0}") if trial.is_running else _tr("Measure {0} against this setting")
        self.button.setText(_tr("Stop") if trial.is_running else _tr("Measure"))
        self.button.setAccessibleName(name.format(trial.words))
        self.button.setEnabled(trial.is_running or not trial.why_not)
        self.button.setToolTip("" if trial.is_running else trial.why_not)


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrialLines", text)
