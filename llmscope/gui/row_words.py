"""A row of the results in words: its value, and the line below it."""

import re
from typing import Any

from llmscope.analysis.ceilings import SHARES
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import VERDICT_WORDS, Row
from llmscope.core.units import NBSP, measured, plus_minus, significant
from llmscope.gui.run_state import CellState
from llmscope.gui.words import bound_name, limit_line, plain, tr

#: Where one part of a reason ends and another one begins; what somebody can change, and how a drift is told at length.
_REASONS = re.compile(r", (?=±|n = |other programs )")
ACTED_ON, DRIFT = "other programs", " in time from the first half to the second"


def value(state: CellState) -> tuple[str, str, str, str]:
    """Return value, unit, ± and n of a test, final or so far; empty where there is none yet."""
    row, estimate = state.row, state.estimate
    unit = DEFINITIONS[state.cell.workload].unit
    if row is not None:
        if row.median is None:
            return "", "", "", str(row.n)
        return measured(row.median, row.half_width), unit, plus_minus(row.half_width), str(row.n)
    if estimate is not None:
        width = None
        if estimate.low is not None and estimate.high is not None and estimate.median:
            width = (estimate.high - estimate.low) / 2 / estimate.median
        return measured(estimate.median, width), unit, plus_minus(width), str(len(state.seconds))
    return "", "", "", str(len(state.seconds)) if state.seconds else ""


def detail(state: CellState, model: str = "", short: bool = False) -> list[str]:
    """Return the second line of a row by its parts: what limits the test, then what stands behind its value.

    A failure or a warning has its reason first. `model` is named where it is not the run's first; the limit gets
    shorter for it, and where there is little room (`short`).
    """
    row = state.row
    if row is None or row.median is None:
        first, *others = progress(state) if row is None else [row.reason or VERDICT_WORDS[row.verdict]]
        return [f"{model}: {first}" if model else first, *others]
    limit = limit_line(row, short or bool(model))
    if short:  # the gauge beside it says as much
        limit = limit.removeprefix(tr("limited by {0}").format("")).replace(tr("limit unclear"), tr("unclear"))
    parts = [part for part in (compared_to_first(row), limit, model, _behind(row)) if part]
    before, after = _reasons(row, short)
    return [*before, *parts, *after]


def _reasons(row: Row, short: bool) -> tuple[list[str], list[str]]:
    """Return the parts of a reason by what matters: those that can be acted on, and those that stand in the row too.

    That the width was not reached, the badge says already, and how few samples there were the count beside it.
    """
    if not row.reason or row.verdict == "cancelled":
        return [], []
    reason = row.reason.replace(DRIFT, tr(" between its halves")) if short else row.reason
    parts = _REASONS.split(reason)
    is_told = [row.verdict == "not_converged" and not part.startswith(ACTED_ON) for part in parts]
    return ([part for part, told in zip(parts, is_told, strict=True) if not told],
            [part for part, told in zip(parts, is_told, strict=True) if told])


def compared(row: Row) -> str:
    """Return how many times as fast the second of two tests in turns was, as the rows of both tell it."""
    found = row.extra["compared"]
    rounds = tr("{0} rounds in turns").format(found["rounds"])
    if not found["resolved"]:
        return tr("no difference resolved ({0}), {1}").format(plus_minus(found["half_width"]), rounds)
    ratio, low, high = (significant(found[name]) for name in ("ratio", "low", "high"))
    return tr("{0}× as fast ({1} to {2}), {3}").format(ratio, low, high, rounds)


def compared_to_first(row: Row) -> str:
    """Return `second against first: 1.26× as fast (…)`, empty where a test was not measured in turns."""
    return tr("second against first: {0}").format(compared(row)) if "compared" in row.extra else ""


def progress(state: CellState) -> list[str]:
    """Return what a test that has not ended is at; of one that has not begun what it is expected to give, and does."""
    if state.phase is None:
        expected = [tr("expected {0}").format(state.foretold)] if state.foretold else []
        return [*expected, plain(state.cell)]
    if state.phase in ("start", "load", "warm-up"):
        return [{"start": tr("starting"), "load": tr("loading"), "warm-up": tr("warming up")}[state.phase]]
    return [tr("{0}, sample {1}").format(state.phase, state.sample + 1)]


def expected_before(state: CellState) -> list[str]:
    """Return what a test that has ended was expected to give, where anything told."""
    is_over = state.row is not None and state.row.median is not None
    return [tr("Before it ran, {0} were expected.").format(state.foretold)] if is_over and state.foretold else []


def _behind(row: Row) -> str:
    """Return what the value is made of, as far as the test tells."""
    extra = row.extra
    if isinstance(extra.get("ttft_ms"), float):
        words = tr("first token {0}").format(f"{significant(extra['ttft_ms'])}{NBSP}ms")
        between = (extra.get("itl_ms") or {}).get("p50")
        return words if between is None else words + tr(", then {0} a token").format(f"{significant(between)}{NBSP}ms")
    if isinstance(extra.get("perplexity"), float):
        return tr("loss {0}, perplexity {1} on {2} of the text").format(
            significant(extra["loss_nats_per_token"]), significant(extra["perplexity"]),
            f"{extra['share_of_text']:.0%}".replace("%", f"{NBSP}%"))
    phases = extra.get("phases_s")
    if isinstance(phases, dict) and sum(phases.values()) > 0:
        total = sum(phases.values())
        shown = [f"{name} {seconds / total:.0%}".replace("%", f"{NBSP}%") + _phase_limit(extra, name)
                 for name, seconds in phases.items() if seconds / total >= 0.005]
        return ", ".join(shown)
    if row.n > 1 and row.samples:
        low, high = significant(min(row.samples)), significant(max(row.samples))
        return tr("{0} to {1} in {2} timed").format(low, high, f"{significant(row.timed_s, 2)}{NBSP}s")
    return tr("{0} timed").format(f"{significant(row.timed_s, 2)}{NBSP}s")


def _phase_limit(extra: dict[str, Any], name: str) -> str:
    """Return in brackets how near a phase came to the ceiling that it came nearest to, nothing where none is known."""
    phase = (extra.get("phases") or {}).get(name, {})
    shares = [(phase[share], bound) for share, bound in SHARES.items() if phase.get(share)]
    if not shares:
        return ""
    share, bound = max(shares)
    return tr(" ({0} of {1})").format(f"{share:.0%}".replace("%", f"{NBSP}%"), bound_name(bound))


def speeds(state: CellState) -> list[float]:
    """Return the samples of a test so that up is better: rates as they are, times turned over."""
    if state.row is not None and state.row.samples:
        values, rate = list(state.row.samples), DEFINITIONS[state.cell.workload].higher_is_better
        return values if rate else [1 / v for v in values if v > 0]
    return [1 / s for s in state.seconds if s > 0]
