"""Which picture is to be saved or copied: kind, look, what the machine is called, what is inside; with a preview."""

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from llmscope.analysis.compare import LETTERS
from llmscope.gui.cards.choice import KINDS, LOOKS, Choice, Kind, Look, image_of
from llmscope.gui.picture import Picture
from llmscope.gui.picture_files import personal
from llmscope.gui.settings import Settings
from llmscope.gui.widgets.basic import Button, Label
from llmscope.gui.widgets.field import Field
from llmscope.gui.widgets.segments import Segments

PREVIEW = QSize(600, 420)
RUNS = ("no", "yes")
SIDE_PX, MOST_LETTERS, TYPING_MS = 270, 60, 200


def remembered(settings: Settings, picture: Picture) -> Choice:
    """Return what was chosen last, as far as the page has it."""
    kinds = _kinds(picture)
    kind = settings.text("picture/kind", kinds[0], kinds)
    look = settings.text("picture/look", "now", LOOKS)
    labels = tuple(settings.text(_key(label), label) for label in picture.labels())
    return Choice(cast(Kind, kind), cast(Look, look), labels, settings.text("picture/runs", "yes", RUNS) == "yes")


def _kinds(picture: Picture) -> tuple[Kind, ...]:
    return KINDS if picture.card(picture.labels()) is not None else ("page",)


def _key(label: str) -> str:
    """Return under which key another name for a machine or run is kept."""
    return "picture/labels/" + label.replace("/", "|").replace("\\", "|")


class SaveDialog(QDialog):
    """`save_asked` and `copy_asked` carry the dialog; it stays open until somebody accepts it."""

    save_asked = Signal(object)
    copy_asked = Signal(object)

    def __init__(self, parent: QWidget, settings: Settings, picture: Picture) -> None:
        super().__init__(parent)
        self.picture, self._settings = picture, settings
        self.setWindowTitle(self.tr("Save picture"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        taken, kinds = remembered(settings, picture), _kinds(picture)
        names = {"card": self.tr("Card"), "square": self.tr("Square"), "page": self.tr("Page")}
        sizes = {"card": "1200 × 630", "square": "1080 × 1080", "page": self.tr("twice its size")}
        self.kind = Segments({kind: names[kind] for kind in kinds}, self.tr("Kind of picture"), sizes)
        self.look = Segments({"dark": self.tr("Dark"), "light": self.tr("Light"), "now": self.tr("As now")},
                             self.tr("Look"))
        self.kind.set_value(taken.kind)
        self.look.set_value(taken.look)
        self.labels = [QLineEdit(label) for label in taken.labels]
        self.with_runs, self._inside = QCheckBox(self.tr("With the runs inside")), Label("", "small", role="text_2")
        self.with_runs.setChecked(taken.with_runs)
        self._own = personal(picture)
        self.preview = Label()
        self.save = Button(self.tr("Save…"), "image")
        self.copy = Button(self.tr("Copy"), "copy")
        self.copy.setToolTip(self.tr("A copy is the picture alone: it carries no runs"))
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._lay_out()
        self._connect()
        self._show()

    def choice(self) -> Choice:
        """Return what is chosen; an empty name is the machine's own."""
        given = zip(self.labels, self.picture.labels(), strict=True)
        return Choice(cast(Kind, self.kind.value()), cast(Look, self.look.value()),
                      tuple(box.text().strip() or own for box, own in given), self.with_runs.isChecked())

    def accept(self) -> None:
        """Remember what was chosen, and close."""
        choice = self.choice()
        if len(_kinds(self.picture)) > 1:  # a page without cards says nothing of what is liked
            self._settings.keep("picture/kind", choice.kind)
        self._settings.keep("picture/look", choice.look)
        self._settings.keep("picture/runs", RUNS[choice.with_runs])
        for label, own in zip(choice.labels, self.picture.labels(), strict=True):
            self._settings.keep(_key(own), label)
        super().accept()

    def _show(self) -> None:
        """Draw what would be saved."""
        choice = self.choice()
        image = image_of(self.picture, choice)
        ratio = self.devicePixelRatioF()
        small = image.scaled(PREVIEW * ratio, Qt.AspectRatioMode.KeepAspectRatio,
                             Qt.TransformationMode.SmoothTransformation)
        small.setDevicePixelRatio(ratio)
        self.preview.setPixmap(QPixmap.fromImage(small))
        self.preview.setAccessibleName(self.tr("Preview: {0}").format(image.text("Title")))
        for box in self._named:
            box.setVisible(choice.kind != "page" or len(self.labels) == 1)
        self._say_what_is_inside(choice.with_runs)

    def _say_what_is_inside(self, with_runs: bool) -> None:
        """Say in one line what travels with the file; it stands out where that is a person's own."""
        own = self._own if with_runs else []
        held = ", ".join([self.tr("results, text, hardware and system"), *own])
        self._inside.setText(self.tr("Inside: {0}. Dropped on llmscope, the runs are there again.").format(held)
                             if with_runs else self.tr("The picture alone: nobody can open its runs."))
        self._inside.set_role("warn" if own else "text_2")

    def _connect(self) -> None:
        for control in (self.kind, self.look):
            control.chosen.connect(self._show)
        self.with_runs.toggled.connect(self._show)
        for box in self.labels:
            box.textEdited.connect(self._typing.start)
        self._typing.timeout.connect(self._show)
        self.save.clicked.connect(self._on_save)
        self.copy.clicked.connect(self._on_copy)

    def _on_save(self) -> None:
        self.save_asked.emit(self)

    def _on_copy(self) -> None:
        self.copy_asked.emit(self)

    def _lay_out(self) -> None:
        self.preview.setFixedSize(PREVIEW)
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        side = QVBoxLayout()
        side.setSpacing(12)
        side.addWidget(Label(self.tr("Save picture"), "title", 600))
        side.addWidget(Field(self.tr("Kind of picture"), self.kind))
        side.addWidget(Field(self.tr("Look"), self.look))
        self._named = [Field(name, box) for name, box in zip(self._names(), self.labels, strict=True)]
        for field, box in zip(self._named, self.labels, strict=True):
            box.setMaxLength(MOST_LETTERS)
            box.setCursorPosition(0)
            side.addWidget(field)
        self._inside.setWordWrap(True)
        for widget in (self.with_runs, self._inside):
            widget.setVisible(bool(self.picture.runs))
            side.addWidget(widget)
        side.addStretch(1)
        side.addLayout(self._buttons())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(20)
        layout.addWidget(self.preview)
        held = QWidget()
        held.setFixedWidth(SIDE_PX)
        held.setLayout(side)
        side.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(held)

    def _names(self) -> Sequence[str]:
        if len(self.labels) == 1:
            return [self.tr("Machine is called")]
        return [self.tr("{0} is called").format(letter) for letter in LETTERS[:len(self.labels)]]

    def _buttons(self) -> QHBoxLayout:
        cancel = Button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        self.save.setDefault(True)
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in (cancel, self.copy, self.save):
            row.addWidget(button)
        return row
