"""One half of the Race page: an entrant, its figures, its text, when its tokens came, how busy its device was."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from llmscope.analysis.compare import LETTERS
from llmscope.gui import race_words
from llmscope.gui.compare_marks import Mark
from llmscope.gui.generation_text import TextView
from llmscope.gui.plots.token_timeline import CUT_MEDIANS, EMPTY_TOP_MS, TokenTimeline
from llmscope.gui.plots.waits import WaitPool, Waits, nice
from llmscope.gui.race import Entrant, Race
from llmscope.gui.race_figures import RaceFigures
from llmscope.gui.race_strip import RaceStrip
from llmscope.gui.series import Floats
from llmscope.gui.theme import scaled
from llmscope.gui.widgets.basic import ElidedLabel, Label, Line

EDGE_PX, TIMELINE_PX, NARROW_TIMELINE_PX = 14, 190, 106


class RaceSide(QFrame):
    """Shows an entrant at any moment: the same moment is the same picture, whichever was shown before."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self._place, letter = place, LETTERS[place]
        self.setAccessibleName(self.tr("Run {0}").format(letter))
        self._entrant: Entrant | None = None
        self._token_ms: Floats = np.empty(0)
        self._steps, self._end_ns = -1, 0
        self._mark, self._letter = Mark(place), Label(letter, "title", 600)
        self._name = ElidedLabel("", "title", 600)
        self._settings, self._behind = ElidedLabel("", "small", role="text_2"), ElidedLabel("", "small", role="text_2")
        self.figures, self.text = RaceFigures(place), RaceText()
        self.text.setAccessibleName(self.tr("Text of run {0}").format(letter))
        self.timeline, self.strip = RaceTimeline(), RaceStrip(place)
        self._no_pool = WaitPool()
        self._lay_out()
        self.set_size(False, 1.0)

    def show_entrant(self, entrant: Entrant, race: Race) -> None:
        """Show another entrant, before its first token."""
        self._entrant, self._steps, self._end_ns = entrant, -1, race.end_ns
        self._token_ms = np.array(entrant.track.step_ns, dtype=float) / 1e6
        self._name.set_text(race_words.name(race, self._place))
        self._settings.set_text(race_words.settings(entrant))
        self._behind.set_text(race_words.behind(entrant))
        axis_ns = round(1.03 * race.end_ns)
        self.timeline.fix_axes(axis_ns / 1e6, _top_ms(race))
        self.strip.show_entrant(entrant, axis_ns)
        self.show_at(0)

    def show_at(self, at_ns: int) -> None:
        """Show exactly the tokens that had come by then."""
        entrant = self._entrant
        assert entrant is not None
        track = entrant.track
        self.figures.show_at(entrant, at_ns, self._end_ns)
        self.strip.show_at(at_ns)
        steps = track.steps_at(at_ns)
        if steps != self._steps:
            self._steps = steps
            self.text.show_text(track.text_at(at_ns))
            self.timeline.show_waits(Waits(self._token_ms[:steps], len(self._token_ms)), self._no_pool)
        self.text.set_streaming(at_ns < track.end_ns)

    def set_size(self, narrow: bool, scale: float) -> None:
        """Lay out for a small window, and show everything so many times as large, for a room."""
        for label in (self._letter, self._name):
            label.setFont(scaled("title", 600, scale))
        for label in (self._settings, self._behind):
            label.setFont(scaled("small", 400, scale))
        self.text.setFont(scaled("strong" if narrow else "title", 400, scale))
        self.figures.set_scale(scale)
        self.strip.set_size(narrow, scale)
        self.strip.setVisible(not narrow or scale == 1.0)  # before a room in a small window, the text needs its place
        self.timeline.set_scale(scale)
        self.timeline.setMinimumHeight(round(NARROW_TIMELINE_PX * scale))
        self.timeline.setMaximumHeight(round((NARROW_TIMELINE_PX if narrow else TIMELINE_PX) * scale))

    def _lay_out(self) -> None:
        name = QHBoxLayout()
        name.setSpacing(8)
        name.addWidget(self._mark)
        name.addWidget(self._letter)
        name.addWidget(self._name, 1)
        head = QVBoxLayout()
        head.setContentsMargins(EDGE_PX, 10, EDGE_PX, 4)
        head.setSpacing(2)
        head.addLayout(name)
        head.addWidget(self._settings)
        head.addWidget(self._behind)
        text = QVBoxLayout()
        text.setContentsMargins(EDGE_PX, 8, EDGE_PX, 8)
        text.addWidget(self.text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.figures)
        layout.addWidget(Line())
        layout.addLayout(text, 3)
        layout.addWidget(Line())
        layout.addWidget(self.timeline, 2)
        layout.addWidget(self.strip)


class RaceText(TextView):
    """The text of an entrant; it leaves all keys but copying to the race."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.document().setDocumentMargin(0)  # of one, a part stays after scrolling, and the same text stands elsewhere
        self._shown = ""

    def show_text(self, text: str) -> None:
        """Show this text and its end; what is shown of it already stays."""
        if text.startswith(self._shown):
            self.append_text(text[len(self._shown):])
        else:
            self.setPlainText(text)
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
        self._shown = text

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy) or event.matches(QKeySequence.StandardKey.SelectAll):
            super().keyPressEvent(event)
        else:
            event.ignore()


class RaceTimeline(TokenTimeline):
    """The timeline without the percentile of the other requests, which are not in the race."""

    def figures(self) -> list[tuple[str, str]]:
        return super().figures()[:2]


def _top_ms(race: Race) -> float:
    """Return the upper end of the axis of waits that suits both."""
    waits = [Waits(np.array(entrant.track.step_ns, dtype=float) / 1e6, 0) for entrant in race.entrants]
    tops = [min(float(w.gaps_ms.max()), CUT_MEDIANS * w.median_ms) for w in waits if w.median_ms is not None]
    return nice(1.02 * max(tops)) if any(tops) else EMPTY_TOP_MS
