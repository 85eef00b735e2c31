"""Makes the History page when it is first asked for, and reads the runs that it wants to be shown again."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from llmscope import paths
from llmscope.gui.replay import Replayed
from llmscope.gui.settings import Settings

if TYPE_CHECKING:
    from llmscope.gui.history_thread import OpenThread
    from llmscope.gui.pages.history_page import HistoryPage


class HistoryControl(QObject):
    """`opened` carries a run to be shown on the Run page, `go_on_asked` follows it where it is to go on.

    `run_asked` says that the Run page is wanted, `said` is a line. `compare_asked` carries the ids of runs to be
    compared, `race_asked` the folders of two runs, `marked` the id of a run that was named or tagged.
    """

    opened = Signal(object)
    go_on_asked = Signal()
    run_asked = Signal()
    compare_asked = Signal(object)
    race_asked = Signal(object, object)
    marked = Signal(str)
    said = Signal(str)

    def __init__(self, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._settings = settings
        self._opening: OpenThread | None = None
        self._goes_on = False
        self._next: tuple[Path, bool] | None = None
        self.page: HistoryPage | None = None

    def make_page(self, stack: QWidget | None = None) -> "HistoryPage":
        """Return the page; made within the stack that it goes into, as all of it is styled anew where that changes."""
        if self.page is None:
            from llmscope.gui.pages.history_page import HistoryPage  # not before the window's first paint

            self.page = HistoryPage(paths.runs_folder(), self._settings, stack)
            self.page.run_asked.connect(self.run_asked)
            self.page.open_asked.connect(self.open)
            self.page.race_asked.connect(self.race_asked)
            self.page.go_on_asked.connect(self._on_go_on)
            self.page.marked.connect(self.marked)
            self.page.said.connect(self.said)
            self.page.compare_asked.connect(self.compare_asked)
        return self.page

    def close(self) -> None:
        """End the thread that reads a stored run; returns when it is over."""
        self._next = None
        if self._opening is not None:
            self._opening.requestInterruption()
            self._opening.wait()

    def _on_go_on(self, folder: Path) -> None:
        self.open(folder, goes_on=True)

    def open(self, folder: Path, goes_on: bool = False) -> None:
        """Read a stored run, to be shown on the Run page and gone on with; in place of one asked for before."""
        from llmscope.gui.history_thread import OpenThread

        if self._opening is not None:  # it may have told its run already, and only not ended yet
            self._next = (folder, goes_on)
            self._opening.requestInterruption()
            return
        self.said.emit(self.tr("Opening run {0}").format(folder.name))
        self._goes_on = goes_on
        self._opening = OpenThread(folder, self)
        self._opening.opened.connect(self._on_opened, Qt.ConnectionType.QueuedConnection)
        self._opening.refused.connect(self._on_refused, Qt.ConnectionType.QueuedConnection)
        self._opening.finished.connect(self._on_read, Qt.ConnectionType.QueuedConnection)
        self._opening.start()

    def _on_opened(self, replayed: Replayed) -> None:
        if self._next is not None:
            return
        self.said.emit(replayed.stored.warnings[0] if replayed.stored.warnings else "")
        self.opened.emit(replayed)
        if self._goes_on:
            self.go_on_asked.emit()

    def _on_refused(self, why: str) -> None:
        if self._next is None:
            self.said.emit(why)
        if self.page is not None:
            self.page.refresh()

    def _on_read(self) -> None:
        """Go on with the run that was asked for meanwhile."""
        if self._opening is not None:
            self._opening.wait()
            self._opening.deleteLater()
        then, self._opening, self._next = self._next, None, None
        if then is not None:
            self.open(*then)
