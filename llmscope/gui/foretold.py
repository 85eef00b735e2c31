"""What the planned tests are expected to give on this machine, worked out off the window's thread."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal

from llmscope import paths
from llmscope.core.spec import MACHINE, Cell, Sampling
from llmscope.gui.look_thread import LookThread
from llmscope.hardware.host import Machine
from llmscope.runs.ceilings import FILE as CEILINGS_FILE
from llmscope.runs.ceilings import CeilingStore

if TYPE_CHECKING:
    from llmscope.runs.foretold import Learnt

#: The window is up first; and while numbers are typed only the last is worked out.
AFTER_START_MS, AFTER_CHOICE_MS = 1500, 150


@dataclass
class _Told:
    """What a look brought: all that this machine measured, and what it says of each test."""

    learnt: "Learnt | None" = None
    cells: dict[Cell, str] = field(default_factory=dict)


class Foretold(QObject):
    """`told` says that tests that were asked for are known now: words such as `48 to 70 tok/s`, or nothing."""

    told = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._machine: Machine | None = None
        self._known = _Told()
        self._wanted: tuple[Cell, ...] = ()
        self._thread: LookThread | None = None
        self._is_stale = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)

    def take_machine(self, machine: Machine) -> None:
        """Take which machine's runs are to be read; nothing is foretold before."""
        self._machine = machine
        self._timer.start(AFTER_START_MS)

    def of(self, cells: Iterable[Cell], sampling: Sampling, threads: int | None = None) -> dict[Cell, str]:
        """Return what is known of tests in a run with such sampling and CPU threads."""
        return {cell: words for cell in cells if (words := self._known.cells.get(cell.within(sampling, threads)))}

    def ask(self, cells: Iterable[Cell], sampling: Sampling) -> None:
        """Have tests worked out, as far as their device and precision are known; not while a run goes on."""
        self._wanted = tuple(cell.within(sampling) for cell in cells
                             if cell.model != MACHINE and "auto" not in (cell.device, cell.dtype))
        if self._machine is not None and self._lacks() and not self._timer.isActive():
            self._timer.start(AFTER_CHOICE_MS)

    def _lacks(self) -> bool:
        return any(cell not in self._known.cells for cell in self._wanted)

    @property
    def learnt(self) -> "Learnt | None":
        """What this machine's stored runs tell, None before they were read."""
        return self._known.learnt

    def forget(self) -> None:
        """Read the runs anew: there is one more."""
        self._known, self._is_stale = _Told(), self._thread is not None

    def rest(self) -> None:
        """Begin nothing more until asked again: a run is to have the machine for itself."""
        self._timer.stop()
        self._wanted = ()

    def close(self) -> None:
        """End what still reads; returns when it is over."""
        self.rest()
        if self._thread is not None:
            self._thread.wait()

    def _look(self) -> None:
        if self._thread is not None or self._machine is None or not self._lacks():
            return
        machine, known, wanted = self._machine, self._known, self._wanted
        self._thread = LookThread(lambda: _foretell(machine, known, wanted), self)
        self._thread.found.connect(self._on_found, Qt.ConnectionType.QueuedConnection)
        self._thread.start(QThread.Priority.LowPriority)

    def _on_found(self, found: _Told) -> None:
        if self._thread is not None:
            self._thread.wait()
            self._thread.deleteLater()
            self._thread = None
        if not self._is_stale:
            self._known = found
            self.told.emit()
        self._is_stale = False
        if self._lacks():
            self._timer.start(AFTER_CHOICE_MS)


def _foretell(machine: Machine, known: _Told, cells: Iterable[Cell]) -> _Told:
    from llmscope.runs.foretold import learn  # not before the window's first paint

    learnt = known.learnt or learn(
        paths.runs_folder(), msgspec.to_builtins(machine), CeilingStore(paths.data_folder() / CEILINGS_FILE))
    found = {cell: learnt.foretell(cell) for cell in cells if cell not in known.cells}
    return _Told(learnt, known.cells | {cell: "" if of is None else of.span for cell, of in found.items()})
