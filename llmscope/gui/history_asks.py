"""What History asks of the other pages: to open a run, go on with it, compare some, or race two."""

from operator import attrgetter
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from llmscope.gui.history_table import HistoryTable
from llmscope.runs import references
from llmscope.runs.entry import Entry


class HistoryAsks(QObject):
    """`open_asked` and `go_on_asked` carry a folder, `compare_asked` ids, `race_asked` two folders, `said` a line.

    `goes_on` says that a run goes on: its page is not given away.
    """

    open_asked = Signal(object)
    go_on_asked = Signal(object)
    compare_asked = Signal(object)
    race_asked = Signal(object, object)
    said = Signal(str)

    def __init__(self, runs: Path, table: HistoryTable) -> None:
        super().__init__(table)
        self._runs, self._table, self.goes_on = runs, table, False

    def why_not(self, entry: Entry) -> str:
        """Return why a run cannot be opened, mostly nothing."""
        if entry.status == "running":
            return self.tr("This run goes on.")
        if self.goes_on:
            return self.tr("A run goes on. This one can be opened when it is over.")
        if entry.status == "newer":
            return self.tr("A newer llmscope wrote this run: update to open it.")
        return "" if entry.can_open else self.tr("This run cannot be read: {0}").format(entry.reason)

    def open(self) -> None:
        """Have the current run opened, or say why it cannot be."""
        entry = self._table.current()
        if entry is None:
            return
        if why_not := self.why_not(entry):
            self.said.emit(why_not)
        else:
            self.open_asked.emit(references.folder_of(self._runs, entry))

    def go_on(self) -> None:
        """Have the current run opened and gone on with."""
        entry = self._table.current()
        if entry is not None and not self.why_not(entry):
            self.go_on_asked.emit(references.folder_of(self._runs, entry))

    def race(self) -> None:
        """Have the two selected runs raced, the older one as A."""
        by_time = sorted(self._table.selected(), key=attrgetter("at_s"))
        a, b = (references.folder_of(self._runs, entry) for entry in by_time)
        self.race_asked.emit(a, b)

    def compare(self) -> None:
        """Have the selected runs compared, the oldest as the baseline."""
        chosen = [entry for entry in self._table.selected() if entry.can_open]
        self.compare_asked.emit([entry.id for entry in sorted(chosen, key=attrgetter("at_s"))])
