"""The text of a request as it grows: its view, and what each sequence has brought."""

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from llmscope.gui.plots.token_timeline import Waits
from llmscope.gui.theme import theme


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
        self.viewport().setAutoFillBackground(False)
        self.setStyleSheet("QPlainTextEdit { background: transparent; }")
        self._is_streaming = False

    def append_text(self, text: str) -> None:
        """Add text at the end; the view follows unless the person has scrolled away from the end."""
        bar = self.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 1
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text)
        if follows:
            bar.setValue(bar.maximum())

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


@dataclass
class Sequence:
    """What one sequence of a request has brought so far; `shown` characters of it are in the view."""

    request_ns: int = 0
    parts: list[str] = field(default_factory=list)
    token_ns: list[int] = field(default_factory=list)

    def waits(self, total: int) -> Waits:
        """Return the times of the tokens since the request, in ms."""
        return Waits((np.array(self.token_ns, dtype=float) - self.request_ns) / 1e6, total)
