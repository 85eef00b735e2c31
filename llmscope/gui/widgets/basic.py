"""Labels, buttons, panels and lines in the design's type and colours."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from llmscope.gui.icons import icon, pixmap
from llmscope.gui.theme import theme

#: Space in px between the icon and the word of a button, beside what the style leaves.
ICON_GAP = 4


def repolish(widget: QWidget) -> None:
    """Apply the style sheet again after a property that it selects by has changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


class Label(QLabel):
    """Plain text at a named size, weight and colour role."""

    def __init__(self, text: str = "", size: str = "body", weight: int = 400, role: str = "text",
                 parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme().font(size, weight))
        self.setProperty("role", role)

    def set_role(self, role: str) -> None:
        """Change the colour role."""
        if self.property("role") != role:
            self.setProperty("role", role)
            repolish(self)


class ElidedLabel(Label):
    """One line that is shortened with … where it does not fit; the tooltip then holds all of it."""

    def __init__(self, text: str = "", size: str = "body", weight: int = 400, role: str = "text",
                 mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__("", size, weight, role)
        self._mode, self._full = mode, ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.set_text(text)

    @property
    def full_text(self) -> str:
        """The text before shortening."""
        return self._full

    def set_text(self, text: str) -> None:
        """Show a text, shortened to the present width."""
        if text != self._full:
            self._full = text
            self.setAccessibleName(text)
            self.updateGeometry()
            self._elide()

    def show_whole(self) -> None:
        """Take several lines where one is too short: a picture has no tooltip."""
        self._mode = Qt.TextElideMode.ElideNone
        self.setWordWrap(True)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._full) + 2, self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().height())

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._full, self._mode, self.width())
        self.setText(shown)
        self.setToolTip(self._full if shown != self._full else "")


class Icon(QLabel):
    """An icon of the theme as a label; decoration, so it has no name for screen readers."""

    def __init__(self, name: str, size: int = 16, role: str = "text_2", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._size, self._role = name, size, role
        self.setFixedSize(size, size)
        self._tint()
        theme().changed.connect(self._tint)

    def set_icon(self, name: str, role: str) -> None:
        """Show another icon or another colour."""
        if (name, role) != (self._name, self._role):
            self._name, self._role = name, role
            self._tint()

    def _tint(self) -> None:
        self.setPixmap(pixmap(self._name, self._size, self._role, max(2.0, self.devicePixelRatioF())))


class Button(QPushButton):
    """A button of a `kind` of the style sheet, with an icon that follows the theme."""

    def __init__(self, text: str = "", icon_name: str = "", kind: str = "", role: str = "text",
                 parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._icon_name, self._role = icon_name, role
        self.setFont(theme().font("body", 500))
        self.setProperty("kind", kind)
        self.setAutoDefault(False)
        self.setAccessibleName(text)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        if icon_name:
            self.setIconSize(QSize(16 + (ICON_GAP if text else 0), 16))
            self._tint()
            theme().changed.connect(self._tint)

    def set_icon(self, name: str) -> None:
        """Show another icon."""
        self._icon_name = name
        self._tint()

    def _tint(self) -> None:
        self.setIcon(icon(self._icon_name, 16, self._role, self.iconSize().width() - 16))


class Line(QFrame):
    """A divider, one px thick."""

    def __init__(self, vertical: bool = False, length: int | None = None) -> None:
        super().__init__()
        self.setProperty("kind", "line")
        if vertical:
            self.setFixedWidth(1)
            if length:
                self.setFixedHeight(length)
        else:
            self.setFixedHeight(1)


class Panel(QFrame):
    """A card with a title line: title, a quieter remark, and controls at the right end.

    `body` is the layout below the title line.
    """

    def __init__(self, title: str, remark: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.title = Label(title, "body", 600)
        self.remark = ElidedLabel(remark, "small", role="text_2")
        self.head_widget = head = QWidget()
        head.setFixedHeight(theme().px("height", "area_header"))
        bar = QWidget()  # a layout by itself is no higher than its lowest control, and the line below it not at the end
        self.head = QHBoxLayout(bar)
        self.head.setContentsMargins(12, 0, 8, 0)
        self.head.setSpacing(10)
        self.head.addWidget(self.title)
        self.head.addWidget(self.remark, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        inner = QVBoxLayout(head)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addWidget(bar, 1)
        inner.addWidget(Line())
        layout.addWidget(head)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        layout.addLayout(self.body, 1)
