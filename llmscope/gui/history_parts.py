"""Parts of the History page: the search box, the line of warning, and what stands where there is no run."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from llmscope.gui.icons import icon
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, ElidedLabel, Icon, Label

#: A search box that is narrower has no room for its key beside what it says.
WITH_KEY_PX = 240


class SearchBox(QLineEdit):
    """The search box; its icon follows the theme."""

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText(self.tr("Search model, device, tag…"))
        self.setAccessibleName(self.tr("Search the runs"))
        self.setToolTip(self.tr("Words that must all occur (Ctrl+F)"))
        self.setMaxLength(200)
        self.setFont(theme().font())
        self._action = self.addAction(icon("search", 16, "text_2"), QLineEdit.ActionPosition.LeadingPosition)
        self._key = Label(self.tr("Ctrl+F"), "caption", role="text_2", parent=self)
        self._key.setProperty("kind", "keycap")
        self._key.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.textChanged.connect(self._place_key)
        theme().changed.connect(self._tint)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_key()

    def _place_key(self) -> None:
        size = self._key.sizeHint()
        self._key.setGeometry(self.width() - size.width() - 6, (self.height() - size.height()) // 2, size.width(),
                              size.height())
        self._key.setVisible(not self.text() and self.width() >= WITH_KEY_PX)

    def _tint(self) -> None:
        self._action.setIcon(icon("search", 16, "text_2"))


class NoteLine(QWidget):
    """One line of warning with its icon."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ElidedLabel("", "small", role="warn")
        self._icon = Icon("warning", 14, "warn")
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 6, 0)
        row.setSpacing(6)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        self.show_text("")

    def show_text(self, text: str) -> None:
        """Show a warning, or nothing."""
        self._text.set_text(text)
        self._icon.setVisible(bool(text))


class NoRuns(QWidget):
    """What stands in the place of the table while there is nothing in it."""

    def __init__(self) -> None:
        super().__init__()
        self._title, self._text = Label("", "title", 600), Label("", "body", role="text_2")
        self.run = Button(self.tr("Go to the Run page"), "gauge")
        self.clear = Button(self.tr("Show all runs"), "close")
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addStretch(2)
        for widget in (self._title, self._text, self.run, self.clear):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def show_why(self, is_loaded: bool, has_runs: bool) -> None:
        """Say why there is nothing: not read yet, no run yet, or none that was searched for."""
        if not is_loaded:
            self._title.setText("")
            self._text.setText(self.tr("Reading the list of runs"))
        elif has_runs:
            self._title.setText(self.tr("No run fits the search and the filters"))
            self._text.setText("")
        else:
            self._title.setText(self.tr("No runs yet"))
            self._text.setText(self.tr("Every run is kept here, with its graphs and its text."))
        self._text.setVisible(bool(self._text.text()))
        self.run.setVisible(is_loaded and not has_runs)
        self.clear.setVisible(is_loaded and has_runs)
