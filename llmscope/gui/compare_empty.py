"""What the Compare page shows while fewer than two runs are picked, and of runs that share no test."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from llmscope.analysis.compare import Comparison
from llmscope.gui import compare_look as look
from llmscope.gui.widgets.basic import Button, Label


class NothingToCompare(QWidget):
    """Says what to do, with a button to History and one that picks a run here."""

    def __init__(self) -> None:
        super().__init__()
        self._title, self._text = Label("", "title", 600), Label("", "body", role="text_2")
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.history = Button(self.tr("Go to History"), "history")
        self.add = Button(self.tr("Add a run"), "plus")
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addStretch(2)
        layout.addWidget(self._title, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._text)
        layout.addWidget(self.history, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self.add, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def show_apart(self, found: Comparison) -> None:
        """Say what each run has, none of which another has too, and what would help."""
        self._title.setText(self.tr("Each run has tests of its own"))
        self._text.setText("\n".join((
            *(look.has(found, place) for place in range(len(found.sides))), "",
            self.tr("Measure a test of one run with the settings of another, or pick a run that shares a test."))))

    def show_why(self, ids: Sequence[str], why: str) -> None:
        """Say what is missing: `ids` are the runs picked so far, `why` says why they cannot be compared."""
        if why:
            self._title.setText(self.tr("These runs cannot be compared"))
            self._text.setText(why)
        elif ids:
            self._title.setText(self.tr("Pick another run"))
            self._text.setText(self.tr("Run {0} is picked. Two to four runs stand side by side.").format(ids[0]))
        else:
            self._title.setText(self.tr("Pick two runs in History"))
            self._text.setText(self.tr("Select two to four runs there and press Compare (Ctrl+D): CPU or GPU, plugged "
                                       "in or on battery, before and after."))
