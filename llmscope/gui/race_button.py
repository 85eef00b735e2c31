"""The button of History that races the two selected runs."""

from collections.abc import Sequence

from llmscope.gui.widgets.basic import Button
from llmscope.runs.entry import Entry


class RaceButton(Button):
    """Stands there while two runs are selected, and says what one of them lacks for a race."""

    def __init__(self) -> None:
        super().__init__(self.tr("Race these two runs"), "race")
        self.hide()

    def show_runs(self, selected: Sequence[Entry]) -> None:
        """Take which runs are selected."""
        without = next((entry for entry in selected if not _has_text(entry)), None)
        self.setVisible(len(selected) == 2)
        self.setEnabled(without is None)
        self.setToolTip(self.tr("Their text beside each other, at the pace at which it came") if without is None else
                        self.tr("Run {0} holds no text: a race needs two runs of the test gen").format(without.id))


def _has_text(entry: Entry) -> bool:
    return entry.can_open and any(brief.test.startswith("gen") for brief in entry.tests)
