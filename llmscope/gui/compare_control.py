"""Makes the Compare page when it is first asked for, and reads the runs that it shows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from llmscope import paths
from llmscope.analysis.compare import LEAST_RUNS, MOST_RUNS
from llmscope.core.errors import BadInput

if TYPE_CHECKING:
    from llmscope.gui.compare_thread import CompareThread
    from llmscope.gui.pages.compare_page import ComparePage
    from llmscope.runs.compare import Compared


class CompareControl(QObject):
    """Keeps which runs are compared, and which of them is the baseline.

    `history_asked` says that History is wanted, `said` carries a line to tell, `changed` that others are compared now.
    """

    history_asked = Signal()
    race_asked = Signal(object, object)
    said = Signal(str)
    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.page: ComparePage | None = None
        self.ids: list[str] = []
        self._baseline = ""
        self._thread: CompareThread | None = None
        self._again = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being read."""
        return self._thread is None

    def make_page(self) -> "ComparePage":
        """Return the page."""
        if self.page is None:
            from llmscope.gui.pages.compare_page import ComparePage  # not before the window's first paint

            self.page = ComparePage(paths.runs_folder())
            self.page.history_asked.connect(self.history_asked)
            self.page.added.connect(self._on_added)
            self.page.unwanted.connect(self._on_unwanted)
            self.page.baseline_asked.connect(self._on_baseline)
            self.page.race_asked.connect(self.race_asked)
            self.page.said.connect(self.said)
        return self.page

    def show_runs(self, ids: Sequence[str]) -> None:
        """Compare these runs, in their order; the first is the baseline."""
        self.ids, self._baseline = list(dict.fromkeys(ids))[:MOST_RUNS], ""
        self._refresh()

    def read_again(self, run: str) -> None:
        """Take that something is said of a run in another way than before."""
        if run in self.ids:
            self._refresh()

    def close(self) -> None:
        """End reading; returns when it is over."""
        if self._thread is not None:
            self._thread.wait()

    def _refresh(self) -> None:
        """Read the runs and show them; with fewer than two there is nothing to compare."""
        self.make_page().show_picked(self.ids)
        self.changed.emit()
        if self._thread is not None:
            self._again = True
        elif len(self.ids) >= LEAST_RUNS:
            self._start()

    def _start(self) -> None:
        from llmscope.gui.compare_thread import CompareThread

        baseline = self.ids.index(self._baseline) if self._baseline in self.ids else 0
        self._thread = CompareThread(paths.runs_folder(), self.ids, baseline, self)
        self._thread.compared.connect(self._on_compared, Qt.ConnectionType.QueuedConnection)
        self._thread.refused.connect(self._on_refused, Qt.ConnectionType.QueuedConnection)
        self._thread.finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)
        self._thread.start()

    def _on_compared(self, compared: "Compared") -> None:
        if self.page is not None and [side.run for side in compared.comparison.sides] == self.ids:
            self.page.show_compared(compared)
            self.changed.emit()

    def _on_refused(self, why: str) -> None:
        """Say why, and go on with the runs that are still there; where others are wanted by now, with those."""
        if self._again:
            return
        self.said.emit(why)
        left = list(filter(_is_there, self.ids))
        self._again = LEAST_RUNS <= len(left) < len(self.ids)
        self.ids = left
        if self.page is not None:
            self.page.show_picked(left, why)
            self.changed.emit()

    def _on_finished(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.wait()
            thread.deleteLater()
        if self._again:
            self._again = False
            self._refresh()

    def _on_added(self, run: str) -> None:
        if run not in self.ids and len(self.ids) < MOST_RUNS:
            self.ids.append(run)
            self._refresh()

    def _on_unwanted(self, place: int) -> None:
        if (run := self._shown(place)) in self.ids:
            self.ids.remove(run)
            self._refresh()

    def _on_baseline(self, place: int) -> None:
        self._baseline = self._shown(place)
        self._refresh()

    def _shown(self, place: int) -> str:
        """Return the run at a place of the page, which shows those before until the runs wanted now are read."""
        return self.make_page().shown_ids[place]


def _is_there(run: str) -> bool:
    from llmscope.runs import references  # not before the window's first paint

    try:
        references.find(paths.runs_folder(), run)
    except BadInput:
        return False
    return True
