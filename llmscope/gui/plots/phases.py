"""Which times the plots show, and the phases in them, past and planned."""

from llmscope.gui.live_feed import IDLE_S, LiveFeed
from llmscope.gui.plots.ruler import Mark
from llmscope.gui.plots.time_scale import round_end

#: Share of the axis that the time before the run has while a plan is shown.
IDLE_SHARE = 0.3
#: Phases of the same name with a pause below this are one: a test that follows another of its kind.
ONE_S = 0.5


def seen(feed: LiveFeed, zoom: int, cursor_s: float | None) -> tuple[float, float]:
    """Return the first and last second shown: the run to its expected end, or the last minute and the plan.

    `zoom` halves the part of a run that is seen so many times, around the cursor or the present.
    """
    planned_s = sum(seconds for _, seconds in feed.planned())
    if feed.running or feed.ended:
        return _zoomed(round_end(feed.now_s + planned_s), zoom, feed.now_s if cursor_s is None else cursor_s)
    if not feed.plan:
        return -IDLE_S, 0.0
    end_s = round_end(planned_s)
    return -min(IDLE_S, round(IDLE_SHARE / (1 - IDLE_SHARE) * end_s)), end_s


def _zoomed(end_s: float, zoom: int, centre_s: float) -> tuple[float, float]:
    if not zoom:
        return 0.0, end_s
    span_s = end_s / 2**zoom
    start_s = round((centre_s - span_s / 2) / (span_s / 4)) * span_s / 4  # in steps, so that the axis rests
    start_s = min(max(0.0, start_s), end_s - span_s)
    return start_s, start_s + span_s


def marks(feed: LiveFeed, broke_off: bool) -> list[Mark]:
    """Return all phases, past and planned; where the run broke off, its last phase is marked as the present."""
    found: list[Mark] = []
    for span in feed.phases:
        is_present = span.end_s is None or (broke_off and span is feed.phases[-1])
        end_s = feed.now_s if span.end_s is None else span.end_s
        _add(found, Mark(span.name, span.start_s, end_s, "now" if is_present else "over"))
    at_s = feed.now_s if feed.running or feed.ended else 0.0
    for number, (name, seconds) in enumerate(feed.planned()):
        is_rest = number == 0 and feed.open_phase is not None and feed.open_phase.name == name
        _add(found, Mark(name, at_s, at_s + seconds, "rest" if is_rest else "planned"))
        at_s += seconds
    return found


def _add(marks: list[Mark], mark: Mark) -> None:
    """Add a phase; one that goes on with what the last did, past or planned, is one with it."""
    if marks and marks[-1].name == mark.name and mark.start_s - marks[-1].end_s < ONE_S and (
            marks[-1].state, mark.state) in (("over", "over"), ("over", "now"), ("planned", "planned")):
        mark = mark._replace(start_s=marks.pop().start_s)
    marks.append(mark)
