"""What the Hardware page shows, as plain data: the machine, its ceilings, and the tests of a run held against them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from llmscope.analysis.bottleneck import Finding, finding, stored_finding
from llmscope.analysis.ceilings import SHARES, Bound, Ceilings, Limit, limits, work_of
from llmscope.analysis.rated import rated_limits
from llmscope.analysis.roofline import Point, point_of
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import COUNTED, VERDICT_WORDS, Row
from llmscope.core.units import NBSP, gib, significant
from llmscope.gui import words
from llmscope.gui.trials import Trial, Turns, trials
from llmscope.gui.words import tr
from llmscope.hardware.catalogue import Hardware
from llmscope.hardware.host import Machine
from llmscope.runs.here import Here

UNKNOWN = "—"


@dataclass(frozen=True)
class Measured:
    """A finished test: `name` tells it from the others of the run, `numbers` are the texts of its table's line.

    `trials` are the changes of it that can be measured; none where it is of another machine. `rated` is how near it
    came to the vendor's figures, as far as they are known.
    """

    name: str
    row: Row
    point: Point | None
    found: Finding | None
    numbers: tuple[str, ...]
    trials: tuple[Trial, ...] = ()
    rated: Mapping[Bound, Limit] = field(default_factory=dict)


@dataclass(frozen=True)
class HardwareLook:
    """All that the page shows. `ceilings` are of this machine by device, `roofs` those that the tests are held against.

    `about` says when the ceilings were measured, or what measuring them takes; `is_open` that a run goes on,
    `is_measuring` that it is one of the machine itself. `here` are this machine's devices whose ceilings are known.
    `facts` are what a picture of it all says in its head and foot, empty while there is nothing to show.
    """

    machine: str = ""
    about: str = ""
    ceilings: Mapping[str, Ceilings] = field(default_factory=dict)
    roofs: Mapping[str, Ceilings] = field(default_factory=dict)
    run: str = ""
    tests: Sequence[Measured] = ()
    is_open: bool = False
    is_measuring: bool = False
    here: Sequence[Here] = ()
    run_id: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_measured(self) -> bool:
        """Whether ceilings of any device of this machine are known."""
        return any(found.is_complete for found in self.ceilings.values())


def measured(rows: Sequence[Row], roofs: Mapping[str, Ceilings], turns: Turns,
             known_as: Mapping[str, Hardware] | None = None) -> tuple[Measured, ...]:
    """Return the tests of models among rows, held against the ceilings of their devices.

    `known_as` are the devices whose entry in the list of hardware is known.
    """
    of_models = [row for row in rows if not DEFINITIONS[_kind(row)].of_machine]
    return tuple(_measured(row, roofs.get(row.device), _name(row, of_models), turns,
                           rated_limits(row, (known_as or {}).get(row.device))) for row in of_models)


def key_test(tests: Sequence[Measured]) -> int:
    """Return the number of the test that tells most, -1 where there is none."""
    found = [number for number, test in enumerate(tests) if test.found is not None] or list(range(len(tests)))
    return min(found, key=lambda number: words.HEADLINES.index(_kind(tests[number].row)), default=-1)


def uncounted(row: Row) -> str:
    """Return why a test is not held against the ceilings, empty where it is."""
    if row.verdict in COUNTED:
        return ""
    return tr("{0}: {1}. Only a test that counts is held against the ceilings.").format(
        row.test, VERDICT_WORDS[row.verdict])


def facts(machine: Machine | None) -> str:
    """Return what a machine is made of: `AMD EPYC · 2 cores, 4 threads · 16.0 GiB · Debian 12 · virtual machine`."""
    if machine is None:
        return ""
    threads = tr("{0} threads").format(machine.threads_usable or machine.threads) if machine.threads else ""
    cores = tr("{0} cores").format(machine.cores) if machine.cores else ""
    parts = [machine.cpu, ", ".join(part for part in (cores, threads) if part), gib(machine.memory_bytes),
             *(f"{gpu.name} {gib(gpu.memory_bytes)}" for gpu in machine.gpus), machine.system,
             tr("virtual machine") if machine.virtual else ""]
    return " · ".join(part for part in parts if part)


def _measured(row: Row, ceilings: Ceilings | None, name: str, turns: Turns, rated: Mapping[Bound, Limit]) -> Measured:
    """Hold a row against the ceilings that are known now; without them by what was found at its time."""
    found = stored_finding(row) if ceilings is None else finding(row, ceilings)
    tried = () if ceilings is None else trials(row, found, turns)
    return Measured(name, row, point_of(row, ceilings), found, _numbers(row, ceilings, found, rated), tried, rated)


def _numbers(row: Row, ceilings: Ceilings | None, found: Finding | None, rated: Mapping[Bound, Limit]
             ) -> tuple[str, ...]:
    """Return GFLOP, GB, FLOP per byte, TFLOPS, GB/s, the shares of both ceilings and figures, and what limits it."""
    work, seconds = work_of(row), row.extra.get("seconds")
    if row.verdict not in COUNTED or not seconds:
        limit = VERDICT_WORDS[row.verdict] if found is None else words.limiter_name(found)
        return (*(UNKNOWN for _ in range(9)), limit)
    flops, moved = work.get("flops"), work.get("bytes_moved")
    shares = dict.fromkeys(SHARES.values(), None) | {
        limit.bound: limit.share for limit in (limits(work, seconds, row.dtype, ceilings) if ceilings else ())}
    return (_number(flops, 1e9), _number(moved, 1e9), _number(flops / moved if flops and moved else None),
            _number(flops, seconds * 1e12), _number(moved, seconds * 1e9),
            *(words.percent(shares[bound]) for bound in SHARES.values()),
            *(words.percent(rated[bound].share if bound in rated else None) for bound in SHARES.values()),
            words.limiter_name(found))


def _number(value: float | None, scale: float = 1.0) -> str:
    return significant(value / scale) if value else UNKNOWN


def _name(row: Row, rows: Sequence[Row]) -> str:
    """Return the id of a test, with its model, device, dtype and backend where tests of the run differ by them."""
    parts = [f"{row.test} amp" if row.dtype == "amp" else row.test]
    same = [other for other in rows if other.test == row.test and other.dtype != "amp"]
    if len({other.dtype for other in same}) > 1 and row.dtype != "amp":
        parts.append(words.short_dtype(row.dtype))
    if len({other.backend for other in same}) > 1:
        parts.append(row.backend)
    if len({other.model for other in rows}) > 1:
        parts.append(words.model_name(row.model))
    if len({other.device for other in rows}) > 1:
        parts.append(words.short_device(row.device))
    return f"{NBSP}· ".join(parts)


def _kind(row: Row) -> str:
    return row.definition.partition("/")[0]
