"""Two things measured in turns: how many times as fast the second is, and whether a difference can be told at all."""

import math

import numpy as np
from msgspec import Struct

from llmscope.core.statistics import Floats, order_rank

#: Fewer rounds than these allow no interval worth the name.
LEAST_ROUNDS, MOST_ROUNDS = 8, 64


class Ratio(Struct, frozen=True):
    """How many times as fast B is as A, with its 95 % interval, from so many rounds."""

    ratio: float
    low: float
    high: float
    rounds: int

    @property
    def is_resolved(self) -> bool:
        """Whether the interval leaves out 1: a difference was found."""
        return self.low > 1 or self.high < 1

    @property
    def half_width(self) -> float:
        """Half the interval's width as a share of the ratio: a smaller difference would not have been found."""
        return (self.high - self.low) / 2 / self.ratio


def paired_ratio(a_s: Floats, b_s: Floats) -> Ratio:
    """Return the ratio of two lists of seconds, each round's A beside its B; at least 8 rounds.

    The interval is that of the median of log(A ÷ B) by order statistics. Where chance decides in each round which
    of the two goes first, and there is no difference, each sign is a coin toss whatever the machine does meanwhile:
    the interval leaves out 1 in at most 5 % of comparisons, drift and disturbances included.
    """
    if len(a_s) != len(b_s) or len(a_s) < LEAST_ROUNDS:
        raise ValueError(f"a comparison needs at least {LEAST_ROUNDS} rounds of both")
    logs = np.sort(np.log(np.asarray(a_s) / np.asarray(b_s)))
    rank = order_rank(len(logs))
    low, high = logs[rank - 1], logs[len(logs) - rank]
    return Ratio(math.exp(float(np.median(logs))), math.exp(float(low)), math.exp(float(high)), len(logs))


def rounds_within(seconds: float, round_s: float) -> int:
    """Return how many rounds fit into a time: decided before the first one, so that no lucky moment ends it."""
    return max(LEAST_ROUNDS, min(MOST_ROUNDS, int(seconds / max(round_s, 1e-9))))
