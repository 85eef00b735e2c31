"""What lies where in the plot of price against speed: both axes logarithmic, between the numbers that are shown."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from llmscope.analysis.shortlist import Choice

#: How much is left free beyond the outermost number, as a factor.
FREE = 1.35
#: What is written on an axis, in each decade.
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class LogAxis:
    """An axis from one number in px to another one."""

    low: float
    high: float
    start_px: float
    end_px: float

    def px(self, value: float) -> float:
        """Return where a number lies, within the axis."""
        share = math.log(min(max(value, self.low), self.high) / self.low) / math.log(self.high / self.low)
        return self.start_px + share * (self.end_px - self.start_px)

    def ticks(self) -> list[float]:
        """Return the numbers to write: 1, 2 and 5 of each decade."""
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        return [tick for n in decades for step in STEPS if self.low <= (tick := step * 10.0**n) <= self.high]


def axis(values: Iterable[float], start_px: float, end_px: float) -> LogAxis:
    """Return an axis that holds all values, two decades where there are none."""
    values = list(values) or [10.0, 100.0]
    return LogAxis(min(values) / FREE, max(values) * FREE, start_px, end_px)


@dataclass(frozen=True)
class Spot:
    """Hardware with a price in US dollars and a range of tok/s for each user."""

    choice: Choice
    price: float
    low: float
    high: float

    @property
    def id(self) -> str:
        """The hardware's id."""
        return self.choice.projection.target.id


def spots(choices: Iterable[Choice]) -> list[Spot]:
    """Return the choices that have both a price and a speed, the cheapest first."""
    found = []
    for choice in choices:
        one = choice.projection
        if one.target.price_usd is not None and one.decode_tok_s is not None:
            low, high = (end / one.demand.batch for end in (one.decode_tok_s.low, one.decode_tok_s.high))
            found.append(Spot(choice, one.target.price_usd.value, low, high))
    return sorted(found, key=lambda spot: (spot.price, -spot.low))


def frontier(of: Sequence[Spot]) -> list[Spot]:
    """Return those that are faster, by the slow end, than all that cost as little or less; the cheapest first."""
    best, fastest = [], 0.0
    for spot in of:
        if spot.low > fastest:
            best.append(spot)
            fastest = spot.low
    return best
