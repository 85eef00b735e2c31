"""The Race page: two stored runs answer a request beside each other, at the pace at which they did."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from llmscope.gui import race_words
from llmscope.gui.page_stack import Page, Room
from llmscope.gui.race import Race
from llmscope.gui.race_bar import PlainButton, RaceBar
from llmscope.gui.race_clock import SPEEDS, RaceClock
from llmscope.gui.race_picture import RacePicture
from llmscope.gui.race_side import RaceSide
from llmscope.gui.theme import scaled, theme
from llmscope.gui.widgets.basic import ElidedLabel

#: At most 60 frames a second.
FRAME_MS = 17
#: How far a key goes, as a share of the race.
SEEKS = {Qt.Key.Key_Left: -0.02, Qt.Key.Key_Right: 0.02, Qt.Key.Key_Home: -1.0, Qt.Key.Key_End: 1.0}
FASTER = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}
#: Type is so many times as large in front of a room.
PRESENT_SCALE = 1.35


class RacePage(Page):
    """Each frame asks the clock for its moment and shows that; `back_asked` and `present_asked` are for the window."""

    back_asked = Signal()
    present_asked = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.race: Race | None = None
        self.clock = RaceClock(0)
        self._is_presenting, self._narrow, self._run_goes_on = False, False, False
        self.sides = (RaceSide(0), RaceSide(1))
        self.bar = RaceBar()
        self.title, self.about = ElidedLabel("", "figure", 600), ElidedLabel("", "body", role="text_2")
        self.different = ElidedLabel("", "body", role="warn")
        self.back = PlainButton(self.tr("Back"), "arrow-left")
        self.back.clicked.connect(self.back_asked)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self.show_frame)
        self.bar.play_asked.connect(self._on_play)
        self.bar.seek_asked.connect(self._on_seek)
        self.bar.speed_asked.connect(self._on_speed)
        self.bar.present_asked.connect(self._on_present)
        self._lay_out()

    def show_race(self, race: Race) -> None:
        """Show a race from its start."""
        self.race, self.clock = race, RaceClock(race.end_ns)
        self.different.set_text(race_words.not_the_same(race))
        self.different.setVisible(bool(self.different.full_text))
        self.bar.show_race(race)
        self.bar.speeds.set_value("1")
        for side, entrant in zip(self.sides, race.entrants, strict=True):
            side.show_entrant(entrant, race)
        self.show_frame()

    def show_frame(self) -> None:
        """Show the moment that is due now; at the end nothing moves any more."""
        if self.race is None:
            return
        at_ns = self.clock.position_ns
        for side in self.sides:
            side.show_at(at_ns)
        self.bar.show_at(at_ns)
        self.title.set_text(race_words.standing(self.race, at_ns))
        self.about.set_text(race_words.about(self.race, at_ns))
        if self._timer.isActive() and at_ns >= self.clock.end_ns:
            self._show_playing()

    def set_room(self, room: Room) -> None:
        """Leave the texts the room that a small window has."""
        self._narrow = room == "narrow"
        self._fit()

    def set_run_goes_on(self, goes_on: bool) -> None:
        """Stand still while something is measured on this machine: drawing would disturb it."""
        if goes_on != self._run_goes_on:
            self._run_goes_on = goes_on
            self.pause()

    def picture(self) -> RacePicture | None:
        return None if self.race is None else RacePicture(self.race, self.clock.position_ns)

    def status(self) -> tuple[str, str]:
        """Return the words for the status bar."""
        return self.tr("Race"), self.tr("Space plays and pauses, the arrows seek, + and − change the speed")

    def play(self) -> None:
        """Let the race go on, from its start where it is over."""
        if self.race is not None and self.isVisible() and not self._run_goes_on:
            self.clock.play()
            self._show_playing()

    def pause(self) -> None:
        """Let the race stand still."""
        self.clock.pause()
        self._show_playing()

    def seek(self, at_ns: int) -> None:
        """Go to a moment of the race."""
        self.clock.seek(at_ns)
        self.show_frame()

    def present(self, is_presenting: bool) -> None:
        """Show everything larger, or as ever."""
        if is_presenting != self._is_presenting:
            self._is_presenting = is_presenting
            self.back.setVisible(not is_presenting)
            self._fit()
            self.present_asked.emit(is_presenting)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.bar.play.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stand still where nobody looks; another page takes the whole window back."""
        super().hideEvent(event)
        self.pause()
        if not event.spontaneous():
            self.present(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in SEEKS:
            self.seek(self.clock.position_ns + round(SEEKS[key] * self.clock.end_ns))
        elif key in FASTER:
            self._change_speed(FASTER[key])
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._on_play()
        elif key == Qt.Key.Key_F11 or (key == Qt.Key.Key_Escape and self._is_presenting):
            self._on_present()
        else:
            super().keyPressEvent(event)

    def _fit(self) -> None:
        """Take the sizes of the window and of the room it stands in."""
        scale = PRESENT_SCALE if self._is_presenting else 1.0
        self.title.setFont(scaled("title" if self._narrow else "figure", 600, scale))
        for label in (self.about, self.different):
            label.setFont(scaled("body", 400, scale))
        for side in self.sides:
            side.set_size(self._narrow, scale)
        self.bar.set_scale(scale)

    def _show_playing(self) -> None:
        """Let the timer run while there is something to move, and no longer."""
        is_playing = self.clock.is_playing
        if is_playing:
            self._timer.start()
        else:
            self._timer.stop()
        why_not = self.tr("A run goes on: drawing a race would disturb it") if self._run_goes_on else ""
        self.bar.show_playing(is_playing, why_not)

    def _on_play(self) -> None:
        if self.clock.is_playing:
            self.pause()
        else:
            self.play()

    def _on_seek(self, share: float) -> None:
        self.seek(round(share * self.clock.end_ns))

    def _on_speed(self, speed: float) -> None:
        self.clock.set_speed(speed)

    def _on_present(self) -> None:
        self.present(not self._is_presenting)

    def _change_speed(self, step: int) -> None:
        place = min(len(SPEEDS) - 1, max(0, SPEEDS.index(self.clock.speed) + step))
        self.bar.speeds.set_value(f"{SPEEDS[place]:g}")
        self.clock.set_speed(SPEEDS[place])

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(self.title)
        words.addWidget(self.about)
        words.addWidget(self.different)
        words.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addLayout(words, 1)
        head.addWidget(self.back)
        halves = QHBoxLayout()
        halves.setSpacing(theme().px("layout", "gap"))
        for side in self.sides:
            halves.addWidget(side, 1)
        layout = QVBoxLayout(self)
        margin = theme().px("layout", "margin")
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.setSpacing(theme().px("layout", "gap"))
        layout.addLayout(head)
        layout.addLayout(halves, 1)
        layout.addWidget(self.bar)
