"""The seconds of a test by what it computes and moves, with parameters for what the machine makes of its ceilings.

They are those of its passes: overhead for each layer, and each phase's FLOPs and bytes, the longer of both mostly
(√(compute² + memory²)).

A large model hardly shows its overhead in its seconds, yet that is most of a small one's time. On a CPU each row also
says what share of a pass was outside of its operations (`extra["host"]`): the overhead is sought there.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from msgspec.structs import astuple

from llmscope.analysis.ceilings import Ceilings, working_set_bytes
from llmscope.analysis.observed import Observed
from llmscope.analysis.time_model import threads_share
from llmscope.analysis.work import Work

#: Each parameter is sought somewhere, and may lie from there as far as its SD, a standard deviation of the logarithm.
#: Some 60 operations in a layer of plain transformers, of about 10 µs each with the Python around them.
START_OVERHEAD_S, OVERHEAD_SD = 6e-4, 1.2
#: Of a layer's overhead so much is outside of its operations. The rest is inside: a kernel of one token costs more
#: than the smallest operation, which is all that was taken off (bundled model and GPT-2, two cores: 0.7 of 1.2 ms).
HOST_SHARE, HOST_SHARE_SD = 0.6, 0.3
#: By so much the share of a pass that was timed once is off.
HOST_ERROR = 0.03
#: Shares of the ceilings of products and of memory that a test reaches, and how each may differ for a dtype.
START_SHARE, COMPUTE_SD, MEMORY_SD = 0.6, 0.6, 0.4
COMPUTE_OF_DTYPE_SD, MEMORY_OF_DTYPE_SD = 0.4, 0.3
#: A CPU's libraries stream the weights through a product of one row. For one of more they are packed first: read,
#: written, read again from a cache (MKL, 576 × 49152 in float32: 8.5 ms for one row, 21.6 ms for two).
PACKING, PACKING_SD = {"cpu": 2.5}, 0.4
#: A CPU's products in bfloat16 are set up by oneDNN, whatever their size: 15 to 20 µs longer than one in float32, some
#: seven times a layer (64 × 64 for two rows: 14.8 against 2.7 µs; 256 × 256 for one: 27 against 6.5).
SETUP_S = {("cpu", "bfloat16"): 1.2e-4}
#: Where no ceilings are known there is nothing to seek the shares by.
BLIND_FLOPS, BLIND_BYTES, BLIND_SD = 1e11, 1e10, 3.0


class Machine(NamedTuple):
    """Where the parameters are sought: by the ceilings, with a layer's overhead, and several rows' times the traffic.

    `threads` is the share of those that measured a CPU's ceilings: arithmetic can reach that much of them.
    `sd` is how far each may lie from there: overhead, share of products, share of memory, traffic of several rows,
    and of each dtype both shares; last those of a dtype that is not in `dtypes`.
    """

    ceilings: Ceilings | None
    threads: float
    overhead_s: float
    packing: float
    device: str
    dtypes: tuple[str, ...]
    sd: np.ndarray


def machine_of(known: Sequence[Observed], device: str, ceilings: Ceilings | None) -> Machine:
    """Return the machine that rows of one number of threads were measured on, before a look at their seconds."""
    overhead_s, overhead_sd = _overhead(known)
    dtypes = tuple(sorted({one.work.dtype for one in known}))
    shares = (BLIND_SD, BLIND_SD) if ceilings is None else (COMPUTE_SD, MEMORY_SD)
    of_dtypes = [COMPUTE_OF_DTYPE_SD, MEMORY_OF_DTYPE_SD] * (len(dtypes) + 1)
    threads = 1.0 if ceilings is None else threads_share(known[0].row, ceilings)
    return Machine(ceilings, threads, overhead_s, PACKING.get(device, 1.0), device, dtypes,
                   np.array([overhead_sd, *shares, PACKING_SD, *of_dtypes]))


def _overhead(known: Iterable[Observed]) -> tuple[float, float]:
    """Return the seconds of overhead to seek for a layer in a pass, and how far off they may be.

    They are what rows say of their hosts, where any does; a large share tells more, as each is off by about as much.
    """
    said = [(share, math.log(share * one.seconds / one.work.layer_passes)) for one in known
            if (share := (one.row.extra.get("host") or {}).get("share") or 0.0) > 0]
    if not said:
        return START_OVERHEAD_S, OVERHEAD_SD
    weight = sum(share**2 for share, _ in said)
    mean = sum(share**2 * log_s for share, log_s in said) / weight
    return math.exp(mean) / HOST_SHARE, min(OVERHEAD_SD, math.hypot(HOST_SHARE_SD, HOST_ERROR / math.sqrt(weight)))


class PassTimes:
    """The seconds of tests on a machine, by parameters in the order of its `sd`; each is a logarithm, 0 as sought."""

    def __init__(self, works: Sequence[Work], machine: Machine) -> None:
        phases = max(len(work.phases) for work in works)
        filled = np.array([[*map(astuple, work.phases), *[(0.0, 0.0, 0)] * (phases - len(work.phases))]
                           for work in works]).T
        self._is_packed = filled[2] > 1
        self._compute_s = filled[0] / [machine.threads * _flops_s(work, machine.ceilings) for work in works]
        self._memory_s = filled[1] / [_bytes_s(work, machine.ceilings) for work in works]
        self._memory_s *= np.where(self._is_packed, machine.packing, 1.0)
        self._overhead_s = np.array([work.layer_passes * _layer_s(work, machine) for work in works])
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


def _layer_s(work: Work, machine: Machine) -> float:
    return machine.overhead_s + SETUP_S.get((machine.device, work.dtype), 0.0)


def _flops_s(work: Work, ceilings: Ceilings | None) -> float:
    ceiling = ceilings.product(work.dtype) if ceilings else None
    return START_SHARE * (BLIND_FLOPS if ceiling is None else ceiling.value * 1e12)


def _bytes_s(work: Work, ceilings: Ceilings | None) -> float:
    if ceilings is None or not ceilings.memory:
        return START_SHARE * BLIND_BYTES
    size = working_set_bytes(work.workload, work.parameters, work.dtype)
    ceiling = ceilings.at(size) or ceilings.memory[max(ceilings.memory)]
    return START_SHARE * ceiling.value * 1e9
