"""Predicted against measured, read anew whenever it comes into view: there may be new runs."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from llmscope import paths
from llmscope.analysis.references import Compared
from llmscope.gui.held_table import HeldTable
from llmscope.gui.held_thread import HeldThread


class HeldView(QWidget):
    """`found` says that it was read, `refused` carries why it cannot be."""

    found = Signal()
    refused = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.table = HeldTable()
        self._thread: HeldThread | None = None
        self._again = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table)

    def read(self) -> None:
        """Read what was measured; where that goes on, once more after it: a run may have come meanwhile."""
        if self._thread is not None:
            self._again = True
            return
        self._thread = HeldThread(paths.runs_folder(), self)
        self._thread.found.connect(self._on_found, Qt.ConnectionType.QueuedConnection)
        self._thread.refused.connect(self.refused, Qt.ConnectionType.QueuedConnection)
        self._thread.finished.connect(self._on_over, Qt.ConnectionType.QueuedConnection)
        self._thread.start()

    def count(self) -> str:
        """Return how many speeds were predicted rightly; nothing before they are read."""
        held = self.table.rows.held
        inside = sum(one.place == "inside" for one in held)
        return self.tr("{0} of {1} inside what is predicted").format(inside, len(held)) if held else ""

    def close_threads(self) -> None:
        """End what still reads; returns when it is over."""
        self._again = False
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.wait()
            thread.deleteLater()

    def _on_over(self) -> None:
        again = self._again
        self.close_threads()
        if again:
            self.read()

    def _on_found(self, held: Sequence[Compared]) -> None:
        if held != self.table.rows.held:
            self.table.rows.show_held(held)
        self.found.emit()
