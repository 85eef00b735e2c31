"""The rows of the table of other hardware: what a model would come to on each, as texts and as a range to draw."""

import math

from llmscope.analysis.projection import Projection
from llmscope.core.units import gib
from llmscope.gui import words
from llmscope.gui.models.hardware_rows import HardwareRows, is_here
from llmscope.gui.plots.waits import nice

HARDWARE, MEMORY, FIT, SPARE, WRITING, BAR, READING, BASIS, PRICE = range(9)


class WhatIfModel(HardwareRows):
    """All hardware, and this machine's devices, which are owned."""

    price_column = PRICE
    at_left = (HARDWARE, FIT, BAR, BASIS)

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

    def tips(self) -> dict[int, str]:
        """Return what is to be known of columns."""
        return {MEMORY: self.tr("Memory that a model can have: less than is built in"),
                WRITING: self.tr("New tokens of all sequences together, between what and what"),
                READING: self.tr("Tokens of a prompt, between what and what"),
                PRICE: self.tr("Double-click or F2: a price of your own")}

    def texts(self, row: int) -> tuple[str, ...]:
        """Return the texts of a row."""
        one = self.shown[row]
        memory = self.tr("unknown") if one.target.memory is None else gib(one.target.memory.value)
        return (one.target.name, memory, self._fit(one), self._spare(one), self.speed(one, one.decode_tok_s),
                self._instead(one), self.speed(one, one.prefill_tok_s), self._basis(one),
                self.tr("owned") if is_here(one) else self.price(one))

    def sources(self, one: Projection) -> str:
        """Return where each figure of a row is from, and what makes it weaker than it looks."""
        target, price = one.target, one.target.price_usd
        return "\n".join(filter(None, (
            target.name, self._basis(one),
            self.tr("memory: {0}").format(target.memory.source) if target.memory else self.tr("memory: as fitted"),
            self.energy(one),
            self.tr("price: {0}").format(price.source) if price else "", *target.caveats)))

    def _fit(self, one: Projection) -> str:
        if one.fits is None:
            return self.tr("unknown")
        return self.tr("fits") if one.fits else self.tr("does not fit")

    def _spare(self, one: Projection) -> str:
        if one.spare_bytes is None:
            return self.tr("unknown")
        return (self.tr("{0} spare") if one.spare_bytes >= 0 else self.tr("{0} short")).format(
            gib(abs(one.spare_bytes)))

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
