"""How fast a test that never ran would run on this machine, learnt from the tests that did.

The seconds of a sample are those of its passes (`pass_times`). What the machine achieves of its ceilings, and the
overhead, are fitted to the logarithms of the measured seconds; what they leave over is taken to be alike for tests
that are alike (a Gaussian process, Rasmussen and Williams 2006, chapter 2.7: the model's parameters and the rest at
once). So each prediction leans on the nearest measured tests, and its range widens with the distance from them.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from msgspec import Struct, structs

from llmscope.analysis.ceilings import Ceilings
from llmscope.analysis.observed import NOISE, Observed, observed
from llmscope.analysis.pass_times import Machine, PassTimes, machine_of
from llmscope.analysis.work import Work, cell_of, work_of_cell
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import COUNTED, Row
from llmscope.core.spec import DTYPE_SHORT, Cell
from llmscope.core.units import NBSP, significant
from llmscope.models.catalog import Model

#: A range holds 90 % of what is expected: so many standard deviations to both sides.
SPAN = 1.645
#: Beyond this factor between both ends nothing is predicted.
WIDEST = 10.0
#: What the model leaves over: its size, and how much of it tests share that differ in one thing.
REST_SD = 0.25
SAME_WORKLOAD, SAME_MODEL, SAME_DTYPE = 0.5, 0.5, 0.6
#: Doublings of the tokens of a pass, and of a context, over which the rest changes.
DOUBLINGS = 2.0
STEPS, FARTHEST = 12, 5.0
#: Of many tests the most alike are taken.
MOST_ROWS = 64
#: Settings that change how long the same work takes: tests tell only of those that have the same ones.
WAYS = ("attention", "cache", "checkpointing")


class Prediction(Struct, frozen=True):
    """What a test is expected to give, in `unit`, 90 % of the time from `low` to `high`; `basis` is what it is from."""

    value: float
    low: float
    high: float
    unit: str
    basis: str

    @property
    def span(self) -> str:
        """The range in words, such as `48 to 70 tok/s`."""
        return f"{significant(self.low, 2)} to {significant(self.high, 2)}{NBSP}{self.unit}"


def predict(rows: Iterable[Row], cell: Cell, ceilings: Ceilings | None) -> Prediction | None:
    """Return what a cell would give on the device that the rows were measured on; of a test measured twice the last.

    It is what the test would give with no other program at work, and rows that others held up are taken so. A run's
    threads and answers to a prompt stand in the cell (`Cell.within`) and in the rows' options.
    None where no row counts of its device, its ways and its CPU threads, where its FLOPs and bytes are not known
    (loading, tokenizing, models without a closed form), or where the range would be wider than a factor of ten.
    """
    models: dict[str, Model | None] = {}
    wanted = work_of_cell(cell, models)
    if wanted is None:
        return None
    known = [observed(work, row) for of, row in _alike(rows, cell).items()
             if (work := work_of_cell(of, models)) is not None]
    known = sorted(known, key=lambda one: -likeness(wanted, one.work))[:MOST_ROWS]
    if not known:
        return None
    mean, sd = _Fit(known, machine_of(known, cell.device, ceilings)).at(wanted)
    if 2 * SPAN * sd > math.log(WIDEST):
        return None
    definition = DEFINITIONS[cell.workload]
    value, *ends = (definition.value(math.exp(mean + z * sd), wanted.tokens) for z in (0.0, SPAN, -SPAN))
    return Prediction(value, min(ends), max(ends), definition.unit, _basis([one.row for one in known], cell, ceilings))


def _alike(rows: Iterable[Row], cell: Cell) -> dict[Cell, Row]:
    """Return the rows with a value that tell of a cell, by the cells that they came from.

    Where no number of CPU threads is asked for, it is torch's own: that of the last row for which none was either.
    """
    here = [(of, row) for row in rows if (row.device, row.backend) == (cell.device, cell.backend)
            and row.verdict in COUNTED and row.extra.get("seconds") and (of := cell_of(row)) is not None]
    own = next((row.extra.get("threads") for of, row in reversed(here) if of.threads is None), None)
    threads = cell.threads or own
    return {structs.replace(of, threads=threads): row for of, row in here
            if _way(of) == _way(cell) and (cell.device != "cpu" or row.extra.get("threads") == threads)}


def _way(cell: Cell) -> dict[str, str | bool | int]:
    return {name: value for name, value in cell.options.items() if name in WAYS}


def _basis(rows: Sequence[Row], cell: Cell, ceilings: Ceilings | None) -> str:
    names = list(dict.fromkeys(row.model for row in rows))
    models = " and ".join((*names[:2], *([f"{len(names) - 2} more"] if len(names) > 2 else [])))
    tests = "1 measured test" if len(rows) == 1 else f"{len(rows)} measured tests"
    threads = f" with {cell.threads} thread{'s' if cell.threads > 1 else ''}" if cell.threads else ""
    beside = f" and the ceilings of {ceilings.utc[:10]}" if ceilings else ""
    dtype = DTYPE_SHORT.get(rows[0].dtype, rows[0].dtype)
    return f"{tests} of {models}{threads}{beside}; the nearest is {rows[0].test} of {rows[0].model} in {dtype}"


class _Fit:
    """The model fitted to measured tests; parameters are logarithms."""

    def __init__(self, known: Sequence[Observed], machine: Machine) -> None:
        self._works = [one.work for one in known]
        self._machine, self._sd = machine, machine.sd
        self._y = np.log([one.seconds for one in known])
        self._theta = np.zeros(len(self._sd))
        alike = REST_SD**2 * np.array([[likeness(a, b) for b in self._works] for a in self._works])
        noise = np.square([one.noise for one in known])
        self._rest, self._noise = alike + np.diag(noise), float(np.median(noise))
        measured = PassTimes(self._works, machine)
        for _ in range(STEPS):
            self._linearise(measured)
            step = np.square(self._sd) * (self._jacobian.T @ self._weighted)
            self._theta = np.clip(step, -FARTHEST * self._sd, FARTHEST * self._sd)
        self._linearise(measured)
        # Rows that scatter more than they should by the model widen every range (the Birge ratio).
        self._scatter = max(1.0, float(self._left @ self._weighted) / len(known))

    def _linearise(self, times: PassTimes) -> None:
        """Put the model as a straight one where its parameters are now (a step of Gauss and Newton)."""
        self._jacobian, expected = times.linear(self._theta)
        self._inverse = np.linalg.inv(self._jacobian * np.square(self._sd) @ self._jacobian.T + self._rest)
        self._left = self._y - expected + self._jacobian @ self._theta
        self._weighted = self._inverse @ self._left

    def at(self, work: Work) -> tuple[float, float]:
        """Return the mean and the standard deviation of the logarithm of the seconds of a test."""
        mine, alone = PassTimes([work], self._machine).linear(self._theta)
        seen = mine[0] * np.square(self._sd)
        alike = REST_SD**2 * np.array([likeness(work, other) for other in self._works])
        shared = seen @ self._jacobian.T + alike
        mean = alone[0] - mine[0] @ self._theta + shared @ self._weighted
        # A measurement of this test would scatter as those of the others do.
        variance = seen @ mine[0] + REST_SD**2 + self._noise - shared @ self._inverse @ shared
        return float(mean), math.sqrt(self._scatter * max(float(variance), NOISE**2))


def likeness(a: Work, b: Work) -> float:
    """Return how much of what the model leaves over two tests share, 0 to 1."""
    same = ((SAME_WORKLOAD, a.workload == b.workload), (SAME_MODEL, a.model == b.model),
            (SAME_DTYPE, a.dtype == b.dtype))
    apart = math.hypot(math.log2(a.width / b.width), math.log2(a.context / b.context)) / DOUBLINGS
    return math.prod(1.0 if holds else share for share, holds in same) * math.exp(-apart**2 / 2)
