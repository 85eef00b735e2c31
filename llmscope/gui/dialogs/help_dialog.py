"""What the Run page shows, and its keys."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from llmscope.gui.widgets.basic import Button, Label


class HelpDialog(QDialog):
    """A short page that F1 opens; Esc closes it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("The Run page"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(12)
        text = Label(self.tr(
            "Choose a model and what to test at the left, then press Run. The graphs share one time axis, "
            "tinted by the phase of the work. Each test ends when its value is known as well as the accuracy asks. "
            "Every value stands with its range (95 % sure) and the number of samples n."))
        text.setWordWrap(True)
        text.setMinimumWidth(440)
        layout.addWidget(Label(self.tr("The Run page"), "title", 600))
        layout.addWidget(text)
        keys = QGridLayout()
        keys.setHorizontalSpacing(18)
        keys.setVerticalSpacing(6)
        for row, (key, word) in enumerate((
            ("F5", self.tr("run")), ("Shift+F5", self.tr("stop; what is finished is kept")),
            ("Ctrl+S", self.tr("save the result as a picture")), ("Ctrl+Shift+C", self.tr("copy the picture")),
            ("Ctrl+C", self.tr("in the table: copy the selected rows")),
            ("Ctrl+T", self.tr("change the theme")), ("F1", self.tr("this page")),
        )):
            cap = Label(key, "small", 500)
            cap.setProperty("kind", "keycap")
            keys.addWidget(cap, row, 0, Qt.AlignmentFlag.AlignLeft)
            keys.addWidget(Label(word), row, 1)
        keys.setColumnStretch(1, 1)
        layout.addLayout(keys)
        close = Button(self.tr("Close"))
        close.clicked.connect(self.close)
        close.setDefault(True)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        layout.addLayout(foot)
