"""What a stored run is: its tests, where and with what it was made, and what can be done with it."""

import time
from pathlib import Path

from PySide6.QtCore import QDate, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from llmscope.core.errors import BadInput
from llmscope.core.stopping import EPSILON
from llmscope.core.units import NBSP, duration
from llmscope.gui import words
from llmscope.gui.history_facts import Facts
from llmscope.gui.history_marks import MarksForm
from llmscope.gui.history_test_lines import MeasuredLines
from llmscope.gui.history_trend import Trend
from llmscope.gui.looks import tests
from llmscope.gui.models.history_trends import Point
from llmscope.gui.race_button import RaceButton
from llmscope.gui.theme import theme
from llmscope.gui.widgets.badge import Badge
from llmscope.gui.widgets.basic import Button, ElidedLabel, Label, Line, Panel
from llmscope.runs import references
from llmscope.runs.entry import Entry
from llmscope.runs.store import Manifest, read_manifest

EDGE = 12
#: px of the border around what can be scrolled, seen while it has the focus.
RING = 2


class HistoryDetails(Panel):
    """`open_asked`, `go_on_asked` and `delete_asked` are its buttons, `closed` the one that a small window has."""

    open_asked = Signal()
    go_on_asked = Signal()
    delete_asked = Signal()
    closed = Signal()

    def __init__(self, runs: Path) -> None:
        super().__init__("")
        self._runs = runs
        self._shown: tuple[Entry, str] | None = None
        self.setAccessibleName(self.tr("Details of the run"))
        self.title.hide()
        self.remark.setFont(theme().font("body", 600))
        self.remark.set_role("text")
        self.close_button = Button("", "close", "icon", "text_2")
        self.close_button.setAccessibleName(self.tr("Close the details"))
        self.close_button.clicked.connect(self.closed)
        self.head.addWidget(self.close_button)
        self._models, self._when = ElidedLabel("", "small"), ElidedLabel("", "small", role="text_2")
        self._badge, self._scroll = Badge(), QScrollArea()
        self._origin, self._reason = (Label("", "small", role="text_2") for _ in range(2))
        self._tests, self.trend, self._facts, self.marks = MeasuredLines(), Trend(), Facts(), MarksForm()
        self.open_button = Button(self.tr("Open on the Run page"), "gauge")
        self.open_button.clicked.connect(self.open_asked)
        self.go_on_button = Button(self.tr("Go on with this run"), "play")
        self.go_on_button.setToolTip(self.tr("Measure what is left as a new run; finished tests are taken over"))
        self.go_on_button.clicked.connect(self.go_on_asked)
        self.delete_button = Button(self.tr("Delete"), "trash")
        self.delete_button.clicked.connect(self.delete_asked)
        self.race_button = RaceButton()
        self._lay_out()

    def show_run(self, entry: Entry, why_not: str) -> None:
        """Show a run; `why_not` is why it cannot be opened now, or nothing."""
        if (entry, why_not) == self._shown:
            return
        self._shown = (entry, why_not)
        folder = references.folder_of(self._runs, entry)
        manifest = _manifest(folder)
        self._show_head(entry, why_not, manifest)
        self._tests.show_tests(entry)
        self._facts.show_run(entry, folder, manifest)
        self.marks.show_run(entry)
        self.open_button.setEnabled(not why_not)
        self.open_button.setToolTip(why_not)
        self.go_on_button.setVisible(entry.status in ("stopped", "interrupted") and not why_not)
        self.delete_button.setEnabled(not entry.is_reference)
        self.delete_button.setToolTip(self.tr("A run that comes with llmscope stays.") if entry.is_reference else "")

    def name_run(self) -> None:
        """Let the person write, with the name, tags and note in view."""
        self.marks.start()
        QTimer.singleShot(0, self._show_marks)  # they may not be laid out yet

    def _show_marks(self) -> None:
        self._scroll.ensureWidgetVisible(self.marks)

    def show_trend(self, test: str, points: list[Point]) -> None:
        """Show the key test over runs with the same settings."""
        brief = self._shown[0].test(test) if self._shown is not None else None
        self.trend.show_points(test if brief is None else brief.name, points)

    def _show_head(self, entry: Entry, why_not: str, manifest: Manifest | None) -> None:
        called = words.models(entry.models)
        self.remark.set_text(entry.name or called or entry.id)
        self._models.set_text(called)
        self._models.setVisible(bool(entry.name and called))
        self._when.set_text(_when(entry))
        self._origin.setText(_origin(entry, manifest) if entry.is_reference and manifest is not None else "")
        self._origin.setVisible(bool(self._origin.text()))
        counted = sum(brief.verdict == "valid" for brief in entry.tests)
        if entry.tests and entry.status not in ("running", "interrupted"):
            text = self.tr("{0} of {1} steady").format(counted, tests(len(entry.tests)))
            self._badge.set_word(text, words.run_badge(entry, None))
        else:
            self._badge.set_word(entry.status)
        reason = why_not or entry.reason
        self._reason.setText(reason)
        self._reason.setVisible(bool(reason))

    def _lay_out(self) -> None:
        head, inside, above, buttons = QVBoxLayout(), QWidget(), QVBoxLayout(), QHBoxLayout()
        self.body.addLayout(head)
        self.body.addWidget(self._scroll, 1)
        self.body.addWidget(Line())
        self.body.addLayout(above)
        self.body.addLayout(buttons)
        head.setContentsMargins(EDGE, 10, EDGE, 8)
        head.setSpacing(5)
        for label in (self._origin, self._reason):
            label.setWordWrap(True)
        for widget in (self._models, self._when, self._badge, self._origin, self._reason):
            head.addWidget(widget)
        self._scroll.setObjectName("details")
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName(self.tr("Tests of the run, and its name, tags and note"))
        self._scroll.setWidget(inside)
        for ground in (self._scroll.viewport(), inside):
            ground.setAutoFillBackground(False)
        column = QVBoxLayout(inside)
        column.setContentsMargins(EDGE - RING, 0, EDGE - RING, 10)
        column.setSpacing(12)
        for part in (self._tests, self.trend, self._facts, self.marks):
            column.addWidget(part)
        column.addStretch(1)
        above.setContentsMargins(EDGE, 10, EDGE, 0)
        above.addWidget(self.race_button)
        above.addWidget(self.go_on_button)
        buttons.setContentsMargins(EDGE, 10, EDGE, EDGE)
        buttons.setSpacing(theme().px("layout", "gap"))
        buttons.addWidget(self.open_button, 1)
        buttons.addWidget(self.delete_button)


def _manifest(folder: Path) -> Manifest | None:
    try:
        return read_manifest(folder)[0]
    except BadInput:
        return None  # why it cannot be read stands in the list


def _origin(entry: Entry, manifest: Manifest) -> str:
    """Return `Comes with llmscope. Measured with llmscope 0.1.0 on 21 Nov 2026: AMD EPYC, 2 cores.`"""
    started = manifest.started
    machine = str(started.machine.get("label") or started.machine.get("cpu") or words.tr("a machine without a name"))
    date = QDate(*time.localtime(entry.at_s)[:3])
    return words.tr("Comes with llmscope. Measured with {0} on {1}: {2}.").format(
        manifest.program, f"{words.month_day(date)} {date.year()}", machine)


def _when(entry: Entry) -> str:
    """Return `Today 18:40 · took 1:55 · quick ±3 %`."""
    parts = [words.moment(entry.at_s)]
    if entry.seconds is not None:
        parts.append(words.tr("took {0}").format(duration(entry.seconds)))
    if entry.accuracy in EPSILON:
        parts.append(f"{entry.accuracy.capitalize()} ±{100 * EPSILON[entry.accuracy]:.2g}{NBSP}%")
    return " · ".join(parts)
