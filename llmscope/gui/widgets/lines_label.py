"""A text of a few lines, as high as it needs to be."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent

from llmscope.gui.widgets.basic import Label

MOST_PX = 100_000


class LinesLabel(Label):
    """Breaks a text into lines; what has no room in the most there may be is cut, and the tooltip holds all of it."""

    def __init__(self, most: int, size: str = "body", role: str = "text") -> None:
        super().__init__("", size, role=role)
        self._most, self._full = most, ""
        self.setWordWrap(True)

    @property
    def full_text(self) -> str:
        """The text before shortening."""
        return self._full

    def set_text(self, text: str) -> None:
        """Show a text; no room is taken for an empty one."""
        if text != self._full:
            self._full = text
            self.setAccessibleName(text)
            self.setVisible(bool(text))
            self._fit()
            self.updateGeometry()

    def set_most(self, most: int) -> None:
        """Take so many lines at most."""
        self._most = most
        self._fit()
        self.updateGeometry()

    def show_whole(self) -> None:
        """Take as many lines as there are: a picture has no tooltip."""
        self.set_most(MOST_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def heightForWidth(self, width: int) -> int:
        return min(self._height(self._full, width), self._most * self.fontMetrics().lineSpacing())

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._full) + 2, self.fontMetrics().lineSpacing())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().lineSpacing())

    def _height(self, text: str, width: int) -> int:
        return self.fontMetrics().boundingRect(QRect(0, 0, max(1, width), MOST_PX), Qt.TextFlag.TextWordWrap,
                                               text).height()

    def _fit(self) -> None:
        """Leave out words at the end until the rest has room."""
        shown, words = self._full, self._full.split(" ")
        while len(words) > 1 and self._height(shown, self.width()) > self._most * self.fontMetrics().lineSpacing():
            words.pop()
            shown = f"{' '.join(words)} …"
        self.setText(shown)
        self.setToolTip(self._full if shown != self._full else "")
