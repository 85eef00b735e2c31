"""A run as a grid for the window: planned, running and finished tests in their places, and what is said of each."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from llmscope.analysis import sweeps
from llmscope.analysis.sweeps import Axis, Figure, Grid, Spot
from llmscope.core.results import Row
from llmscope.core.rows import make_row
from llmscope.core.units import NBSP
from llmscope.gui import words
from llmscope.gui.run_state import RunState
from llmscope.gui.words import tr
from llmscope.runs.export_grid import no_value, place, spot_interval, spot_value, unit


@dataclass(frozen=True)
class Wanted:
    """What the person chose to see; what a run does not have gives way to its first."""

    test: str = ""
    x: str = ""
    y: str = ""
    figure: str = "speed"
    held: dict[Axis, str] = field(default_factory=dict)


@dataclass
class SweepLook:
    """The grid that is shown, what can be chosen in its place, and which test of the run stands where."""

    grid: Grid
    tests: tuple[str, ...]
    axes: tuple[Axis, ...]
    figures: tuple[Figure, ...]
    offered: dict[Axis, tuple[str, ...]]
    numbers: dict[int, int]
    running: int | None

    def number(self, spot: Spot) -> int | None:
        """Return the number of the test at a spot, None where none was planned."""
        return None if spot.row is None else self.numbers[id(spot.row)]

    def state(self, spot: Spot) -> str:
        """Return what is known of a spot: value, best, running, queued, failed, stopped, not measured, or none."""
        if spot.row is None:
            return "none"
        if spot.value is not None:
            return "best" if spot == self.grid.best else "value"
        if self.number(spot) == self.running:
            return "running"
        return "queued" if spot.row.reason == PLANNED else no_value(spot)

    def sentence(self, spot: Spot) -> str:
        """Return a spot in words, as a tooltip and for screen readers."""
        said = {"none": tr("no such test in this run"), "running": tr("being measured"),
                "queued": tr("not measured yet")}.get(self.state(spot))
        if spot.value is not None and spot.row is not None:
            value = f"{spot_value(self.grid, spot)}{NBSP}{unit(self.grid)} {spot_interval(self.grid, spot)}".strip()
            verdict = words.verdict_text(spot.row.verdict, spot.row.reason or "")
            rank = tr(", best") if self.state(spot) == "best" else \
                tr(", not told from the best") if spot in self.grid.as_good else ""
            said = f"{value}, {verdict}{rank}"
        if said is None and spot.row is not None:
            said = self.state(spot) + (f": {spot.row.reason}" if spot.row.reason else "")
        several = tr(", one of {0} results with these settings").format(spot.rows) if spot.rows > 1 else ""
        return f"{place(self.grid, spot)}: {said}{several}"


_Name = TypeVar("_Name", bound=str)
#: Reason of the row that stands for a test that has none yet.
PLANNED = "planned"


def has_grid(run: RunState) -> bool:
    """Return whether a test of the run has more than one setting of an axis."""
    return run.spec is not None and any(sweeps.axes(rows, test) for rows in [_rows(run)]
                                        for test in sweeps.workloads(rows))


def look(run: RunState, wanted: Wanted) -> SweepLook | None:
    """Return what to show of a run, None where no test has more than one setting."""
    rows = _rows(run)
    tests = tuple(test for test in sweeps.workloads(rows) if sweeps.axes(rows, test))
    if not tests:
        return None
    test = wanted.test if wanted.test in tests else tests[0]
    axes, figures = sweeps.axes(rows, test), sweeps.figures(rows, test) or ("speed",)
    x = _first(wanted.x, axes)
    others = tuple(axis for axis in axes if axis != x)
    y = _first(wanted.y, others) if others and wanted.y != "none" else None
    figure = _first(wanted.figure, figures)
    of = [row for row in rows if sweeps.kind(row) == test]
    offered = {axis: tuple(dict.fromkeys(sweeps.setting(row, axis) for row in of)) for axis in others if axis != y}
    held = [(axis, at) for axis, at in wanted.held.items() if at in offered.get(axis, ())]
    return SweepLook(sweeps.grid(rows, test, x, y, figure, held), tests, axes, figures, offered,
                     {id(row): number for number, row in enumerate(rows)}, run.current)


def _rows(run: RunState) -> list[Row]:
    """Return a row for each test of a run; one without a value where it has none yet."""
    assert run.spec is not None
    return [state.row or make_row(run.run, state.cell, run.spec.sampling, (), "interrupted", PLANNED)
            for state in run.cells]


def _first(wanted: str, offered: Iterable[_Name]) -> _Name:
    """Return what is wanted where it is offered, else the first that is."""
    known = {str(name): name for name in offered}
    return known.get(wanted, next(iter(known.values())))
