"""What a stored run is: its tests, where and with what it was made, and what can be done with it."""

from pathlib import Path

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from llmscope.core.errors import BadInput
from llmscope.core.events import RunStarted
from llmscope.core.stopping import EPSILON
from llmscope.core.units import NBSP, duration
from llmscope.gui import words
from llmscope.gui.history_table import LEFT, RIGHT
from llmscope.gui.looks import tests
from llmscope.gui.models.history_model import figure
from llmscope.gui.theme import theme
from llmscope.gui.widgets.badge import Badge, paint_badge
from llmscope.gui.widgets.basic import Button, ElidedLabel, Label, Line, Panel
from llmscope.runs.entry import Brief, Entry
from llmscope.runs.store import read_manifest

EDGE = 12
ROW, CAPTION = 25, 22
MAX_ROWS = 400


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
        self._when, self._badge = ElidedLabel("", "small", role="text_2"), Badge()
        self._reason = Label("", "small", role="text_2")
        self._reason.setWordWrap(True)
        self._tests = _Tests()
        self._facts = {key: _Fact(elided=key == "folder") for key in self._names()}
        self.open_button = Button(self.tr("Open on the Run page"), "gauge")
        self.open_button.clicked.connect(self.open_asked)
        self.go_on_button = Button(self.tr("Go on with this run"), "play")
        self.go_on_button.setToolTip(self.tr("Measure what is left as a new run; finished tests are taken over"))
        self.go_on_button.clicked.connect(self.go_on_asked)
        self.delete_button = Button(self.tr("Delete"), "trash")
        self.delete_button.clicked.connect(self.delete_asked)
        self._lay_out()

    def show_run(self, entry: Entry, why_not: str) -> None:
        """Show a run; `why_not` is why it cannot be opened now, or nothing."""
        if (entry, why_not) == self._shown:
            return
        self._shown = (entry, why_not)
        self.remark.set_text(words.models(entry.models) or entry.id)
        self._when.set_text(_when(entry))
        counted = sum(brief.verdict == "valid" for brief in entry.tests)
        if entry.tests and entry.status not in ("running", "interrupted"):
            text = self.tr("{0} of {1} steady").format(counted, tests(len(entry.tests)))
            self._badge.set_word(text, words.run_badge(entry, None))
        else:
            self._badge.set_word(entry.status)
        reason = why_not or entry.reason
        self._reason.setText(reason)
        self._reason.setVisible(bool(reason))
        self._tests.show_tests(entry)
        self._show_facts(entry)
        self.open_button.setEnabled(not why_not)
        self.open_button.setToolTip(why_not)
        self.go_on_button.setVisible(entry.status in ("stopped", "interrupted") and not why_not)

    def _show_facts(self, entry: Entry) -> None:
        started, program = None, ""
        try:
            manifest, _ = read_manifest(self._runs / entry.id)
            started, program = manifest.started, manifest.program
        except BadInput:
            pass  # a run that cannot be read has its reason above
        texts = {"device": entry.device, "folder": str(self._runs / entry.id)}
        if started is not None:
            texts |= {"settings": words.settings_lines(started.spec.cells), "software": _software(started, program),
                      "conditions": _conditions(started, entry)}
        for key, label in self._facts.items():
            label.show_text(texts.get(key) or "—")

    def _names(self) -> dict[str, str]:
        return {"device": self.tr("Device"), "settings": self.tr("Settings"), "software": self.tr("Software"),
                "conditions": self.tr("Conditions"), "folder": self.tr("Folder")}

    def _lay_out(self) -> None:
        head = QVBoxLayout()
        head.setContentsMargins(EDGE, 10, EDGE, 8)
        head.setSpacing(5)
        for widget in (self._when, self._badge, self._reason):
            head.addWidget(widget)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAccessibleName(self.tr("Tests of the run"))
        scroll.setWidget(self._tests)
        scroll.viewport().setAutoFillBackground(False)
        self._tests.setAutoFillBackground(False)
        facts = QGridLayout()
        facts.setContentsMargins(EDGE, 10, EDGE, 10)
        facts.setHorizontalSpacing(14)
        facts.setVerticalSpacing(4)
        facts.setColumnStretch(1, 1)
        for row, (key, name) in enumerate(self._names().items()):
            facts.addWidget(Label(name, "small", role="text_2"), row, 0, Qt.AlignmentFlag.AlignTop)
            facts.addWidget(self._facts[key], row, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(EDGE, 4, EDGE, EDGE)
        buttons.setSpacing(theme().px("layout", "gap"))
        buttons.addWidget(self.open_button, 1)
        buttons.addWidget(self.delete_button)
        self.body.addLayout(head)
        self.body.addWidget(scroll, 1)
        self.body.addWidget(Line())
        self.body.addLayout(facts)
        above = QVBoxLayout()
        above.setContentsMargins(EDGE, 4, EDGE, 0)
        above.addWidget(self.go_on_button)
        self.body.addLayout(above)
        self.body.addLayout(buttons)


class _Fact(QWidget):
    """A value of the list at the bottom: in full over several lines, or a path shortened in the middle."""

    def __init__(self, elided: bool) -> None:
        super().__init__()
        self._label = ElidedLabel("", "small", mode=Qt.TextElideMode.ElideMiddle) if elided else Label("", "small")
        self._label.setWordWrap(not elided)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._label)

    def show_text(self, text: str) -> None:
        if isinstance(self._label, ElidedLabel):
            self._label.set_text(text)
        else:
            self._label.setText(text)


