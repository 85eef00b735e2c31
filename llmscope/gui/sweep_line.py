"""What the rail says of a sweep: the button that asks for one, and what it goes over."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from llmscope.gui.choices import Swept
from llmscope.gui.sweep_choice import summary
from llmscope.gui.widgets.basic import Button, Label

ASK_PX = 68


class SweepLine(QWidget):
    """`asked` opens the dialog, `cleared` goes back to one value of each setting; hidden where there is no sweep.

    The button `ask` stands where the rail puts it.
    """

    asked = Signal()
    cleared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._locked = False
        self._sweep: Swept = ()
        self._words, self._count = Label("", "small"), Label("", "small", role="text_2")
        self._words.setWordWrap(True)
        self.ask = Button(self.tr("Sweep…"), kind="preset")
        self.ask.setToolTip(self.tr("Measure the ticked tests with several values of these settings"))
        self.clear = Button(self.tr("No sweep"), kind="preset")
        self.clear.setAccessibleName(self.tr("No sweep: one value of each setting"))
        self.ask.clicked.connect(self.asked)
        self.clear.clicked.connect(self.cleared)
        self.ask.setMinimumWidth(ASK_PX)
        self.clear.setMinimumWidth(ASK_PX)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._count, 1)
        row.addWidget(self.clear)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(4)
        layout.addWidget(self._words)
        layout.addLayout(row)
        self.show_sweep(())

    @property
    def is_locked(self) -> bool:
        """Whether a run goes on."""
        return self._locked

    def show_sweep(self, sweep: Swept) -> None:
        """Show what the sweep goes over, or that there can be one."""
        self._sweep = sweep
        self._words.setText(self.tr("Sweep: {0}").format(summary(sweep)) if sweep else "")
        self.ask.setText(self.tr("Change…") if sweep else self.tr("Sweep…"))
        self.ask.setAccessibleName(self.tr("Change the sweep") if sweep else self.tr("Sweep over several values"))
        if not sweep:
            self.show_count("")
        self._show_parts()

    def show_count(self, text: str) -> None:
        """Say how many tests the sweep has, and how long they take."""
        self._count.setText(text)

    def set_locked(self, locked: bool) -> None:
        """Show what the sweep goes over without letting it be changed."""
        self._locked = locked
        self._show_parts()

    def _show_parts(self) -> None:
        self._words.setVisible(bool(self._sweep))
        self.ask.setVisible(not self._locked)
        self.clear.setVisible(bool(self._sweep) and not self._locked)
        if self.parent() is not None:  # without one it would be a window of its own
            self.setVisible(bool(self._sweep))
