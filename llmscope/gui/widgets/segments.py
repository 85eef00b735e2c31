"""A row of joined choices of which one is taken; arrow keys move the choice."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from llmscope.gui.theme import theme


class Segments(QWidget):
    """Painted segments; each is a word, with a second line where `second` gives one.

    `chosen` is emitted with the key of a choice the person made. `set_open` refuses a segment.
    """

    chosen = Signal(str)

    def __init__(self, choices: dict[str, str], name: str, second: dict[str, str] | None = None,
                 height: int = 28) -> None:
        super().__init__()
        self._choices, self._second = choices, second or {}
        self._value = next(iter(choices))
        self._locked = False
        self._name, self._height = name, height
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._say()

    def value(self) -> str:
        """Return the key of the choice."""
        return self._value

    def offer(self, choices: dict[str, str]) -> None:
        """Show these choices; the one taken stays, or is the first where it is gone."""
        self._choices = choices
        self._value = self._value if self._value in choices else next(iter(choices))
        self._say()
        self.update()

    def set_value(self, key: str) -> None:
        """Take a choice without telling anyone."""
        if key in self._choices:
            self._value = key
            self._say()
            self.update()

    def set_locked(self, locked: bool) -> None:
        """Show the choice without letting it be changed."""
        self._locked = locked
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if locked else Qt.FocusPolicy.StrongFocus)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 38 if self._second else self._height)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for key, rect in self._rects():
            if rect.contains(event.position()):
                self._choose(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}.get(
            Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        keys = list(self._choices)
        self._choose(keys[max(0, min(len(keys) - 1, keys.index(self._value) + step))])

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def _choose(self, key: str) -> None:
        if not self._locked and key != self._value:
            self.set_value(key)
            self.chosen.emit(key)

    def _say(self) -> None:
        self.setAccessibleName(f"{self._name}: {self._choices[self._value]}")

    def _rects(self) -> list[tuple[str, QRectF]]:
        """Give every word the same space at its sides; segments with two lines are equally wide."""
        metrics = QFontMetrics(theme().font("small", 600))
        words = {key: 0 if self._second else metrics.horizontalAdvance(word) for key, word in self._choices.items()}
        space = (self.width() - sum(words.values())) / len(words)
        rects, x = [], 0.0
        for key, word in words.items():
            rects.append((key, QRectF(x, 0, word + space, self.height())))
            x += word + space
        return rects

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        edge = theme().colour("divider" if self._locked else "control_line")
        painter.fillPath(frame, theme().colour("panel" if self._locked else "raised"))
        painter.save()
        painter.setClipPath(frame)
        for key, rect in self._rects():
            self._paint_segment(painter, key, rect)
            if rect.left() > 0:
                painter.fillRect(QRectF(round(rect.left()), 0, 1, rect.height()), edge)
        painter.restore()
        painter.setPen(QPen(edge, 1))
        painter.drawPath(frame)
        if self.hasFocus():
            painter.setPen(QPen(theme().colour("focus"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)

    def _paint_segment(self, painter: QPainter, key: str, rect: QRectF) -> None:
        taken = key == self._value
        if taken:
            painter.fillRect(rect, theme().colour("selection"))
            painter.fillRect(QRectF(rect.left(), rect.bottom() - 3, rect.width(), 2), theme().colour("primary"))
        role = "selection_text" if taken else "text_3" if self._locked else "text_2"
        painter.setPen(theme().colour(role))
        painter.setFont(theme().font("small", 600 if taken else 400))
        centre = Qt.AlignmentFlag.AlignCenter
        if key not in self._second:
            painter.drawText(rect, centre, self._choices[key])
            return
        painter.drawText(QRectF(rect.left(), 3, rect.width(), 17), centre, self._choices[key])
        painter.setFont(theme().font("caption"))
        painter.drawText(QRectF(rect.left(), 19, rect.width(), 15), centre, self._second[key])
