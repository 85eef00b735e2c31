"""What the list of runs shows of each: read from its folder once, kept in the index."""

import contextlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

from llmscope.analysis.bottleneck import stored_finding
from llmscope.analysis.row_names import apart
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import BadInput
from llmscope.core.results import COUNTED, VERDICT_WORDS, Row
from llmscope.core.spec import DTYPE_SHORT
from llmscope.hardware.host import device_name
from llmscope.models import catalog
from llmscope.models.headers import one_line
from llmscope.runs import owner
from llmscope.runs.ceilings import fingerprint
from llmscope.runs.marks import REFERENCE, Marks, read_marks
from llmscope.runs.store import MANIFEST, RESULT, Manifest, NewerRun, NoRun, StoredRun, read_manifest, read_run

_ID = re.compile(r"(\d{4}-\d\d-\d\d)_(\d\d)(\d\d)(\d\d)")
#: Moments outside of these are not believed.
_EARLIEST_S, _LATEST_S = 946_684_800.0, 4_102_444_800.0


class Brief(Struct, frozen=True, array_like=True, gc=False):
    """A test of a run in short; `same` tells apart what must not be compared, beside device and model.

    `apart` is what tells it from tests of the run with the same id: `sequence 16`.
    """

    test: str
    model: str
    unit: str
    median: float | None
    half_width: float | None
    n: int
    verdict: str
    reason: str
    same: str
    apart: str = ""

    @property
    def name(self) -> str:
        """What it is called among the tests of its run."""
        return " · ".join(filter(None, (self.test, self.apart)))

    @property
    def counted(self) -> bool:
        """Whether the value stands."""
        return self.verdict in COUNTED


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """A run in the list.

    `status` is `done`, `stopped`, `failed`, `interrupted`, `running`, `damaged` (`reason` says how) or
    `newer`. `at_s` is when it began, in Unix seconds. `device` is the hardware's name, `device_id` torch's.
    `others_percent` is the most of the CPU that other programs used, `words` what a search looks in, `limiters` what
    limits its tests as far as that was found out, `marks` what a person said of it. A reference is a run that comes
    with llmscope.
    """

    id: str
    at_s: float
    status: str
    models: tuple[str, ...] = ()
    device: str = ""
    device_id: str = ""
    dtypes: tuple[str, ...] = ()
    accuracy: str = ""
    seconds: float | None = None
    tests: tuple[Brief, ...] = ()
    planned: tuple[str, ...] = ()
    reason: str = ""
    others_percent: float | None = None
    words: str = ""
    limiters: tuple[str, ...] = ()
    marks: Marks | None = None
    is_reference: bool = False

    @property
    def can_open(self) -> bool:
        """Whether there is something to show."""
        return self.status not in ("damaged", "newer", "running")

    @property
    def at(self) -> datetime:
        """When it began, in this machine's time."""
        return datetime.fromtimestamp(self.at_s).astimezone()

    @property
    def titles(self) -> tuple[str, ...]:
        """How its models are called."""
        return tuple(title(model) for model in self.models)

    @property
    def name(self) -> str:
        """The name that a person gave it, or none."""
        return self.marks.name if self.marks is not None else ""

    @property
    def labels(self) -> tuple[str, ...]:
        """Its tags, after the one that marks a reference."""
        tags = self.marks.tags if self.marks is not None else ()
        return (REFERENCE, *tags) if self.is_reference else tags

    def alike(self, name: str) -> tuple[Brief, ...]:
        """Return all tests of that id."""
        return tuple(brief for brief in self.tests if brief.test == name)

    def test(self, name: str) -> Brief | None:
        """Return the test of that id; where there are several the first whose value stands, else the first."""
        alike = self.alike(name)
        return next((brief for brief in alike if brief.counted), alike[0] if alike else None)


def read_entry(runs: Path, run: str, is_reference: bool = False) -> Entry:
    """Return what is to be shown of a run; whatever is wrong with its files, it is an entry that says so."""
    entry = _read(runs, run)
    marks, warning = read_marks(runs / run)
    entry = msgspec.structs.replace(entry, marks=marks if marks != Marks() else None, reason=entry.reason or warning,
                                    is_reference=is_reference)
    return msgspec.structs.replace(entry, words=search_text(entry))


def _read(runs: Path, run: str) -> Entry:
    folder = runs / run
    try:
        if owner.is_running(folder) and not (folder / RESULT).exists():
            manifest, _ = read_manifest(folder)
            return _entry(run, folder, manifest, "running", (), None)
        stored = read_run(folder)
    except NewerRun as error:
        return Entry(run, _moment(folder, ""), "newer", reason=one_line(error.why))
    except NoRun as error:
        return Entry(run, _moment(folder, ""), "damaged", reason=one_line(error.why))
    return _entry(run, folder, stored.manifest, stored.status, stored.rows, _seconds(stored),
                  stored.warnings[0] if stored.warnings else "")


