"""The button of History that compares the selected runs."""

from llmscope.analysis.compare import LEAST_RUNS, MOST_RUNS
from llmscope.gui.widgets.basic import Button


class CompareButton(Button):
    """Says how many runs it would compare, and how to select them; Ctrl+D presses it."""

    def __init__(self) -> None:
        super().__init__(self.tr("Compare"), "compare")
        self.setShortcut("Ctrl+D")
        self.show_count(0)

    def show_count(self, count: int) -> None:
        """Take how many runs are selected that can be compared; one alone waits for another on the Compare page."""
        self.setText(self.tr("Compare") if count < LEAST_RUNS else self.tr("Compare {0}").format(count))
        self.setShortcut("Ctrl+D")  # a new text takes it away
        self.setAccessibleName(self.text())
        self.setEnabled(1 <= count <= MOST_RUNS)
        self.setToolTip(self.tr("At most four runs can be compared") if count > MOST_RUNS else self.tr(
            "Select two to four runs with Ctrl or Shift and a click (Ctrl+D)"))
