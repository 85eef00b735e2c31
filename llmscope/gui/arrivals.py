"""Results of elsewhere that are dropped on the window: imported off its thread, one drop after another."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QThread, Signal

from llmscope import paths
from llmscope.core.errors import BadInput
from llmscope.gui.words import tr


class Arrivals(QObject):
    """`said` carries what came of a drop, in one line; `came` that there are runs to be listed."""

    said = Signal(str)
    came = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thread: _ImportThread | None = None

    def take(self, files: Sequence[Path], aside: str = "") -> None:
        """Import files, and say also what is to be said beside; while others are being imported, only say so."""
        if self._thread is not None:
            self.said.emit(tr("Others are being imported: drop these again when that is over."))
            return
        self._thread = _ImportThread(files, aside, self)
        self._thread.imported.connect(self._on_imported, Qt.ConnectionType.QueuedConnection)
        self._thread.finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)
        self._thread.start()

    def close(self) -> None:
        """End importing; returns when it is over."""
        if self._thread is not None:
            self._thread.requestInterruption()
            self._thread.wait()

    def _on_finished(self) -> None:
        """Take more, also where importing ended in a way that nobody foresaw."""
        if self._thread is not None and self.sender() is self._thread:
            self._let_go()
            self.said.emit(tr("The import ended in an error: what came before it is listed in History."))

    def _let_go(self) -> None:
        if self._thread is not None:
            self._thread.wait()
            self._thread.deleteLater()
            self._thread = None

    def _on_imported(self, any_came: bool, line: str) -> None:
        self._let_go()
        if any_came:
            self.came.emit()
        self.said.emit(line)


class _ImportThread(QThread):
    """Emits `imported` once: whether there are runs to be listed, and what came of it all."""

    imported = Signal(bool, str)

    def __init__(self, files: Sequence[Path], aside: str, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName("import")
        self._files, self._aside = files, aside

    def run(self) -> None:
        from llmscope.runs.exchange.importing import import_path  # not before the window's first paint

        arrived, refused = [], []
        for file in self._files:
            if self.isInterruptionRequested():
                break
            try:
                arrived += import_path(file, paths.runs_folder())
            except BadInput as error:
                refused.append(str(error))
        new = [run for run in arrived if run.is_new]
        known = [run.run for run in arrived if not run.is_new]
        parts = [*refused, *([_imported([run.run for run in new])] if new else []),
                 *([tr("There already: {0}").format(_names(known))] if known else []),
                 *(note for run in new for note in run.notes), *([self._aside] if self._aside else [])]
        self.imported.emit(bool(arrived), " · ".join(parts))


def _imported(names: list[str]) -> str:
    return tr("Imported run {0}").format(names[0]) if len(names) == 1 else tr("Imported {0} runs").format(len(names))


def _names(names: list[str]) -> str:
    return ", ".join(names[:3]) + ("" if len(names) <= 3 else tr(" and {0} more").format(len(names) - 3))
