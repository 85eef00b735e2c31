"""A grid of a run as Markdown: a table for people, the best in bold, and below it why cells have no value."""

from collections.abc import Sequence
from typing import cast

from llmscope.analysis.sweeps import AXES, FIGURES, Axis, Figure, Grid, Spot, axes, figures, grid, held, workloads
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import BadInput
from llmscope.core.results import VERDICT_WORDS, Row
from llmscope.core.units import GIB, NBSP, measured, plus_minus, significant

#: What the settings are called.
_AXIS_NAMES: dict[Axis, str] = {
    "batch": "batch", "seq": "sequence", "new": "new tokens", "depth": "depth", "dtype": "precision",
    "threads": "threads", "model": "model", "backend": "backend", "device": "device", "attention": "attention",
    "cache": "cache", "optimizer": "optimizer", "checkpointing": "checkpointing", "scenario": "request"}
FIGURE_NAMES: dict[Figure, str] = {"speed": "speed", "ttft": "first token", "memory": "peak memory", "energy": "energy"}


def asked_grids(rows: Sequence[Row], text: str, figure: str, test: str | None) -> list[Grid]:
    """Return the grids of a run over `down` or `down,across`, one for each combination of other settings.

    Raises BadInput for settings or figures that are not known or that the run does not have.
    """
    names = [name.strip() for name in text.split(",")]
    known = dict.fromkeys((*AXES, *(axis for test in workloads(rows) for axis in axes(rows, test))))
    for name in names:
        if name not in known:
            raise BadInput(f"There is no setting '{name}': use {', '.join(known)}.")
    if len(names) > 2 or len(set(names)) != len(names):
        raise BadInput(f"A grid has one setting or two different ones, not '{text}'.")
    if figure not in FIGURES:
        raise BadInput(f"There is no figure '{figure}': use {', '.join(FIGURES)}.")
    tests = [name for name in workloads(rows) if test in (None, name)]
    if not tests:
        have = ", ".join(workloads(rows))
        raise BadInput(f"There is no grid of '{test}' in this run: use {have}." if have else
                       "Every test of this run ran in one setting only: there is no grid.")
    fit = [name for name in tests if set(names) <= set(axes(rows, name))]
    if not fit:
        vary = "; ".join(f"{name}: {', '.join(axes(rows, name)) or 'none'}" for name in tests)
        raise BadInput(f"This run does not vary {' and '.join(names)}. Settings that differ are {vary}.")
    with_figure = [name for name in fit if figure in figures(rows, name)]
    if not with_figure:
        raise BadInput(f"No test of this run has the figure {FIGURE_NAMES[figure]}.")
    x, y = cast(tuple[Axis, Axis | None], (names[1], names[0]) if len(names) == 2 else (names[0], None))
    return [grid(rows, name, x, y, figure, fixed)
            for name in with_figure for fixed in held(rows, name, x, y)]


def grid_markdown(found: Grid) -> str:
    """Return a grid as a Markdown table, ending with a newline: `y` down and `x` across, a lone setting down."""
    title = f"{found.workload}, {FIGURE_NAMES[found.figure]} in {unit(found)}"
    fixed = "".join(f", {axis_name(axis)} {at}" for axis, at in found.fixed)
    at = {(spot.x, spot.y): spot for spot in found.spots}
    if found.y is None:
        head = [axis_name(found.x), FIGURE_NAMES[found.figure]]
        body = [[x, _shown(found, at[x, ""])] for x in found.xs]
    else:
        head = [f"{axis_name(found.y)} \\ {axis_name(found.x)}", *found.xs]
        body = [[y, *(_shown(found, at[x, y]) for x in found.xs)] for y in found.ys]
    lines = [head, ["---", *("---:" for _ in head[1:])], *body]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
    return "\n".join((f"{title}{fixed}\n", table, *_below(found))) + "\n"


def axis_name(axis: Axis) -> str:
    """Return what a setting is called; those of other programs as they name them."""
    return _AXIS_NAMES.get(axis, axis)


def unit(found: Grid) -> str:
    """Return the unit as it stands beside the values: memory in GiB, or in MiB where none is as large as that."""
    if found.figure != "memory":
        return found.unit
    return "MiB" if max((spot.value or 0 for spot in found.spots), default=0) < GIB else "GiB"


def number(found: Grid, value: float) -> str:
    """Return a figure without its unit, in three digits."""
    return significant(value / {"MiB": GIB / 1024, "GiB": GIB}.get(unit(found), 1))


def spot_value(found: Grid, spot: Spot) -> str:
    """Return the number of a spot without its unit, nothing where it has none."""
    if spot.value is None:
        return ""
    if found.figure == "speed" and spot.row is not None:
        return measured(spot.value, spot.row.half_width)
    return number(found, spot.value)


def spot_interval(found: Grid, spot: Spot) -> str:
    """Return the ± of a spot; only speeds have one."""
    width = spot.row.half_width if spot.row is not None and found.figure == "speed" else None
    return "" if spot.value is None or width is None else plus_minus(width)


def no_value(spot: Spot) -> str:
    """Return in a word why a spot has no value: `failed`, `stopped`, `not measured`; nothing where no test was planned.

    A test that counts and lacks the figure is `not measured`.
    """
    if spot.row is None or spot.value is not None:
        return ""
    return {"failed": "failed", "invalid": "not counted", "cancelled": "stopped",
            "interrupted": "stopped"}.get(spot.row.verdict, "not measured")


def _shown(found: Grid, spot: Spot) -> str:
    if spot.value is None:
        return no_value(spot) or "—"
    mark = "" if spot.row is None or spot.row.verdict == "valid" else f" {VERDICT_WORDS[spot.row.verdict]}"
    text = f"{spot_value(found, spot)} {spot_interval(found, spot)}".strip().replace(" ", NBSP)
    return f"**{text}**{mark}" if spot == found.best else f"{text}{mark}"


def _below(found: Grid) -> list[str]:
    """Return the line that says what is best, and a line for each cell without a value or with one of several."""
    lines, best = [], found.best
    if best is not None:
        less = found.figure != "speed" or not DEFINITIONS[found.workload].higher_is_better
        lines.append(f"\nBest, in bold: {place(found, best)}, {spot_value(found, best)}{NBSP}{unit(found)}"
                     + (" (less is better)" if less else "") + f"{as_good(found)}.")
    reasons = [f"- {place(found, spot)}: {no_value(spot)}, {spot.row.reason}" for spot in found.spots
               if spot.row is not None and spot.row.verdict in ("failed", "invalid") and spot.row.reason]
    reasons += [f"- {place(found, spot)}: one of {spot.rows} results with these settings" for spot in found.spots
                if spot.rows > 1]
    return [*lines, *(["", *reasons] if reasons else [])]


def as_good(found: Grid) -> str:
    """Return how many others are not told from the best, nothing where it stands alone."""
    alike = len(found.as_good)
    return f"; {alike} other{'s are' if alike > 1 else ' is'} not told from it" if alike else ""


def place(found: Grid, spot: Spot) -> str:
    """Return where a spot lies: `batch 4, sequence 128`."""
    down = f"{axis_name(found.y)} {spot.y}, " if found.y else ""
    return f"{down}{axis_name(found.x)} {spot.x}"
