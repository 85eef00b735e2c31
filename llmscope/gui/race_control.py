"""Makes the Race page when it is first asked for, and reads the two runs that it shows."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QThread, Signal

from llmscope.core.errors import BadInput
from llmscope.gui.replay import Cancelled

if TYPE_CHECKING:
    from llmscope.gui.pages.race_page import RacePage
    from llmscope.gui.race import Race


class RaceControl(QObject):
    """`shown` says that a race is ready to be looked at, `back_asked` that the page before is wanted, `said` a line.

    `present_asked` says whether the window is to be nothing but the race.
    """

    shown = Signal()
    back_asked = Signal()
    present_asked = Signal(bool)
    said = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.page: RacePage | None = None
        self._thread: RaceThread | None = None
        self._next: tuple[Path, Path] | None = None

    def make_page(self) -> "RacePage":
        """Return the page."""
        if self.page is None:
            from llmscope.gui.pages.race_page import RacePage  # not before the window's first paint

            self.page = RacePage()
            self.page.back_asked.connect(self.back_asked)
            self.page.present_asked.connect(self.present_asked)
        return self.page

    def open(self, a: Path, b: Path) -> None:
        """Read two runs, and show their race or say why there is none; in place of those asked for before."""
        if self._thread is not None:  # it may have told its race already, and only not ended yet
            self._next = (a, b)
            self._thread.requestInterruption()
            return
        self.said.emit(self.tr("Reading runs {0} and {1}").format(a.name, b.name))
        self._thread = RaceThread(a, b, self)
        self._thread.read.connect(self._on_read, Qt.ConnectionType.QueuedConnection)
        self._thread.refused.connect(self._on_refused, Qt.ConnectionType.QueuedConnection)
        self._thread.finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)
        self._thread.start()

    def close(self) -> None:
        """End reading; returns when it is over."""
        self._next = None
        if self._thread is not None:
            self._thread.requestInterruption()
            self._thread.wait()

    def _on_read(self, race: "Race") -> None:
        if self._next is None:
            self.said.emit("")
            self.make_page().show_race(race)
            self.shown.emit()

    def _on_refused(self, why: str) -> None:
        if self._next is None:
            self.said.emit(why)

    def _on_finished(self) -> None:
        """Go on with the runs that were asked for meanwhile."""
        if self._thread is not None:
            self._thread.wait()
            self._thread.deleteLater()
        then, self._thread, self._next = self._next, None, None
        if then is not None:
            self.open(*then)


class RaceThread(QThread):
    """Reads two runs: `read` carries their race, `refused` the reason why there is none."""

    read = Signal(object)
    refused = Signal(str)

    def __init__(self, a: Path, b: Path, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("race")
        self._folders = (a, b)

    def run(self) -> None:
        from llmscope.gui.race import read_race  # not before the window's first paint

        try:
            self.read.emit(read_race(self._folders, self.isInterruptionRequested))
        except Cancelled:
            pass
        except BadInput as error:
            self.refused.emit(str(error))
