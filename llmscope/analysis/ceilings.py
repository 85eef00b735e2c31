"""The machine's measured ceilings, and how near to the one that limits it a test came.

A ceiling is the best that was ever measured, not the median: other programs, heat and interrupts only
ever make a sample slower. The ceiling for traffic to memory depends on how much is worked on: it is
taken at the test's working set, between the two measured sizes next to it.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from llmscope.core.definitions import DEFINITIONS, is_of_machine
from llmscope.core.results import COUNTED, Row
from llmscope.core.spec import DTYPE_BYTES

Bound = Literal["compute", "memory bandwidth", "storage"]
Key = TypeVar("Key", int, str)

#: Names of the shares: of the ceiling of arithmetic, and of that of memory.
SHARES: dict[str, Bound] = {"mfu": "compute", "mbu": "memory bandwidth"}
#: Phases of a training step and the tests that are nothing but these.
_TESTS_OF_PHASES = {"forward": "fwd", "backward": "bwd", "optimizer": "opt"}
#: Beyond this share of a ceiling a result cannot be true.
IMPOSSIBLE = 1.05
#: Where the last two sizes agree this well, the caches are left behind and the ceiling holds for all larger ones.
PLATEAU = 0.20


class Ceiling(Struct, frozen=True):
    """The best of one test of the machine, in `unit`."""

    test: str
    value: float
    unit: str


class Ceilings(Struct, frozen=True):
    """What one device can do, by what was measured on `utc` with `versions` in the run `run`.

    `products` are TFLOPS by dtype; `memory` GB/s by working set in bytes, ascending; `others` GB/s by kind of test.
    `threads` of the CPU took part, where that was noted.
    """

    device: str
    utc: str
    run: str
    versions: dict[str, str]
    products: dict[str, Ceiling] = {}
    memory: dict[int, Ceiling] = {}
    others: dict[str, Ceiling] = {}
    threads: int | None = None

    @property
    def is_complete(self) -> bool:
        """Whether both arithmetic and memory were measured."""
        return bool(self.products) and len(self.memory) > 1

    def at(self, working_set_bytes: float) -> Ceiling | None:
        """Return the ceiling of memory at a working set, interpolated on log scales, or None where none is known."""
        sizes = sorted(self.memory)
        below = [size for size in sizes if size <= working_set_bytes]
        above = [size for size in sizes if size >= working_set_bytes]
        if not below:
            return None
        if not above:
            last = [self.memory[size].value for size in sizes[-2:]]
            return self.memory[sizes[-1]] if max(last) <= (1 + PLATEAU) * min(last) and len(last) == 2 else None
        low, high = self.memory[below[-1]], self.memory[above[0]]
        if below[-1] == above[0]:
            return low
        share = math.log(working_set_bytes / below[-1]) / math.log(above[0] / below[-1])
        value = math.exp((1 - share) * math.log(low.value) + share * math.log(high.value))
        return Ceiling(f"{low.test} to {high.test.rpartition(' ')[2]}", value, low.unit)

    def product(self, dtype: str, achieved_tflops: float = 0.0) -> Ceiling | None:
        """Return the ceiling of arithmetic in a model's dtype; mixed precision has that of bfloat16.

        A 16-bit model may also be computed in float32, and a mixed one in either: what is beyond its own ceiling is
        held against the fastest of these, which cannot be passed.
        """
        own = self.products.get("bfloat16" if dtype == "amp" else dtype)
        if own is None or dtype == "float32" or achieved_tflops <= IMPOSSIBLE * own.value:
            return own
        return max((own, self.products.get("float32", own)), key=lambda c: c.value)


class Limit(Struct, frozen=True):
    """How near a test came to a ceiling: `achieved` of `ceiling`, both in `unit`; `test` measured the ceiling."""

    bound: Bound
    achieved: float
    ceiling: float
    unit: str
    test: str

    @property
    def share(self) -> float:
        """Share of the ceiling, 0 to 1 and, by error, beyond."""
        return self.achieved / self.ceiling


def ceilings_of(rows: Iterable[Row], device: str, utc: str, run: str, versions: dict[str, str]) -> Ceilings | None:
    """Return the ceilings that rows hold for a device; storage counts for every device. None where there are none.

    Rows of tests that this version does not know, and such without a speed or size, hold none.
    """
    products: dict[str, Ceiling] = {}
    memory: dict[int, Ceiling] = {}
    others: dict[str, Ceiling] = {}
    threads: int | None = None
    for row in rows:
        kind, size = row.definition.partition("/")[0], row.options.get("size")
        if not is_of_machine(kind) or row.verdict not in COUNTED or max(row.samples, default=0.0) <= 0:
            continue
        if row.device != device and kind != "disk-read":
            continue
        found = Ceiling(row.test, max(row.samples), row.unit)
        threads = row.extra.get("threads", threads)
        if row.unit == "TFLOPS":
            _raise(products, row.dtype, found)
        elif kind.startswith("membw"):
            if isinstance(size, int) and size > 0:
                _raise(memory, size, found)
        elif not (row.reason or "").startswith("mixed"):
            _raise(others, kind, found)
    if not products and not memory and not others:
        return None
    return Ceilings(device, utc, run, versions, products, dict(sorted(memory.items())), others, threads)


def merged(old: Ceilings | None, new: Ceilings) -> Ceilings:
    """Return the better of both for each ceiling, as long as the same versions measured them; else the new ones."""
    if old is None or old.versions != new.versions:
        return new
    products, memory, others = dict(new.products), dict(new.memory), dict(new.others)
    for dtype, ceiling in old.products.items():
        _raise(products, dtype, ceiling)
    for size, ceiling in old.memory.items():
        _raise(memory, size, ceiling)
    for kind, ceiling in old.others.items():
        _raise(others, kind, ceiling)
    return msgspec.structs.replace(new, products=products, memory=dict(sorted(memory.items())), others=others)


def _raise(best: dict[Key, Ceiling], key: Key, found: Ceiling) -> None:
    if key not in best or found.value > best[key].value:
        best[key] = found


def limits(work: Mapping[str, Any], seconds: float, dtype: str, ceilings: Ceilings) -> tuple[Limit, ...]:
    """Return how near work done in `seconds` came to each ceiling that bounds it, the nearest first.

    `work` holds what is known of `flops`, `bytes_moved`, `working_set_bytes` and `disk_bytes`.
    """
    found = []
    tflops = (work.get("flops") or 0) / seconds / 1e12
    product, memory = ceilings.product(dtype, tflops), ceilings.at(work.get("working_set_bytes") or 0)
    disk = ceilings.others.get("disk-read")
    if work.get("disk_bytes") and disk is not None:
        found.append(Limit("storage", work["disk_bytes"] / seconds / 1e9, disk.value, "GB/s", disk.test))
    if work.get("flops") and product is not None:
        found.append(Limit("compute", tflops, product.value, "TFLOPS", product.test))
    if work.get("bytes_moved") and memory is not None:
        found.append(Limit("memory bandwidth", work["bytes_moved"] / seconds / 1e9, memory.value, "GB/s", memory.test))
    return tuple(sorted(found, key=lambda limit: -limit.share))


def work_of(row: Row) -> dict[str, Any]:
    """Return what a row says of the work of one sample; loading cold is work of the disk, other loading is none."""
    extra = row.extra
    kind = row.definition.partition("/")[0]
    if kind == "load-cold":
        return {"disk_bytes": extra.get("file_bytes")}
    if kind == "load-warm":
        return {}
    return {"flops": extra.get("flops"), "bytes_moved": extra.get("bytes_moved"),
            "working_set_bytes": working_set_bytes(kind, extra.get("parameters", 0), row.dtype,
                                                   row.options.get("optimizer") == "sgd")}


def working_set_bytes(workload: str, parameters: int, dtype: str, sgd: bool = False) -> int:
    """Return the bytes that a test goes through again and again: its weights, gradients and the optimizer's state.

    Caches of keys and values, and activations, are left out: the larger set has the lower ceiling.
    """
    copies = {"bwd": 2, "opt": 3 if sgd else 4, "train": 3 if sgd else 4}.get(workload, 1)
    return copies * parameters * DTYPE_BYTES.get(dtype, 4)


def judged(row: Row, ceilings: Ceilings | None) -> Row:
    """Return a row with the limit it came nearest to, `invalid` if it went beyond one that cannot be passed.

    `extra` gets `limit` (its `share` of the ceiling among it), and `mfu` and `mbu`, the shares of both ceilings,
    and so does each of its `phases`; where nothing could be compared, `not_checked` says why.
    """
    kind = row.definition.partition("/")[0]
    if DEFINITIONS[kind].of_machine or row.verdict not in COUNTED:
        return row
    work, seconds = work_of(row), row.extra.get("seconds")
    if not any(work.get(name) for name in ("flops", "bytes_moved", "disk_bytes")) or not seconds:
        return _not_checked(row, "what it computes and moves is not known")
    if ceilings is None:
        return _not_checked(row, "this machine's ceilings are not measured yet")
    found = limits(work, seconds, row.dtype, ceilings)
    if not found:
        return _not_checked(row, "no ceiling was measured at its size or dtype")
    nearest = found[0]
    if nearest.share > IMPOSSIBLE:
        reason = (f"{nearest.achieved:.3g} {nearest.unit} is beyond what {nearest.test} measured of this machine "
                  f"({nearest.ceiling:.3g} {nearest.unit}, {nearest.bound})")
        return msgspec.structs.replace(row, verdict="invalid", reason=reason, median=None, low=None, high=None, n=0,
                                       timed_s=0.0, samples=())
    limit = msgspec.to_builtins(nearest) | {"share": nearest.share, "measured_utc": ceilings.utc}
    return msgspec.structs.replace(row, extra=row.extra | {"limit": limit} | _shares(found) | _phases(row, ceilings))


def _shares(found: Iterable[Limit]) -> dict[str, float]:
    return {name: limit.share for limit in found for name, bound in SHARES.items() if limit.bound == bound}


def _phases(row: Row, ceilings: Ceilings) -> dict[str, Any]:
    """Return the row's phases with their own shares of the ceilings, at the working set of the part that each is."""
    sgd, kind = row.options.get("optimizer") == "sgd", row.definition.partition("/")[0]
    judged_phases = {}
    for name, phase in row.extra.get("phases", {}).items():
        size = working_set_bytes(_TESTS_OF_PHASES.get(name, kind), row.extra.get("parameters", 0), row.dtype, sgd)
        found = limits(phase | {"working_set_bytes": size}, phase["seconds"], row.dtype, ceilings)
        judged_phases[name] = phase | _shares(found)
    return {"phases": judged_phases} if judged_phases else {}


def _not_checked(row: Row, why: str) -> Row:
    return msgspec.structs.replace(row, extra=row.extra | {"not_checked": why})
