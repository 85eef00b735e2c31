"""The two tabs of a small window's Run page."""

from itertools import pairwise

from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from llmscope.gui.results_panel import ResultsPanel
from llmscope.gui.widgets.basic import Button, Line

#: Height in px in which three choices after a failure have room.
LEAST_PX = 172


class RunTabs(QFrame):
    """Results and generation behind two tabs."""

    def __init__(self, results: ResultsPanel, lower: QWidget) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setMinimumHeight(LEAST_PX)  # less than their parts would like: a long banner takes some of it
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

    @property
    def shows_lower(self) -> bool:
        """Whether the second tab is chosen."""
        return self._stack.currentIndex() == 1

    def put_in_tab_order(self, after: QWidget) -> None:
        """Let the tabs be reached after a widget, before what is in them."""
        for before, then in pairwise((after, *self.buttons, self._copy)):
            QWidget.setTabOrder(before, then)

    def take(self) -> None:
        """Take both parts in."""
        self._head.insertWidget(self._head.count() - 1, self._results.view)
        self._stack.addWidget(self._results)
        self._stack.addWidget(self._lower)
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
        policy = QSizePolicy.Policy.Preferred if both else QSizePolicy.Policy.Ignored  # unseen, it needs no room
        self._lower.setSizePolicy(policy, policy)
        if not both:
            self.choose(0)

    def name_lower(self, name: str) -> None:
        """Name the second tab."""
        self.buttons[1].setText(name)
        self.buttons[1].setAccessibleName(name)

    def _on_clicked(self) -> None:
        self.choose(int(self.sender().objectName()))
