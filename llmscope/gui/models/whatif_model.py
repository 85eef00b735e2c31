"""The rows of the table of other hardware: what a model would come to on each, as texts and as a range to draw."""

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from llmscope.analysis.figures import Range
from llmscope.analysis.projection import Projection
from llmscope.core.units import gib, significant
from llmscope.gui import words
from llmscope.gui.plots.token_timeline import nice

Index = QModelIndex | QPersistentModelIndex
HARDWARE, MEMORY, FIT, SPARE, WRITING, BAR, READING, BASIS, PRICE = range(9)
LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
AT_LEFT = (HARDWARE, FIT, BAR, BASIS)
#: Not applicable, as the speed of what does not fit; what is not known is said in a word.
NONE = "—"


class WhatIfModel(QAbstractTableModel):
    """`found` are all rows, `shown` those of a kind that hold all words of a search, in the same order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Sequence[Projection] = ()
        self.shown: list[Projection] = []
        self._kind, self._words = "", ()  # type: tuple[str, tuple[str, ...]]

    def show_found(self, found: Sequence[Projection]) -> None:
        """Show other rows, filtered as before."""
        self.found = found
        self._fill()

    def filter(self, kind: str, search: str) -> None:
        """Show only a kind of hardware, all where it is empty, and what holds all words of the search."""
        self._kind, self._words = kind, tuple(search.casefold().split())
        self._fill()

    def fastest_tok_s(self) -> float:
        """Return the upper end of the fastest range in view, 0 where there is none."""
        return max((one.decode_tok_s.high for one in self.shown if one.decode_tok_s is not None), default=0.0)

    def scale_tok_s(self) -> float:
        """Return the speed at the right end of the bars: a round number, not far above the fastest."""
        fastest = self.fastest_tok_s() or 1.0
        step = nice(fastest / 10)
        return step * math.ceil(fastest / step)

    def titles(self) -> tuple[str, ...]:
        """Return the columns' titles, with their units."""
        return (self.tr("Hardware"), self.tr("Usable"), self.tr("Fits"), self.tr("Spare or short"),
                self.tr("Writing, tok/s"), self.tr("Range or what fits"), self.tr("Reading, tok/s"), self.tr("Basis"),
                self.tr("Price"))

    def texts(self, row: int) -> tuple[str, ...]:
        """Return the texts of a row."""
        one = self.shown[row]
        memory = self.tr("unknown") if one.target.memory is None else gib(one.target.memory.value)
        return (one.target.name, memory, self._fit(one), self._spare(one), self._speed(one, one.decode_tok_s),
                self._instead(one), self._speed(one, one.prefill_tok_s), self._basis(one), self._price(one))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else PRICE + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return self.titles()[section]
            if role == Qt.ItemDataRole.ToolTipRole:
                return {MEMORY: self.tr("Memory that a model can have: less than is built in"),
                        WRITING: self.tr("New tokens of one sequence, between what and what"),
                        READING: self.tr("Tokens of a prompt, between what and what")}.get(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.shown):
            return None
        texts = self.texts(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return texts[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, texts)) if index.column() == HARDWARE else texts[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if index.column() in AT_LEFT else RIGHT
        return self._sources(self.shown[index.row()]) if role == Qt.ItemDataRole.ToolTipRole else None

    def _fill(self) -> None:
        self.beginResetModel()
        self.shown = [one for one in self.found if self._kind in ("", one.target.kind)
                      and all(word in one.target.name.casefold() for word in self._words)]
        self.endResetModel()

    def _fit(self, one: Projection) -> str:
        if one.fits is None:
            return self.tr("unknown")
        return self.tr("fits") if one.fits else self.tr("does not fit")

    def _spare(self, one: Projection) -> str:
        if one.spare_bytes is None:
            return self.tr("unknown")
        return (self.tr("{0} spare") if one.spare_bytes >= 0 else self.tr("{0} short")).format(
            gib(abs(one.spare_bytes)))

    def _speed(self, one: Projection, speed: Range | None) -> str:
        if speed is None:
            return NONE if one.fits is False else self.tr("unknown")
        return self.tr("{0} to {1}").format(significant(speed.low, 2), significant(speed.high, 2))

    def _instead(self, one: Projection) -> str:
        """Return what would fit where this does not."""
        if one.smaller is None:
            return self.tr("too large in any format") if one.fits is False else ""
        format_ = words.short_dtype(one.smaller.format)
        return self.tr("{0} weights fit ({1})").format(format_, gib(one.smaller.memory_bytes))

    def _basis(self, one: Projection) -> str:
        kinds = {"measured": self.tr("measured"), "predicted": self.tr("predicted"),
                 "specification": self.tr("specification")}
        known = one.decode_tok_s or one.target.memory
        return f"{kinds[known.provenance if known else 'specification']}: {one.target.source}"

    def _price(self, one: Projection) -> str:
        if is_here(one):
            return self.tr("owned")
        price = one.target.price_usd
        return NONE if price is None else f"${price.value:,.0f}"

    def _sources(self, one: Projection) -> str:
        """Return where each figure of a row is from, and what makes it weaker than it looks."""
        target, price = one.target, one.target.price_usd
        return "\n".join(filter(None, (
            target.name, self._basis(one),
            self.tr("memory: {0}").format(target.memory.source) if target.memory else self.tr("memory: as fitted"),
            self.tr("price: {0}").format(price.source) if price else "", *target.caveats)))


def is_here(one: Projection) -> bool:
    """Return whether a row is a device of this machine."""
    return one.target.id.startswith("here-")
