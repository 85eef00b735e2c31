"""How fast a test that never ran would run on this machine, learnt from the tests that did.

The seconds of a sample are those of its passes: overhead for each layer, and each phase's FLOPs and bytes, the
longer of both mostly (√(compute² + memory²)). What the machine achieves of its ceilings, and the overhead, are
fitted to the logarithms of the measured seconds; what they leave over is taken to be alike for tests that are alike
(a Gaussian process, Rasmussen and Williams 2006, chapter 2.7: the model's parameters and the rest at once). So each
prediction leans on the nearest measured tests, and its range widens with the distance from them.

A large model hardly shows its overhead in its seconds, yet that is most of a small one's time. On a CPU each row also
says what share of a pass was outside of its operations (`extra["host"]`): the overhead is sought there.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import astuple

from llmscope.analysis.ceilings import Ceilings, working_set_bytes
from llmscope.analysis.work import Work, cell_of, work_of_cell
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import COUNTED, Row
from llmscope.core.spec import DTYPE_SHORT, Cell
from llmscope.models.catalog import Model

#: A range holds 90 % of what is expected: so many standard deviations to both sides.
SPAN = 1.645
#: Beyond this factor between both ends nothing is predicted.
WIDEST = 10.0
#: How far, as a standard deviation of the logarithm, each parameter may lie from where it is sought: overhead of a
#: layer, share of the ceiling of products and of memory, traffic of products of several rows, and for a dtype alone
#: both shares.
PRIOR_SD = (1.2, 0.6, 0.6, 0.4, 0.4, 0.3)
#: Where no ceilings are known there is nothing to seek them by.
BLIND_SD = 3.0
#: Some 60 operations in a layer of plain transformers, of about 10 µs each with the Python around them.
START_OVERHEAD_S, START_SHARE = 6e-4, 0.6
#: Of a layer's overhead so much is outside of its operations. The rest is inside: a kernel of one token costs more
#: than the smallest operation, which is all that was taken off (bundled model and GPT-2, two cores: 0.7 of 1.2 ms).
HOST_SHARE, HOST_SD = 0.6, 0.3
#: Of a share of a pass that was timed once.
SHARE_ERROR = 0.03
#: A CPU's libraries stream the weights through a product of one row. For one of more they are packed first: read,
#: written, read again from a cache (MKL, 576 × 49152 in float32: 8.5 ms for one row, 21.6 ms for two).
PACKING = {"cpu": 2.5}
BLIND_FLOPS, BLIND_BYTES = 1e11, 1e10
#: What the model leaves over: its size, and how much of it tests share that differ in one thing.
REST_SD = 0.25
SAME_WORKLOAD, SAME_MODEL, SAME_DTYPE = 0.5, 0.5, 0.6
#: Doublings of the tokens of a pass, and of a context, over which the rest changes.
DOUBLINGS = 2.0
#: Of a median at least, and of one of so few samples that it has no interval.
NOISE, NOISE_OF_FEW = 0.03, 0.10
STEPS, FARTHEST = 12, 5.0
#: Of many tests the most alike are taken.
MOST_ROWS = 64


class Prediction(Struct, frozen=True):
    """What a test is expected to give, in `unit`, 90 % of the time from `low` to `high`; `basis` is a sentence."""

    value: float
    low: float
    high: float
    unit: str
    basis: str


def predict(rows: Iterable[Row], cell: Cell, ceilings: Ceilings | None) -> Prediction | None:
    """Return what a cell would give on the device that the rows were measured on; of a test measured twice the last.

    None where no row of its device counts, where its FLOPs and bytes are not known (loading, tokenizing, models
    without a closed form), or where the range would be wider than a factor of ten.
    """
    models: dict[str, Model | None] = {}
    wanted = work_of_cell(cell, models)
    measured = {of: row for row in rows if (of := _measured(row, cell)) is not None}
    if wanted is None:
        return None
    known = [(work, row) for of, row in measured.items() if (work := work_of_cell(of, models)) is not None]
    known = sorted(known, key=lambda pair: -likeness(wanted, pair[0]))[:MOST_ROWS]
    if not known:
        return None
    mean, sd = _Fit(known, ceilings, PACKING.get(cell.device, 1.0)).at(wanted)
    if 2 * SPAN * sd > math.log(WIDEST):
        return None
    definition = DEFINITIONS[cell.workload]
    value, *ends = (definition.value(math.exp(mean + z * sd), wanted.tokens) for z in (0.0, SPAN, -SPAN))
    return Prediction(value, min(ends), max(ends), definition.unit, _basis([row for _, row in known], ceilings))


def _measured(row: Row, cell: Cell) -> Cell | None:
    """Return the cell that a row came from if it tells of the same device and has a value, else None."""
    if (row.device, row.backend) != (cell.device, cell.backend) or row.verdict not in COUNTED:
        return None
    return cell_of(row) if row.extra.get("seconds") else None


def _noise(row: Row) -> float:
    """Return the standard deviation of the logarithm of a row's median."""
    return NOISE_OF_FEW if row.half_width is None else math.hypot(NOISE, row.half_width / 1.96)


