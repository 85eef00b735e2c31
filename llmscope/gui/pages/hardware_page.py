"""The Hardware page: what this machine can do at most, where each test stands below that, and what limits it."""

from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from llmscope.gui.hardware_body import HardwareBody
from llmscope.gui.hardware_look import HardwareLook
from llmscope.gui.hardware_picture import HardwarePicture
from llmscope.gui.page_stack import Page, Room
from llmscope.gui.theme import theme
from llmscope.gui.whatif_panel import WhatIfPanel
from llmscope.gui.widgets.basic import Button, ElidedLabel, Label


class HardwarePage(Page):
    """`measure_asked` and `stop_asked` are the one button at the top; `shown` says that the page came into view."""

    measure_asked = Signal()
    stop_asked = Signal()
    shown = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.measure = Button("", "play")
        self.measure.clicked.connect(self._on_measure)
        self._about = ElidedLabel("", "body", role="text_2")
        self._machine = ElidedLabel("", "small", role="text_2")
        self.body, self.whatif = HardwareBody(), WhatIfPanel()
        self.ceilings, self.card, self.table = self.body.ceilings, self.body.card, self.body.table
        self.plot, self.roofline = self.body.plot, self.body.roofline
        self.formula, self.numbers = self.body.formula, self.body.numbers
        self._lay_out()

    @property
    def look(self) -> HardwareLook:
        """What is shown."""
        return self.body.look

    def show_look(self, look: HardwareLook) -> None:
        """Show the machine and the tests of a run."""
        if look == self.look:
            return
        self._about.set_text(look.about)
        self._machine.set_text(look.machine)
        self.body.show_look(look)
        self._show_button()
        self.whatif.show_here(look.here)

    def choose(self, number: int) -> None:
        """Show one of the tests."""
        self.body.choose(number)

    def set_room(self, room: Room) -> None:
        """Lay out for a window of another class of sizes."""
        self.body.set_room(room)
        self.whatif.set_narrow(room == "narrow")

    def status(self) -> tuple[str, str]:
        """Return the words for the status bar."""
        return self.tr("Ready"), self.look.about

    def close_threads(self) -> None:
        """End what What if still reads."""
        self.whatif.close_threads()

    def picture(self) -> HardwarePicture | None:
        """Return what a picture of ceilings and tests shows, None while there are none."""
        return HardwarePicture(self.look, self.body.number) if self.look.facts else None

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()
        # Of what chooses a test the picker is in view in a small window too; the table lies below.
        first = self.card.picker if self.look.tests else self.measure if self.measure.isEnabled() else self.plot
        first.setFocus()

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
        margin = px("layout", "margin")
        inside = QWidget()
        inside.setProperty("kind", "scrolled")
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.setSpacing(px("layout", "gap"))
        layout.addLayout(self._head())
        layout.addWidget(self.body, 1)
        layout.addWidget(self.whatif)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
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
