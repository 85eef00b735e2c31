"""What History reads off the window's thread: the list of runs, and one run to be shown again."""

from pathlib import Path
from threading import Event

from PySide6.QtCore import QObject, QThread, Signal

from llmscope.core.errors import BadInput
from llmscope.gui.models.history_filter import choices
from llmscope.gui.models.history_trends import trends
from llmscope.gui.replay import Cancelled, replay
from llmscope.runs import folders
from llmscope.runs.entry import Entry
from llmscope.runs.index import Index
from llmscope.runs.references import beside

#: After this the rest is read, whether the list is drawn or not.
_LONGEST_S = 1.0


class ListThread(QThread):
    """Emits `listed` with the runs as the folders tell; before that, `at_once`, with what the index holds."""

    #: The entries, and one line on why the index is not kept, or nothing.
    listed = Signal(object, str)
    #: The values of all runs by what must be the same for them to be compared, and what there is to choose among.
    compared = Signal(object, object)
    #: How many of how many changed runs are read.
    reading = Signal(int, int)

    def __init__(self, runs: Path, at_once: bool, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("history")
        self._runs, self._at_once = runs, at_once
        self._drawn = Event()

    def go_on(self) -> None:
        """Say that the list is drawn: until then the window's thread has the interpreter for itself."""
        self._drawn.set()

    def run(self) -> None:
        index = Index(self._runs)
        try:
            known = beside(index.entries()) if self._at_once else []
            if known:
                self._list(known, index.note)
            if index.refresh(self._on_progress) or index.note or not known:
                self._list(beside(index.entries()), index.note)
            folders.sweep(self._runs)
        finally:
            index.close()

    def _list(self, entries: list[Entry], note: str) -> None:
        self.listed.emit(entries, note)
        self._drawn.wait(_LONGEST_S)
        self.compared.emit(trends(entries), choices(entries))

    def _on_progress(self, done: int, of: int) -> bool:
        self.reading.emit(done, of)
        return not self.isInterruptionRequested()


class OpenThread(QThread):
    """Reads a run: `opened` carries what `replay` made of it, `refused` the reason why it cannot be shown."""

    opened = Signal(object)
    refused = Signal(str)

    def __init__(self, folder: Path, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("open a run")
        self.folder = folder

    def run(self) -> None:
        try:
            self.opened.emit(replay(self.folder, self.isInterruptionRequested))
        except Cancelled:
            pass
        except BadInput as error:
            self.refused.emit(str(error) if self.folder.is_dir() else self.tr("This run is no longer there."))
