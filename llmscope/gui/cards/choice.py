"""Which picture is wanted of a page, and that picture."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtGui import QImage

from llmscope.gui.picture import Picture, draw
from llmscope.gui.theme import Shade, theme
from llmscope.gui.words import tr

Kind = Literal["card", "square", "page"]
Look = Literal["dark", "light", "now"]
KINDS: tuple[Kind, ...] = ("card", "square", "page")
LOOKS: tuple[Look, ...] = ("dark", "light", "now")


@dataclass(frozen=True)
class Choice:
    """A kind of picture, its look, what machines or runs are called on it, and whether the file carries the runs."""

    kind: Kind = "page"
    look: Look = "now"
    labels: tuple[str, ...] = ()
    with_runs: bool = True

    @property
    def shade(self) -> Shade:
        """Dark or light."""
        return self.look if self.look != "now" else "dark" if theme().is_dark else "light"


def image_of(picture: Picture, choice: Choice) -> QImage:
    """Return the picture that is wanted; the whole page where it has no card."""
    content = None if choice.kind == "page" else picture.card(choice.labels)
    picture.remark = tr("Saved without its runs.") if picture.runs and not choice.with_runs else ""
    if content is not None and choice.kind != "page":
        from llmscope.gui.cards.card import paint_card  # not before the window's first paint

        return paint_card(replace(content, foot=(picture.remark, *content.foot)), choice.kind, choice.shade)
    if len(choice.labels) == 1:
        picture.machine = choice.labels[0]
    is_shown = (choice.shade == "dark") == theme().is_dark
    with nullcontext() if is_shown else theme().shown_as(choice.shade):
        return draw(picture)


def stem_of(picture: Picture, choice: Choice) -> str:
    """Return the name proposed for the file."""
    return picture.stem if choice.kind == "page" else f"{picture.stem}-{choice.kind}"
