"""Rows of hardware with what a model would come to on each: filtered by kind and words, with prices to be edited."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, Signal

from llmscope.analysis.figures import Range
from llmscope.analysis.projection import Projection
from llmscope.core.units import significant
from llmscope.gui.models.text_rows import Index, TextRows

#: Not applicable, as the speed of what does not fit; what is not known is said in a word.
NONE = "—"


class HardwareRows(TextRows):
    """`found` are all rows, `shown` those of a kind that hold all words of a search, in the same order.

    `priced` carries the id of what got a price and that as it was typed:
    nothing here keeps it.
    """

    priced = Signal(str, str)
    price_column = 0

    def __init__(self) -> None:
        super().__init__()
        self.found: Sequence[Projection] = ()
        self.shown: list[Projection] = []
        self._kind, self._words = "", ()  # type: tuple[str, tuple[str, ...]]

    def sources(self, one: Projection) -> str:
        """Return where each figure of a row is from, a line each."""
        raise NotImplementedError

    def tip(self, row: int) -> str:
        """Return where each figure of a row is from."""
        return self.sources(self.shown[row])

    def show_found(self, found: Sequence[Projection]) -> None:
        """Show other rows, filtered as before."""
        self.found = found
        self._fill()

    def filter(self, kind: str, search: str) -> None:
        """Show only a kind of hardware, all where it is empty, and what holds all words of the search."""
        self._kind, self._words = kind, tuple(search.casefold().split())
        self._fill()

    def id_at(self, row: int) -> str:
        """Return the id of a row's hardware, empty where there is no such row."""
        return self.shown[row].target.id if 0 <= row < len(self.shown) else ""

    def row_of(self, hardware: str) -> int:
        """Return the row of a hardware id, -1 where it is not shown."""
        return next((row for row, one in enumerate(self.shown) if one.target.id == hardware), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.EditRole and index.isValid() and index.column() == self.price_column:
            price = self.shown[index.row()].target.price_usd
            return "" if price is None else f"{price.value:.12g}"
        return super().data(index, role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.column() == self.price_column and not is_here(self.shown[index.row()]):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if value == self.data(index, role):
            return False
        self.priced.emit(self.id_at(index.row()), str(value))
        return True

    def speed(self, one: Projection, speed: Range | None, sequences: int = 1) -> str:
        """Return a speed, or its share for each of several sequences, as a range in words."""
        if speed is None:
            return NONE if one.fits is False else self.tr("unknown")
        return self.tr("{0} to {1}").format(*(significant(end / sequences, 2) for end in (speed.low, speed.high)))

    def price(self, one: Projection) -> str:
        """Return a price in words; what has none can get one."""
        price = one.target.price_usd
        return NONE if price is None else f"${price.value:,.0f}"

    def energy(self, one: Projection) -> str:
        """Return the energy of a token with what it stands on, empty where it is not known."""
        energy = one.energy_j_token
        return "" if energy is None else self.tr("energy: {0} J per token, {1}").format(
            significant(energy.value, 2), energy.source)

    def _fill(self) -> None:
        self.beginResetModel()
        self.shown = [one for one in self.found if self._kind in ("", one.target.kind)
                      and all(word in one.target.name.casefold() for word in self._words)]
        self.endResetModel()


def is_here(one: Projection) -> bool:
    """Return whether a row is a device of this machine."""
    return one.target.id.startswith("here-")
