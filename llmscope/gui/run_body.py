"""Everything right of the rail: strip, live graphs, results, and generation or what to do; wide or narrow."""

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from llmscope.gui.advice_panel import AdvicePanel
from llmscope.gui.generation_panel import GenerationPanel
from llmscope.gui.header_strip import HeaderStrip
from llmscope.gui.live_feed import LiveFeed
from llmscope.gui.plots.live_plots import LivePlots
from llmscope.gui.results_panel import ResultsPanel
from llmscope.gui.run_tabs import RunTabs
from llmscope.gui.theme import theme
from llmscope.gui.welcome import Hint, KnowCard, MachineCard, WelcomeHead
from llmscope.gui.widgets.basic import Button
from llmscope.gui.widgets.splitter import Splitter

if TYPE_CHECKING:
    from llmscope.gui.reference_strip import ReferenceStrip


class RunBody(QWidget):
    """Lays the parts out; what they show is told to each of them by the page."""

    def __init__(self, feed: LiveFeed) -> None:
        super().__init__()
        self.strip = HeaderStrip()
        self.welcome, self.machine, self.know, self.hint = WelcomeHead(), MachineCard(), KnowCard(), Hint()
        self.plots = LivePlots(feed)
        self.results = ResultsPanel()
        self.generation = GenerationPanel()
        self.advice = AdvicePanel()
        self.below = QStackedWidget()
        self.below.addWidget(self.generation)
        self.below.addWidget(self.advice)
        self.tabs = RunTabs(self.results, self.below)
        self.reference: ReferenceStrip | None = None
        self.example: Button | None = None
        self._narrow, self._welcome = False, True
        self._lay_out()
        self.tabs.put_in_tab_order(self.plots.numbers)
        self.show_welcome(True)

    @property
    def is_narrow(self) -> bool:
        """Whether the parts are laid out for a small window."""
        return self._narrow

    def show_welcome(self, welcome: bool) -> None:
        """Show the first page, with the plan, or the page of a run."""
        self._welcome = welcome
        self.strip.setVisible(not welcome)
        self.welcome.setVisible(welcome)
        self._cards.setVisible(welcome)
        self.hint.setVisible(welcome and not self._narrow)
        if self.reference is not None:
            self.reference.setVisible(welcome)
        self.below.setVisible(not welcome and (not self._narrow or self.tabs.shows_lower))
        self.tabs.show_choice(not welcome)
        self.outer.setVisible(not (welcome and self._narrow))

    def show_advice(self, advice: bool) -> None:
        """Show what can be done in place of the generated text."""
        self.below.setCurrentWidget(self.advice if advice else self.generation)
        self.tabs.name_lower(self.tr("What you can do") if advice else self.tr("Generation"))
        if advice:
            self.tabs.choose(1)

    def offer_reference(self, after: QWidget) -> tuple["ReferenceStrip", Button]:
        """Make the strip of a reference run and the button that opens it, next to be focused after a widget."""
        from llmscope.gui.reference_strip import ReferenceStrip  # not before the window's first paint

        self.reference, self.example = ReferenceStrip(), self.welcome.offer_example()
        self.reference.set_narrow(self._narrow)
        self._column.insertWidget(self._column.indexOf(self._cards) + 1, self.reference)
        self.reference.setVisible(self._welcome)
        for before, then in pairwise((after, self.example, self.reference.picker, self.reference.compare)):
            QWidget.setTabOrder(before, then)
        return self.reference, self.example

    def set_narrow(self, narrow: bool) -> None:
        """Put results and generation into tabs below the graphs, or side by side and below."""
        if narrow == self._narrow:
            return
        self._narrow = narrow
        self.strip.set_narrow(narrow)
        self.plots.set_narrow(narrow)
        self.results.set_narrow(narrow)
        self.advice.set_narrow(narrow)
        for part in (self.welcome, self.machine, self.know, self.reference):
            if part is not None:
                part.set_narrow(narrow)
        if narrow:
            self.tabs.take()
            self.tabs.show()
        else:
            self.upper.addWidget(self.results)
            self.outer.addWidget(self.below)
            self.tabs.hide()
            self.results.show()
        self.show_welcome(self._welcome)

    def _lay_out(self) -> None:
        self._plots_frame = QFrame()
        frame = QVBoxLayout(self._plots_frame)
        frame.setContentsMargins(0, 0, 0, 0)
        frame.addWidget(self.plots)
        self._cards = QWidget()
        self._cards.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        cards = QHBoxLayout(self._cards)
        cards.setContentsMargins(0, 0, 0, 0)
        cards.setSpacing(theme().px("layout", "gap"))
        cards.addWidget(self.machine, 1)
        cards.addWidget(self.know, 1)
        self.upper, self.outer = (Splitter(orientation, theme().px("layout", "gap"))
                                  for orientation in (Qt.Orientation.Horizontal, Qt.Orientation.Vertical))
        self.upper.addWidget(self._plots_frame)
        self.upper.addWidget(self.results)
        self.outer.addWidget(self.upper)
        self.outer.addWidget(self.below)
        self.results.setMinimumWidth(theme().px("layout", "results_least"))
        self.upper.setStretchFactor(0, 1)
        self.upper.setStretchFactor(1, 0)
        self.outer.setStretchFactor(0, 2)
        self.outer.setStretchFactor(1, 1)
        self.share_width(False)
        margin = theme().px("layout", "margin")
        layout = self._column = QVBoxLayout(self)
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.setSpacing(theme().px("layout", "gap"))
        for widget in (self.welcome, self.strip, self._cards):
            layout.addWidget(widget)
        layout.addWidget(self.outer, 4)
        layout.addWidget(self.tabs, 3)
        layout.addWidget(self.hint)
        self.tabs.hide()

    def share_width(self, wide: bool) -> None:
        """Give the results their width, and the graphs the rest."""
        px = theme().px
        results = px("layout", "results_wide" if wide else "results")
        self.upper.setSizes([max(px("layout", "plots"), self.width() - results), results])
        self.outer.setSizes([px("layout", "plots_height"), px("layout", "generation")])
