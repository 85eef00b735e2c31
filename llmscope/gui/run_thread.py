"""The thread of the window's process that owns the supervisor, and with it every child process."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QThread

from llmscope.core.events import Event
from llmscope.core.spec import RunSpec
from llmscope.paths import runs_folder
from llmscope.runs.resume import Earlier
from llmscope.runs.supervisor import Supervisor


class RunThread(QThread):
    """Runs specs; `push` is called on this thread for every event and must only put it somewhere."""

    def __init__(self, push: Callable[[Event], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("supervisor")
        self._supervisor = Supervisor(push, runs_folder())

    def run(self) -> None:
        """Serve until closed; Qt calls it on the new thread."""
        self._supervisor.serve()

    def run_spec(self, spec: RunSpec, before: Earlier | None = None) -> None:
        """Order a run, or to go on with an earlier one."""
        self._supervisor.submit(spec, before)

    def cancel(self) -> None:
        """Order the run to stop."""
        self._supervisor.cancel()

    def close(self) -> None:
        """End every process, then the thread; returns when both are over."""
        if self.isRunning():
            self._supervisor.close()
            self.wait()
