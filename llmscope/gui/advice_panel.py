"""What you can do after a test failed, with the raw message beside it; it stands in the generation panel's place."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from llmscope.core.results import Row
from llmscope.gui.advice import Offer
from llmscope.gui.theme import theme
from llmscope.gui.widgets.badge import Badge
from llmscope.gui.widgets.basic import Button, ElidedLabel, Label, Line, Panel, repolish

#: px of the border around the message, seen while it has the focus.
RING = 2
#: Height in px of a choice where there is room; it needs less.
OFFER_PX = 55


class AdvicePanel(Panel):
    """`chosen` is emitted with the settings of the choice whose button was pressed."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__("")
        self.title.setText(self.tr("What you can do"))
        self.remark.set_text(self.tr("each choice is checked against the memory that is free now"))
        self._offers: list[Offer] = []
        self._list = QVBoxLayout()
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        left = QWidget()
        left.setLayout(self._list)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(left, 66)
        self._said = QWidget()
        said = QHBoxLayout(self._said)
        said.setContentsMargins(0, 0, 0, 0)
        said.setSpacing(0)
        said.addWidget(Line(True))
        said.addLayout(self._message_column(), 1)
        row.addWidget(self._said, 34)
        self.body.addLayout(row, 1)

    def show_failure(self, row: Row, offers: Sequence[Offer]) -> None:
        """Show the choices for a failed test and what the program said."""
        said = row.extra.get("message")
        self._message.setPlainText(str(said) if said else row.reason or self.tr("No message was given."))
        self._offers = list(offers)
        while item := self._list.takeAt(0):
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for number, offer in enumerate(self._offers, 1):
            self._list.addWidget(self._offer(number, offer), 1)
            self._list.addWidget(Line())
        self._list.addStretch(1)

    def set_narrow(self, narrow: bool) -> None:
        """Leave out title and message in a small window; Copy details still has the message."""
        self.head_widget.setHidden(narrow)
        self._said.setHidden(narrow)
        self.setProperty("kind", "" if narrow else "panel")
        repolish(self)

    def buttons(self) -> list[Button]:
        """Return the buttons of the choices in their order."""
        return [b for b in self.findChildren(Button) if b.objectName().isdigit()]

    def _message_column(self) -> QVBoxLayout:
        copy = Button(self.tr("Copy"), "copy", "quiet", "text_2")
        copy.setAccessibleName(self.tr("Copy message"))
        copy.clicked.connect(self.copy_message)
        head = QHBoxLayout()
        head.setContentsMargins(RING, 0, 0, 0)
        head.addWidget(Label(self.tr("Message"), "body", 600))
        head.addStretch(1)
        head.addWidget(copy)
        self._message = QPlainTextEdit()
        self._message.setObjectName("message")
        self._message.setReadOnly(True)
        self._message.setFont(theme().font("small"))
        self._message.setAccessibleName(self.tr("Message of the failed test"))
        self._message.setTabChangesFocus(True)
        self._message.document().setDocumentMargin(0)
        self._message.setStyleSheet("background: transparent;")
        column = QVBoxLayout()
        column.setContentsMargins(14 - RING, 8, 8, 8)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self._message, 1)
        return column

    def _offer(self, number: int, offer: Offer) -> QWidget:
        widget = QWidget()
        grid = QGridLayout(widget)
        grid.setContentsMargins(12, 4, 12, 4)
        grid.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        widget.setMaximumHeight(OFFER_PX)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        badge = Badge(offer.verdict)
        button = Button(offer.button)
        button.setObjectName(str(number - 1))
        button.setMinimumWidth(128)
        button.setAccessibleName(f"{offer.button}: {offer.title}")
        button.clicked.connect(self._on_chosen)
        grid.addWidget(Label(str(number), "body", 600), 0, 0, 2, 1)
        grid.addWidget(ElidedLabel(offer.title, "body", 600), 0, 1)
        grid.addWidget(ElidedLabel(offer.text, "small", role="text_2"), 1, 1)
        grid.addWidget(badge, 0, 2)
        grid.addWidget(Label(offer.peak, "small", role="text_2"), 1, 2)
        grid.addWidget(button, 0, 3, 2, 1)
        grid.setColumnMinimumWidth(0, 18)
        grid.setColumnMinimumWidth(2, 180)
        grid.setColumnStretch(1, 1)
        return widget

    def _on_chosen(self) -> None:
        self.chosen.emit(self._offers[int(self.sender().objectName())].changes)

    def copy_message(self) -> None:
        """Copy the raw message."""
        QGuiApplication.clipboard().setText(self._message.toPlainText())
