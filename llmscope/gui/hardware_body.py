"""What was measured, side by side: ceilings, roofline and what limits the chosen test, and below them the numbers."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from llmscope.analysis.roofline import Point
from llmscope.core.units import NBSP
from llmscope.gui.ceilings_panel import CeilingsPanel
from llmscope.gui.hardware_look import HardwareLook, key_test, uncounted
from llmscope.gui.numbers_table import NumbersTable
from llmscope.gui.page_stack import Room
from llmscope.gui.plots.roofline import RooflinePlot
from llmscope.gui.theme import theme
from llmscope.gui.verdict_card import VerdictCard
from llmscope.gui.widgets.basic import Button, Label, Panel

#: As wide as Qt lets a widget become.
WIDEST_PX = 16_777_215
CEILINGS_PX, VERDICT_PX, UPPER_PX = 372, 372, 410
NARROW_CEILINGS_PX, NARROW_PLOT_PX = 330, 340


class HardwareBody(QWidget):
    """Shows the tests of a look, one of them chosen: `number`, -1 where there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.look = HardwareLook()
        self.number, self._picked = -1, ""
        self.ceilings, self.card, self.table = CeilingsPanel(), VerdictCard(), NumbersTable()
        self.plot, self.roofline = RooflinePlot(), Panel(self.tr("Roofline"))
        self.formula, self.numbers = Label("", "small", role="text_2"), Panel(self.tr("Numbers"))
        self._lay_out()
        for part in (self.plot.chosen, self.card.chosen, self.table.moved):
            part.connect(self.choose)

    def show_look(self, look: HardwareLook) -> None:
        """Show the tests of a run; the test that was picked stays, as long as it is there."""
        self.look = look
        self.ceilings.show_ceilings(look.ceilings, self._no_ceilings())
        self.roofline.remark.set_text(look.run)
        names = [test.name for test in look.tests]
        self.number = names.index(self._picked) if self._picked in names else key_test(look.tests)
        self._show_tests()

    def choose(self, number: int) -> None:
        """Show one of the tests."""
        if 0 <= number < len(self.look.tests):
            self.number, self._picked = number, self.look.tests[number].name
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

    def add_panel(self, panel: Panel) -> None:
        """Put one more panel at the lower end."""
        self._rows.addWidget(panel)

    def _show_tests(self) -> None:
        tests, number = self.look.tests, self.number
        points = {n: (test.name, test.point) for n, test in enumerate(tests) if test.point is not None}
        self.plot.show_tests(points, self.look.roofs, number, self._missing())
        self.card.show_tests(tests, number, self._empty())
        self.table.show_tests(tests, number)
        self.numbers.setVisible(bool(tests))
        chosen = tests[number].point if 0 <= number < len(tests) else None
        self.formula.setText(self._formula(chosen))
        self.formula.setVisible(bool(self.formula.text()))

    def _formula(self, point: Point | None) -> str:
        if point is None and self.look.tests:
            return uncounted(self.look.tests[self.number].row) or self.tr(
                "The FLOPs or the bytes of this test are not known: it has no place in the roofline.")
        if point is None:
            return ""
        first, second, *rest = point.formula
        return "\n".join((f"{point.test}: {first},{NBSP} {second}", *rest))

    def _no_ceilings(self) -> str:
        if self.look.is_measuring:
            return self.tr("They appear here when all are measured.")
        return self.tr("Press “Measure now” to see what this machine can do at most.")

    def _empty(self) -> str:
        if self.look.is_open and not self.look.is_measuring:
            return self.tr("It is told here when the first test is done.")
        return self.tr("Run a test to see what limits it (F5), or open a run in History.")

    def _missing(self) -> str:
        if not self.look.roofs:
            return self.tr("No ceilings of this run's machine are known here.") if self.look.is_measured else \
                self.tr("The roofs are drawn when the ceilings are measured.")
        return "" if self.look.tests or self.look.is_open else self.tr("Run a test (F5) to see where it stands.")

    def _lay_out(self) -> None:
        gap = theme().px("layout", "gap")
        self._upper = QGridLayout()
        self._upper.setSpacing(gap)
        self._upper.setColumnStretch(1, 1)
        self._rows = layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(gap)
        layout.addLayout(self._upper, 1)
        layout.addWidget(self.numbers)
        self._fill_panels()
        self.set_room("normal")

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