def _basis(rows: Sequence[Row], ceilings: Ceilings | None) -> str:
    names = list(dict.fromkeys(row.model for row in rows))
    models = " and ".join((*names[:2], *([f"{len(names) - 2} more"] if len(names) > 2 else [])))
    tests = "1 measured test" if len(rows) == 1 else f"{len(rows)} measured tests"
    beside = f" and the ceilings of {ceilings.utc[:10]}" if ceilings else ""
    dtype = DTYPE_SHORT.get(rows[0].dtype, rows[0].dtype)
    return f"From {tests} of {models}{beside}; the nearest is {rows[0].test} of {rows[0].model} in {dtype}."


class _Fit:
    """The model fitted to measured tests; parameters are logarithms."""

    def __init__(self, known: Sequence[tuple[Work, Row]], ceilings: Ceilings | None, packing: float) -> None:
        self._works = [work for work, _ in known]
        overhead = _overhead(known)
        self._machine = _Machine(ceilings, overhead.seconds, packing, tuple(sorted({work.dtype for work, _ in known})))
        self._y = np.log([row.extra["seconds"] for _, row in known])
        self._sd = _prior_sd(overhead.sd, len(self._machine.dtypes), ceilings is None)
        self._theta = np.zeros(len(self._sd))
        alike = REST_SD**2 * np.array([[likeness(a, b) for b in self._works] for a in self._works])
        noise = np.array([_noise(row) ** 2 for _, row in known])
        self._rest, self._noise = alike + np.diag(noise), float(np.median(noise))
        measured = _Times(self._works, self._machine)
        for _ in range(STEPS):
            self._linearise(measured)
            step = np.square(self._sd) * (self._jacobian.T @ self._weighted)
            self._theta = np.clip(step, -FARTHEST * self._sd, FARTHEST * self._sd)
        self._linearise(measured)
        # Rows that scatter more than they should by the model widen every range (the Birge ratio).
        self._scatter = max(1.0, float(self._left @ self._weighted) / len(known))

    def _linearise(self, times: "_Times") -> None:
        """Put the model as a straight one where its parameters are now (a step of Gauss and Newton)."""
        self._jacobian, expected = times.linear(self._theta)
        self._inverse = np.linalg.inv(self._jacobian * np.square(self._sd) @ self._jacobian.T + self._rest)
        self._left = self._y - expected + self._jacobian @ self._theta
        self._weighted = self._inverse @ self._left

    def at(self, work: Work) -> tuple[float, float]:
        """Return the mean and the standard deviation of the logarithm of the seconds of a test."""
        mine, alone = _Times([work], self._machine).linear(self._theta)
        seen = mine[0] * np.square(self._sd)
        alike = REST_SD**2 * np.array([likeness(work, other) for other in self._works])
        shared = seen @ self._jacobian.T + alike
        mean = alone[0] - mine[0] @ self._theta + shared @ self._weighted
        # A measurement of this test would scatter as those of the others do.
        variance = seen @ mine[0] + REST_SD**2 + self._noise - shared @ self._inverse @ shared
        return float(mean), math.sqrt(self._scatter * max(float(variance), NOISE**2))


class _Overhead(NamedTuple):
    """Seconds of a layer in a pass beyond its FLOPs and bytes, and the standard deviation of their logarithm."""

    seconds: float
    sd: float


