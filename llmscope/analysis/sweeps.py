"""A run whose tests differ in one or two settings, as a grid: what a figure is at each place, and where it is best."""

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from llmscope.analysis.row_names import said
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import COUNTED, Row
from llmscope.core.spec import DTYPE_SHORT, MACHINE

#: One of `AXES`, or an option that another program names, such as llama-bench's `flash_attn`.
Axis = str
Figure = Literal["speed", "ttft", "memory", "energy"]
#: Settings in the order in which they are offered as axes, the longer ones across.
AXES: tuple[Axis, ...] = ("seq", "depth", "new", "batch", "threads", "dtype", "backend", "model", "device", "attention",
                          "cache", "optimizer", "checkpointing", "scenario")
FIGURES: tuple[Figure, ...] = ("speed", "ttft", "memory", "energy")
#: Figures of which less is better, whatever the test.
_LESS = ("ttft", "memory", "energy")
#: What settings are where a row does not name them.
_USUAL = {"attention": "auto", "cache": "dynamic", "threads": "all", "optimizer": "adamw", "checkpointing": "off",
          "scenario": "free"}
NOT_TOLD = "not told"
#: Digits of a setting that is a number; what other programs tell can be longer.
_MOST_DIGITS = 15


class Spot(Struct, frozen=True):
    """A place of the grid: the row that was measured there, and the figure of it, None where there is none.

    `rows` is how many rows have these very settings; the last of them with a figure is shown.
    """

    x: str
    y: str
    row: Row | None
    value: float | None
    rows: int = 1


class Grid(Struct, frozen=True):
    """The figures of one test over one or two settings; `y` is None with one. `spots` lie row by row.

    `fixed` are the settings that vary in the run beside these and what they are here.
    """

    workload: str
    x: Axis
    y: Axis | None
    figure: Figure
    unit: str
    xs: tuple[str, ...]
    ys: tuple[str, ...]
    spots: tuple[Spot, ...]
    fixed: tuple[tuple[Axis, str], ...] = ()

    @property
    def best(self) -> Spot | None:
        """The spot with the best figure; None where no row counts."""
        known = [spot for spot in self.spots if spot.value is not None]
        less = self.figure in _LESS or not DEFINITIONS[self.workload].higher_is_better
        return min(known, key=lambda s: (s.value or 0.0) * (1 if less else -1)) if known else None

    @property
    def as_good(self) -> tuple[Spot, ...]:
        """The other spots that are not told from the best: their intervals meet, or one has none."""
        best = self.best
        return tuple(spot for spot in self.spots
                     if best is not None and spot is not best and spot.value is not None and self._meet(spot, best))

    def _meet(self, spot: Spot, best: Spot) -> bool:
        ends = [] if self.figure != "speed" else [end for at in (spot, best) if at.row is not None
                                                  for end in (at.row.low, at.row.high)]
        if not ends:
            return spot.value == best.value  # of other figures no interval is known
        if None in ends:
            return True
        low, high, best_low, best_high = (end or 0.0 for end in ends)
        return low <= best_high and best_low <= high


def workloads(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return the known tests of a model that a run holds in more than one setting, in the order in which they ran."""
    of = [kind(row) for row in rows if row.model != MACHINE and kind(row) in DEFINITIONS]
    return tuple(name for name in dict.fromkeys(of) if of.count(name) > 1)


def axes(rows: Iterable[Row], workload: str) -> tuple[Axis, ...]:
    """Return the settings of a test that differ between the rows of a run."""
    of = [row for row in rows if kind(row) == workload and row.model != MACHINE]
    others = dict.fromkeys(name for row in of for name in row.options if name not in AXES)
    return tuple(axis for axis in (*AXES, *others) if len({setting(row, axis) for row in of}) > 1)


def figures(rows: Iterable[Row], workload: str) -> tuple[Figure, ...]:
    """Return the figures that at least one row of a test has."""
    of = [row for row in rows if kind(row) == workload]
    return tuple(figure for figure in FIGURES if any(value(row, figure) is not None for row in of))


def held(rows: Iterable[Row], workload: str, x: Axis, y: Axis | None) -> tuple[tuple[tuple[Axis, str], ...], ...]:
    """Return the combinations of other settings that a test ran in: a grid for each shows all of its rows."""
    of = [row for row in rows if kind(row) == workload and row.model != MACHINE]
    others = [axis for axis in axes(of, workload) if axis not in (x, y)]
    return tuple(dict.fromkeys(tuple((axis, setting(row, axis)) for axis in others) for row in of))


def grid(rows: Sequence[Row], workload: str, x: Axis, y: Axis | None, figure: Figure,
         fixed: Iterable[tuple[Axis, str]] = ()) -> Grid:
    """Return the grid of a test; of other settings that vary, those of `fixed`, else those of the first row."""
    of = [row for row in rows if kind(row) == workload and row.model != MACHINE]
    others = [axis for axis in axes(of, workload) if axis not in (x, y)]
    chosen = dict(fixed)
    kept = tuple((axis, chosen.get(axis, setting(of[0], axis))) for axis in others)
    of = [row for row in of if all(setting(row, axis) == at for axis, at in kept)]
    xs, ys = _places(of, x), _places(of, y) if y else ("",)
    at: dict[tuple[str, str], list[Row]] = {}
    for row in of:
        at.setdefault((setting(row, x), setting(row, y) if y else ""), []).append(row)
    spots = tuple(_spot(a, b, at.get((a, b), ()), figure) for b in ys for a in xs)
    return Grid(workload, x, y, figure, _unit(of, figure), xs, ys, spots, kept)


def _spot(x: str, y: str, rows: Sequence[Row], figure: Figure) -> Spot:
    if not rows:
        return Spot(x, y, None, None, 0)
    row = next((row for row in reversed(rows) if value(row, figure) is not None), rows[-1])
    return Spot(x, y, row, value(row, figure), len(rows))


def kind(row: Row) -> str:
    """Return which workload a row is of."""
    return row.definition.partition("/")[0]


def setting(row: Row, axis: Axis) -> str:
    """Return a row's setting in words, as it stands on an axis."""
    if axis == "dtype":
        return DTYPE_SHORT.get(row.dtype, row.dtype)
    if axis in AXES and axis not in _USUAL:
        return str(getattr(row, axis))
    return said(row.options.get(axis, _USUAL.get(axis, NOT_TOLD))) or NOT_TOLD


def value(row: Row, figure: Figure) -> float | None:
    """Return a figure of a row: `speed` in its own unit, `ttft` in ms, `memory` in bytes, `energy` in J per token.

    None where the row does not count or the figure was not measured.
    """
    if row.verdict not in COUNTED:
        return None
    if figure == "speed":
        return row.median
    if figure == "ttft":
        return row.extra.get("ttft_ms")
    if figure == "energy":
        return (row.extra.get("energy") or {}).get("j_per_token")
    return (row.extra.get("peak_by_holder") or {}).get("peak")


def _places(rows: Sequence[Row], axis: Axis) -> tuple[str, ...]:
    """Return the settings on an axis: numbers in their order, words in that in which they ran."""
    found = dict.fromkeys(setting(row, axis) for row in rows)
    return tuple(sorted(found, key=int) if all(map(is_number, found)) else found)


def is_number(name: str) -> bool:
    """Return whether a setting on an axis is a whole number."""
    return name.isdecimal() and len(name) <= _MOST_DIGITS


def _unit(rows: Sequence[Row], figure: Figure) -> str:
    return {"speed": rows[0].unit if rows else "", "ttft": "ms", "memory": "B", "energy": "J/token"}[figure]
