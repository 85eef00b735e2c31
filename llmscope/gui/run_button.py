"""The one button that runs and stops, painted with how far the run is."""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from llmscope.gui.icons import paint_icon
from llmscope.gui.theme import theme


@dataclass(frozen=True)
class RunButtonLook:
    """What the button says: its word, two lines at the right end, and the share of the run that is over."""

    mode: Literal["run", "stop", "stopping"] = "run"
    word: str = "Run"
    first: str = ""
    second: str = ""
    share: float = 0.0


class RunButton(QAbstractButton):
    """Emits `run_asked` or `stop_asked`, whichever the word on it says."""

    run_asked = Signal()
    stop_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.look = RunButtonLook()
        self.setFixedHeight(theme().px("height", "run_button"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.clicked.connect(self._on_clicked)
        self._say()

    def show_look(self, look: RunButtonLook) -> None:
        """Show a state; repaints only if it differs."""
        if look != self.look:
            self.look = look
            self._say()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(228, theme().px("height", "run_button"))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.EnabledChange:
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        shape = QPainterPath()
        shape.addRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        ink = self._paint_ground(painter, shape, box)
        icon = {"run": "play", "stop": "stop", "stopping": "clock"}[self.look.mode]
        paint_icon(painter, icon, QRectF(16, box.center().y() - 8, 16, 16), ink)
        painter.setPen(ink)
        painter.setFont(theme().font("strong", 600))
        painter.drawText(box.adjusted(43, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.look.word)
        self._paint_right(painter, box.adjusted(0, 0, -15, 0), ink)
        if self.hasFocus():
            painter.setPen(QPen(theme().colour("focus"), 2))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)

    def _paint_ground(self, painter: QPainter, shape: QPainterPath, box: QRectF) -> QColor:
        """Paint what lies under the words, and return the colour of the words."""
        t = theme()
        if self.look.mode == "run" and self.isEnabled():
            hover = self.underMouse() and not self.isDown()
            painter.fillPath(shape, t.colour("primary_hover" if hover else "primary"))
            return t.colour("primary_text")
        running = self.look.mode == "stop"
        painter.fillPath(shape, t.colour("raised" if running else "panel"))
        if running:
            painter.save()
            painter.setClipPath(shape)
            width = box.width() * min(1.0, self.look.share)
            painter.fillRect(QRectF(0, 0, width, box.height()), t.colour("hover"))
            painter.fillRect(QRectF(0, box.bottom() - 3, width, 3), t.colour("primary"))
            painter.restore()
        painter.setPen(QPen(t.colour("strong_line" if running else "divider"), 1))
        painter.drawPath(shape)
        return t.colour("text" if running else "text_2" if self.look.mode == "stopping" else "text_3")

    def _paint_right(self, painter: QPainter, box: QRectF, ink: QColor) -> None:
        right = Qt.AlignmentFlag.AlignRight
        middle = Qt.AlignmentFlag.AlignVCenter
        running = self.look.mode == "stop"
        painter.setFont(theme().font("small", 600 if running else 400))
        if not self.look.second:
            painter.drawText(box, right | middle, self.look.first)
            return
        painter.drawText(box.adjusted(0, 5, 0, -box.height() / 2), right | middle, self.look.first)
        painter.setFont(theme().font("small"))
        painter.setPen(theme().colour("text_2") if running else ink)
        painter.drawText(box.adjusted(0, box.height() / 2, 0, -5), right | middle, self.look.second)

    def _say(self) -> None:
        words = (self.look.word, self.look.first, self.look.second)
        self.setAccessibleName(", ".join(word for word in words if word))
        told = {"run": self.tr("Run (F5)"), "stop": self.tr("Stop (Shift+F5)"), "stopping": ""}
        self.setToolTip(told[self.look.mode])

    def _on_clicked(self) -> None:
        if self.look.mode == "run":
            self.run_asked.emit()
        elif self.look.mode == "stop":
            self.stop_asked.emit()
