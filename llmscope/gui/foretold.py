"""What the planned tests are expected to give on this machine, worked out off the window's thread."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from llmscope import paths
from llmscope.core.spec import MACHINE, Cell, Sampling
from llmscope.gui.latest_look import LatestLook
from llmscope.hardware.host import Machine
from llmscope.runs.ceilings import FILE as CEILINGS_FILE
from llmscope.runs.ceilings import CeilingStore

if TYPE_CHECKING:
    from llmscope.runs.foretold import Learnt

#: The window is up first; and while numbers are typed only the last is worked out.
AFTER_START_MS, AFTER_CHOICE_MS = 1500, 150


class _Known:
    """What this machine's runs tell, read once, and what they say of each test; only one look at a time adds to it."""

    def __init__(self) -> None:
        self.learnt: Learnt | None = None
        self.cells: dict[Cell, str] = {}

    def add(self, machine: Machine, wanted: Iterable[Cell]) -> None:
        """Work out tests that are not known yet; also where this look is not the last, the next need not read again."""
        from llmscope.runs.foretold import learn  # not before the window's first paint

        learnt = self.learnt = self.learnt or learn(
            paths.runs_folder(), msgspec.to_builtins(machine), CeilingStore(paths.data_folder() / CEILINGS_FILE))
        found = {cell: learnt.foretell(cell) for cell in wanted if cell not in self.cells}
        self.cells = self.cells | {cell: "" if of is None else of.span for cell, of in found.items()}


class Foretold(QObject):
    """`told` says that tests that were asked for are known now: words such as `48 to 70 tok/s`, or nothing."""

    told = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._machine: Machine | None = None
        self._known = _Known()
        self._wanted: tuple[Cell, ...] = ()
        self._latest = LatestLook(self)
        self._latest.found.connect(self.told)
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
        self._look_soon()

    @property
    def learnt(self) -> "Learnt | None":
        """What this machine's stored runs tell, None before they were read."""
        return self._known.learnt

    def forget(self) -> None:
        """Read the runs anew: there is one more."""
        self._known = _Known()
        self._latest.drop()
        self._look_soon()

    def rest(self) -> None:
        """Begin nothing more until asked again: a run is to have the machine for itself."""
        self._timer.stop()
        self._latest.drop()
        self._wanted = ()

    def close(self) -> None:
        """End what still reads; returns when it is over."""
        self.rest()
        self._latest.close()

    def _look_soon(self) -> None:
        if self._machine is not None and self._lacks() and not self._timer.isActive():
            self._timer.start(AFTER_CHOICE_MS)

    def _lacks(self) -> bool:
        return any(cell not in self._known.cells for cell in self._wanted)

    def _look(self) -> None:
        if self._machine is not None and self._lacks():
            machine, known, wanted = self._machine, self._known, self._wanted
            self._latest.ask(lambda: known.add(machine, wanted))
