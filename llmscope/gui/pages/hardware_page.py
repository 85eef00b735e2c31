"""The Hardware page: what this machine can do at most, where each test stands below that, and what limits it."""

from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from llmscope.analysis.roofline import Point
from llmscope.core.units import NBSP
from llmscope.gui.ceilings_panel import CeilingsPanel
from llmscope.gui.hardware_look import HardwareLook, key_test
from llmscope.gui.numbers_table import NumbersTable
from llmscope.gui.page_stack import Page, Room
from llmscope.gui.plots.roofline import RooflinePlot
from llmscope.gui.theme import theme
from llmscope.gui.verdict_card import VerdictCard
from llmscope.gui.whatif_panel import WhatIfPanel
from llmscope.gui.widgets.basic import Button, ElidedLabel, Label, Panel

#: As wide as Qt lets a widget become.
WIDEST_PX = 16_777_215
CEILINGS_PX, VERDICT_PX, UPPER_PX = 372, 372, 410
NARROW_CEILINGS_PX, NARROW_PLOT_PX = 330, 340


class HardwarePage(Page):
    """`measure_asked` and `stop_asked` are the one button at the top; `shown` says that the page came into view."""

    measure_asked = Signal()
    stop_asked = Signal()
    shown = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.look = HardwareLook()
        self._number, self._picked = -1, ""
        self.measure = Button("", "play")
        self.measure.clicked.connect(self._on_measure)
        self._about = ElidedLabel("", "body", role="text_2")
        self._machine = ElidedLabel("", "small", role="text_2")
        self.ceilings, self.card, self.table = CeilingsPanel(), VerdictCard(), NumbersTable()
        self.plot, self.roofline = RooflinePlot(), Panel(self.tr("Roofline"))
        self.formula = Label("", "small", role="text_2")
        self.numbers, self.whatif = Panel(self.tr("Numbers")), WhatIfPanel()
        self._lay_out()
        for part in (self.plot.chosen, self.card.chosen, self.table.moved):
            part.connect(self.choose)

    def show_look(self, look: HardwareLook) -> None:
        """Show the machine and the tests of a run; the test that was picked stays, as long as it is there."""
        if look == self.look:
            return
        self.look = look
        self._about.set_text(look.about)
        self._machine.set_text(look.machine)
        self._show_button()
        self.ceilings.show_ceilings(
            look.ceilings, self.tr("Press “Measure now” to see what this machine can do at most."))
        self.roofline.remark.set_text(look.run)
        self.whatif.show_here(look.here)
        names = [test.name for test in look.tests]
        self._number = names.index(self._picked) if self._picked in names else key_test(look.tests)
        self._show_tests()

    def choose(self, number: int) -> None:
        """Show one of the tests."""
        if 0 <= number < len(self.look.tests):
            self._number, self._picked = number, self.look.tests[number].name
            self._show_tests()

    def show_live(self, point: Point | None) -> None:
        """Show where the running test is now."""
        self.plot.show_live(point)

    def set_room(self, room: Room) -> None:
        """In a small window put the verdict above the roofline, beside the ceilings."""
        narrow, grid = room == "narrow", self._upper
        for part in (self.ceilings, self.roofline, self.card):
            grid.removeWidget(part)
        self.ceilings.setFixedWidth(NARROW_CEILINGS_PX if narrow else CEILINGS_PX)
        self.card.setMinimumWidth(0 if narrow else VERDICT_PX)
        self.card.setMaximumWidth(WIDEST_PX if narrow else VERDICT_PX)
        self.roofline.setMinimumHeight(NARROW_PLOT_PX if narrow else UPPER_PX)
        grid.addWidget(self.ceilings, 0, 0, 2 if narrow else 1, 1)
        grid.addWidget(self.card, 0, 1 if narrow else 2)
        grid.addWidget(self.roofline, 1 if narrow else 0, 1)
        self.table.set_narrow(narrow)
        self.whatif.set_narrow(narrow)

    def status(self) -> tuple[str, str]:
        """Return the words for the status bar."""
        return self.tr("Ready"), self.look.about

    def close_threads(self) -> None:
        """End what What if still reads."""
        self.whatif.close_threads()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()
        (self.table if self.look.tests else self.measure).setFocus()

    def _show_tests(self) -> None:
        tests, number = self.look.tests, self._number
        points = {n: (test.name, test.point) for n, test in enumerate(tests) if test.point is not None}
        self.plot.show_tests(points, self.look.roofs, number, self._missing())
        self.card.show_tests(tests, number, self._empty())
        self.table.show_tests(tests, number)
        self.numbers.setVisible(bool(tests))
        chosen = tests[number].point if 0 <= number < len(tests) else None
        self.formula.setText(self._formula(chosen))
        self.formula.setVisible(bool(self.formula.text()))

    def _formula(self, point: Point | None) -> str:
        if point is None:
            return self.tr("The FLOPs or the bytes of this test are not known: it has no place in the roofline."
                           ) if self.look.tests else ""
        first, second, *rest = point.formula
        return "\n".join((f"{point.test}: {first},{NBSP} {second}", *rest))

    def _empty(self) -> str:
        if self.look.is_open:
            return self.tr("It is told here when the first test is done.")
        return self.tr("Run a test to see what limits it (F5), or open a run in History.")

    def _missing(self) -> str:
        if not self.look.roofs:
            return self.tr("No ceilings of this run's machine are known here.") if self.look.is_measured else \
                self.tr("The roofs are drawn when the ceilings are measured.")
        return "" if self.look.tests or self.look.is_open else self.tr("Run a test (F5) to see where it stands.")

    def _show_button(self) -> None:
        look = self.look
        stops = look.is_open and look.is_measuring
        text = self.tr("Stop") if stops else self.tr("Measure again") if look.is_measured else self.tr("Measure now")
        self.measure.setText(text)
        self.measure.setAccessibleName(text)
        self.measure.set_icon("stop" if stops else "play")
        self.measure.setEnabled(stops or not look.is_open)

    def _on_measure(self) -> None:
        (self.stop_asked if self.look.is_open else self.measure_asked).emit()

    def _lay_out(self) -> None:
        px = theme().px
        margin, gap = px("layout", "margin"), px("layout", "gap")
        inside = QWidget()
        inside.setProperty("kind", "scrolled")
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.setSpacing(gap)
        layout.addLayout(self._head())
        self._upper = QGridLayout()
        self._upper.setSpacing(gap)
        self._upper.setColumnStretch(1, 1)
        layout.addLayout(self._upper, 1)
        layout.addWidget(self.numbers)
        layout.addWidget(self.whatif)
        self._fill_panels()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        self.set_room("normal")
        tries = self.card.trials.buttons
        for before, after in pairwise((self.measure, self.card.picker, *tries, self.plot, self.table)):
            QWidget.setTabOrder(before, after)
        self._show_button()

    def _head(self) -> QHBoxLayout:
        words = QVBoxLayout()
        words.setSpacing(1)
        first = QHBoxLayout()
        first.setSpacing(12)
        first.addWidget(Label(self.tr("This machine"), "title", 600))
        first.addWidget(self._machine, 1, Qt.AlignmentFlag.AlignBottom)
        words.addLayout(first)
        words.addWidget(self._about)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addLayout(words, 1)
        head.addWidget(self.measure)
        return head

    def _fill_panels(self) -> None:
        self.roofline.head.addWidget(Label(self.tr("percent of its roof"), "small", role="text_2"))
        self.roofline.body.addWidget(self.plot, 1)
        self.formula.setContentsMargins(14, 8, 14, 10)
        self.formula.setWordWrap(True)
        self.formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.roofline.body.addWidget(self.formula)
        copy = Button(self.tr("Copy"), "copy", "quiet", "text_2")
        copy.setAccessibleName(self.tr("Copy the numbers"))
        copy.clicked.connect(self.table.copy_all)
        self.numbers.head.addWidget(copy)
        self.numbers.remark.set_text(self.tr("work of one sample, and how near it came to both ceilings"))
        self.numbers.body.addWidget(self.table)