def search_text(entry: Entry) -> str:
    """Return what a search looks in, in lower case: what was measured on what, when, how it ended, and the marks."""
    at = entry.at
    verdicts = {VERDICT_WORDS.get(brief.verdict, "") for brief in entry.tests}
    dtypes = (*entry.dtypes, *(DTYPE_SHORT.get(dtype, "") for dtype in entry.dtypes))
    parts = (entry.id, *entry.models, *entry.titles, entry.device, entry.device_id, *dtypes, *entry.planned,
             entry.accuracy, entry.status, *sorted(verdicts), f"{at:%Y-%m-%d} {at.day} {at:%b %Y %A %H:%M}",
             entry.name, *entry.labels, entry.marks.note if entry.marks is not None else "")
    return " ".join(dict.fromkeys(parts)).lower()


def matches(text: str, wanted: list[str]) -> bool:
    """Return whether a search text holds all words, in any order; the words are in lower case."""
    return all(word in text for word in wanted)


@lru_cache(maxsize=4096)
def title(model: str) -> str:
    """Return how a model is called, without folders."""
    if model == "bundled":
        return "Bundled model"
    if model.startswith("arch:"):
        with contextlib.suppress(BadInput):
            return catalog.resolve(model).title
        return model.removeprefix("arch:")
    return model.replace("\\", "/").rstrip("/").rpartition("/")[2] or model


def _entry(run: str, folder: Path, manifest: Manifest, status: str, rows: tuple[Row, ...], seconds: float | None,
           reason: str = "") -> Entry:
    started, cells = manifest.started, manifest.started.spec.cells
    asked = started.spec.accuracy if manifest.program.startswith("llmscope") else ""
    device, machine = cells[0].device, fingerprint(started.machine)
    ran = rows if len(rows) == len(cells) else cells  # a plan cannot tell all that other programs measure
    return Entry(
        run, _moment(folder, started.utc), status, models=_each(cell.model for cell in cells),
        device=one_line(device_name(started.machine, device)), device_id=one_line(device),
        dtypes=_each(test.dtype for test in ran), accuracy=asked, seconds=seconds,
        tests=tuple(_brief(row, told, machine) for row, told in zip(rows, apart(rows), strict=True)),
        planned=_each(test.test for test in ran), reason=one_line(reason), others_percent=_others(rows),
        limiters=_limiters(rows))


def _each(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(one_line, dict.fromkeys(texts)))


def _brief(row: Row, told: str, machine: str) -> Brief:
    kind = row.definition.partition("/")[0]
    used = DEFINITIONS[kind].uses if kind in DEFINITIONS else ("batch", "seq")
    sizes = (getattr(row, name) if name in used else "-" for name in ("batch", "seq"))
    how = (row.extra.get(name) for name in ("threads", "sequences"))
    same = " ".join(map(str, (machine, row.device, row.dtype, *sizes, row.definition, row.backend, *how)))
    return Brief(one_line(row.test), one_line(row.model), one_line(row.unit), row.median, row.half_width, row.n,
                 row.verdict, one_line(row.reason or ""), one_line(same), one_line(told))


def _limiters(rows: tuple[Row, ...]) -> tuple[str, ...]:
    found = [finding for row in rows if (finding := stored_finding(row)) is not None and finding.claims]
    return tuple(dict.fromkeys(finding.limiter for finding in found if finding.limiter != "unclear"))


def _others(rows: tuple[Row, ...]) -> float | None:
    shares = [share for row in rows if isinstance(share := row.extra.get("others_percent"), float)]
    return max(shares, default=None)


def _seconds(stored: StoredRun) -> float | None:
    """Return how long the tests were timed where the run has no end of its own."""
    if stored.ended is not None:
        return stored.ended.seconds
    return sum(row.timed_s for row in stored.rows) or None


def _moment(folder: Path, utc: str) -> float:
    """Return when a run began: as it says, else by its name, else by its folder's time."""
    named = _ID.match(folder.name)
    for text in (utc, f"{named[1]}T{named[2]}:{named[3]}:{named[4]}" if named else ""):
        with contextlib.suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(text)
            at_s = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
            if _EARLIEST_S <= at_s <= _LATEST_S:
                return at_s
    try:
        return min(max((folder / MANIFEST).stat().st_mtime, _EARLIEST_S), _LATEST_S)
    except OSError:
        return _EARLIEST_S
