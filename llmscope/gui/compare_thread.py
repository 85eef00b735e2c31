"""What the Compare page reads off the window's thread: the runs it compares, and the list of runs to choose from."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from llmscope.core.errors import BadInput
from llmscope.runs import references
from llmscope.runs.compare import compare_stored
from llmscope.runs.index import Index


class CompareThread(QThread):
    """Reads runs: `compared` carries what came of it, `refused` why they cannot be compared."""

    compared = Signal(object)
    refused = Signal(str)

    def __init__(self, runs: Path, ids: Sequence[str], baseline: int, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("compare")
        self._runs, self._ids, self._baseline = runs, list(ids), baseline

    def run(self) -> None:
        try:
            self.compared.emit(compare_stored(self._runs, self._ids, self._baseline))
        except BadInput as error:
            self.refused.emit(str(error))


class RunsThread(QThread):
    """Reads the index: `listed` carries the entries of all runs, the latest first; an interruption ends it soon."""

    listed = Signal(object)

    def __init__(self, runs: Path, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("runs to compare")
        self._runs = runs

    def run(self) -> None:
        index = Index(self._runs)
        try:
            index.refresh(lambda done, of: not self.isInterruptionRequested())
            self.listed.emit(references.beside(index.entries()))
        finally:
            index.close()
