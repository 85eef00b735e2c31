"""The line above the tables of What if: which hardware to show, how much of it there is, and what is to be known."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, ElidedLabel, Label
from llmscope.gui.widgets.field import Picker

KIND_PX, SEARCH_PX = 148, 220


class FilterBar(QWidget):
    """`changed` says that other hardware is asked for, `copy_asked` that the table is wanted as text."""

    changed = Signal()
    copy_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.kind, self.search = Picker(), QLineEdit()
        self.count = Label("", "small", role="text_2")
        self.about = ElidedLabel("", "small", role="text_2")
        self._name_controls()
        copy = Button(self.tr("Copy"), "copy", "quiet", "text_2")
        copy.setAccessibleName(self.tr("Copy the table of other hardware"))
        copy.clicked.connect(self.copy_asked)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(10)
        for part in (self.kind, self.search, self.count):
            row.addWidget(part)
        row.addWidget(self.about, 1)
        row.addWidget(copy)

    def show_controls(self, shown: bool) -> None:
        """Show or hide what chooses among hardware."""
        self.kind.setVisible(shown)
        self.search.setVisible(shown)

    def say(self, text: str, is_bad: bool = False) -> None:
        """Tell what is to be known of the table, or why something cannot be done."""
        self.about.set_text(text)
        self.about.set_role("bad" if is_bad else "text_2")

    def _name_controls(self) -> None:
        self.kind.offer({"": self.tr("All kinds"), "gpu": self.tr("GPU"), "cpu": self.tr("CPU"),
                         "apu": self.tr("Unified memory"), "tpu": self.tr("TPU"), "npu": self.tr("NPU")}, "")
        self.kind.setFixedWidth(KIND_PX)
        self.search.setFixedWidth(SEARCH_PX)
        for control, name in ((self.kind, self.tr("Kind of hardware")), (self.search, self.tr("Search the hardware"))):
            control.setAccessibleName(name)
            control.setFont(theme().font())
        self.search.setPlaceholderText(self.tr("Search hardware…"))
        self.search.setMaxLength(200)
        self.search.setClearButtonEnabled(True)
        self.kind.activated.connect(self.changed)
        self.search.textChanged.connect(self.changed)
