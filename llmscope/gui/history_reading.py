"""Reads the list of runs for History, as often as it is asked to, one reading at a time."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal

from llmscope.gui.history_thread import ListThread
from llmscope.gui.models.history_filter import Choices
from llmscope.gui.models.history_trends import Trends
from llmscope.runs.entry import Entry

#: Comes after all that waits to be laid out and painted, which waits at Qt's low priority.
_DRAWN, _AFTER_PAINTING = QEvent.Type(QEvent.registerEventType()), Qt.EventPriority.LowEventPriority.value - 1


class HistoryReading(QObject):
    """`listed` carries the runs and a line of warning, `compared` their series and what there is to choose among.

    `reading` carries how many of how many changed runs are read, `ended` says that all is.
    """

    listed = Signal(object, str)
    compared = Signal(object, object)
    reading = Signal(int, int)
    ended = Signal()

    def __init__(self, runs: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._runs = runs
        self._thread: ListThread | None = None
        self._again, self._has_listed = False, False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being read, nor to be read again."""
        return self._thread is None and not self._again

    def start(self) -> None:
        """Look at the folders; what the index knows comes first the first time."""
        if self._thread is not None:
            self._again = True
            return
        self._thread = ListThread(self._runs, not self._has_listed, self)
        self._thread.listed.connect(self._on_listed, Qt.ConnectionType.QueuedConnection)
        self._thread.compared.connect(self._on_compared, Qt.ConnectionType.QueuedConnection)
        self._thread.reading.connect(self.reading, Qt.ConnectionType.QueuedConnection)
        self._thread.finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)
        self._thread.start()

    def close(self) -> None:
        """End reading; returns when it is over."""
        self._again = False
        if self._thread is not None:
            self._thread.requestInterruption()
            self._thread.go_on()
            self._thread.wait()

    def event(self, event: QEvent) -> bool:
        """Let the thread have the interpreter once the list is drawn."""
        if event.type() == _DRAWN and self._thread is not None:
            self._thread.go_on()
        return super().event(event)

    def _on_listed(self, entries: list[Entry], note: str) -> None:
        if not (self._again and self._has_listed):  # else it looked before what was changed meanwhile
            self.listed.emit(entries, note)
            self._has_listed = True
        QCoreApplication.postEvent(self, QEvent(_DRAWN), _AFTER_PAINTING)

    def _on_compared(self, trends: Trends, choices: Choices) -> None:
        self.compared.emit(trends, choices)

    def _on_finished(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.wait()
            thread.deleteLater()
        self.ended.emit()
        if self._again:
            self._again = False
            self.start()
