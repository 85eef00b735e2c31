"""Runs that are deleted, or put away to be brought back: gone from the list, and nothing else with them."""

import errno
import os
from pathlib import Path

import pytest

from llmscope.core.errors import BadInput
from llmscope.runs import folders, owner, store
from llmscope.runs.index import Index
from tests.unit.runs.stored import listed, write_run


def test_what_a_link_within_a_deleted_run_points_to_stays(runs: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "mine").write_text("")
    folder = write_run(runs)
    (folder / "link").symlink_to(kept)
    folders.delete(runs, folder.name)
    assert (kept / "mine").exists() and not list(runs.iterdir())


def test_a_run_that_goes_on_is_not_deleted(runs: Path) -> None:
    folder = write_run(runs, status=None)
    owner.claim(folder)
    with pytest.raises(BadInput, match="goes on: stop it"):
        folders.delete(runs, folder.name)
    owner.release(folder)
    folders.delete(runs, folder.name)
    assert not folder.exists()


def test_one_window_deletes_what_the_other_shows(runs: Path, opened: list[Index]) -> None:
    folder = write_run(runs)
    opened += [Index(runs), Index(runs)]
    for window in opened:
        window.refresh()
    opened[0].delete(folder.name)
    assert opened[1].entries() == []  # the index is shared
    with pytest.raises(folders.GoneRun):
        opened[1].delete(folder.name)
    assert not opened[1].refresh() and not opened[1].note


def test_a_system_that_refuses_to_delete_is_said_in_one_line(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_run(runs)

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(BadInput, match="cannot be deleted \\(Read-only file system\\)"):
        folders.delete(runs, folder.name)
    assert store.read_run(folder).status == "done"


def test_a_run_that_was_put_away_is_in_no_list_and_can_be_brought_back(runs: Path, opened: list[Index]) -> None:
    folder = write_run(runs)
    opened += [Index(runs), Index(runs)]
    for window in opened:
        window.refresh()
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    folders.put_away(runs, folder.name)
    for window in opened:
        window.refresh()
        assert window.entries() == []
    folders.bring_back(runs, folder.name)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before and len(listed(runs)) == 1
    with pytest.raises(BadInput, match="cannot be brought back"):
        folders.bring_back(runs, folder.name)


def test_what_another_window_put_away_stays_until_that_can_no_longer_want_it(runs: Path) -> None:
    first, second = write_run(runs), write_run(runs, 1)
    folders.put_away(runs, first.name)
    folders.delete(runs, second.name)
    away = runs / f".deleted-{first.name}"
    assert [path.name for path in runs.iterdir()] == [away.name]
    os.utime(away, (away.stat().st_mtime - 61,) * 2)
    folders.sweep(runs)
    assert not list(runs.iterdir())


def test_a_run_is_not_brought_back_over_another_of_its_name(runs: Path) -> None:
    folder = write_run(runs)
    folders.put_away(runs, folder.name)
    again = write_run(runs)
    assert again == folder
    with pytest.raises(BadInput, match="cannot be brought back"):
        folders.bring_back(runs, folder.name)
    folders.remove(runs, folder.name)
    assert [path.name for path in runs.iterdir()] == [folder.name]
