"""The strip over the graphs: model, live figure and gauge, or what came of the run."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from llmscope.gui.cards.texts import without_paths
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, ElidedLabel, Icon, Label, Line
from llmscope.gui.widgets.figure import Figure
from llmscope.gui.widgets.gauge import Gauge
from llmscope.gui.widgets.lines_label import LinesLabel

MOST_FIGURES = 3
#: px that a message leaves free above and below.
FREE_PX = 6


@dataclass(frozen=True)
class LiveLook:
    """The strip during a run: `share` is how near the ceiling is, or the accuracy asked while none is known.

    `gauge_narrow` stands for `gauge_right` in a small window, where that would leave no room for the title.
    """

    model: str = ""
    settings: str = ""
    device: str = ""
    figure: str = ""
    unit: str = ""
    interval: str = ""
    below: str = ""
    gauge_title: str = ""
    gauge_right: str = ""
    gauge_narrow: str = ""
    gauge_below: str = ""
    share: float | None = None


@dataclass(frozen=True)
class MessageLook:
    """The strip after a run: `kind` is `done`, `stopped`, `failed` or `warn`; figures are value, unit and ±, and words.

    `what` is which run it is: its models, precisions and devices, whatever the settings of the next one are; `moment`
    stands before that where a small window has room for both. `can_go_on` offers to measure the tests that did not come
    to their end, `can_compare` to run them all here.
    """

    kind: str = "done"
    title: str = ""
    text: str = ""
    what: str = ""
    moment: str = ""
    figures: tuple[tuple[str, str, str], ...] = ()
    can_go_on: bool = False
    can_compare: bool = False


class HeaderStrip(QFrame):
    """Shows a `LiveLook` or a `MessageLook`; repaints only what differs."""

    copy_asked = Signal()
    dismissed = Signal()
    go_on_asked = Signal()
    compare_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._live = _Live()
        self._message = _Message()
        self._kind, self._least = "", 0
        self.copy_details, self.go_on, self.compare = self._message.copy, self._message.go_on, self._message.compare
        self.compare.clicked.connect(self.compare_asked)
        self._message.go_on.clicked.connect(self.go_on_asked)
        self._message.copy.clicked.connect(self.copy_asked)
        self._message.dismiss.clicked.connect(self.dismissed)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(1, 1, 1, 1)
        self._stack.addWidget(self._live)
        self._stack.addWidget(self._message)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_narrow(False)

    def set_narrow(self, narrow: bool) -> None:
        """Take the lower height of a small window."""
        self._least = theme().px("layout", "strip_narrow" if narrow else "strip")
        self._live.set_narrow(narrow)
        self._message.set_narrow(narrow)
        self._fit()

    def show_whole(self, width: int) -> None:
        """Cut nothing of what a message says, in so many px, for a picture."""
        self._message.show_whole()
        self._fit(width)

    def show_live(self, look: LiveLook) -> None:
        """Show model, figure and gauge."""
        self._set_kind("live")
        self._live.show_look(look)
        self._stack.setCurrentIndex(0)
        self._fit()

    def show_message(self, look: MessageLook) -> None:
        """Show what came of a run."""
        self._set_kind(look.kind)
        self._message.show_look(look)
        self._stack.setCurrentIndex(1)
        self._fit()

    def words(self) -> str:
        """Return what the strip says, for tests and for the clipboard."""
        return self._message.words() if self._stack.currentIndex() else self._live.words()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self, width: int = 0) -> None:
        """Be as high as a message needs in so many px, or in those there are."""
        inside = (width or self.width()) - 2
        needed = self._message.heightForWidth(inside) + 2 if self._stack.currentIndex() else 0
        self.setFixedHeight(max(self._least, needed))

    def _set_kind(self, kind: str) -> None:
        if kind != self._kind:
            self._kind = kind
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill = {"failed": "bad_fill", "warn": "warn_fill"}.get(self._kind, "panel")
        edge = {"failed": "bad", "warn": "warn"}.get(self._kind)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.fillPath(shape, theme().colour(fill))
        if edge:
            painter.setClipPath(shape)
            painter.fillRect(QRectF(0, 0, 4, self.height()), theme().colour(edge))
        else:
            painter.setPen(QPen(theme().colour("divider"), 1))
            painter.drawPath(shape)


class _Live(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._look, self._narrow = LiveLook(), False
        middle = Qt.TextElideMode.ElideMiddle
        self._model = ElidedLabel("", "strong", 600, mode=middle)
        self._settings = ElidedLabel("", "small", role="text_2")
        self._device = ElidedLabel("", "small", role="text_2")
        self._figure = Label("", "figure_xl", 500)
        self._figure.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        self._unit = Label("", "strong", 500)
        self._interval = Label("", "body", role="text_2")
        self._below = ElidedLabel("", "small", role="text_2")
        self._title = ElidedLabel("", "body", 600)
        self._right = Label("", "small", role="text_2")
        self._gauge = Gauge()
        self._gauge_below = ElidedLabel("", "small", role="text_2")
        row = QHBoxLayout(self)
        row.setContentsMargins(15, 0, 16, 0)
        row.setSpacing(22)
        row.addLayout(_column(self._model, self._settings, self._device), 30)
        self._line = Line(True, 46)
        row.addWidget(self._line)
        row.addWidget(self._figure)
        row.addLayout(self._figure_words(), 24)
        row.addLayout(self._gauge_column(), 40)

    def _figure_words(self) -> QVBoxLayout:
        first = QHBoxLayout()
        first.setSpacing(6)
        first.addWidget(self._unit)
        first.addWidget(self._interval)
        first.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(1)
        column.addStretch(1)
        column.addLayout(first)
        column.addWidget(self._below)
        column.addStretch(1)
        return column

    def _gauge_column(self) -> QVBoxLayout:
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._right)
        column = QVBoxLayout()
        column.setSpacing(3)
        column.addStretch(1)
        column.addLayout(head)
        column.addWidget(self._gauge)
        column.addWidget(self._gauge_below)
        column.addStretch(1)
        return column

    def set_narrow(self, narrow: bool) -> None:
        self._device.setHidden(narrow)
        self._gauge_below.setHidden(narrow)
        self._figure.setFont(theme().font("figure" if narrow else "figure_xl", 500))
        self._figure.setMinimumWidth(76 if narrow else 112)
        self._narrow = narrow
        self._show_right()

    def show_look(self, look: LiveLook) -> None:
        self._look = look
        self._model.set_text(look.model)
        self._settings.set_text(look.settings)
        self._device.set_text(look.device)
        self._figure.setText(look.figure)
        self._unit.setText(look.unit)
        self._interval.setText(look.interval)
        self._below.set_text(look.below)
        self._title.set_text(look.gauge_title)
        self._show_right()
        self._gauge.set_share(look.share)
        self._gauge_below.set_text(look.gauge_below)

    def _show_right(self) -> None:
        look = self._look
        self._right.setText(look.gauge_narrow if self._narrow and look.gauge_narrow else look.gauge_right)

    def words(self) -> str:
        parts = (self._model.full_text, self._settings.full_text, self._device.full_text, self._figure.text(),
                 self._unit.text(), self._interval.text(), self._below.full_text, self._title.full_text,
                 self._right.text(), self._gauge_below.full_text)
        return " ".join(part for part in parts if part)


class _Message(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._look, self._narrow = MessageLook(), False
        self._icon = Icon("check-circle", 24, "text")
        self._title = ElidedLabel("", "title", 600)
        self._what, self._text = LinesLabel(2), LinesLabel(3, role="text_2")
        self.copy = Button(self.tr("Copy details"), "copy")
        self.dismiss = Button(self.tr("Dismiss"), "close")
        self.go_on = Button(self.tr("Go on with this run"), "play")
        self.go_on.setToolTip(self.tr("Measure what is left as a new run; finished tests are taken over"))
        self.compare = Button(self.tr("Compare this machine"), "compare")
        self.compare.setToolTip(self.tr("Runs the same tests here, then shows both side by side, with a picture"))
        row = QHBoxLayout(self)
        row.setContentsMargins(21, FREE_PX, 16, FREE_PX)
        row.setSpacing(16)
        row.addWidget(self._icon)
        row.addLayout(_column(self._title, self._what, self._text), 1)
        self._figures = [Figure() for _ in range(MOST_FIGURES)]
        for figure in self._figures:
            row.addWidget(figure)
        row.addWidget(self.copy)
        row.addWidget(self.dismiss)
        row.addWidget(self.go_on)
        row.addWidget(self.compare)

    def set_narrow(self, narrow: bool) -> None:
        """Leave the figures out where the title needs the room, and leave the graphs theirs."""
        self._narrow = narrow
        self._text.set_most(2 if narrow else 3)
        self._show_figures()
        self._show_what()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_what()

    def _show_what(self) -> None:
        both = ": ".join(filter(None, (self._look.moment, self._look.what)))
        fits = self._what.fontMetrics().horizontalAdvance(both) <= self._what.width()
        self._what.set_text(both if fits or not self._narrow else self._look.what)

    def _show_figures(self) -> None:
        figures = () if self._narrow else self._look.figures
        for i, figure in enumerate(self._figures):
            figure.show_figure(figures[i] if i < len(figures) else None)

    def show_look(self, look: MessageLook) -> None:
        failed = look.kind == "failed"
        icon, role = {"done": ("check-circle", "text"), "stopped": ("stop", "text"), "failed": ("x-circle", "bad"),
                      "warn": ("warning", "warn")}[look.kind]
        self._icon.set_icon(icon, role)
        self._title.set_text(look.title)
        self._look = look
        self._show_what()
        self._text.set_text(look.text)
        self._text.set_role("text" if failed else "text_2")
        self._show_figures()
        self.copy.setVisible(failed)
        self.dismiss.setVisible(failed)
        self.go_on.setVisible(look.can_go_on)
        self.compare.setVisible(look.can_compare)

    def show_whole(self) -> None:
        self._text.set_text(without_paths(self._text.full_text))  # no picture names a folder
        self._text.show_whole()
        self._look = replace(self._look, what="", moment="")  # the head of the picture says it
        self._show_what()

    def words(self) -> str:
        what = ": ".join(filter(None, (self._look.moment, self._look.what)))
        return ". ".join(filter(None, (self._title.full_text, what, self._text.full_text)))


def _column(*labels: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(2)
    column.addStretch(1)
    for label in labels:
        column.addWidget(label)
    column.addStretch(1)
    return column
