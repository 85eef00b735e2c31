"""What a person changes of the stored runs: their names, tags and notes, deleting, and bringing back."""

from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal

from llmscope.core.errors import BadInput
from llmscope.gui.history_table import HistoryTable
from llmscope.gui.history_undo import UndoLine
from llmscope.runs import references
from llmscope.runs.entry import Entry
from llmscope.runs.marks import Marks, write_marks


class HistoryChanges(QObject):
    """`changed` carries the run to be at when the folders were looked at again, `marked` one that has another name.

    `said` carries a line to tell.

    The table shows a change at once; the folders are the truth.
    """

    changed = Signal(str)
    marked = Signal(str)
    said = Signal(str)

    def __init__(self, runs: Path, table: HistoryTable, undo: UndoLine) -> None:
        super().__init__(table)
        self._runs, self._table, self._undo = runs, table, undo
        undo.said.connect(self.said)
        undo.brought_back.connect(self.changed)

    def may_name(self, entry: Entry) -> bool:
        """Return whether a run may be named; says so where it may not."""
        if entry.is_reference:
            self.said.emit(self.tr("A run that comes with llmscope keeps its name."))
        return not entry.is_reference

    def mark(self, run: str, marks: Marks) -> None:
        """Keep name, tags and note of a run."""
        model = self._table.runs
        entry = next((entry for entry in model.entries if entry.id == run), None)
        try:
            write_marks(references.find_own(self._runs, run), marks)
        except BadInput as error:
            self.said.emit(str(error))
            return
        self.marked.emit(run)
        current = self._table.current()
        if entry is not None:
            model.put(msgspec.structs.replace(entry, marks=marks))
        self.changed.emit(current.id if current is not None else "")

    def delete(self) -> None:
        """Delete the selected runs, which can be undone for some seconds."""
        unwanted = self._table.selected()
        if not unwanted:
            return
        row = self._table.runs.row_of(unwanted[0].id)
        self._table.runs.remove(self._undo.put_away(unwanted))
        self._table.go_near(row)
        self.changed.emit("")
