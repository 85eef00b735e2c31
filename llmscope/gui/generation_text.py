"""The text of a request as it grows: its views side by side, and what each sequence has brought."""

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from llmscope.gui.plots.waits import Waits
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Label

#: The most columns, and the width in px that each needs.
MOST_COLUMNS, COLUMN_PX = 5, 140

class TextView(QPlainTextEdit):
    """Read-only text that only grows; a block stands where the next token will come."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.setFont(theme().font("strong"))
        self.setFrameShape(self.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        self.setMinimumHeight(40)
        self.viewport().setAutoFillBackground(False)
        self.setStyleSheet("QPlainTextEdit { background: transparent; }")
        self._is_streaming = False

    def append_text(self, text: str) -> None:
        """Add text at the end; the view follows unless the person has scrolled away from the end."""
        bar, follows = self.verticalScrollBar(), self._is_at_end()
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text)
        if follows:
            bar.setValue(bar.maximum())

    def _is_at_end(self) -> bool:
        return self.verticalScrollBar().value() >= self.verticalScrollBar().maximum() - 1

    def resizeEvent(self, event: QResizeEvent) -> None:
        was_at_end = self._is_at_end()
        super().resizeEvent(event)
        if was_at_end:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def set_streaming(self, is_streaming: bool) -> None:
        """Show or hide the block at the end."""
        if is_streaming != self._is_streaming:
            self._is_streaming = is_streaming
            self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._is_streaming:
            end = QTextCursor(self.document())
            end.movePosition(QTextCursor.MoveOperation.End)
            at = self.cursorRect(end)
            QPainter(self.viewport()).fillRect(QRectF(at.left() + 1, at.top() + 1, 8, at.height() - 2),
                                               theme().colour("text"))


class _Column(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.title = Label("", "small", role="text_2")
        self.view = TextView()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.title)
        layout.addWidget(self.view, 1)


class Columns(QWidget):
    """One text, or several side by side, each with its number; `resized` says that others may fit now."""

    resized = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._columns: list[_Column] = []
        self.numbers, self.total = range(0), 0
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(12)
        self.show_numbers(range(1), 1)

    @property
    def views(self) -> list[TextView]:
        """The views that are shown, from left to right."""
        return [column.view for column in self._columns[:len(self.numbers)]]

    def fitting(self) -> int:
        """Return how many columns fit in the present width."""
        return max(1, min(MOST_COLUMNS, self.width() // COLUMN_PX))

    def show_numbers(self, numbers: range, total: int) -> None:
        """Show empty columns for these sequences of so many; a single one has the larger type and no title."""
        self.numbers, self.total = numbers, total
        while len(self._columns) < len(numbers):
            self._columns.append(_Column())
            self._row.addWidget(self._columns[-1])
        for place, column in enumerate(self._columns):
            column.setVisible(place < len(numbers))
        for number, column in zip(numbers, self._columns, strict=False):
            column.title.setText(self.tr("Sequence {0}").format(number + 1))
            column.title.setVisible(total > 1)
            column.view.setFont(theme().font("strong" if total == 1 else "body"))
            column.view.setAccessibleName(self.tr("Generated text") if total == 1 else
                                          self.tr("Generated text of sequence {0}").format(number + 1))
        self.clear()

    def clear(self) -> None:
        """Empty all columns."""
        for view in self.views:
            view.clear()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()


@dataclass
class Sequence:
    """What one sequence of a request has brought so far; `shown` of its parts are in the view."""

    request_ns: int = 0
    parts: list[str] = field(default_factory=list)
    token_ns: list[int] = field(default_factory=list)
    shown: int = 0

    def take(self) -> str:
        """Return the text that is not in the view yet; it counts as shown from now on."""
        text = "".join(self.parts[self.shown:])
        self.shown = len(self.parts)
        return text

    def waits(self, total: int) -> Waits:
        """Return the times of the tokens since the request, in ms."""
        return Waits((np.array(self.token_ns, dtype=float) - self.request_ns) / 1e6, total)
