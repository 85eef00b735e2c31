"""What the strip says while a run goes on: the test at hand, its figure, and how near it is to what limits it."""

from typing import Any

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.spec import MACHINE
from llmscope.core.stopping import EPSILON, MACHINE_ROUNDS
from llmscope.core.units import NBSP, plus_minus, significant
from llmscope.gui import looks, row_words, words
from llmscope.gui.ceilings import Near
from llmscope.gui.header_strip import LiveLook
from llmscope.gui.run_state import CellState, RunState
from llmscope.gui.words import tr

MEASURING = frozenset(definition.phase for definition in DEFINITIONS.values())
#: The fewest samples that allow an interval.
LEAST_N = 6


def live_look(run: RunState, titles: dict[str, str], devices: dict[str, str], rate: float | None,
              near: Near | None = None) -> LiveLook:
    """Return the strip of a run under way; titles are of models by reference, devices of devices by id.

    `rate` is the live tokens/s, shown until there is an estimate; `near` the ceiling that the test is nearest to.
    """
    state = run.now or (run.cells[0] if run.cells else None)
    if state is None or run.spec is None:
        return LiveLook(model=tr("Starting"), figure="—")
    cell = state.cell
    if cell.model == MACHINE:
        return _rounds_look(run, state, devices.get(cell.device, cell.device))
    number, unit, interval = _figure(state, rate)
    asked = EPSILON[run.spec.accuracy]
    gauge = _accuracy_gauge(state, asked) | _last_limit(run, state) if near is None else _ceiling_gauge(near)
    return LiveLook(
        model=titles.get(cell.model, words.model_name(cell.model)), settings=words.settings_line(cell),
        device=devices.get(cell.device, cell.device), figure=number, unit=unit, interval=interval,
        below=f"{cell.test}, {_place(state)}" if run.now else starting_words(run), **gauge)


def _rounds_look(run: RunState, state: CellState, device: str) -> LiveLook:
    """Return the strip while the machine's own tests take turns: no value of theirs stays long enough to be read."""
    tests = [one for one in run.cells if one.cell.model == MACHINE]
    share = sum(1.0 if one.row else min(one.turns, MACHINE_ROUNDS) / MACHINE_ROUNDS for one in tests) / len(tests)
    return LiveLook(
        model=tr("This machine"), settings=tr("the most it can do"), device=device, figure=str(max(1, state.turns)),
        unit=tr("of {0} rounds").format(MACHINE_ROUNDS), below=state.test if run.now else starting_words(run),
        gauge_title=tr("Ceilings: {0}").format(words.percent(share)), gauge_right=looks.tests(len(tests)),
        gauge_below=tr("Of all rounds the best counts"), share=share)


def starting_words(run: RunState) -> str:
    """Return what goes on before the first test begins."""
    return tr("starting a worker") if run.status == "starting" and run.waits_for_worker else tr("starting")


def _last_limit(run: RunState, state: CellState) -> dict[str, str]:
    """Return the gauge's lower line before a test is measured: what limited the one before it."""
    line = words.limit_line(run.rows[-1]) if run.rows and state.phase not in MEASURING else ""
    return {"gauge_below": f"{run.rows[-1].test} {line}"} if line else {}


def _ceiling_gauge(near: Near) -> dict[str, Any]:
    """Return the gauge's part of the strip: how near the test is to what limits it."""
    limit = near.limit
    name = words.bound_name(limit.bound)
    share, ceiling = words.percent(limit.share), f"{significant(limit.ceiling)}{NBSP}{limit.unit}"
    return {"gauge_title": f"{name[:1].upper()}{name[1:]}: {share}", "share": min(1.0, limit.share),
            "gauge_right": tr("{0} of {1} measured").format(significant(limit.achieved), ceiling),
            "gauge_narrow": tr("of {0}").format(ceiling), "gauge_below": near.product}


def _accuracy_gauge(state: CellState, asked: float) -> dict[str, Any]:
    """Return the gauge's part of the strip where no ceiling is known: how near the interval is to the width asked."""
    width = _width(state)
    return {"gauge_title": tr("Accuracy {0}").format(plus_minus(width)) if width is not None else tr("Accuracy"),
            "gauge_right": tr("{0} asked").format(f"±{100 * asked:.2g}{NBSP}%"),
            "gauge_below": _gauge_words(state, width, asked),
            "share": None if width is None else min(1.0, asked / max(width, 1e-9))}


def _figure(state: CellState, rate: float | None) -> tuple[str, str, str]:
    number, unit, interval, _ = row_words.value(state)
    if number:
        return number, unit, interval if interval != "—" else ""
    if rate is not None and DEFINITIONS[state.cell.workload].higher_is_better:
        return significant(rate), "tok/s", ""
    return "—", "", ""


def _place(state: CellState) -> str:
    if state.phase in MEASURING:
        return tr("sample {0}").format(state.sample + 1)
    return {"load": tr("loading"), "warm-up": tr("warming up")}.get(state.phase or "", tr("starting"))


def _width(state: CellState) -> float | None:
    estimate = state.estimate
    if estimate is None or estimate.low is None or estimate.high is None or not estimate.median:
        return None
    return (estimate.high - estimate.low) / 2 / estimate.median


def _gauge_words(state: CellState, width: float | None, asked: float) -> str:
    n, timed_s = len(state.seconds), sum(state.seconds)
    if state.phase not in MEASURING:
        return tr("Measuring starts after the warm-up")
    samples = tr("1 sample in {1}") if n == 1 else tr("{0} samples in {1}")
    so_far = samples.format(n, f"{significant(timed_s, 2)}{NBSP}s")
    if width is None:
        return so_far if n >= LEAST_N else tr("{0}; an interval needs {1}").format(so_far, LEAST_N)
    return so_far
