"""Looks at something once, off the window's thread."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal


class LookThread(QThread):
    """`found` carries what `look` returned: the machine, say, as waking a GPU's driver can take a second."""

    found = Signal(object)

    def __init__(self, look: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._look = look

    def run(self) -> None:
        """Look; Qt calls it on the new thread."""
        self.found.emit(self._look())
