"""Paints a card: headline, machines, tests and what one must know to read them."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from llmscope import __version__
from llmscope.gui.cards.canvas import Canvas, Placed, width_of, wrapped
from llmscope.gui.cards.content import Content
from llmscope.gui.cards.layout import LAYOUTS, Kind, Layout
from llmscope.gui.cards.rows_part import paint_tests
from llmscope.gui.theme import Shade
from llmscope.gui.words import tr

#: A headline shrinks to this share of its size before it breaks into lines, and these have this share.
SHRUNK, BROKEN = 0.84, 0.76
LINE = 1.36
LOGO_ROOM = 200


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
        below = self._machines(self._head())
        foot = self._foot()
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
        return y + 8

    def _machines(self, top: float) -> float:
        """Paint what was measured on; returns where it ends."""
        at, machines = self._layout, self._content.machines
        each = at.room / len(machines)
        px = at.label_px if len(machines) < 3 else at.name_px
        y = top + 8
        for place, machine in enumerate(machines):
            x = at.margin + place * each
            y = top + px
            if machine.letter:
                letter, _, role = machine.letter.partition(", ")
                self._canvas.mark(x + px / 2, y - 0.36 * px, place, 0.92 * px)
                x += px + 10
                x += self._canvas.text(x, y, letter, px, weight=600, room=px) + 10
                each_room = each * (place + 1) + at.margin - x - 16
                tag = width_of(role, at.small_px) + 10 if role else 0.0
                wide = self._canvas.text(x, y, machine.label, px, weight=600, room=each_room - tag)
                self._canvas.text(x + wide + 10, y, role, at.small_px, "text_2", room=max(tag, 1))
                x = at.margin + place * each
            else:
                self._canvas.text(x, y, machine.label, px, weight=600, room=at.room)
            for line in machine.lines:
                y += at.small_px * LINE
                self._canvas.text(x, y, line, at.small_px, "text_2", room=each - 16)
        y += 14
        self._canvas.line(at.margin, y, at.room)
        return y

    def _foot(self) -> float:
        """Paint what one must know to read the card, and the name of the program; returns where that begins."""
        at, content = self._layout, self._content
        room = at.room - LOGO_ROOM
        said = " ".join(filter(None, (*content.foot, tr("The picture carries its runs with all tests."))))
        lines = shortened(wrapped(said, at.foot_px, room), at.foot_lines - bool(content.warnings))
        y = at.height - at.margin + 8 - (len(lines) - 1) * at.foot_px * LINE
        top = y - at.foot_px * (LINE if content.warnings else 0) - at.foot_px - 12
        if content.warnings:
            self._warn(y - at.foot_px * LINE, room)
        for line in lines:
            self._canvas.text(at.margin, y, line, at.foot_px, "text_2", room=room)
            y += at.foot_px * LINE
        self._canvas.line(at.margin, top, at.room)
        self._sign(at.height - at.margin + 8)
        return top

    def _warn(self, y: float, room: float) -> None:
        at = self._layout
        self._canvas.icon("warning", QRectF(at.margin, y - at.foot_px, at.foot_px + 2, at.foot_px + 2), "warn")
        text = tr("Not steady: {0}.").format(self._content.warnings)
        self._canvas.text(at.margin + at.foot_px + 8, y, text, at.foot_px, "warn", 500, room=room - at.foot_px - 8)

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


def shortened(lines: list[str], most: int) -> list[str]:
    """Return no more lines than there is room for; what is cut off goes into the last, to be elided there."""
    return lines if len(lines) <= most else [*lines[:most - 1], " ".join(lines[most - 1:])]
