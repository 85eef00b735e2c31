"""The controls of a race: play, the moment that is shown, speed, full screen."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSlider

from llmscope.analysis.compare import LETTERS
from llmscope.core.units import NBSP
from llmscope.gui import race_words
from llmscope.gui.compare_marks import paint_mark
from llmscope.gui.plots import style
from llmscope.gui.race import Race
from llmscope.gui.race_clock import SPEEDS
from llmscope.gui.theme import scaled, theme
from llmscope.gui.widgets.basic import Button, Label
from llmscope.gui.widgets.segments import Segments

STEPS = 10_000
EDGE_PX = 10.0


class RaceBar(QFrame):
    """`play_asked` is the button, `seek_asked` carries a share of the race, `speed_asked` a factor."""

    play_asked = Signal()
    seek_asked = Signal(float)
    speed_asked = Signal(float)
    present_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._end_ns = 1
        self.setProperty("kind", "panel")
        self.play = PlainButton(self.tr("Play"), "play")
        self.play.clicked.connect(self.play_asked)
        self.play.setMinimumWidth(96)
        self.slider = RaceSlider()
        self.slider.sliderMoved.connect(self._on_moved)
        self._time = Label("", "body", 500)
        self._time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.speeds = Segments({f"{speed:g}": f"×{speed:g}" for speed in SPEEDS}, self.tr("Speed"))
        self.speeds.set_value("1")
        self.speeds.setFixedWidth(190)
        self.speeds.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # + and − work everywhere on the page
        self.speeds.chosen.connect(self._on_speed)
        self.present = PlainButton(self.tr("Present"), "screen")
        self.present.setToolTip(self.tr("Full screen, in larger type (F11)"))
        self.present.clicked.connect(self.present_asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 8, 10, 8)
        row.setSpacing(12)
        row.addWidget(self.play)
        row.addWidget(self.slider, 1)
        for part in (self._time, self.speeds, self.present):
            row.addWidget(part)

    def show_race(self, race: Race) -> None:
        """Show where both are at the finish."""
        self._end_ns = race.end_ns
        self.slider.show_finishes([entrant.track.end_ns / race.end_ns for entrant in race.entrants])
        self._fit_time()

    def show_at(self, at_ns: int) -> None:
        """Show a moment."""
        self.slider.setValue(round(at_ns / self._end_ns * STEPS))
        self._time.setText(self._words(at_ns))

    def show_playing(self, is_playing: bool, why_not: str = "") -> None:
        """Say what the button does; `why_not` is why it does nothing."""
        self.play.setText(self.tr("Pause") if is_playing else self.tr("Play"))
        self.play.setAccessibleName(self.play.text())
        self.play.set_icon("pause" if is_playing else "play")
        self.play.setEnabled(not why_not)
        self.play.setToolTip(why_not or self.tr("Space"))

    def set_scale(self, scale: float) -> None:
        """Show everything so many times as large, for a room."""
        self._time.setFont(scaled("body", 500, scale))
        self._fit_time()

    def _fit_time(self) -> None:
        """Keep the room of the widest time, so that nothing moves."""
        self._time.setFixedWidth(self._time.fontMetrics().horizontalAdvance(self._words(self._end_ns)) + 4)

    def _words(self, at_ns: int) -> str:
        first, last = (race_words.moment(ns, self._end_ns) for ns in (at_ns, self._end_ns))
        return self.tr("{0} of {1}").format(first.partition(NBSP)[0], last)

    def _on_moved(self, step: int) -> None:
        self.seek_asked.emit(step / STEPS)

    def _on_speed(self, key: str) -> None:
        self.speed_asked.emit(float(key))


class PlainButton(Button):
    """Leaves the arrows to the race, and the focus where it is when it is clicked: Space goes on to play and pause."""

    def __init__(self, text: str, icon: str) -> None:
        super().__init__(text, icon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.ignore()
        else:
            super().keyPressEvent(event)


class RaceSlider(QSlider):
    """The time of the race, with the marks of both where they are at the finish."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(0, STEPS)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the arrows seek everywhere on the page
        self.setMinimumHeight(34)
        self.setAccessibleName(self.tr("Time of the race"))
        self._finishes: list[float] = []

    def show_finishes(self, shares: list[float]) -> None:
        """Show where each is at the finish, as shares of the race."""
        self._finishes = shares
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(event.position().x())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    def _go(self, x: float) -> None:
        share = (x - EDGE_PX) / max(1.0, self.width() - 2 * EDGE_PX)
        self.setValue(round(STEPS * min(1.0, max(0.0, share))))
        self.sliderMoved.emit(self.value())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        wide, y = self.width() - 2 * EDGE_PX, self.height() - 10.0
        x = EDGE_PX + self.value() / STEPS * wide
        painter.fillRect(QRectF(EDGE_PX, y - 2, wide, 4), theme().colour("control_line"))
        painter.fillRect(QRectF(EDGE_PX, y - 2, x - EDGE_PX, 4), theme().colour("primary"))
        for place, share in enumerate(self._finishes):
            self._paint_finish(painter, EDGE_PX + share * wide, y, place)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("primary"))
        painter.drawEllipse(QPointF(x, y), 6.5, 6.5)

    def _paint_finish(self, painter: QPainter, x: float, y: float, place: int) -> None:
        """Paint a tick with the run's mark and letter above it, at the left where the other's stand there."""
        painter.fillRect(QRectF(x - 1, y - 7, 2, 14), theme().colour("text_2"))
        painter.setFont(style.font("small", 600))
        painter.setPen(style.pen("text"))
        letter = LETTERS[place]
        width = QFontMetricsF(painter.font()).horizontalAdvance(letter) + 14
        left = min(x - width / 2, self.width() - width - 2)
        other = EDGE_PX + self._finishes[1 - place] * (self.width() - 2 * EDGE_PX)
        if abs(other - x) < width and (x < other or (x == other and place == 0)):
            left = min(left, min(other - width / 2, self.width() - width - 2) - width - 4)
        paint_mark(painter, QPointF(left + 5, y - 16), place)
        painter.drawText(QPointF(left + 13, y - 11.5), letter)
