"""Reads stored runs and holds predictions against them, off the window's thread."""

from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from llmscope.core.errors import BadInput
from llmscope.runs.comparisons import comparisons


class HeldThread(QThread):
    """`found` carries what was measured on hardware of the list, `refused` why that cannot be told."""

    found = Signal(object)
    refused = Signal(str)

    def __init__(self, runs: Path, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("predicted against measured")
        self._runs = runs

    def run(self) -> None:
        """Read; Qt calls it on the new thread."""
        try:
            self.found.emit(comparisons(self._runs))
        except BadInput as error:
            self.refused.emit(str(error))
