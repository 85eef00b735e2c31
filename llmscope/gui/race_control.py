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

    def make_page(self) -> "RacePage":
        """Return the page."""
        if self.page is None:
            from llmscope.gui.pages.race_page import RacePage  # not before the window's first paint

            self.page = RacePage()
            self.page.back_asked.connect(self.back_asked)
            self.page.present_asked.connect(self.present_asked)
        return self.page

    def open(self, a: Path, b: Path) -> None:
        """Read two runs, and show their race or say why there is none."""
        if self._thread is not None:
            return
        self.said.emit(self.tr("Reading runs {0} and {1}").format(a.name, b.name))
        self._thread = RaceThread(a, b, self)
        self._thread.read.connect(self._on_read, Qt.ConnectionType.QueuedConnection)
        self._thread.refused.connect(self.said, Qt.ConnectionType.QueuedConnection)
        self._thread.finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)
        self._thread.start()

    def close(self) -> None:
        """End reading; returns when it is over."""
        if self._thread is not None:
            self._thread.requestInterruption()
            self._thread.wait()

    def _on_read(self, race: "Race") -> None:
        self.said.emit("")
        self.make_page().show_race(race)
        self.shown.emit()

    def _on_finished(self) -> None:
        if self._thread is not None:
            self._thread.wait()
            self._thread.deleteLater()
            self._thread = None


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
