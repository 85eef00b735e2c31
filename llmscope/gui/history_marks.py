"""Name, tags and note of a stored run, kept when the person goes on to something else."""

import msgspec
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QPlainTextEdit, QWidget

from llmscope.gui.history_facts import NAMES_PX
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Label
from llmscope.runs.entry import Entry
from llmscope.runs.marks import MOST_TAGS, NAME_CHARS, TAG_CHARS, Marks, tags_in

NOTE_PX = 58


class MarksForm(QWidget):
    """`edited` carries a run's id and the marks that a field was left with, `left` that Enter or Esc ended it."""

    edited = Signal(str, object)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.name, self.tags, self.note = QLineEdit(), QLineEdit(), QPlainTextEdit()
        self._shown: tuple[str, Marks] = ("", Marks())
        self.name.setMaxLength(NAME_CHARS)
        self.tags.setMaxLength(MOST_TAGS * (TAG_CHARS + 2))
        self.name.setPlaceholderText(self.tr("A name of your own (F2)"))
        self.tags.setPlaceholderText(self.tr("Tags, with commas between"))
        self.note.setPlaceholderText(self.tr("A note"))
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(NOTE_PX)
        self.note.setProperty("kind", "field")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setColumnMinimumWidth(0, NAMES_PX)
        grid.setVerticalSpacing(6)
        names = (self.tr("Name"), self.tr("Tags"), self.tr("Note"))
        for row, (name, field) in enumerate(zip(names, self._fields(), strict=True)):
            label = Label(name, "small", role="text_2")
            label.setFixedHeight(theme().px("height", "control"))
            field.setAccessibleName(name)
            field.setFont(theme().font())
            field.installEventFilter(self)
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(field, row, 1)

    def show_run(self, entry: Entry) -> None:
        """Show the marks of a run; what is being written stays while they are the same."""
        shown = entry.id, entry.marks or Marks()
        if shown != self._shown:
            self._shown = shown
            self._fill()
        for field in self._fields():
            field.setEnabled(not entry.is_reference)
        self.setVisible(not entry.is_reference or shown[1] != Marks())

    def start(self) -> None:
        """Begin with the name."""
        self.name.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.name.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep what was written when a field is left, end with Enter, and forget with Esc."""
        if event.type() == QEvent.Type.FocusOut:
            self._keep()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if event.key() == Qt.Key.Key_Escape:
                self._fill()
                self.left.emit()
                return True
            if is_enter and (watched is not self.note or event.modifiers() & Qt.KeyboardModifier.ControlModifier):
                self._keep()
                self.left.emit()
                return True
        return super().eventFilter(watched, event)

    def _keep(self) -> None:
        run, before = self._shown
        now = msgspec.structs.replace(before, name=self.name.text().strip(), tags=tags_in(self.tags.text()),
                                      note=self.note.toPlainText().strip())
        if run and now != before:
            self.edited.emit(run, now)

    def _fill(self) -> None:
        _, marks = self._shown
        self.name.setText(marks.name)
        self.tags.setText(", ".join(marks.tags))
        self.note.setPlainText(marks.note)

    def _fields(self) -> tuple[QLineEdit, QLineEdit, QPlainTextEdit]:
        return self.name, self.tags, self.note
