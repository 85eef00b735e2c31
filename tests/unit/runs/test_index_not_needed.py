"""An index that is locked, cannot be written or is still being read: the runs are listed all the same."""

import errno
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from llmscope.core.errors import BadInput
from llmscope.runs import folders, index
from llmscope.runs.index import Index
from tests.unit.runs.stored import listed, write_run


def test_while_another_program_holds_the_index_runs_are_read_from_their_folders(
        runs: Path, opened: list[Index], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "BUSY_S", 0.05)
    write_run(runs)
    listed(runs)
    write_run(runs, 1)
    opened.append(Index(runs))
    other = sqlite3.connect(runs.parent / index.FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    opened.append(Index(runs))
    for window in opened:
        window.refresh()
        assert [e.id for e in window.entries()] == ["2026-11-21_184100", "2026-11-21_184000"]
        assert window.note == "Another llmscope holds the list of runs: it was read from their folders."
    other.execute("ROLLBACK")
    other.close()
    assert len(listed(runs)) == 2


LOOK = """
import sys
from pathlib import Path
from llmscope.runs.index import Index
index = Index(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(10):
    index.refresh()
print(len(index.entries()), index.note)
"""


def test_two_programs_that_look_at_the_same_time_list_the_same(runs: Path) -> None:
    for number in range(300):
        write_run(runs, number)
    looks = [subprocess.Popen([sys.executable, "-c", LOOK, str(runs)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) for _ in range(2)]
    for look in looks:
        assert look.stdout is not None and look.stdout.readline() == "ready\n"
    said = []
    for look in looks:
        assert look.stdin is not None
        look.stdin.write("\n")
        look.stdin.flush()
    for look in looks:
        said.append(look.communicate(timeout=60)[0].strip())
    assert said == ["300", "300"]
    assert len(listed(runs)) == 300


def refusing(monkeypatch: pytest.MonkeyPatch, code: int, words: str) -> None:
    """Let every write of an index in a file fail as on such a disk."""
    change = Index._change

    def refuse(self: Index, *what: object) -> None:
        if self._db.execute("PRAGMA database_list").fetchone()[2]:
            error = sqlite3.OperationalError(words)
            error.sqlite_errorcode = code
            raise error
        change(self, *what)  # type: ignore[arg-type]

    monkeypatch.setattr(Index, "_change", refuse)


@pytest.mark.parametrize(("code", "words"), [
    (sqlite3.SQLITE_FULL, "database or disk is full"),
    (sqlite3.SQLITE_READONLY, "attempt to write a readonly database"),
    (sqlite3.SQLITE_IOERR, "disk I/O error")])
def test_on_a_full_or_read_only_disk_runs_are_listed_from_memory(
        runs: Path, opened: list[Index], monkeypatch: pytest.MonkeyPatch, code: int, words: str) -> None:
    write_run(runs)
    listed(runs)
    write_run(runs, 1)
    refusing(monkeypatch, code, words)
    opened.append(Index(runs))
    assert opened[0].refresh() and len(opened[0].entries()) == 2
    assert words in opened[0].note and "read from their folders" in opened[0].note and "\n" not in opened[0].note
    assert not opened[0].refresh()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may write everywhere")
def test_a_data_folder_that_may_not_be_written_lists_its_runs(runs: Path, opened: list[Index]) -> None:
    folder = write_run(runs)
    for locked in (runs, runs.parent):
        locked.chmod(0o500)
    try:
        opened.append(Index(runs))
        opened[0].refresh()
        assert len(opened[0].entries()) == 1 and "cannot be kept" in opened[0].note
        with pytest.raises(BadInput, match="cannot be deleted"):
            folders.delete(runs, folder.name)
    finally:
        for locked in (runs.parent, runs):
            locked.chmod(0o700)


def test_an_index_that_is_a_folder_is_not_needed(runs: Path, opened: list[Index]) -> None:
    write_run(runs)
    (runs.parent / index.FILE).mkdir()
    opened.append(Index(runs))
    opened[0].refresh()
    assert len(opened[0].entries()) == 1 and "cannot be kept" in opened[0].note


def test_runs_that_cannot_be_looked_through_leave_the_index_as_it_was(
        runs: Path, opened: list[Index], monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(runs)
    listed(runs)

    def refuse(_: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(folders, "stamps", refuse)
    opened.append(Index(runs))
    assert not opened[0].refresh() and len(opened[0].entries()) == 1 and "Input/output error" in opened[0].note


def test_reading_can_be_ended_and_goes_on_where_it_was(runs: Path, opened: list[Index],
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "CHUNK", 2)
    for number in range(5):
        write_run(runs, number)
    opened.append(Index(runs))
    said: list[tuple[int, int]] = []
    opened[0].refresh(lambda done, of: said.append((done, of)) or False)  # type: ignore[func-returns-value]
    assert said == [(2, 5)] and [e.id[-4:] for e in opened[0].entries()] == ["4400", "4300"]
    opened[0].refresh(lambda done, of: said.append((done, of)) or True)  # type: ignore[func-returns-value]
    assert said[1:] == [(2, 3), (3, 3)] and len(opened[0].entries()) == 5
