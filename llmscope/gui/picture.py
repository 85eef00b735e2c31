"""The picture of a page: what it shows at twice its size, with what one must know to read it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QAbstractScrollArea, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from llmscope.gui.theme import theme
from llmscope.gui.top_bar import Logo
from llmscope.gui.widgets.basic import ElidedLabel, Label, Line

if TYPE_CHECKING:
    from llmscope.gui.cards.content import Content

SCALE = 2
HEAD_HEIGHT = 62


class Picture:
    """What a page offers as its picture; `stem` is the name proposed for the file, `width` in px of the page.

    `runs` are the stored runs that it shows.
    """

    stem = "llmscope"
    width = 1136
    runs: tuple[str, ...] = ()
    #: What the machine is called in the place of its own label, where somebody said so.
    machine = ""
    #: What is to be said of the file, in small print.
    remark = ""

    def facts(self) -> dict[str, str]:
        """Return what head and foot say, by the names of `picture_facts`; the same words go into the file as text."""
        raise NotImplementedError

    def told(self) -> dict[str, str]:
        """Return the facts with the machine as it is to be called, and what is to be said of the file."""
        facts = self.facts() | ({"Machine": self.machine} if self.machine else {})
        return facts | {"Software": " · ".join(filter(None, (facts["Software"], self.remark)))}

    def labels(self) -> list[str]:
        """Return how the machines or runs are called that a card shows, for other names to be given to them."""
        return []

    def card(self, labels: Sequence[str]) -> "Content | None":
        """Return what a card of the page says, with these names; None where there is none."""
        return None

    def body(self) -> QWidget:
        """Return a widget of its own that shows what the page shows, for head and foot to be put around it."""
        raise NotImplementedError

    def sheet(self) -> QWidget:
        """Return all of the picture as a widget of fixed size; whoever draws it throws it away."""
        return _Sheet(self.told(), self.body(), self.width)

    def settle(self) -> None:
        """Draw what in the body depends on its size, which it has by now."""


def draw(picture: Picture) -> QImage:
    """Return a picture as an image of twice its size, free of focus, buttons and scroll bars."""
    sheet = picture.sheet()
    sheet.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    sheet.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    sheet.show()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
    picture.settle()
    image = QImage(sheet.size() * SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SCALE)
    image.fill(theme().colour("window"))
    painter = QPainter(image)
    sheet.render(painter, QPoint(), renderFlags=QWidget.RenderFlag.DrawChildren)
    painter.end()
    for key, text in picture.told().items():
        image.setText(key, text)
    sheet.close()
    sheet.deleteLater()
    return image


def hide_controls(sheet: QWidget) -> None:
    """Take away what only a hand can use."""
    for button in sheet.findChildren(QPushButton):
        button.hide()
    for area in sheet.findChildren(QAbstractScrollArea):
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)


class _Sheet(QWidget):
    """Head, body and foot; never on the screen."""

    def __init__(self, facts: dict[str, str], body: QWidget, width: int) -> None:
        super().__init__()
        self.facts = facts
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._head())
        layout.addWidget(Line())
        layout.addWidget(body, 1)
        layout.addWidget(Line())
        layout.addWidget(self._foot())
        hide_controls(self)
        for part in reversed(self.findChildren(QWidget)):  # what an inner part needs is else known once it is shown
            if (inner := part.layout()) is not None:
                inner.invalidate()
                inner.activate()
        self.setFixedSize(width, layout.totalHeightForWidth(width) if layout.hasHeightForWidth()
                          else layout.totalSizeHint().height())

    def _head(self) -> QWidget:
        first = _row(Logo(), Label("llmscope", "strong", 600), ElidedLabel(self.facts["Title"], "strong", 600),
                     Label(self.facts["Machine"], "body", 600))
        first.setStretch(2, 1)
        second = _row(ElidedLabel(self._joined("Settings", "Device"), "small", role="text_2"),
                      Label(self._joined("Accuracy", "Power"), "small", role="text_2"))
        second.setStretch(0, 1)
        return _band(HEAD_HEIGHT, first, second)

    def _foot(self) -> QWidget:
        row = _row(ElidedLabel(self.facts["Software"], "caption", role="text_2"),
                   Label(self.facts["Date"], "caption", role="text_2"))
        row.setStretch(0, 1)
        return _band(theme().px("height", "status_bar"), row)

    def _joined(self, *keys: str) -> str:
        return " · ".join(self.facts[key] for key in keys if self.facts.get(key))


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(10)
    for widget in widgets:
        row.addWidget(widget)
    return row


def _band(height: int, *rows: QHBoxLayout) -> QWidget:
    band = QWidget()
    band.setFixedHeight(height)
    layout = QVBoxLayout(band)
    layout.setContentsMargins(16, 5, 16, 5)
    layout.setSpacing(1)
    for row in rows:
        layout.addLayout(row)
    return band
