"""The Compare page: two to four stored runs side by side, under the sentence that sums them up."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from llmscope.analysis.compare import LETTERS, MOST_RUNS
from llmscope.analysis.compare_doubt import what_helps
from llmscope.analysis.compare_names import called
from llmscope.analysis.compare_words import headline
from llmscope.core.errors import BadInput
from llmscope.gui import compare_look as look
from llmscope.gui.compare_body import CompareBody
from llmscope.gui.compare_empty import NothingToCompare
from llmscope.gui.compare_picker import RunPicker
from llmscope.gui.compare_picture import ComparePicture
from llmscope.gui.page_stack import Page, Room
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, ElidedLabel, Label
from llmscope.gui.widgets.field import Picker
from llmscope.runs import references
from llmscope.runs.compare import Compared

BASELINE_PX = 216


class ComparePage(Page):
    """`added` carries the id of a run, `unwanted` and `baseline_asked` the place of one, `said` a line to tell.

    `race_asked` carries the folders of the two runs that are shown.
    """

    history_asked = Signal()
    added = Signal(str)
    unwanted = Signal(int)
    baseline_asked = Signal(int)
    race_asked = Signal(object, object)
    said = Signal(str)

    def __init__(self, runs: Path) -> None:
        super().__init__()
        self._runs, self._ids = runs, list[str]()
        self.compared: Compared | None = None
        self._base = Label(self.tr("Baseline"), "small", role="text_2")
        self.title, self._about = Label("", "title", 600), ElidedLabel("", "body", role="text_2")
        self.baseline, self.body, self.empty = Picker(), CompareBody(), NothingToCompare()
        self.copy, self.race = Button(self.tr("Copy table"), "copy"), Button(self.tr("Race"), "race")
        self._stack = QStackedWidget()
        self._lay_out()
        self.copy.clicked.connect(self.copy_table)
        self.race.clicked.connect(self._on_race)
        self.baseline.activated.connect(self.baseline_asked)
        self.body.unwanted.connect(self.unwanted)
        self.body.cards.add.clicked.connect(self.pick_run)
        self.empty.add.clicked.connect(self.pick_run)
        for nothing in (self.empty, self.body.apart):
            nothing.history.clicked.connect(self.history_asked)
        self.show_picked([])

    def show_picked(self, ids: Sequence[str], why: str = "") -> None:
        """Take which runs are picked; what is shown stays until they are read, unless they are too few."""
        self._ids = list(ids)
        if len(ids) < 2 or why:
            self.compared = None
            self.empty.show_why(self._ids, why)
            self._stack.setCurrentWidget(self.empty)

    def show_compared(self, compared: Compared) -> None:
        """Show the picked runs."""
        self.compared, found = compared, compared.comparison
        self.title.setText(headline(found))
        self._about.set_text(". ".join(filter(None, (what_helps(found), look.subtitle(found)))))
        names = {str(place): f"{LETTERS[place]} · {called(found, place)}"
                 for place in range(len(found.sides))}
        self.baseline.offer(names, str(found.baseline))
        self.body.show_runs(compared)
        self.race.setVisible(len(self._ids) == 2)
        for control in (self._base, self.baseline, self.copy):
            control.setVisible(not found.is_apart)
        self._order_focus()
        waited = self.empty.isVisible()
        self._stack.setCurrentIndex(0)
        if waited:
            self._focus_first()
        if compared.notes:
            self.said.emit(compared.notes[0])

    @property
    def shown_ids(self) -> list[str]:
        """The runs that are shown, in their order."""
        return [] if self.compared is None else [side.run for side in self.compared.comparison.sides]

    def _on_race(self) -> None:
        try:
            a, b = (references.find(self._runs, run) for run in self.shown_ids)
        except BadInput as error:  # one was deleted meanwhile
            self.said.emit(str(error))
        else:
            self.race_asked.emit(a, b)

    def pick_run(self) -> None:
        """Let the person choose another run."""
        if len(self._ids) < MOST_RUNS:
            picker = RunPicker(self._runs, self._ids, self)
            picker.chosen.connect(self.added)
            picker.open()

    def copy_table(self) -> None:
        """Copy all numbers, as a Markdown table."""
        if self.compared is not None:
            found = self.compared.comparison
            QGuiApplication.clipboard().setText(f"{look.as_markdown(look.table(found))}\n\n{look.legend(found)}")
            self.said.emit(self.tr("Table copied as Markdown. Ctrl+C in the table copies its rows for a spreadsheet."))

    def picture(self) -> ComparePicture | None:
        compared = self.compared
        return None if compared is None or compared.comparison.is_apart else ComparePicture(compared)

    def why_no_picture(self) -> str:
        return super().why_no_picture() if self.compared is None else self.tr("These runs have no test in common.")

    def set_room(self, room: Room) -> None:
        self.body.set_whole(room == "narrow", room == "narrow")

    def status(self) -> tuple[str, str]:
        if self.compared is None:
            return self.tr("Compare"), self.tr("two to four runs of History side by side")
        found = self.compared.comparison
        base = LETTERS[found.baseline]
        if found.is_apart:
            return self.tr("{0} runs").format(len(found.sides)), self.tr("no test in common")
        return self.tr("{0} runs").format(len(found.sides)), self.tr(
            "vs {0}: how many times as fast as {0}; its ± combines both intervals").format(base)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._focus_first()

    def _focus_first(self) -> None:
        """Begin with the speeds; where there are none, with the way to other runs."""
        if self.compared is None:
            self.empty.history.setFocus()
        else:
            (self.body.apart.history if self.compared.comparison.is_apart else self.body.speed).setFocus()

    def _lay_out(self) -> None:
        margin = theme().px("layout", "margin")
        inside = QWidget()
        inside.setProperty("kind", "scrolled")
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.setSpacing(theme().px("layout", "gap"))
        layout.addLayout(self._head())
        layout.addWidget(self.body, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        self._stack.addWidget(scroll)
        self._stack.addWidget(self.empty)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _order_focus(self) -> None:
        body = self.body
        removes = [card.remove for card in body.cards.shown]
        for before, after in pairwise((self.baseline, self.race, self.copy, *removes, body.cards.add, body.speed,
                                       body.roofline, body.every, body.settings, body.apart.history)):
            QWidget.setTabOrder(before, after)

    def _head(self) -> QHBoxLayout:
        self.title.setWordWrap(True)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.title)
        words.addWidget(self._about)
        self.baseline.setAccessibleName(self.tr("Baseline"))
        self.baseline.setFixedWidth(BASELINE_PX)
        self.copy.setToolTip(self.tr("Copy all numbers as a Markdown table"))
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addLayout(words, 1)
        head.addWidget(self._base)
        head.addWidget(self.baseline)
        self.race.setToolTip(self.tr("The text of both beside each other, at the pace at which it came"))
        head.addWidget(self.race)
        head.addWidget(self.copy)
        return head
