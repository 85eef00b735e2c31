"""Runs that were deleted a moment ago: out of every list, and brought back as long as nobody has let the time pass."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from llmscope.core.errors import BadInput
from llmscope.gui.widgets.basic import Button, Label
from llmscope.runs import folders, references
from llmscope.runs.entry import Entry

UNDO_MS = 10_000


class UndoLine(QWidget):
    """`said` carries why a run stays, `brought_back` the id of the first run that is there again."""

    said = Signal(str)
    brought_back = Signal(str)

    def __init__(self, runs: Path) -> None:
        super().__init__()
        self._runs = runs
        self._away: list[str] = []
        self._text, self.button = Label("", "small", role="text_2"), Button(self.tr("Undo"))
        self.button.setToolTip(self.tr("Bring the deleted runs back (Ctrl+Z)"))
        self.button.clicked.connect(self.undo)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(UNDO_MS)
        self._timer.timeout.connect(self.finish)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._text)
        row.addWidget(self.button)
        self.hide()

    def put_away(self, unwanted: Sequence[Entry]) -> set[str]:
        """Take runs out of every list; those of the seconds before come back with them. Returns what is gone."""
        for run in self._away:
            folders.stay_away(self._runs, run)
        gone = {entry.id for entry in unwanted if self._is_gone(entry)}
        if self._away:
            self._timer.start()
            self._show()
        return gone

    def undo(self) -> None:
        """Bring back what was deleted in the last seconds."""
        away, self._away = self._away, []
        self._end()
        back = []
        for run in away:
            try:
                folders.bring_back(self._runs, run)
                back.append(run)
            except BadInput as error:
                self.said.emit(str(error))
        if back:
            self.brought_back.emit(back[0])

    def finish(self) -> None:
        """Delete the files of what was put away."""
        for run in self._away:
            folders.remove(self._runs, run)
        self._away = []
        self._end()

    def _is_gone(self, entry: Entry) -> bool:
        """Put a run away; returns whether it is out of the list, by us or by somebody before us."""
        try:
            references.find_own(self._runs, entry.id)
            folders.put_away(self._runs, entry.id)
            self._away.append(entry.id)
        except folders.GoneRun:
            self.said.emit(self.tr("This run is no longer there."))
        except BadInput as error:
            self.said.emit(str(error))
            return False
        return True

    def _show(self) -> None:
        count = len(self._away)
        self._text.setText(self.tr("Run deleted") if count == 1 else self.tr("{0} runs deleted").format(f"{count:,}"))
        self.button.setAccessibleName(self.tr("Undo: {0}").format(self._text.text()))
        self.show()

    def _end(self) -> None:
        self._timer.stop()
        self.hide()
