"""How near the running test is to what this machine was measured to do, and what that is."""

from llmscope.analysis.roofline import Point
from llmscope.core.spec import RunSpec
from llmscope.gui import live_strip, looks, words
from llmscope.gui.ceilings import Near, near, point_now, summary
from llmscope.gui.run_body import RunBody
from llmscope.gui.run_state import CellState, RunState
from llmscope.gui.setup_control import SetupControl
from llmscope.gui.words import tr
from llmscope.models.catalog import Model


def point(run: RunState, control: SetupControl, rate: float | None) -> Point | None:
    """Return where the running test stands on the roofline, None where that is not known."""
    measured = _measured(run, control)
    return None if measured is None else point_now(*measured, control.ceilings, rate)


def near_now(run: RunState, control: SetupControl, rate: float | None) -> Near | None:
    """Return how near the running test is to a ceiling."""
    measured = _measured(run, control)
    return None if measured is None else near(*measured, control.ceilings, rate)


def show(body: RunBody, run: RunState, control: SetupControl) -> None:
    """Tell what this machine was measured to do, or how far the measuring is."""
    known = control.ceilings
    title, text = "", ""
    if run.is_open and run.now in run.ceilings:
        title, text = tr("Measuring the ceilings"), looks.ceilings_words(run)
    elif known is not None:
        title = tr("Measured ceilings, {0}").format(words.day_of(known.utc))
        text = summary(known)
    body.results.show_ceilings(title, text)


def _measured(run: RunState, control: SetupControl) -> tuple[CellState, RunSpec, Model | str] | None:
    """Return the test that is being measured at this moment, with its run's spec and its model."""
    now = run.now
    if now is None or run.spec is None or now.phase not in live_strip.MEASURING:
        return None
    model = control.models.get(now.cell.model)
    return None if model is None else (now, run.spec, model)
