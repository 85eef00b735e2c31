"""In which settings runs differ, read back from what ran: rows, versions and machine, never the plan alone."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from msgspec import Struct

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.events import RunStarted
from llmscope.core.results import Row
from llmscope.core.spec import DTYPE_SHORT, Accuracy
from llmscope.core.units import NBSP, gib, significant
from llmscope.hardware.host import device_name, gpus_of, short_cpu_name
from llmscope.models.headers import one_line

Kind = Literal["compared", "may affect"]
#: Background load in percent of the CPU counts as different from so much on.
LOAD_PERCENT = 5.0
#: Errors of a float32 product above this come from a shorter mantissa.
TF32_ERROR = 1e-4
NOT_READABLE = "not readable"


class Side(Struct, frozen=True):
    """A stored run as comparing needs it; `machine` is the same text for runs of the same machine.

    `name` is what a person called the run, mostly nothing. A reference is a run that comes with llmscope.
    """

    started: RunStarted
    rows: tuple[Row, ...]
    program: str
    machine: str
    name: str = ""
    is_reference: bool = False

    @property
    def run(self) -> str:
        """Its id."""
        return self.started.run

    @property
    def accuracy(self) -> Accuracy | None:
        """The accuracy that was asked for; None where another program measured."""
        return self.started.spec.accuracy if self.program.startswith("llmscope") else None


class Setting(Struct, frozen=True):
    """A setting by run: None where a run has nothing of the kind.

    `compared` is what one sets out to compare, `may affect` what may change a result unasked. `differing` are the
    places of the runs whose value is not that of the baseline.
    """

    name: str
    kind: Kind
    values: tuple[str | None, ...]
    differing: tuple[int, ...] = ()


#: What is read back of a run and the rows that take part, and what it is good for.
_Read = Callable[[Side, Sequence[Row]], str | None]


def settings(sides: Sequence[Side], rows: Sequence[Sequence[Row]], baseline: int) -> tuple[Setting, ...]:
    """Return all settings that any run tells of; `rows` are those of each run that take part in the comparison."""
    found = []
    for name, kind, read in _READ:
        values = tuple(read(side, own) for side, own in zip(sides, rows, strict=True))
        if any(value is not None for value in values):
            found.append(Setting(name, kind, values, _differing(values, baseline)))
    loads = [_load(own) for own in rows]
    if any(load is not None for load in loads):
        shown = tuple(NOT_READABLE if load is None else f"{load:.0f}{NBSP}% CPU" for load in loads)
        found.append(Setting("Background load", "may affect", shown, _loaded(loads, baseline)))
    return tuple(found)


def _differing(values: Sequence[str | None], baseline: int) -> tuple[int, ...]:
    """Return the places of values that are not the baseline's; where it has none, not the first there is."""
    known = values[baseline] or next(value for value in values if value is not None)
    return tuple(place for place, value in enumerate(values) if value is not None and value != known)


def _loaded(loads: Sequence[float | None], baseline: int) -> tuple[int, ...]:
    base = loads[baseline]
    return () if base is None else tuple(
        place for place, load in enumerate(loads) if load is not None and abs(load - base) >= LOAD_PERCENT)


def _load(rows: Sequence[Row]) -> float | None:
    shares = [share for row in rows if isinstance(share := row.extra.get("others_percent"), int | float)]
    return max(shares, default=None)


def _joined(values: Iterable[object]) -> str | None:
    return "/".join(dict.fromkeys(one_line(value) for value in values if value not in (None, ""))) or None


def _of_rows(read: Callable[[Row], object]) -> _Read:
    return lambda side, rows: _joined(map(read, rows))


def _device(side: Side, rows: Sequence[Row]) -> str | None:
    return _joined(device_name(side.started.machine, row.device) for row in rows)


def _processor(side: Side, rows: Sequence[Row]) -> str | None:
    return _joined([short_cpu_name(str(side.started.machine.get("cpu") or ""))])


def _memory(side: Side, rows: Sequence[Row]) -> str | None:
    size = side.started.machine.get("memory_limit_bytes") or side.started.machine.get("memory_bytes")
    return gib(size) if isinstance(size, int | float) else None


def _version(name: str) -> _Read:
    return lambda side, rows: _joined([side.started.versions.get(name)])


def _of_machine(name: str) -> _Read:
    return lambda side, rows: _joined([side.started.machine.get(name)])


def _driver(side: Side, rows: Sequence[Row]) -> str | None:
    if all(row.device == "cpu" for row in rows):
        return None
    return _joined(gpu.get("driver") for gpu in gpus_of(side.started.machine))


def _power(side: Side, rows: Sequence[Row]) -> str:
    on_battery = side.started.machine.get("on_battery")
    return "on battery" if on_battery is True else "mains power" if on_battery is False else NOT_READABLE


def _throttled(row: Row) -> str | None:
    slowed = row.extra.get("throttled")
    return str(slowed.get("reason")) if isinstance(slowed, dict) and slowed.get("share") else None


def _attention(row: Row) -> object:
    return _numerics(row).get("attention") or row.options.get("attention")


def _products(row: Row) -> str | None:
    error = _numerics(row).get("float32_product_error")
    return None if not isinstance(error, float) else "shortened (TF32)" if error > TF32_ERROR else "exact"


def _numerics(row: Row) -> dict[str, Any]:
    numerics = row.extra.get("numerics")
    return numerics if isinstance(numerics, dict) else {}


def _sampling(side: Side, rows: Sequence[Row]) -> str | None:
    """Return how the next id is picked, where a test does so as the run was asked."""
    if not any(row.definition.startswith("gen/") and "scenario" not in row.options for row in rows):
        return None
    asked = side.started.spec.sampling
    return f"temperature {significant(asked.temperature)}, top-k {asked.top_k}, top-p {significant(asked.top_p)}"


def _cache(row: Row) -> object:
    uses = DEFINITIONS[kind].uses if (kind := row.definition.partition("/")[0]) in DEFINITIONS else ()
    return row.options.get("cache", "dynamic") if "cache" in uses else None


_READ: tuple[tuple[str, Kind, _Read], ...] = (
    ("Device", "compared", _device),
    ("Processor", "compared", _processor),
    ("Cores", "compared", _of_machine("cores")),
    ("Precision", "compared", _of_rows(lambda row: DTYPE_SHORT.get(row.dtype, row.dtype))),
    ("Backend", "compared", _of_rows(lambda row: row.backend)),
    ("Attention", "compared", _of_rows(_attention)),
    ("KV cache", "compared", _of_rows(_cache)),
    ("CPU threads", "compared", _of_rows(lambda row: row.extra.get("threads"))),
    ("Memory", "may affect", _memory),
    ("torch", "may affect", _version("torch")),
    ("transformers", "may affect", _version("transformers")),
    ("Driver", "may affect", _driver),
    ("System", "may affect", _of_machine("system")),
    ("Kernel", "may affect", _of_machine("kernel")),
    ("Program", "may affect", lambda side, rows: side.program),
    ("Power source", "may affect", _power),
    ("Slowed down by", "may affect", _of_rows(_throttled)),
    ("float32 products", "may affect", _of_rows(_products)),
    ("Model revision", "may affect", _of_rows(lambda row: row.extra.get("revision"))),
    ("Sampling", "may affect", _sampling),
    ("Accuracy asked", "may affect", lambda side, rows: side.accuracy),
)
