"""The run that this machine can be held against: whose it is, what it did there, and the button that compares."""

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout

from llmscope.gui.header_strip import MOST_FIGURES
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, ElidedLabel
from llmscope.gui.widgets.field import Picker
from llmscope.gui.widgets.figure import Figure


@dataclass(frozen=True)
class ReferenceLook:
    """What the strip says: the names of all references and the place of the one shown, what is to be known of it,
    value, unit, words and id of its tests, and how long comparing takes, empty where it is not possible."""

    names: tuple[str, ...] = ()
    place: int = 0
    about: str = ""
    figures: tuple[tuple[str, str, str, str], ...] = ()
    time: str = ""


class ReferenceStrip(QFrame):
    """`compare_asked` is the button; `picked` carries the place of another reference."""

    compare_asked = Signal()
    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(theme().px("layout", "strip_narrow"))
        self._look, self._narrow = ReferenceLook(), False
        self.name, self.about = ElidedLabel("", "body", 600), ElidedLabel("", "small", role="text_2")
        self.picker, self.compare = Picker(), Button(self.tr("Compare this machine"), "compare")
        self.picker.setAccessibleName(self.tr("Reference to compare with"))
        self._figures = [Figure() for _ in range(MOST_FIGURES)]
        self._lay_out()
        self.picker.activated.connect(self.picked)
        self.compare.clicked.connect(self.compare_asked)

    def show_look(self, look: ReferenceLook) -> None:
        """Show a reference; with several of them, their names to choose from."""
        if look != self._look:
            self._look = look
            self._show()

    def set_narrow(self, narrow: bool) -> None:
        """Say less where there is less room."""
        if narrow != self._narrow:
            self._narrow = narrow
            if self._look.names:
                self._show()

    def _show(self) -> None:
        look = self._look
        self.name.set_text(look.names[look.place])
        self.picker.offer({str(place): name for place, name in enumerate(look.names)}, str(look.place))
        self._names.setCurrentWidget(self.picker if len(look.names) > 1 else self.name)
        self.about.set_text(look.about)
        shown = () if self._narrow and not look.time else look.figures  # why it cannot be run needs the room
        for number, figure in enumerate(self._figures):
            value = shown[number] if number < len(shown) else None
            figure.show_figure(None if value is None else (*value[:2], value[3] if self._narrow else value[2]))
        words = self.tr("Compare, {0}") if self._narrow else self.tr("Compare this machine, {0}")
        self.compare.setText(words.format(look.time) if look.time else self.tr("Compare this machine"))
        self.compare.setAccessibleName(self.tr("Compare this machine with {0}").format(look.names[look.place]))
        self.compare.setToolTip(self.tr("Runs the same tests here, then shows both side by side, with a picture"))
        self.compare.setEnabled(bool(look.time))

    def _lay_out(self) -> None:
        self._names = QStackedWidget()
        self._names.addWidget(self.name)
        self._names.addWidget(self.picker)
        self._names.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        words = QVBoxLayout()
        words.setSpacing(1)
        for part in (self._names, self.about):
            words.addWidget(part)
        row = QHBoxLayout(self)
        row.setContentsMargins(13, 4, 12, 4)
        row.setSpacing(12)
        row.addLayout(words, 1)
        for figure in self._figures:
            row.addWidget(figure)
        row.addWidget(self.compare)
