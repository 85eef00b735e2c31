"""A run on disk: a plan written first, events appended as they come, the result written once."""

import contextlib
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from llmscope.core import events
from llmscope.core.errors import BadInput
from llmscope.core.results import Row
from llmscope.core.rows import make_row
from llmscope.models.headers import one_line
from llmscope.runs import owner
from llmscope.runs.untrusted import events_in, inert, possible, read_bytes

SCHEMA = 1
#: More than any run writes: what is larger was not written by this program.
MANIFEST_LIMIT_BYTES, RESULT_LIMIT_BYTES = 32_000_000, 64_000_000
_RUN_ID = re.compile(r"\w[\w.\-]{0,99}")
MANIFEST, EVENTS, RESULT = "manifest.json", "events.jsonl", "result.json"


class NoRun(BadInput):
    """A folder that holds no run that can be read; `why` is the reason in a few words."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"{one_line(folder)} holds no readable run ({one_line(why)}): give a run's folder.")
        self.why = one_line(why)


class NewerRun(NoRun):
    """A run of a newer program, which this one cannot read and must not touch."""


class Manifest(Struct, frozen=True):
    """What was planned, where and with what; everything in it was known before the first test."""

    schema: int
    program: str
    started: events.RunStarted


class Result(Struct, frozen=True):
    """How the run ended and its rows in the plan's order."""

    schema: int
    ended: events.RunEnded
    rows: tuple[Row, ...]


class StoredRun(Struct, frozen=True):
    """A run read back. `warnings` say what of it was damaged; `read_only` if a newer program wrote it.

    `status` is what its result says; without one `running` while its process lives, else `interrupted`.
    `ended` is None without a result.
    """

    folder: Path
    manifest: Manifest
    status: str
    rows: tuple[Row, ...]
    warnings: tuple[str, ...]
    read_only: bool
    ended: events.RunEnded | None = None


class RunWriter:
    """Writes one run's folder; raises OSError when the disk refuses, and the run goes on without it."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        folder.mkdir(parents=True, exist_ok=True)  # new_run_id may have made it
        if (folder / MANIFEST).exists():
            raise FileExistsError(errno.EEXIST, "there is a run of this name", str(folder))
        self.folder = folder
        self._sequence = 0
        try:
            owner.claim(folder)
            write_atomically(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
            self._events = (folder / EVENTS).open("ab")
        except OSError:
            owner.release(folder)
            raise

    def write(self, event: events.Event) -> None:
        """Append an event; it is forced to disk when a test has ended, never while one is timed."""
        self._events.write(b'{"seq":%d,' % self._sequence + events.encode(event)[1:])
        self._sequence += 1
        if isinstance(event, events.CellEnded | events.RunEnded):
            self._events.flush()
            os.fsync(self._events.fileno())

    def finish(self, result: Result) -> None:
        """Write the result, whole or not at all; only then nobody writes the run any more."""
        write_atomically(self.folder / RESULT, msgspec.json.format(msgspec.json.encode(result)))
        self.close()

    def write_log(self, text: str) -> None:
        """Keep what a worker wrote to stderr before it died."""
        with (self.folder / "worker.log").open("a", encoding="utf-8") as log:
            log.write(text + "\n")

    def close(self) -> None:
        """Close the files."""
        try:
            self._events.close()
        finally:
            owner.release(self.folder)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that, after a power cut, it is there as a whole or not at all."""
    beside = path.with_name(path.name + ".part")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    with contextlib.suppress(OSError):  # a folder cannot be opened on Windows
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_manifest(folder: Path) -> tuple[Manifest, bool]:
    """Return a run's plan, and whether a newer program wrote it.

    Raises NoRun, and NewerRun where the newer plan is not understood.
    """
    schema = SCHEMA
    try:
        raw = inert(msgspec.json.decode(read_bytes(folder / MANIFEST, MANIFEST_LIMIT_BYTES)))
        schema = int(raw["schema"])
        manifest = msgspec.convert(raw, Manifest)
    except OSError as error:
        raise NoRun(folder, error.strerror or str(error)) from error
    except (ValueError, KeyError, TypeError, RecursionError, msgspec.MsgspecError) as error:
        if schema > SCHEMA:
            raise NewerRun(folder, f"a newer llmscope wrote it, in schema {schema}") from error
        raise NoRun(folder, f"{MANIFEST} is damaged: {error}") from error
    if not _RUN_ID.fullmatch(manifest.started.run):
        raise NoRun(folder, f"its name is no plain name: {manifest.started.run}")
    return manifest, schema > SCHEMA


def read_run(folder: Path) -> StoredRun:
    """Return a stored run; one without a result was cut off, or goes on, and its finished tests stand.

    Raises NoRun when the folder holds none.
    """
    manifest, newer = read_manifest(folder)
    warnings: list[str] = []
    try:
        result = msgspec.convert(inert(msgspec.json.decode(read_bytes(folder / RESULT, RESULT_LIMIT_BYTES))), Result)
        if all(map(possible, result.rows)):
            return StoredRun(folder, manifest, result.ended.status, result.rows, (),
                             newer or result.schema > SCHEMA, result.ended)
        warnings.append(f"{RESULT} holds impossible figures and was left out")
    except FileNotFoundError:
        pass
    except OSError as error:
        warnings.append(f"{RESULT} was left out: {one_line(error.strerror or error)}")
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        warnings.append(f"{RESULT} is damaged and was left out: {one_line(error)}")
    cells = range(len(manifest.started.spec.cells))
    rows = {e.cell: e.row for e in read_events(folder, warnings)
            if isinstance(e, events.CellEnded | events.Judged) and e.cell in cells}
    if owner.is_running(folder):
        return StoredRun(folder, manifest, "running", tuple(rows[i] for i in sorted(rows)), tuple(warnings), newer)
    return StoredRun(folder, manifest, "interrupted", tuple(_with_gaps(manifest, rows)), tuple(warnings), newer)


def read_events(folder: Path, warnings: list[str]) -> Iterator[events.Event]:
    """Yield the events of a run; a torn last line is dropped, a bad one elsewhere skipped, each with a warning."""
    try:
        if (folder / EVENTS).exists() and not (folder / EVENTS).is_file():
            raise OSError("not a plain file")
        with (folder / EVENTS).open("rb") as file:
            yield from events_in(file, EVENTS, warnings)
    except OSError as error:
        warnings.append(f"{EVENTS} cannot be read: {one_line(error)}")


def _with_gaps(manifest: Manifest, rows: dict[int, Row]) -> Iterator[Row]:
    started = manifest.started
    for index, cell in enumerate(started.spec.cells):
        yield rows.get(index) or make_row(started.run, cell, started.spec.sampling, (), "interrupted",
                                          "the run was cut off before this test ended")


def new_run_id(folder: Path, utc: str) -> str:
    """Return an id for a run that began at that UTC second: `2026-11-21_184012`.

    Its folder is made at once, so that two programs never take the same one.
    """
    stem = utc[:10] + "_" + utc[11:19].replace(":", "")
    for number in range(1, 10_000):
        name = stem if number == 1 else f"{stem}-{number}"
        try:
            (folder / name).mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError:
            pass  # who writes into it will say so
        return name
    return stem
