"""What the measuring loop asks of a workload."""

from typing import Any, Protocol

from llmscope.core.events import Phase
from llmscope.engine.timers import Block, Stopwatch


class Workload(Protocol):
    """One test's work, made for one cell.

    `work` is the number of tokens one sample handles, or None where the value is the seconds themselves.
    `request` tells that each sample is a request whose text is streamed.
    """

    phase: Phase
    request: bool

    @property
    def work(self) -> int | None:
        """Tokens of one sample, or None."""

    def prepare(self) -> None:
        """Make fresh inputs, untimed."""

    def run(self, watch: Stopwatch) -> Block:
        """Do the work of one sample, timed by `watch`."""

    def finish(self) -> dict[str, Any]:
        """Check what the sample computed, untimed, and return what to keep of it; raises NotTrustworthy."""

    def summary(self) -> dict[str, Any]:
        """Return what the row's `extra` says beyond the value, over the timed samples."""

    def reset(self) -> None:
        """Forget the samples so far: they were warm-up."""
