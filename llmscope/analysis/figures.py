"""Figures that say where they come from: none stands alone."""

import math
from typing import Literal

from msgspec import Struct

Provenance = Literal["measured", "predicted", "specification"]


class Fact(Struct, frozen=True):
    """One figure as its `source` states it."""

    value: float
    provenance: Provenance
    source: str


class Range(Struct, frozen=True):
    """Between what and what a figure is expected; raises ValueError unless 0 < low < high."""

    low: float
    high: float
    provenance: Provenance
    source: str

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < math.inf:
            raise ValueError(f"{self.low} to {self.high} is no range")
