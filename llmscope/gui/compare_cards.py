"""The cards of the runs that are compared, and the one that adds another."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from llmscope.analysis.compare import LETTERS, MOST_RUNS
from llmscope.gui import compare_look as look
from llmscope.gui.compare_marks import ROLES, Mark
from llmscope.gui.icons import paint_icon
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, ElidedLabel, Label
from llmscope.runs.compare import Compared

CARD_PX, EDGE_PX = 98, 3
#: Between a line and the chip behind it, with what the chip leaves free at the end.
CHIP_GAP_PX = 14


class RunCard(QFrame):
    """A run: its mark and name, what it measured, its ceilings and its date; `unwanted` carries its place."""

    unwanted = Signal(int)

    def __init__(self, place: int, compared: Compared) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setFixedHeight(CARD_PX)
        self._place = place
        card, letter = look.card(compared, place), LETTERS[place]
        self.setAccessibleName(self.tr("Run {0}: {1}").format(letter, card.title))
        self.remove = Button("", "close", "icon", "text_2")
        self.remove.setToolTip(self.tr("Take {0} out of the comparison").format(letter))
        self.remove.setAccessibleName(self.remove.toolTip())
        self.remove.clicked.connect(self._on_remove)
        self.baseline = Label(self.tr("baseline"), "caption", role="text_2", parent=self)
        self.baseline.setProperty("kind", "keycap")
        self.baseline.setFixedHeight(17)
        self._is_baseline = place == compared.comparison.baseline
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Mark(place))
        head.addWidget(Label(letter, "strong", 600))
        head.addWidget(ElidedLabel(card.title, "strong", 600), 1)
        head.addWidget(self.remove)
        self._column = layout = QVBoxLayout(self)
        layout.setContentsMargins(12, EDGE_PX + 4, 6, 8)
        layout.setSpacing(0)
        layout.addLayout(head)
        small = ((text, "small", "text_2") for text in (card.ceilings, card.date))
        self.lines = [ElidedLabel(text, size, role=role) for text, size, role in ((card.tests, "body", "text"), *small)]
        for line in self.lines:
            layout.addWidget(line)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_chip()

    def _place_chip(self) -> None:
        """Put the chip behind the first line that is short enough; where none is, only the choice above names it."""
        chip = self.baseline
        chip.adjustSize()
        self._column.activate()
        line = next((line for line in self.lines
                     if line.sizeHint().width() + CHIP_GAP_PX + chip.width() <= line.width()), None)
        chip.setVisible(self._is_baseline and line is not None)
        if line is not None:
            at = line.geometry()
            chip.move(at.right() - 3 - chip.width(), at.center().y() - chip.height() // 2)
            chip.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(0, 0, self.width(), EDGE_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour(ROLES[self._place]))
        painter.drawRoundedRect(QRectF(self.rect()), 6, 6)

    def _on_remove(self) -> None:
        self.unwanted.emit(self._place)


class AddCard(QPushButton):
    """The free place: a dashed card that asks for another run."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(CARD_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Add a run"))
        self.setToolTip(self.tr("Choose another stored run, up to four"))

    def sizeHint(self) -> QSize:
        return QSize(180, CARD_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_focused = self.hasFocus()
        painter.setPen(QPen(theme().colour("focus" if is_focused else "control_line"), 2 if is_focused else 1,
                            Qt.PenStyle.SolidLine if is_focused else Qt.PenStyle.DashLine))
        painter.setBrush(theme().colour("hover") if self.underMouse() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        text, middle = self.tr("Add a run"), self.rect().center()
        painter.setFont(theme().font("body", 600))
        width = painter.fontMetrics().horizontalAdvance(text)
        left = middle.x() - (width + 22) / 2
        paint_icon(painter, "plus", QRectF(left, middle.y() - 18, 16, 16), "text")
        painter.setPen(theme().colour("text"))
        painter.drawText(round(left + 22), middle.y() - 5, text)
        painter.setFont(theme().font("small"))
        painter.setPen(theme().colour("text_2"))
        painter.drawText(self.rect().adjusted(0, 26, 0, 0), Qt.AlignmentFlag.AlignCenter, self.tr("up to four"))


class Cards(QWidget):
    """The cards in a row; `unwanted` carries the place of a run, `add` is the free place."""

    unwanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.add = AddCard()
        self.shown: list[RunCard] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme().px("layout", "gap"))
        self._row.addWidget(self.add, 1)

    def show_runs(self, compared: Compared) -> None:
        """Show a card for each run."""
        for card in self.shown:
            self._row.removeWidget(card)
            card.hide()
            card.deleteLater()
        count = len(compared.comparison.sides)
        self.shown = [RunCard(place, compared) for place in range(count)]
        for place, card in enumerate(self.shown):
            card.unwanted.connect(self.unwanted)
            self._row.insertWidget(place, card, 2)
        self.add.setVisible(count < MOST_RUNS)