def _overhead(known: Iterable[tuple[Work, Row]]) -> _Overhead:
    """Return where the overhead of a layer is sought: by what rows say of their hosts, where any does.

    Each share is off by about as much, so a large one tells more.
    """
    said = [(share, math.log(share * row.extra["seconds"] / work.layer_passes)) for work, row in known
            if (share := (row.extra.get("host") or {}).get("share"))]
    if not said:
        return _Overhead(START_OVERHEAD_S, PRIOR_SD[0])
    weight = sum(share**2 for share, _ in said)
    mean = sum(share**2 * log_s for share, log_s in said) / weight
    sd = math.hypot(HOST_SD, SHARE_ERROR / math.sqrt(weight))
    return _Overhead(math.exp(mean) / HOST_SHARE, min(PRIOR_SD[0], sd))


def _prior_sd(overhead: float, dtypes: int, is_blind: bool) -> np.ndarray:
    _, compute, memory, packing, compute_of, memory_of = PRIOR_SD
    shared = (BLIND_SD, BLIND_SD) if is_blind else (compute, memory)
    # One dtype more than was measured stands for those that were not.
    return np.array([overhead, *shared, packing, *[compute_of, memory_of] * (dtypes + 1)])


class _Machine(NamedTuple):
    """Where the parameters are sought: the ceilings, a layer's overhead, and what several rows add to the traffic."""

    ceilings: Ceilings | None
    overhead_s: float
    packing: float
    dtypes: tuple[str, ...]


class _Times:
    """The seconds of tests by the model alone, with the parameters of `PRIOR_SD`."""

    def __init__(self, works: Sequence[Work], machine: _Machine) -> None:
        phases = max(len(work.phases) for work in works)
        filled = np.array([[*map(astuple, work.phases), *[(0.0, 0.0, 0)] * (phases - len(work.phases))]
                           for work in works]).T
        self._is_packed = filled[2] > 1
        self._compute_s = filled[0] / [_flops_s(work, machine.ceilings) for work in works]
        self._memory_s = filled[1] / [_bytes_s(work, machine.ceilings) for work in works]
        self._memory_s *= np.where(self._is_packed, machine.packing, 1.0)
        self._overhead_s = machine.overhead_s * np.array([work.layer_passes for work in works])
        dtypes = machine.dtypes
        self._of_dtype = np.array([4 + 2 * (dtypes.index(work.dtype) if work.dtype in dtypes else len(dtypes))
                                   for work in works])

    def linear(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the derivatives of the logarithms of the seconds by the parameters, and these logarithms."""
        step, now = 1e-4, self._log_s(theta)
        return np.array([(self._log_s(theta + step * unit) - now) / step for unit in np.eye(len(theta))]).T, now

    def _log_s(self, theta: np.ndarray) -> np.ndarray:
        compute_s = self._compute_s * np.exp(-theta[1] - theta[self._of_dtype])
        memory_s = self._memory_s * np.exp(theta[3] * self._is_packed - theta[2] - theta[self._of_dtype + 1])
        return np.log(self._overhead_s * np.exp(theta[0]) + np.hypot(compute_s, memory_s).sum(axis=0))


def _flops_s(work: Work, ceilings: Ceilings | None) -> float:
    ceiling = ceilings.product(work.dtype) if ceilings else None
    return START_SHARE * (BLIND_FLOPS if ceiling is None else ceiling.value * 1e12)


def _bytes_s(work: Work, ceilings: Ceilings | None) -> float:
    if ceilings is None or not ceilings.memory:
        return START_SHARE * BLIND_BYTES
    size = working_set_bytes(work.workload, work.parameters, work.dtype)
    ceiling = ceilings.at(size) or ceilings.memory[max(ceilings.memory)]
    return START_SHARE * ceiling.value * 1e9


def likeness(a: Work, b: Work) -> float:
    """Return how much of what the model leaves over two tests share, 0 to 1."""
    same = ((SAME_WORKLOAD, a.workload == b.workload), (SAME_MODEL, a.model == b.model),
            (SAME_DTYPE, a.dtype == b.dtype))
    apart = math.hypot(math.log2(a.width / b.width), math.log2(a.context / b.context)) / DOUBLINGS
    return math.prod(1.0 if holds else share for share, holds in same) * math.exp(-apart**2 / 2)
