"""Keeps the rail in step with reality: which models, devices and precisions there are, and what would not work."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from llmscope import paths
from llmscope.analysis.ceilings import Ceilings
from llmscope.core.events import Device, Telemetry
from llmscope.core.results import Row
from llmscope.core.spec import MACHINE, Cell, RunSpec, Workload
from llmscope.core.units import duration
from llmscope.gui import choices, setup, words
from llmscope.gui.checklist import CEILINGS, KINDS, CheckRow, ids_of
from llmscope.gui.expected import Expected
from llmscope.gui.ledger import LedgerFacts
from llmscope.gui.rail import Rail
from llmscope.gui.run_state import CellState, RunState
from llmscope.gui.settings import Settings
from llmscope.gui.sweep_choice import count_words
from llmscope.hardware.host import Machine, short_cpu_name, short_gpu_name
from llmscope.models.catalog import Model
from llmscope.models.memory import Memory
from llmscope.runs.ceilings import FILE as CEILINGS_FILE
from llmscope.runs.ceilings import CeilingStore
from llmscope.runs.fit import memory_now, shortfalls
from llmscope.runs.resolve import is_fit

#: The Hub cache is looked through once the window is up.
LOOK_AT_CACHE_MS = 300
#: Memory of other programs that moves by less than this does not make the ledger anew.
MEMORY_STEP_BYTES = 64 * 1024**2
#: During a run what it holds is shown anew when it has changed by so much: fewer bytes are no pixel of the bar.
LIVE_STEP_BYTES = 2 * 1024**2


class SetupControl(QObject):
    """`resolved` says that `setup` was worked out anew, from a choice or from what the machine told."""

    resolved = Signal()

    def __init__(self, rail: Rail, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._rail, self._settings = rail, settings
        self.expected = Expected(settings)
        self.models = setup.Models()
        self.setup = setup.Setup()
        self.devices: tuple[Device, ...] = ()
        self.devices_complete = False
        self.telemetry: Telemetry | None = None
        self.machine: Machine | None = None
        #: What was measured of the chosen device, None where it was not yet.
        self.ceilings: Ceilings | None = None
        self._known = CeilingStore(paths.data_folder() / CEILINGS_FILE)
        self._ledger_bytes: int | None = None
        #: What the worker held when the run began: its libraries, which no test is to blame for.
        self._waiting_bytes: int | None = None
        self._measured: tuple[Memory, int | None] | None = None
        self._is_open = False
        self._offer_models()
        chosen = choices.remembered(settings)
        rail.show_choices(chosen)
        if chosen.source == "hub":
            self._offer_cached()
        else:
            QTimer.singleShot(LOOK_AT_CACHE_MS, self, self._offer_cached)
        rail.changed.connect(self._on_changed)
        rail.sweep_asked.connect(self._on_sweep_asked)

    def set_open(self, is_open: bool) -> None:
        """Hold still while a run goes on, and look again after it."""
        self._is_open = is_open
        self._waiting_bytes = self._measured = None
        self._rail.set_locked(is_open)
        self.resolve()

    def take_machine(self, machine: Machine) -> None:
        """Take what does not change about the machine."""
        self.machine = machine
        self._offer_devices()

    def take_devices(self, devices: tuple[Device, ...], complete: bool) -> None:
        """Take what torch can use."""
        self.devices, self.devices_complete = devices, complete
        self.resolve()

    def take_telemetry(self, telemetry: Telemetry) -> None:
        """Take the present use of memory; the ledger follows once it has moved enough."""
        self.telemetry = telemetry
        if self._is_open:
            self._show_live(telemetry)
            return
        used = memory_now(self.setup.device, telemetry)[1]
        if used is not None and (self._ledger_bytes is None or abs(used - self._ledger_bytes) > MEMORY_STEP_BYTES):
            self._ledger_bytes = used
            self.resolve()

    def show_measured(self, rows: Sequence[Row], cells: Sequence[Cell]) -> None:
        """Show in the ledger what a finished run needed, until a setting changes."""
        self._measured = setup.measured(rows, cells, self.models)
        self._rail.ledger.show_facts(self._ledger())

    def _ledger(self) -> LedgerFacts:
        facts = self.setup.ledger
        if self._measured is None:
            return facts
        need, expected = self._measured
        return replace(facts, need=need, expected=expected, batch=None, seq=None)

    def _show_live(self, telemetry: Telemetry) -> None:
        """Show what the run holds now: on a CPU the worker's growth, on a GPU all that was not there before."""
        facts, device = self.setup.ledger, self.setup.device
        held = memory_now(device, telemetry)[1] if facts.is_gpu else telemetry.worker_rss_bytes
        if held is None:
            return
        if self._waiting_bytes is None:
            self._waiting_bytes = held
        now, shown = max(0, held - self._waiting_bytes), self._rail.ledger.facts.now
        if shown is None or abs(now - shown) >= LIVE_STEP_BYTES:
            self._rail.ledger.show_facts(replace(facts, now=now))

    def resolve(self) -> None:
        """Work out what the present choices mean on this machine, and show it in the rail."""
        if self._is_open:
            return
        chosen = self._rail.choices
        self.ceilings = self._look_up_ceilings()
        self.setup = setup.resolve(chosen, self.models, self.devices, self.telemetry, self.ceilings)
        self._offer_devices()
        self._offer_dtypes()
        self._rail.show_problems(self.setup.warnings | self.setup.problems)
        self._rail.show_facts(self.setup.model_facts)
        if chosen.sweep:
            self._rail.sweep.show_count(count_words(*self._cost(chosen)))
        self._rail.ledger.show_facts(self._ledger())
        self._rail.run_button.setEnabled(self.setup.can_run)
        self.resolved.emit()

    def show_tests(self, run: RunState) -> None:
        """Show per kind of test its ids, and expected time, progress or mark, and of which run the ledger is."""
        shown = run.status != "idle" and not run.is_open
        self._rail.ledger.show_next(shown and (run.is_stored or not self._still_shown(run)))
        states = run.cells if run.cells and (run.is_open or self._still_shown(run)) else []
        for kind, workloads in KINDS.items():
            of_kind = [state for state in states if state.cell.workload in workloads]
            if run.is_open and not of_kind:
                continue  # it stays as it is, and the test at hand is being timed
            cells = [cell for cell in self.setup.cells if cell.workload in workloads]
            examples = cells or self._examples(workloads)
            ids = ids_of(examples, self._rail.choices.model)
            seconds = self.expected.total(examples, self._rail.choices.accuracy)
            row = self._progress(of_kind, ids, run) if of_kind else CheckRow(bool(cells), ids, duration(seconds))
            if kind == CEILINGS and not of_kind and not cells and (known := self.ceilings) is not None:
                row = CheckRow(False, words.tr("reused"), words.day_of(known.utc), "check")
            self._rail.tests.show_row(kind, row)

    def titles(self) -> dict[str, str]:
        """Return how the models of the set-up are called, by reference."""
        found = {ref: self.models.get(ref) for ref in {cell.model for cell in self.setup.cells}}
        return {ref: model.title for ref, model in found.items() if isinstance(model, Model)}

    def device_names(self) -> dict[str, str]:
        """Return how devices are called, by id."""
        return {device.id: _device_name(device, self.machine) for device in self.devices}

    def lacking(self, spec: RunSpec) -> tuple[str, ...]:
        """Return a line for each model of a run whose most demanding test is expected not to fit in memory now."""
        known = {cell.model: self.models.get(cell.model) for cell in spec.cells}
        models = {ref: model for ref, model in known.items() if isinstance(model, Model)}
        if self.telemetry is None or len(models) < len(known):
            return ()  # without its model the run itself says what is wrong
        return tuple(text for _, _, text in shortfalls(spec, self.devices, self.telemetry, models.__getitem__))

    def _still_shown(self, run: RunState) -> bool:
        return run.spec is not None and run.spec.cells == self.setup.cells

    def ceilings_of(self, device: str, machine: Mapping[str, Any] | None = None) -> Ceilings | None:
        """Return what was measured of a device of this machine, or of another one as a run describes it."""
        if machine is None:
            machine = None if self.machine is None else msgspec.to_builtins(self.machine)
        return None if machine is None else self._known.get(machine, device)

    def _look_up_ceilings(self) -> Ceilings | None:
        device = setup.chosen_device(self._rail.choices, self.devices)
        return self.ceilings_of(device.id if device else "cpu")

    def _examples(self, workloads: Sequence[Workload]) -> list[Cell]:
        """Return the tests that a tick would add."""
        chosen, device = self._rail.choices, self.setup.device
        ticked = replace(chosen, preset=None, ticked=tuple(workloads), source="bundled", sweep=()).cells()
        return [cell for cell in ticked if device is None or cell.model != MACHINE or is_fit(cell, device)]

    def _progress(self, states: Sequence[CellState], ids: str, run: RunState) -> CheckRow:
        accuracy = self._rail.choices.accuracy
        took = sum(run.took_s(s) for s in states)
        left = sum(max(0.0, self.expected.seconds(s.cell, accuracy) - run.took_s(s)) for s in states if s.row is None)
        if any(s.row is not None and s.row.verdict in ("failed", "invalid") for s in states):
            return CheckRow(True, ids, words.tr("failed"), "x-circle")
        if any(s.row is not None and s.row.verdict in ("cancelled", "interrupted") for s in states):
            return CheckRow(True, ids, words.tr("stopped"), "stop")
        if all(s.row is not None for s in states):
            return CheckRow(True, ids, duration(took), "check")
        if run.now in states:
            whole, text = took + left, duration(took)
            if left:
                text = words.tr("{0} of {1}").format(f"{took:.0f}" if whole < 60 else text, duration(whole))
            return CheckRow(True, ids, text, bold=True)
        return CheckRow(True, ids, duration(took + left) if run.is_open else words.tr("not run"))

    def _offer_models(self) -> None:
        titles = self.models.shipped()
        self._rail.bundled.offer({"bundled": titles.get("bundled", words.model_name("bundled"))}, "bundled")
        self._rail.architecture.offer({ref: title for ref, title in titles.items() if ref != "bundled"}, "")

    def _offer_cached(self) -> None:
        """Offer what the Hub cache holds; a model chosen from it that is gone gives way to the bundled one."""
        titles, chosen = self.models.cached(), self._rail.choices
        self._rail.offer_cached(titles)
        is_gone = chosen.source == "hub" and chosen.cached not in titles
        self._rail.show_choices(replace(chosen, source="bundled") if is_gone else chosen)

    def _offer_devices(self) -> None:
        device = self.setup.device
        if self.devices:
            names = self.device_names()
            if not self.devices_complete:
                names = {id_: self.tr("{0}, checking for GPUs").format(name) for id_, name in names.items()}
            self._rail.device.offer(names, device.id if device else "")
            return
        cpu = short_cpu_name(self.machine.cpu) if self.machine else ""
        self._rail.device.offer({"auto": self.tr("CPU · {0}, checking").format(cpu) if cpu
                                 else self.tr("CPU, checking")}, "auto")

    def _offer_dtypes(self) -> None:
        """Offer the precisions that a small product proved on the device."""
        device, chosen = self.setup.device, self._rail.choices.dtype
        if device is None:
            self._rail.dtype.offer({"auto": self.tr("automatic")}, "auto")
            return
        slow = self.tr("{0}, slow here")
        offered = {probe.dtype: words.short_dtype(probe.dtype) if probe.fast
                   else slow.format(words.short_dtype(probe.dtype)) for probe in device.dtypes}
        if "bfloat16" in offered:
            offered["amp"] = offered["bfloat16"].replace(words.short_dtype("bfloat16"), words.short_dtype("amp"))
        if several := dict(self._rail.choices.sweep).get("dtype"):
            self._rail.dtype.offer({chosen: ", ".join(map(words.short_dtype, several))}, chosen)
            self._rail.fields["dtype"].show_hint("")
            return
        taken = device.default_dtype if chosen == "auto" else chosen
        self._rail.dtype.offer(offered if taken in offered else {taken: words.short_dtype(taken)} | offered, taken)
        self._rail.fields["dtype"].show_hint(
            self.tr("mixed: float32 weights, bfloat16 arithmetic") if taken == "amp" else "")

    def _cost(self, chosen: choices.Choices) -> tuple[int, float]:
        """Return how many tests choices mean here, and their expected seconds."""
        cells = setup.planned(chosen, self.setup.device, self.ceilings)
        return len(cells), self.expected.total(cells, chosen.accuracy)

    def _on_sweep_asked(self) -> None:
        from llmscope.gui.sweep_dialog import SweepDialog  # not before the window's first paint

        device = self.setup.device
        dtypes = [probe.dtype for probe in device.dtypes] if device is not None else []
        titles, chosen = self.models.shipped() | self.models.cached(), self._rail.choices.model
        if chosen and chosen not in titles:
            titles = {chosen: words.model_name(chosen)} | titles
        dialog = SweepDialog(self._rail, self._rail.choices, [*dtypes, *(["amp"] if "bfloat16" in dtypes else [])],
                             titles, self._cost)
        dialog.accepted.connect(lambda: self._rail.take(dialog.taken))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_changed(self) -> None:
        chosen = self._rail.choices
        self._measured = None
        if chosen.source == "disk":
            self.models.forget(chosen.folder)
        choices.keep(self._settings, chosen)
        self.resolve()


def _device_name(device: Device, machine: Machine | None) -> str:
    """Return `CPU · AMD EPYC` or `GPU · RTX 4070 Laptop`; kinds that never ran say so."""
    if device.kind == "cpu":
        name = short_cpu_name(machine.cpu if machine else device.name)
        return f"CPU · {name}" if name else "CPU"
    return f"GPU · {short_gpu_name(device.name)}" + ("" if device.tested else words.tr(" (untested)"))
