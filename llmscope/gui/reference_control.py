"""From the first page to a picture in one press: a reference's tests are run here, then both stand side by side."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal

from llmscope import paths
from llmscope.core.errors import BadInput
from llmscope.core.spec import RunSpec
from llmscope.gui.compare_control import CompareControl
from llmscope.gui.look_thread import LookThread
from llmscope.gui.pages.run_page import RunPage
from llmscope.models.catalog import Model
from llmscope.runs import references
from llmscope.runs.fit import memory_now
from llmscope.runs.references import Reference
from llmscope.runs.same_tests import SameTests, closest, same_tests

#: The references are read once the window is up.
READ_MS = 200


class ReferenceControl(QObject):
    """`opened` carries the folder of a reference to be shown, `page_asked` the name of a page, `said` a line.

    `picture_asked` comes when the comparison that was asked for is shown.
    """

    opened = Signal(object)
    page_asked = Signal(str)
    picture_asked = Signal()
    said = Signal(str)

    def __init__(self, page: RunPage, compare: CompareControl, parent: QObject) -> None:
        super().__init__(parent)
        self._page, self._compare = page, compare
        self._references: list[Reference] = []
        self._picked: int | None = None
        self._example: Reference | None = None
        self._spec: RunSpec | None = None
        self._against: Reference | None = None
        self._wanted: list[str] = []
        self._thread = LookThread(references.shipped, self)
        self._thread.found.connect(self._on_read, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self, singleShot=True, interval=READ_MS)
        self._timer.timeout.connect(self._read)
        self._timer.start()
        page.control.resolved.connect(self._show)
        page.run_asked.connect(self._on_run_asked)
        page.ended.connect(self._on_ended)
        page.body.strip.compare_asked.connect(self._on_compare_shown)
        compare.changed.connect(self._on_compared)

    def close(self) -> None:
        """End reading; returns when it is over."""
        self._timer.stop()
        self._thread.wait()

    def _read(self) -> None:
        self._thread.start(QThread.Priority.LowPriority)

    def _on_read(self, found: list[Reference]) -> None:
        """Offer the references, where there are any."""
        self._references = found
        if found:
            strip, example = self._page.body.offer_reference(self._page.rail.run_button)
            strip.compare_asked.connect(self._on_compare)
            strip.picked.connect(self._on_picked)
            example.clicked.connect(self._on_example)
            self._show()

    @property
    def _shown(self) -> int:
        """The place of the reference on the first page: the one that was picked, else the closest."""
        device = self._page.control.setup.device
        devices = [reference.entry.device_id for reference in self._references]
        return self._picked if self._picked is not None else closest(devices, device.id if device else "cpu")

    def _show(self) -> None:
        """Bring the first page up to date."""
        strip = self._page.body.reference
        if strip is None or self._page.run.status != "idle":
            return
        from llmscope.gui.reference_look import as_run, look_of  # not before the window's first paint

        reference = self._references[self._shown]
        strip.show_look(look_of(self._references, self._shown, self._same(reference), self._page.control.expected))
        if reference is not self._example:
            self._example = reference
            self._page.body.results.show_example(as_run(reference))

    def _same(self, reference: Reference) -> SameTests | None:
        """Return the tests of a reference as they would run now, None while the devices are not known."""
        control = self._page.control
        device = control.setup.device
        if device is None:
            return None
        total, others = memory_now(device, control.telemetry)
        free = None if total is None or others is None else total - others
        return same_tests(reference.started.spec, device, self._model, free)

    def _model(self, ref: str) -> Model:
        model = self._page.control.models.get(ref)
        if isinstance(model, str):
            raise BadInput(model)
        return model

    def _on_picked(self, place: int) -> None:
        self._picked = place
        self._show()

    def _on_example(self) -> None:
        self.opened.emit(paths.sample_runs_folder() / self._references[self._shown].entry.id)

    def _on_compare(self) -> None:
        self._start(self._references[self._shown])

    def _on_compare_shown(self) -> None:
        """Compare with the reference that is open on the Run page."""
        found = [reference for reference in self._references if reference.entry.id == self._page.run.run]
        if found:
            self._start(found[0])

    def _start(self, reference: Reference) -> None:
        same = self._same(reference)
        if self._page.run.is_open or same is None:
            return
        if same.spec is None:
            self.said.emit(next(iter(same.left_out.values()), self.tr("It has no tests that can be run here.")))
            return
        self._against, self._spec = reference, same.spec
        self._page.start(same.spec)

    def _on_run_asked(self, spec: RunSpec) -> None:
        """Forget the reference where something else is run; one that was stopped may still go on."""
        if spec != self._spec:
            self._against = self._spec = None

    def _on_ended(self) -> None:
        """Show both side by side; where the run has not come to its end, say why there is no comparison."""
        run = self._page.run
        if self._against is None or self._spec is None or run.spec is None or run.spec.cells != self._spec.cells:
            return
        from llmscope.gui.reference_look import name_of

        name = name_of(self._against)
        if run.status == "stopped":
            self._page.tell(self.tr("Go on with it to compare it with {0}.").format(name))
        elif run.status != "done":
            self._page.tell(self.tr("So it is not compared with {0}.").format(name))
        else:
            self._show_both([self._against.entry.id, run.run], name)
            self._against = self._spec = None

    def _show_both(self, ids: Sequence[str], name: str) -> None:
        """Compare, with the reference as the baseline; who looks at another page by now is only told."""
        self._wanted = list(ids) if self._page.isVisible() else []
        self._compare.show_runs(ids)
        if self._wanted:
            self.page_asked.emit("compare")
        else:
            self.said.emit(self.tr("This machine stands beside {0} on Compare.").format(name))

    def _on_compared(self) -> None:
        """Ask for the picture once what was wanted is shown, unless the person has gone elsewhere."""
        page = self._compare.page
        if self._compare.ids != self._wanted:
            self._wanted = []
        elif self._wanted and page is not None and page.shown_ids == self._wanted:
            self._wanted = []
            if page.isVisible():
                self.picture_asked.emit()
