"""Paints a card: headline, machines, tests and what one must know to read them."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from llmscope import __version__
from llmscope.core.units import NBSP
from llmscope.gui.cards.canvas import Canvas, Placed, width_of, wrapped
from llmscope.gui.cards.content import Content
from llmscope.gui.cards.layout import LAYOUTS, Kind, Layout
from llmscope.gui.cards.rows_part import count_of, paint_tests
from llmscope.gui.theme import Shade
from llmscope.gui.words import tr

#: A headline shrinks to this share of its size before it breaks into lines, and these have this share.
SHRUNK, BROKEN = 0.84, 0.76
LINE = 1.36
LOGO_ROOM = 200
#: Lines that a line about a run may take, and what is said of tests that are not steady.
MOST_LINES, MOST_WARNED = 2, 3


def paint_card(content: Content, kind: Kind, shade: Shade) -> QImage:
    """Return the card as an image; its words go with it as text."""
    image = Card(content, kind, shade).image
    for key, text in content.data.items():
        image.setText(key, text)
    return image


class Card:
    """A card being painted; `texts` are all that stand on it."""

    def __init__(self, content: Content, kind: Kind, shade: Shade) -> None:
        self._content, self._layout = content, LAYOUTS[kind]
        self._canvas = Canvas(self._layout.width, self._layout.height, shade)
        self._warned = self._warnings()
        below = self._machines(self._head())
        foot = self._foot(below)
        paint_tests(self._canvas, self._layout, content, below, foot)
        self.image = self._canvas.finish()

    @property
    def texts(self) -> list[Placed]:
        """Every text with its place."""
        return self._canvas.texts

    def _head(self) -> float:
        """Paint headline and what was measured; returns where they end."""
        at, y = self._layout, float(self._layout.top)
        lines, px = _fitted(self._content.title, at)
        for line in lines:
            y += px * 0.95
            self._canvas.text(at.margin, y, line, px, weight=600, room=at.room)
            y += px * 0.28
        y += 8
        for line in shortened(wrapped(self._content.about, at.about_px, at.room), at.about_lines):
            y += at.about_px
            self._canvas.text(at.margin, y, line, at.about_px, "text_2", room=at.room)
            y += at.about_px * 0.4
        return y + 14

    def _machines(self, top: float) -> float:
        """Paint what was measured on; returns where it ends."""
        at, machines = self._layout, self._content.machines
        columns = len(machines) if at.name_room or len(machines) < 3 else 2
        each = at.room / columns
        px, small = (at.label_px, at.small_px) if len(machines) < 3 else (at.name_px, at.small_px - 1)
        below = [_unfolded(machine.lines, small, each - 16) for machine in machines]
        high = px + max(map(len, below)) * small * LINE + 14
        for place, machine in enumerate(machines):
            y, left = top + place // columns * high + px, at.margin + place % columns * each
            x = left
            if machine.letter:
                self._canvas.mark(x + px / 2, y - 0.36 * px, place, 0.92 * px)
                x += px + 10
                x += self._canvas.text(x, y, machine.letter, px, weight=600, room=px) + 10
            self._canvas.text(x, y, machine.label, px, weight=600, room=left + each - x - 16)
            for number, line in enumerate(below[place], 1):
                self._canvas.text(left, y + number * small * LINE, line, small, "text_2", room=each - 16)
        end = top + high * -(-len(machines) // columns)
        self._canvas.line(at.margin, end, at.room)
        return end

    def _foot(self, top: float) -> float:
        """Paint what one must know to read the card, and the name of the program; returns where that begins."""
        at, lines = self._layout, self._foot_lines(top)
        y = at.height - at.margin + 8 - (len(lines) - 1) * at.foot_px * LINE
        self._warn(y - len(self._warned) * at.foot_px * LINE)
        for line in lines:
            self._canvas.text(at.margin, y, line, at.foot_px, "text_2", room=at.room - LOGO_ROOM)
            y += at.foot_px * LINE
        self._canvas.line(at.margin, self._foot_top(lines), at.room)
        self._sign(at.height - at.margin + 8)
        return self._foot_top(lines)

    def _foot_top(self, lines: Sequence[str]) -> float:
        at, count = self._layout, len(lines) + len(self._warned)
        return at.height - at.margin - 4 - (count - 1) * at.foot_px * LINE - at.foot_px

    def _foot_lines(self, top: float) -> list[str]:
        """Return the lines of the foot: how many tests have no room is one of its sentences, and changes that room."""
        tests, hidden, lines = len(self._content.tests), 0, list[str]()
        for _ in range(2):
            lines = self._said(tr("Tests not shown: {0}.").format(hidden) if hidden else "")
            hidden = tests - count_of(self._layout, self._content, self._foot_top(lines) - top)
        return lines

    def _said(self, more: str) -> list[str]:
        """Return as many of the settings that differ as have room, after all that must be said."""
        at, settings, most = self._layout, self._content.differing, self._layout.foot_lines
        for count in range(len(settings), -1, -1):
            rest = tr(" and {0} more").format(len(settings) - count) if count < len(settings) else ""
            differs = tr("Differs: {0}{1}.").format(", ".join(settings[:count]), rest) if settings else ""
            lines = wrapped(" ".join(filter(None, (*self._content.foot, more, differs))), at.foot_px,
                            at.room - LOGO_ROOM)
            if len(lines) <= most:
                break
        return shortened(lines, most)

    def _warnings(self) -> list[str]:
        """Return the lines that say which tests are not steady."""
        at, said = self._layout, self._content.warnings
        text = tr("Not steady: {0}.").format(said)
        room = at.room - LOGO_ROOM - at.foot_px - 8
        return shortened(wrapped(text, at.foot_px, room, 500), MOST_WARNED) if said else []

    def _warn(self, y: float) -> None:
        at, room = self._layout, self._layout.room - LOGO_ROOM - self._layout.foot_px - 8
        if self._warned:
            self._canvas.icon("warning", QRectF(at.margin, y - at.foot_px, at.foot_px + 2, at.foot_px + 2), "warn")
        for line in self._warned:
            self._canvas.text(at.margin + at.foot_px + 8, y, line, at.foot_px, "warn", 500, room=room)
            y += at.foot_px * LINE

    def _sign(self, y: float) -> None:
        """Paint logo, name and version at the lower right."""
        at, px = self._layout, self._layout.foot_px + 5
        version = self._canvas.text(at.right, y, __version__, at.foot_px, "text_2", room=70, right=True)
        name = self._canvas.text(at.right - version - 10, y, "llmscope", px, weight=600, room=120, right=True)
        left = at.right - version - name - 20
        self._canvas.icon("logo", QRectF(left - 1.5 * px, y - px + 2, 1.35 * px, 1.08 * px))


def _fitted(title: str, at: Layout) -> tuple[list[str], int]:
    """Return the lines of a headline and their size: one line if it fits, smaller where that helps."""
    for px in (at.title_px, round(SHRUNK * at.title_px)):
        if width_of(title, px, 600) <= at.room:
            return [title], px
    px = at.title_px if at.height > 1000 and len(wrapped(title, at.title_px, at.room, 600)) <= at.title_lines else \
        round(BROKEN * at.title_px)
    return shortened(wrapped(title, px, at.room, 600), at.title_lines), px


def _unfolded(lines: Sequence[str], px: int, room: float) -> list[str]:
    """Return lines about a run, those that are too long in two: none begins with the dot between its parts."""
    return [part for line in lines
            for part in shortened(wrapped(line.replace(" · ", f"{NBSP}· "), px, room), MOST_LINES)]


def shortened(lines: list[str], most: int) -> list[str]:
    """Return no more lines than there is room for; what is cut off goes into the last, to be elided there."""
    return lines if len(lines) <= most else [*lines[:most - 1], " ".join(lines[most - 1:])]