class _Tests(QWidget):
    """The tests of a run, one line each, under the name of their model where there are several."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Brief | str] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_tests(self, entry: Entry) -> None:
        self._lines, model = [], None
        for brief in entry.tests[:MAX_ROWS]:
            if len(entry.models) > 1 and brief.model != model:
                model = brief.model
                self._lines.append(words.model_name(model))
            self._lines.append(brief)
        self.setAccessibleName("; ".join(_sentence(line) for line in self._lines))
        self.setToolTip("\n".join(f"{line.test}: {line.reason}" for line in self._lines
                                  if isinstance(line, Brief) and line.reason))
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(280, sum(CAPTION if isinstance(line, str) else ROW for line in self._lines))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, top = QPainter(self), 0
        for line in self._lines:
            height = CAPTION if isinstance(line, str) else ROW
            rect = QRect(EDGE, top, self.width() - 2 * EDGE, height)
            if event.rect().intersects(rect):
                self._paint(painter, rect, line)
            top += height

    def _paint(self, painter: QPainter, rect: QRect, line: Brief | str) -> None:
        painter.fillRect(QRect(rect.left() - 4, rect.bottom(), rect.width() + 8, 1), theme().colour("divider"))
        if isinstance(line, str):
            _draw(painter, rect, line, "small", 400, "text_2", LEFT)
            return
        value, plus = figure(line)
        shown = f"{value}{NBSP}{line.unit}" if value != "—" and line.unit != "tok/s" else value
        _draw(painter, rect, line.test, "body", 600, "text", LEFT)
        _draw(painter, rect.adjusted(0, 0, -150, 0), shown, "body", 400, "text", RIGHT)
        _draw(painter, rect.adjusted(0, 0, -92, 0), plus, "small", 400, "text_2", RIGHT)
        paint_badge(painter, QRectF(rect), words.verdict_word(line.verdict, line.reason))


def _draw(painter: QPainter, rect: QRect, text: str, size: str, weight: int, role: str,
          align: Qt.AlignmentFlag) -> None:
    painter.setFont(theme().font(size, weight))
    painter.setPen(theme().colour(role))
    painter.drawText(rect, align, text)


def _sentence(line: Brief | str) -> str:
    if isinstance(line, str):
        return line
    value, plus = figure(line)
    return f"{line.test} {value} {line.unit} {plus} {words.verdict_word(line.verdict, line.reason)}"


def _when(entry: Entry) -> str:
    """Return `Today 18:40 · took 1:55 · quick ±3 %`."""
    parts = [words.moment(entry.at_s)]
    if entry.seconds is not None:
        parts.append(words.tr("took {0}").format(duration(entry.seconds)))
    if entry.accuracy in EPSILON:
        parts.append(f"{entry.accuracy.capitalize()} ±{100 * EPSILON[entry.accuracy]:.2g}{NBSP}%")
    return " · ".join(parts)


def _software(started: RunStarted, program: str) -> str:
    gpus = started.machine.get("gpus")
    first = gpus[0] if isinstance(gpus, list | tuple) and gpus and isinstance(gpus[0], dict) else {}
    driver = words.tr("driver {0}").format(first["driver"]) if first.get("driver") else ""
    torch = f"torch {started.versions['torch']}" if "torch" in started.versions else ""
    return " · ".join(part.replace(" ", NBSP) for part in (torch, driver, program) if part)


def _conditions(started: RunStarted, entry: Entry) -> str:
    on_battery = started.machine.get("on_battery")
    power = words.tr("on battery") if on_battery is True else words.tr("mains power") if on_battery is False else \
        words.tr("power source not readable")
    if entry.others_percent is None:
        return power
    return power + words.tr(", {0} background").format(f"{entry.others_percent:.0f}{NBSP}%")
