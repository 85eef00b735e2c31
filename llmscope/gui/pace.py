"""How often the window draws: seldom while idle, and calmly while a test is timed on the CPU."""

from dataclasses import dataclass

from llmscope.gui.live_strip import MEASURING
from llmscope.gui.run_state import RunState


@dataclass(frozen=True)
class Pace:
    """How often the window draws: its timer, and every how many of its ticks graphs and texts are brought up to date.

    Where both come at every second tick or more seldom, they come at different ones: short work twice holds up
    the window less than long work once.
    """

    interval_ms: int
    plots_every: int = 1
    text_every: int = 1


#: All is calm while a test is timed on the CPU, the model's text a little less.
IDLE, CALM, LIVELY = Pace(250), Pace(250, 4, 4), Pace(50, 2, 2)


def pace_of(run: RunState) -> Pace:
    """Return how often to draw while a run is in this state."""
    if not run.is_open:
        return IDLE
    now = run.now
    timed_here = now is not None and now.cell.device == "cpu" and now.phase in MEASURING
    return CALM if timed_here else LIVELY
