"""The index of all runs: one small database beside their folder, which may be lost at any time.

Whatever stands against keeping it (a folder that cannot be written, a full disk, another program that
holds it), the runs are listed all the same, from their folders, and `note` says why.
"""

import contextlib
import errno
import itertools
import sqlite3
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path

import msgspec

from llmscope.runs import folders
from llmscope.runs.entry import Entry, read_entry

FILE = "index.sqlite"
#: Says whose database it is, and how its tables look; any other number has it made anew.
APPLICATION_ID, VERSION = 0x6C6C6D73, 8
BUSY_S = 2.0
#: Runs that are read between two writes of the index.
CHUNK = 250
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TABLE = "CREATE TABLE IF NOT EXISTS runs (id TEXT PRIMARY KEY, stamp TEXT, entry BLOB)"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


class _Damaged(sqlite3.DatabaseError):
    """The file is no index, or not whole."""


class Index:
    """The runs of a folder. One thread uses it; several programs may have one of the same folder."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self.note = ""
        self._db = self._open(runs.parent / FILE)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def entries(self) -> list[Entry]:
        """Return the runs as they were at the last refresh, the latest first."""
        try:
            rows = self._db.execute("SELECT id, entry FROM runs").fetchall()
        except sqlite3.DatabaseError as error:
            self._leave_file(error)
            return []
        found, damaged = [], []
        for run, entry in rows:
            try:
                found.append(_decode(entry))
            except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
                damaged.append((run,))
        if damaged:
            self._write([], damaged)  # the next refresh reads their folders
        return sorted(found, key=attrgetter("at_s", "id"), reverse=True)

    def refresh(self, on_progress: Callable[[int, int], bool] = lambda done, of: True) -> bool:
        """Look at the folders, and read the runs that are new or changed; returns whether anything was.

        `on_progress` is told how many of how many are read, and returns whether to go on.
        """
        try:
            found = folders.stamps(self._runs)
        except OSError as error:
            self.note = f"The runs in {self._runs} cannot be looked through: {error.strerror or error}."
            return False
        known = self._known()
        gone = [(run,) for run in known.keys() - found.keys()]
        changed = sorted((run for run, stamp in found.items() if known.get(run) != stamp), reverse=True)
        for done, chunk in _chunks(changed):
            rows = [(entry.id, found[entry.id], _encode(entry))
                    for entry in (read_entry(self._runs, run) for run in chunk)]
            self._write(rows, gone)
            gone = []
            if not on_progress(done, len(changed)):
                return True
        if gone:
            self._write([], gone)
        return bool(changed or known.keys() - found.keys())

    def delete(self, run: str) -> None:
        """Delete a run with its files; raises BadInput with the reason when that cannot be."""
        folders.delete(self._runs, run)
        self._write([], [(run,)])

    def _known(self) -> dict[str, str]:
        try:
            return dict(self._db.execute("SELECT id, stamp FROM runs"))
        except sqlite3.DatabaseError as error:
            self._leave_file(error)
            return {}

    def _write(self, rows: list[tuple[str, str, bytes]], gone: list[tuple[str]]) -> None:
        try:
            self._change(rows, gone)
        except sqlite3.DatabaseError as error:
            self._leave_file(error)
            self._change(rows, gone)

    def _change(self, rows: list[tuple[str, str, bytes]], gone: list[tuple[str]]) -> None:
        with _transaction(self._db):
            self._db.executemany("DELETE FROM runs WHERE id = ?", gone)
            self._db.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", rows)

    def _open(self, file: Path) -> sqlite3.Connection:
        """Return the database of the file, made anew where it is damaged; one in memory where there can be none."""
        if not file.parent.is_dir():
            return _in_memory()
        try:
            try:
                return _opened(file)
            except _Damaged:
                _set_aside(file)
                return _opened(file)
        except (OSError, sqlite3.DatabaseError) as error:
            self._say(error)
            return _in_memory()

    def _leave_file(self, error: sqlite3.DatabaseError) -> None:
        """Go on in memory, with what the file still tells."""
        self._say(error)
        memory = _in_memory()
        with contextlib.suppress(sqlite3.DatabaseError):
            rows = self._db.execute("SELECT * FROM runs").fetchall()
            memory.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", rows)
        self._db.close()
        self._db = memory

    def _say(self, error: Exception) -> None:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            self.note = "Another llmscope holds the list of runs: it was read from their folders."
        else:
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            self.note = (f"The list of runs cannot be kept in {self._runs.parent} ({why}): "
                         "it was read from their folders.")


def _opened(file: Path) -> sqlite3.Connection:
    """Return the database of a file that is whole and of this version; raises _Damaged, or what stands against it."""
    db = sqlite3.connect(file, timeout=BUSY_S, isolation_level=None)
    try:
        _check(db)
        if _number(db, "user_version") != VERSION:
            _make_anew(db)
    except sqlite3.DatabaseError as error:
        db.close()
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
            raise _Damaged(str(error)) from error
        raise
    return db


def _check(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA journal_mode = DELETE")
    is_empty = not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if not is_empty and _number(db, "application_id") != APPLICATION_ID:
        raise _Damaged("another program's database")
    if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise _Damaged("it is not whole")
    columns = [row[1] for row in db.execute("PRAGMA table_info(runs)")]
    if not is_empty and _number(db, "user_version") == VERSION and columns != ["id", "stamp", "entry"]:
        raise _Damaged("it lacks its table")


def _make_anew(db: sqlite3.Connection) -> None:
    """Give the database its table; another program may have done so meanwhile."""
    with _transaction(db):
        if _number(db, "user_version") != VERSION:
            db.execute("DROP TABLE IF EXISTS runs")
            db.execute(_TABLE)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {VERSION}")


def _in_memory() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    _make_anew(db)
    return db


def _set_aside(file: Path) -> None:
    """Keep a damaged index for whoever wants to know why; only the last one."""
    if not file.is_file():
        raise OSError(errno.EINVAL, f"{file.name} is not a plain file")
    file.replace(file.with_name(f"{FILE}.damaged"))
    file.with_name(f"{FILE}-journal").unlink(missing_ok=True)


@contextlib.contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.DatabaseError):
            db.execute("ROLLBACK")
        raise


def _number(db: sqlite3.Connection, pragma: str) -> int:
    return int(db.execute(f"PRAGMA {pragma}").fetchone()[0])


def _chunks(runs: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the runs in parts, each with how many are done after it."""
    rest = iter(runs)
    done = 0
    while chunk := list(itertools.islice(rest, CHUNK)):
        done += len(chunk)
        yield done, chunk
