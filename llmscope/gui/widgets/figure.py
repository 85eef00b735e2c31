"""A headline value as strips show it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from llmscope.gui.widgets.basic import Label, Line


class Figure(QWidget):
    """A headline value with its unit, and below it what it is."""

    def __init__(self) -> None:
        super().__init__()
        self._value, self._unit = Label("", "title", 600), Label("", "small", role="text_2")
        self._words = Label("", "small", role="text_2")
        first = QHBoxLayout()
        first.setSpacing(5)
        first.addWidget(self._value)
        first.addWidget(self._unit, 1, Qt.AlignmentFlag.AlignBottom)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addStretch(1)
        words.addLayout(first)
        words.addWidget(self._words)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 6, 0)
        row.setSpacing(16)
        row.addWidget(Line(True, 46))
        row.addLayout(words)

    def show_figure(self, figure: tuple[str, str, str] | None) -> None:
        """Show value, unit and words, or nothing at all."""
        self.setVisible(figure is not None)
        for label, text in zip((self._value, self._unit, self._words), figure or ("", "", ""), strict=True):
            label.setText(text)
