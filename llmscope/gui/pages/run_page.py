"""The Run page: rail and body, driven by the person's choices and by the event stream."""

from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout

from llmscope.analysis.roofline import Point
from llmscope.core import events as ev
from llmscope.core.spec import RunSpec, time_limit_s
from llmscope.gui import advice, after_run, before_run, ceilings_now, generation_memory, live_strip, looks
from llmscope.gui.choices import lowered
from llmscope.gui.dialogs.ask import Question
from llmscope.gui.foretold import Foretold
from llmscope.gui.live_feed import LiveFeed
from llmscope.gui.page_stack import Page, Room
from llmscope.gui.rail import Rail
from llmscope.gui.replay import Replayed
from llmscope.gui.run_body import RunBody
from llmscope.gui.run_picture import RunPicture
from llmscope.gui.run_state import RunState
from llmscope.gui.settings import Settings
from llmscope.gui.setup import resolve
from llmscope.gui.setup_control import SetupControl
from llmscope.gui.theme import theme
from llmscope.gui.widgets.splitter import Splitter
from llmscope.hardware.host import Machine


class RunPage(Page):
    """`run_asked` carries the spec to run, `go_on_asked` what an earlier run left, `stop_asked` that it is to stop.

    `ended` says that a run is over, and all of it shown.
    """

    run_asked = Signal(object)
    go_on_asked = Signal(object)
    stop_asked = Signal()
    ended = Signal()

    def __init__(self, feed: LiveFeed, settings: Settings) -> None:
        super().__init__()
        self.run = RunState()
        self._feed = feed
        self._settings = settings
        self._room: Room = "normal"
        self._worker_stands_by = False
        self._running_texts: tuple[str, ...] = ()
        self._ticked_at: tuple[int | None, int] = (None, -1)
        self.rail, self.body = Rail(), RunBody(feed)
        self.control = SetupControl(self.rail, settings, self)
        self.foretold = Foretold(self)
        self.splitter = Splitter(Qt.Orientation.Horizontal, 1)
        self.splitter.addWidget(self.rail)
        self.splitter.addWidget(self.body)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        px = theme().px
        self.rail.setMinimumWidth(px("layout", "rail_least"))
        self.rail.setMaximumWidth(px("layout", "rail_most"))
        self.splitter.setSizes([px("layout", "rail"), 4000])
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)
        self.control.resolved.connect(self._on_resolved)
        self.foretold.told.connect(self._on_resolved)
        self.rail.run_button.run_asked.connect(self.ask_run)
        self.rail.run_button.stop_asked.connect(self.ask_stop)
        self.body.advice.chosen.connect(self._on_advice)
        self.body.strip.dismissed.connect(self._on_dismissed)
        self.body.strip.go_on_asked.connect(self.go_on)
        self.body.strip.copy_asked.connect(self._on_copy_details)
        generation_memory.restore(settings, self.body.generation)
        self.body.generation.changed.connect(self._keep_generation)
        self.control.resolve()

    def set_room(self, room: Room) -> None:
        """Lay out for a window of another class of sizes."""
        if room != self._room:
            self._room = room
            rail = {"narrow": "rail_narrow", "normal": "rail", "wide": "rail_wide"}[room]
            self.splitter.setSizes([theme().px("layout", rail), 4000])
            self.rail.ledger.set_narrow(room == "narrow")
            self.body.set_narrow(room == "narrow")
            if room != "narrow":
                self.body.share_width(room == "wide")

    def show_machine(self, machine: Machine) -> None:
        """Take what does not change about the machine."""
        self.control.take_machine(machine)
        self.foretold.take_machine(machine)
        self.body.machine.show_machine(machine)
        self._show_devices()
        before_run.fold_panes(self.body, machine)

    def spec(self) -> RunSpec | None:
        """Return what a press of Run starts, None where something stands against it."""
        setup, chosen, panel = self.control.setup, self.rail.choices, self.body.generation
        if not setup.can_run:
            return None
        return RunSpec(setup.cells, accuracy=chosen.accuracy, sampling=panel.sampling(), prompt=panel.prompt(),
                       seed=panel.seed(), preset=chosen.preset,
                       time_limit_s=time_limit_s(chosen.preset, chosen.accuracy))

    def ask_run(self) -> None:
        """Start a run, after a question where it is expected to fail."""
        spec = self.spec()
        if spec is None or self.run.is_open:
            return
        warnings = self.control.setup.warnings
        lighter = advice.savings_words(spec.cells, self.control.models) if warnings else ""
        if self._is_wanted((*warnings.values(), lighter), self.tr("This is expected to fail. Run anyway?"),
                           self.tr("Run anyway"), self.tr("Change settings")):
            self.start(spec)

    def ask_turns(self, spec: RunSpec) -> None:
        """Start the comparison of two tests, after the same question."""
        if not self.run.is_open and self._is_wanted(
                self.control.lacking(spec), self.tr("This is expected to fail. Measure anyway?"),
                self.tr("Measure anyway"), self.tr("Do not measure")):
            self.start(spec)

    def _is_wanted(self, against: Iterable[str], title: str, yes: str, no: str) -> bool:
        """Return whether nothing stands against a run, or the person wants it nevertheless."""
        said = "\n".join(line for line in against if line)
        return not said or Question.ask(self.window(), title, said, yes, no)

    def measure_ceilings(self) -> None:
        """Start the tests of the machine itself, on the chosen device."""
        spec = self.ceilings_spec()
        if spec.cells and not self.run.is_open:
            self.start(spec)

    def ceilings_spec(self) -> RunSpec:
        """Return the run of the hardware preset, at quick accuracy."""
        chosen, control = replace(self.rail.choices, source="bundled", preset="hardware"), self.control
        cells = resolve(chosen, control.models, control.devices, control.telemetry).cells
        return RunSpec(cells, accuracy="quick", preset="hardware")

    def start(self, spec: RunSpec) -> None:
        """Show a run and order it."""
        self.begin(spec)
        self.run_asked.emit(spec)

    def go_on(self) -> None:
        """Measure what the run that is shown left open; its finished tests are taken over."""
        before = self.run.earlier
        if before is not None:
            self.begin(before.started.spec)
            self.go_on_asked.emit(before)

    def ask_stop(self) -> None:
        """Stop the run, if one goes on."""
        if self.run.status in ("starting", "running"):
            self.run.status = "stopping"
            self.stop_asked.emit()
            self.refresh_text()

    def begin(self, spec: RunSpec) -> None:
        """Show a run that was ordered."""
        self.run.begin(spec)
        self.foretold.rest()
        self._foretell()
        self.run.waits_for_worker = not self._worker_stands_by
        self.control.set_open(True)
        self.body.plots.set_plan(self.control.expected.plan(spec.cells, spec.accuracy))
        self.body.show_welcome(False)
        self.body.show_advice(False)
        self.body.generation.set_locked(True)
        self.body.results.show_run(self.run)
        if self.body.is_narrow:
            self.rail.scroll_to_tests()
        self.refresh_text()

    def handle(self, event: ev.Event) -> None:
        """Take one event of the stream."""
        was_open = self.run.is_open
        self.run.apply(event)
        self.body.generation.on_event(event)
        match event:
            case ev.Devices():
                self._worker_stands_by = event.complete
                self.control.take_devices(event.devices, event.complete)
                self._show_devices()
            case ev.Telemetry():
                self.control.take_telemetry(event)
            case ev.WorkerEnded():
                self._worker_stands_by = False
            case ev.RunStarted():
                if not was_open:
                    self.begin(event.spec)
                    self.run.apply(event)
                self._foretell()
                self.body.results.show_run(self.run)
            case ev.CellStarted(cell=index):
                self.body.results.table.refresh_row(index)
                self.body.results.table.follow(index)
            case ev.CellEnded(cell=index):
                self._end_cell(index)
            case ev.Judged(cell=index):
                self.body.results.table.refresh_row(index)
            case ev.RunEnded() if was_open:
                self._worker_stands_by = False  # each run has a worker of its own
                self._end_run()

    def _ask_foretold(self) -> None:
        if not self.run.is_open:
            self.foretold.ask(self.control.setup.cells, self.body.generation.sampling())

    def _foretell(self) -> None:
        """Tell each test what it is expected to give."""
        spec = self.run.spec
        known = {} if spec is None else self.foretold.of(
            (state.cell for state in self.run.cells), spec.sampling, spec.threads)
        for state in self.run.cells:
            state.foretold = known.get(state.cell, "")

    def close_threads(self) -> None:
        """End what still reads stored runs; returns when it is over."""
        self.foretold.close()

    def show_stored(self, replayed: Replayed) -> None:
        """Show a run that was read from its folder, as at its end; the settings stay as they are."""
        body = self.body
        self.run = replayed.run
        self._feed.show(replayed.feed)
        body.show_welcome(False)
        body.show_advice(False)
        body.plots.show_anew()
        body.generation.forget()
        for event in after_run.replay(self.run):
            body.generation.on_event(event)
        body.generation.show_stored(self.run.spec)
        self._show_end()
        self.control.show_tests(self.run)
        body.generation.refresh()

    def tell(self, text: str) -> None:
        """Say a line more of a run that is over."""
        self.run.aside = text
        self._show_strip(self.body)

    def refresh_text(self) -> None:
        """Bring figure, button, ticks and the running row up to date; called a few times a second."""
        run = self.run
        if run.is_open:
            self._show_strip(self.body)
            self._refresh_running()
        spec = None if run.is_open else self.spec()
        look = looks.button_look(run, self.control.setup, self.control.expected, spec)
        self.rail.run_button.show_look(look)

    def _refresh_running(self) -> None:
        """Draw the row of the running test and its tick anew, if what they say has changed."""
        run = self.run
        if run.current is not None:
            texts = self.body.results.table.results.texts(run.current)
            if texts != self._running_texts:
                self._running_texts = texts
                self.body.results.table.refresh_row(run.current)
        if (run.current, int(run.elapsed_s)) != self._ticked_at:
            self._ticked_at = (run.current, int(run.elapsed_s))
            self.control.show_tests(run)

    def show_in(self, body: RunBody) -> None:
        """Show the run in another body, as for its picture."""
        body.results.show_run(self.run)
        body.results.show_as(self.body.results)
        ceilings_now.show(body, self.run, self.control)
        self._show_strip(body)
        if not self.run.is_open:
            body.plots.set_end(self.run.status, self.run.seconds, "")
        if self.control.machine is not None:
            before_run.fold_panes(body, self.control.machine)

    def focus_search(self) -> None:
        """Go to the choice of the model."""
        self.rail.focus_model()

    def status(self) -> tuple[str, str]:
        """Return the words for the status bar."""
        return looks.status_words(self.run, self.control.setup)

    def picture(self) -> RunPicture | None:
        """Return what a picture of the run shows, None before its first event."""
        return RunPicture(self, self._feed) if self.run.rows or self.run.is_open else None

    def _show_strip(self, body: RunBody) -> None:
        if self.run.is_open:
            rate = body.plots.tokens_per_s()
            body.strip.show_live(live_strip.live_look(
                self.run, self.control.titles(), self.control.device_names(), rate,
                ceilings_now.near_now(self.run, self.control, rate)))
        else:
            body.strip.show_message(looks.message_look(self.run))

    def point_now(self) -> Point | None:
        """Return where the running test stands on the roofline, None where that is not known."""
        return ceilings_now.point(self.run, self.control, self.body.plots.tokens_per_s())

    def _on_resolved(self) -> None:
        self.body.generation.show_scenario(self.rail.choices.scenario)
        self.control.show_tests(self.run)
        before_run.show_expected_memory(self.body, self.control.setup)
        ceilings_now.show(self.body, self.run, self.control)
        setup, sampling = self.control.setup, self.body.generation.sampling()
        self._ask_foretold()
        if self.run.status == "idle":
            before_run.show_plan(self.body, setup, self.rail.choices, self.control.expected,
                                 self.foretold.of(setup.cells, sampling))
        self.refresh_text()

    def _show_devices(self) -> None:
        reason = self.control.machine.not_readable.get("gpus", "") if self.control.machine else ""
        self.body.machine.show_devices(self.control.devices, self.control.devices_complete, reason)

    def _end_cell(self, index: int) -> None:
        state, table = self.run.cells[index], self.body.results.table
        table.refresh_row(index)
        table.announce(index)
        self.body.results.show_progress(self.run)
        ceilings_now.show(self.body, self.run, self.control)
        counted = state.row is not None and state.row.verdict in ("valid", "warn", "not_converged")
        if counted and state.took_s and self.run.spec is not None:
            self.control.expected.remember(state.cell, self.run.spec.accuracy, state.took_s)

    def _end_run(self) -> None:
        self.foretold.forget()
        self.control.set_open(False)
        ended = [(state.row, state.cell) for state in self.run.cells if state.row is not None]
        self.control.show_measured([row for row, _ in ended], [cell for _, cell in ended])
        self.body.generation.set_locked(False)
        self._show_end()
        self.ended.emit()

    def _show_end(self) -> None:
        """Show what came of the run, and what can be done about a test that failed."""
        self.body.plots.set_end(self.run.status, self.run.seconds, "")
        self.body.results.show_run(self.run)
        self._show_strip(self.body)
        after_run.show_failure(self.body, self.run, self.control)
        self.refresh_text()

    def _on_advice(self, changes: dict[str, int | str]) -> None:
        """Take the settings of a choice over, and tick only the failed test."""
        failed = self.run.failed_row
        cell = next((state.cell for state in self.run.cells if state.row is failed), None)
        if failed is not None and cell is not None:
            self.rail.take(lowered(self.rail.choices, cell, changes))
            self.rail.run_button.setFocus()

    def _keep_generation(self) -> None:
        generation_memory.keep(self._settings, self.body.generation)
        self._ask_foretold()  # by how many answers it gives, gen has another speed

    def _on_copy_details(self) -> None:
        """Copy what happened, the raw message, and where the run's files are."""
        QGuiApplication.clipboard().setText(after_run.details(self.run, self.body.strip.words()))

    def _on_dismissed(self) -> None:
        """Put the generated text back in the place of the advice."""
        self.body.show_advice(False)
        self.body.strip.show_message(looks.dismissed_look(self.run))
