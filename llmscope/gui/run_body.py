"""Everything right of the rail: strip, live graphs, results, and generation or what to do; wide or narrow."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from llmscope.gui.advice_panel import AdvicePanel
from llmscope.gui.generation_panel import GenerationPanel
from llmscope.gui.header_strip import HeaderStrip
from llmscope.gui.live_feed import LiveFeed
from llmscope.gui.plots.live_plots import LivePlots
from llmscope.gui.results_panel import ResultsPanel
from llmscope.gui.theme import theme
from llmscope.gui.welcome import Hint, KnowCard, MachineCard, WelcomeHead
from llmscope.gui.widgets.basic import Button, Line


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
        self.tabs = _Tabs(self.results, self.below)
        self._narrow, self._welcome = False, True
        self._lay_out()
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
        self.below.setVisible(not welcome)
        self.tabs.show_choice(not welcome)
        self._plots_frame.setVisible(not (welcome and self._narrow))

    def show_advice(self, advice: bool) -> None:
        """Show what can be done in place of the generated text."""
        self.below.setCurrentWidget(self.advice if advice else self.generation)
        self.tabs.name_lower(self.tr("What you can do") if advice else self.tr("Generation"))
        if advice:
            self.tabs.choose(1)

    def set_narrow(self, narrow: bool) -> None:
        """Put results and generation into tabs below the graphs, or side by side and below."""
        if narrow == self._narrow:
            return
        self._narrow = narrow
        self.strip.set_narrow(narrow)
        self.plots.set_narrow(narrow)
        self.results.set_narrow(narrow)
        self.advice.set_narrow(narrow)
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
        self.upper, self.outer = _splitter(Qt.Orientation.Horizontal), _splitter(Qt.Orientation.Vertical)
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
        layout = QVBoxLayout(self)
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.setSpacing(theme().px("layout", "gap"))
        for widget in (self.welcome, self.strip, self._cards):
            layout.addWidget(widget)
        layout.addWidget(self.outer, 3)
        layout.addWidget(self.tabs, 2)
        layout.addWidget(self.hint)
        self.tabs.hide()

    def share_width(self, wide: bool) -> None:
        """Give the results their width, and the graphs the rest."""
        px = theme().px
        results = px("layout", "results_wide" if wide else "results")
        self.upper.setSizes([max(px("layout", "plots"), self.width() - results), results])
        self.outer.setSizes([px("layout", "plots_height"), px("layout", "generation")])


class _Tabs(QFrame):
    """Results and generation behind two tabs."""

    def __init__(self, results: ResultsPanel, lower: QWidget) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self._results, self._lower = results, lower
        self.buttons = [Button(self.tr("Results"), kind="tab"), Button(self.tr("Generation"), kind="tab")]
        head = self._head = QHBoxLayout()
        head.setContentsMargins(8, 0, 8, 0)
        for number, button in enumerate(self.buttons):
            button.setCheckable(True)
            button.setObjectName(str(number))
            button.setProperty("small", True)
            button.clicked.connect(self._on_clicked)
            head.addWidget(button)
        head.addStretch(1)
        self._copy = Button(self.tr("Copy"), "copy", "quiet", "text_2")
        self._copy.setAccessibleName(self.tr("Copy results"))
        self._copy.clicked.connect(results.copy_shown)
        head.addWidget(self._copy)
        self._stack = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(Line())
        layout.addWidget(self._stack, 1)
        self.choose(0)

    def take(self) -> None:
        """Take both parts in."""
        self._head.insertWidget(self._head.count() - 1, self._results.view)
        self._stack.addWidget(self._results)
        self._stack.addWidget(self._lower)
        self._lower.show()
        self.choose(0)

    def choose(self, number: int) -> None:
        """Show a tab."""
        for i, button in enumerate(self.buttons):
            button.setChecked(i == number)
        self._stack.setCurrentIndex(number)
        self._copy.setVisible(number == 0)
        self._results.show_choice(number == 0)

    def show_choice(self, both: bool) -> None:
        """Offer the second tab or not."""
        self.buttons[1].setVisible(both)
        if not both:
            self.choose(0)

    def name_lower(self, name: str) -> None:
        """Name the second tab."""
        self.buttons[1].setText(name)
        self.buttons[1].setAccessibleName(name)

    def _on_clicked(self) -> None:
        self.choose(int(self.sender().objectName()))


def _splitter(orientation: Qt.Orientation) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setChildrenCollapsible(False)
    splitter.setHandleWidth(theme().px("layout", "gap"))
    return splitter
