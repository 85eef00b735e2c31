"""Run folders of elsewhere: one, several, a whole data folder; hostile ones are refused in one line."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from llmscope.core.errors import BadInput
from llmscope.runs import folders
from llmscope.runs.exchange.importing import import_path, may_hold_results
from llmscope.runs.store import EVENTS, MANIFEST, RESULT
from tests.unit.runs.stored import write_run


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tmp_path / "here" / "runs"


def test_a_folder_of_runs_and_a_data_folder_bring_all_of_them(tmp_path: Path, here: Path) -> None:
    stick = [write_run(tmp_path / "usb", number).name for number in range(2)]
    other = write_run(tmp_path / "data" / "runs", 9).name
    assert [a.run for a in import_path(tmp_path / "usb", here)] == stick
    assert [a.run for a in import_path(tmp_path / "data", here)] == [other]
    assert [a.is_new for a in import_path(tmp_path / "usb" / stick[0], here)] == [False]
    assert sorted(folders.stamps(here)) == sorted([*stick, other])


def test_of_several_one_that_cannot_be_taken_keeps_nobody_from_the_others(tmp_path: Path, here: Path) -> None:
    good, bad = (write_run(tmp_path / "usb", number) for number in range(2))
    (bad / MANIFEST).write_text("{")
    (tmp_path / "usb" / "link").symlink_to(write_run(tmp_path / "elsewhere", 7))
    arrived, = import_path(tmp_path / "usb", here)
    assert arrived.run == good.name and arrived.notes[0].startswith(f"{bad.name}: ") and len(arrived.notes) == 1


def test_a_folder_without_a_run_is_refused_with_what_to_give(tmp_path: Path, here: Path) -> None:
    (tmp_path / "holiday" / "pictures").mkdir(parents=True)
    assert not may_hold_results(tmp_path / "holiday")
    with pytest.raises(BadInput, match=r"holiday: it holds 0 runs: give a run.s folder, with manifest"):
        import_path(tmp_path / "holiday", here)


def replaced(name: str, by: Callable[[Path], object]) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / name).unlink()
        by(folder / name)
    return make


def grown(name: str, size: int) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        os.truncate(folder / name, size)
    return make


def without_result(folder: Path) -> None:
    (folder / RESULT).unlink()
    os.truncate(folder / EVENTS, 50_000_000)


def named(text: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        file = folder / MANIFEST
        file.write_text(file.read_text().replace(folder.name, text))
    return make


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own there")
@pytest.mark.parametrize("name", [MANIFEST, EVENTS, RESULT])
def test_links_are_not_followed(name: str, tmp_path: Path, here: Path) -> None:
    folder, secret = write_run(tmp_path / "usb"), tmp_path / "secret"
    secret.write_bytes((folder / name).read_bytes())
    replaced(name, lambda file: file.symlink_to(secret))(folder)
    with pytest.raises(BadInput, match=f"{name} in it is a link to elsewhere"):
        import_path(folder, here)
    assert not here.exists()


@pytest.mark.parametrize(("spoil", "why"), [
    (replaced(EVENTS, Path.mkdir), "events.jsonl in it is not a file"),
    (replaced(RESULT, Path.mkdir), "result.json in it is not a file"),
    (grown(MANIFEST, 3 * 10**9), "manifest.json in it is larger than 32 MB"),
    (grown(RESULT, 3 * 10**9), "result.json in it is larger than 64 MB"),
    (without_result, "events.jsonl in it is larger than 40 MB"),
    (named("../../evil"), "its name is no plain name"),
], ids=["events", "result", "manifest size", "result size", "events alone", "name"])
def test_what_no_run_has_is_refused_in_one_line(spoil: Callable[[Path], None], why: str, tmp_path: Path,
                                                here: Path) -> None:
    folder = write_run(tmp_path / "usb")
    spoil(folder)
    with pytest.raises(BadInput, match=why) as refused:
        import_path(folder, here)
    assert "\n" not in str(refused.value) and not here.exists()


def test_of_a_finished_run_events_that_are_too_large_are_left_out(tmp_path: Path, here: Path) -> None:
    folder = write_run(tmp_path / "usb")
    os.truncate(folder / EVENTS, 50_000_000)
    arrived, = import_path(folder, here)
    assert arrived.notes == (f"run {folder.name} came without events.jsonl (too large, 50 MB)",)
    assert not (here / arrived.run / EVENTS).exists()


def test_a_folder_of_too_many_runs_is_refused(tmp_path: Path, here: Path) -> None:
    for number in range(201):
        (tmp_path / "usb" / f"r{number}").mkdir(parents=True)
        (tmp_path / "usb" / f"r{number}" / MANIFEST).write_text("{}")
    with pytest.raises(BadInput, match="it holds 201 runs"):
        import_path(tmp_path / "usb", here)
