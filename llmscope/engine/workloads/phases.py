"""The parts of a sample and how long each took."""

from typing import Any

import numpy as np

from llmscope.engine import checks
from llmscope.engine.timers import Block


class Phases:
    """Keeps the seconds of each part of every sample."""

    def __init__(self) -> None:
        self._kept: list[dict[str, float]] = []

    def keep(self, block: Block) -> dict[str, Any]:
        """Return what a sample says of its parts; raises NotTrustworthy if they are not the whole."""
        checks.phases(block)
        self._kept.append(block.phases_s)
        return {"phases_s": block.phases_s}

    def summary(self) -> dict[str, Any]:
        """Return the median seconds of each part, nothing without a sample."""
        if not self._kept:
            return {}
        return {"phases_s": {name: float(np.median([p[name] for p in self._kept])) for name in self._kept[0]}}

    def reset(self) -> None:
        """Forget the warm-up's parts."""
        self._kept.clear()
