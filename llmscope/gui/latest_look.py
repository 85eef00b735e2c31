"""Works out off the window's thread what was asked for last."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QThread, Signal

from llmscope.gui.look_thread import LookThread


class LatestLook(QObject):
    """`found` carries what the last look returned; of those asked for while one goes on only the last is begun."""

    found = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thread: LookThread | None = None
        self._next: Callable[[], object] | None = None
        self._is_stale = False

    def ask(self, look: Callable[[], object]) -> None:
        """Have something looked at, in place of what was asked for before."""
        if self._thread is not None:
            self._next = look
            return
        self._thread = LookThread(look, self)
        self._thread.found.connect(self._on_found, Qt.ConnectionType.QueuedConnection)
        self._thread.finished.connect(self._on_over, Qt.ConnectionType.QueuedConnection)
        self._thread.start(QThread.Priority.LowPriority)

    def drop(self) -> None:
        """Want nothing more of what was asked for."""
        self._next, self._is_stale = None, self._thread is not None

    def close(self) -> None:
        """End looking; returns when it is over."""
        self.drop()
        if self._thread is not None:
            self._thread.wait()

    def _on_found(self, found: object) -> None:
        if self._next is None and not self._is_stale:
            self.found.emit(found)

    def _on_over(self) -> None:
        """Go on with what was asked for meanwhile, also where a look failed."""
        if self._thread is not None:
            self._thread.wait()
            self._thread.deleteLater()
        then, self._thread, self._next, self._is_stale = self._next, None, None, False
        if then is not None:
            self.ask(then)
