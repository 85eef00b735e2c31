"""The parts of a sample and how long each took."""

from typing import Any

import numpy as np

from llmscope.engine import checks
from llmscope.engine.timers import Block


class Phases:
    """Keeps the seconds of each part of every sample."""

    def __init__(self) -> None:
        self._kept: list[Block] = []

    def keep(self, block: Block) -> dict[str, Any]:
        """Return what a sample says of its parts; raises NotTrustworthy if they are not the whole."""
        self._kept.append(block)
        checks.phases(self._kept)
        return {"phases_s": block.phases_s}

    def summary(self) -> dict[str, Any]:
        """Return the median seconds of each part, nothing without a sample.

        Medians of parts need not add up where samples differ: they are scaled by one factor to the median
        of the whole.
        """
        if not self._kept:
            return {}
        medians = {name: np.median([block.phases_s[name] for block in self._kept]) for name in self._kept[0].phases_s}
        scale = np.median([block.seconds for block in self._kept]) / sum(medians.values())
        return {"phases_s": {name: float(seconds * scale) for name, seconds in medians.items()}}

    def reset(self) -> None:
        """Forget the warm-up's parts."""
        self._kept.clear()
