"""What a measured row says of the time of a test."""

import math

from msgspec import Struct

from llmscope.analysis.evidence import waiting
from llmscope.analysis.work import Work
from llmscope.core.results import Row

#: Of a median at least, and of one of so few samples that it has no interval.
NOISE, NOISE_OF_FEW = 0.03, 0.10
#: Other programs also take caches and memory bandwidth: the rest is uncertain by so much of the share they held it up.
NOISE_OF_OTHERS = 0.5
#: No more than this share is taken off: of what is left over nothing could be learnt.
MOST_TAKEN = 0.9


class Observed(Struct, frozen=True):
    """A measured test: its `seconds` had no other program held it up, and `noise`, the SD of their logarithm."""

    work: Work
    row: Row
    seconds: float
    noise: float


def observed(work: Work, row: Row) -> Observed:
    """Return what a row tells of its test; what other programs held it up, as its verdict counts that, is taken off."""
    claims = (claim.share for claim in waiting(row) if claim.limiter == "other programs")
    taken = min(MOST_TAKEN, max(claims, default=0.0))
    noise = NOISE_OF_FEW if row.half_width is None else math.hypot(NOISE, row.half_width / 1.96)
    return Observed(work, row, row.extra["seconds"] * (1 - taken), math.hypot(noise, NOISE_OF_OTHERS * taken))
