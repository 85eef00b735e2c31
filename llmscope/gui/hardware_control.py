"""Makes the Hardware page when it is first asked for, and keeps it in step with the run while it is in view."""

from copy import copy
from typing import TYPE_CHECKING, Any

from msgspec import structs
from PySide6.QtCore import QObject

from llmscope.analysis.ceilings import Ceilings
from llmscope.core.results import Row
from llmscope.core.rows import cell_of
from llmscope.core.spec import MACHINE
from llmscope.core.units import about
from llmscope.gui import looks, picture_facts, words
from llmscope.gui.pages.run_page import RunPage
from llmscope.gui.run_state import RunState
from llmscope.gui.trials import Pair, Turns, progress
from llmscope.runs.here import Here, of_machine

if TYPE_CHECKING:
    from llmscope.gui.hardware_look import HardwareLook
    from llmscope.gui.pages.hardware_page import HardwarePage
    from llmscope.hardware.catalogue import Hardware

#: The running test's place is brought up to date every so many ms.
LIVE_MS = 250
#: Verdicts of tests that were ended before they told anything.
STOPPED = ("cancelled", "interrupted")


class HardwareControl(QObject):
    """Reads what the Run page knows.

    A run of the machine itself leaves the tests of the run before in place, and so does one that tries a change.
    """

    def __init__(self, run_page: RunPage, parent: QObject) -> None:
        super().__init__(parent)
        self._run_page = run_page
        self.page: HardwarePage | None = None
        self._run = RunState()
        self._ended: dict[Pair, Row] = {}
        self._seen: tuple[Any, ...] = ()
        self._live_at_ms = 0

    def make_page(self) -> "HardwarePage":
        """Return the page."""
        if self.page is None:
            from llmscope.gui.pages.hardware_page import HardwarePage  # not before the window's first paint

            self.page = HardwarePage()
            self.page.whatif.wish.models = self._run_page.control.models  # each is checked once
            self.page.measure_asked.connect(self._run_page.measure_ceilings)
            self.page.stop_asked.connect(self._run_page.ask_stop)
            self.page.card.trials.asked.connect(self._measure_in_turns)
            self.page.card.trials.stop_asked.connect(self._run_page.ask_stop)
            self.page.shown.connect(self.refresh)
        return self.page

    def tick(self, after_ms: int) -> None:
        """Bring the page up to date where it is in view; the window's timer calls it every so many ms."""
        self._live_at_ms += after_ms
        if self.page is None or not self.page.isVisible() or self._live_at_ms < LIVE_MS:
            return
        self._live_at_ms = 0
        self.refresh()

    def refresh(self) -> None:
        """Show what differs: rarely all, and the running test's place."""
        if self.page is None:
            return
        self._take_run()
        control, run = self._run_page.control, self._run_page.run
        at = looks.round_words(run) if self._is_measuring() else ""
        seen = (tuple(self._run.rows), self._run.utc, control.ceilings, control.machine, control.devices, run.is_open,
                at, self._is_measuring(), self._turns(), self._run_page.foretold.learnt)
        if seen != self._seen:
            self._seen = seen
            self.page.show_look(self._look(at))
        self.page.body.show_live(self._run_page.point_now() if run.is_open else None)
        if run.is_open and self._pair() is not None:
            self.page.card.trials.show_progress(progress(run))

    def _take_run(self) -> None:
        """Take the tests of the run that is shown; those of an earlier one stay where it has none or tries a change."""
        run = self._run_page.run
        if all(state.cell.model == MACHINE for state in run.cells):
            return
        if not self._is_trial():
            self._run, self._ended = copy(run), {}  # the page's own is made anew when the next one begins
        if (pair := self._pair()) and (row := run.cells[1].row) is not None and row.verdict not in STOPPED:
            self._ended[pair] = row

    def _is_trial(self) -> bool:
        """Whether the run tries a change of a test that is shown."""
        pair, run = self._pair(), self._run_page.run
        return pair is not None and not run.is_stored and pair[0] in [
            cell_of(row) for row in self._run.rows if row.model != MACHINE]

    def _pair(self) -> Pair | None:
        """Return the two tests that the run at hand measures in turns."""
        run = self._run_page.run
        return (run.cells[0].cell, run.cells[1].cell) if run.spec is not None and run.spec.in_turns else None

    def _turns(self) -> Turns:
        is_open = self._run_page.run.is_open
        return Turns(dict(self._ended), self._pair() if is_open else None, is_open)

    def _measure_in_turns(self, pair: Pair) -> None:
        """Compare a test with a change of it, as the run that is shown measured it: words, sampling and threads."""
        if self._run.spec is not None:
            self._run_page.ask_turns(structs.replace(
                self._run.spec, cells=pair, accuracy="quick", time_limit_s=None, preset=None, in_turns=True))
            self.refresh()

    def _is_measuring(self) -> bool:
        run = self._run_page.run
        return run.is_open and all(state.cell.model == MACHINE for state in run.cells)

    def _look(self, at: str) -> "HardwareLook":
        from llmscope.gui.hardware_look import HardwareLook, facts, measured

        control, run = self._run_page.control, self._run_page.run
        devices = [device.id for device in control.devices] or ["cpu"]
        ceilings = self._known(sorted(devices, key=lambda device: device == "cpu"), None)
        rows, of = self._run.rows, self._run.machine if self._run.is_stored else None
        of_rows = list(dict.fromkeys(row.device for row in rows))
        roofs = self._known(of_rows, of) if of_rows else ceilings
        return HardwareLook(
            facts(control.machine), self._about(ceilings, at), ceilings, roofs, self._title(),
            measured(rows, roofs, self._turns(), self._known_as()), run.is_open, self._is_measuring(),
            self._here(ceilings), self._run.run, self._picture_facts(ceilings))

    def _here(self, ceilings: dict[str, Ceilings]) -> tuple[Here, ...]:
        machine = self._run_page.control.machine
        return () if machine is None else of_machine(machine, ceilings, self._run_page.foretold.learnt)

    def _title(self) -> str:
        models = words.models(list(dict.fromkeys(row.model for row in self._run.rows)))
        return f"{models}, {words.day_of(self._run.utc)}" if models else ""

    def _picture_facts(self, ceilings: dict[str, Ceilings]) -> dict[str, str]:
        """Return what a picture says of the tests that are shown, else of the ceilings."""
        control = self._run_page.control
        if self._run.rows:
            return picture_facts.of_run(self._run, control.titles(), control.device_names(), control.machine)
        return picture_facts.of_ceilings(ceilings, control.device_names(), control.machine) if ceilings else {}

    def _known(self, devices: list[str], machine: dict[str, Any] | None) -> dict[str, Ceilings]:
        found = {device: self._run_page.control.ceilings_of(device, machine) for device in devices}
        return {device: ceilings for device, ceilings in found.items() if ceilings is not None}

    def _known_as(self) -> dict[str, "Hardware"]:
        """Return the entries in the list of hardware of the GPUs that the tests ran on; here torch names them."""
        from llmscope.hardware.matching import entries_of, entry_of

        if self._run.is_stored:
            return entries_of(self._run.machine)
        found = {device.id: entry_of(device.name, device.memory_bytes) for device in self._run_page.control.devices}
        return {device: hardware for device, hardware in found.items() if hardware is not None}

    def _about(self, ceilings: dict[str, Ceilings], at: str) -> str:
        if at:
            return self.tr("Measuring the ceilings: {0}").format(at)
        if ceilings:
            when = words.day_of(max(found.utc for found in ceilings.values()))
            return self.tr("Ceilings measured {0}. Every result is held against these numbers.").format(when)
        spec = self._run_page.ceilings_spec()
        takes = about(self._run_page.control.expected.total(spec.cells, spec.accuracy))
        return self.tr("Not measured yet. “Measure now” takes {0}.").format(takes)
