"""Puts runs that came from elsewhere into the folder of runs: whole or not at all, and never twice."""

import contextlib
import hashlib
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from llmscope import paths
from llmscope.core.errors import BadInput
from llmscope.models.headers import one_line
from llmscope.runs.exchange import bundle
from llmscope.runs.exchange.measured import Measured, started_of, write
from llmscope.runs.store import NoRun, read_run, write_atomically
from llmscope.runs.untrusted import inert, read_bytes

ORIGIN = "origin.json"
_ORIGIN_LIMIT_BYTES = 100_000
#: Names that are tried for a run whose own name is another's.
_NAMES_LIMIT = 1000
#: A run that is being imported has this before its name; older ones were left by a program that ended meanwhile.
_COMING, _LEFT_AFTER_S = ".importing-", 3600


class Origin(Struct, frozen=True):
    """Where a run came from: the name and hash of the file, what it was, when, and which files it lacked."""

    file: str
    sha256: str
    kind: str
    imported_utc: str
    left_out: dict[str, str] = {}


class Arrived(Struct, frozen=True):
    """A run that was imported, or was there already; `notes` are lines worth telling."""

    run: str
    is_new: bool
    notes: tuple[str, ...] = ()


def origin_of(file: Path, content: bytes, kind: str) -> Origin:
    """Return what is kept of where a run came from."""
    return Origin(one_line(file.name), hashlib.sha256(content).hexdigest(), kind,
                  datetime.now(UTC).isoformat(timespec="seconds"))


def read_origin(folder: Path) -> Origin | None:
    """Return where a stored run came from, None where it was measured here or nothing readable tells."""
    try:
        raw = inert(msgspec.json.decode(read_bytes(folder / ORIGIN, _ORIGIN_LIMIT_BYTES)))
        return msgspec.convert(raw, Origin)
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError):
        return None


def unpack_run(runs: Path, run: bundle.Packed, origin: Origin) -> Arrived:
    """Make the folder of a packed run, its files bit for bit; raises BadInput where it is none that can be read."""
    def same(folder: Path) -> bool:
        return all(_has(folder / name, file.content) for name, file in run.files.items())

    def fill(folder: Path) -> None:
        for name, file in run.files.items():
            write_atomically(folder / name, file.content)

    arrived = _settle(runs, run.name, same, fill, msgspec.structs.replace(origin, left_out=run.left_out))
    lacking = tuple(f"run {arrived.run} came without {name} ({one_line(why)})" for name, why in run.left_out.items())
    return msgspec.structs.replace(arrived, notes=arrived.notes + lacking)


def store_measured(runs: Path, found: Measured, origin: Origin) -> Arrived:
    """Make the folder of a run that another program measured, or this one told without its files."""
    def same(folder: Path) -> bool:
        with contextlib.suppress(NoRun):
            stored = read_run(folder)
            return stored.rows == found.rows and stored.manifest.started.utc == found.utc
        return False

    started = started_of(found)
    return _settle(runs, found.name, same, lambda folder: write(folder, found, started), origin)


def _settle(runs: Path, name: str, same: Callable[[Path], bool], fill: Callable[[Path], None],
            origin: Origin) -> Arrived:
    """Fill a hidden folder, prove that it reads as a run, and only then give it its name, or the next free one.

    The names of references are taken too: a run of one's own would hide the reference.
    """
    places = (_place(runs, one) for one in _names(name))
    there = next((place for place in places if not place.exists() or same(place)), None)
    if there is None:
        raise BadInput(f"There are {_NAMES_LIMIT:,} runs of the name {name}: delete some.")
    if there.exists():
        return Arrived(there.name, False)
    with _hidden(runs) as folder:
        fill(folder)
        try:
            stored = read_run(folder)
        except NoRun as error:
            raise BadInput(f"Run {name} cannot be read ({error.why}): it was not imported.") from error
        write_atomically(folder / ORIGIN, msgspec.json.format(msgspec.json.encode(origin)))
        folder.rename(there)
    renamed = (f"run {name} of other content is there: this one is {there.name}",) if there.name != name else ()
    return Arrived(there.name, True, (*renamed, *stored.warnings))


def _place(runs: Path, name: str) -> Path:
    """Return the folder of a run of one's own or of a reference, and where a new one may lie if there is neither."""
    reference = paths.sample_runs_folder() / name
    return reference if reference.exists() and not (runs / name).exists() else runs / name


def _names(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in range(2, _NAMES_LIMIT + 1))


@contextlib.contextmanager
def _hidden(runs: Path) -> Iterator[Path]:
    """Yield a new folder that no list of runs shows; what is left of it in the end is deleted."""
    try:
        folder = runs / f"{_COMING}{uuid.uuid4().hex}"
        folder.mkdir(parents=True)
        for left in runs.glob(f"{_COMING}*"):
            if time.time() - left.stat().st_mtime > _LEFT_AFTER_S:
                shutil.rmtree(left, ignore_errors=True)
    except OSError as error:
        raise BadInput(f"Nothing can be written to {runs}: {error.strerror or error}.") from error
    try:
        yield folder
    except OSError as error:
        raise BadInput(f"The run cannot be written to {runs}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _has(file: Path, content: bytes) -> bool:
    try:
        return read_bytes(file, len(content)) == content
    except (OSError, ValueError):
        return False
