"""Reference runs: listed beside one's own, and never changed."""

import shutil
from pathlib import Path

import pytest

from llmscope import paths
from llmscope.core.errors import BadInput
from llmscope.runs import folders, references
from llmscope.runs.entry import read_entry
from llmscope.runs.index import Index
from llmscope.runs.marks import Marks, write_marks
from tests.unit.runs.stored import write_run


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "data" / "runs"


@pytest.fixture
def reference() -> Path:
    run = write_run(paths.sample_runs_folder(), 5)
    write_marks(run, Marks("Two cores", ("cloud",)))
    return run


def test_they_are_listed_from_the_first_start_and_marked(runs: Path, reference: Path) -> None:
    (paths.sample_runs_folder() / "README.md").write_text("")
    entry, = references.beside([])
    assert (entry.id, entry.is_reference, entry.name) == (reference.name, True, "Two cores")
    assert entry.labels == ("reference", "cloud") and "reference" in entry.words and entry.device == "AMD EPYC"
    assert references.folder_of(runs, entry) == reference and not runs.exists()
    assert references.is_one(reference) and not references.is_one(write_run(runs, 1))


def test_they_stand_among_ones_own_and_stay_out_of_the_index(runs: Path, reference: Path) -> None:
    for number in (1, 9):
        write_run(runs, number)
    index = Index(runs)
    index.refresh()
    own = index.entries()
    listed = references.beside(own)
    assert [entry.is_reference for entry in listed] == [False, True, False] and len(own) == 2
    assert references.folder_of(runs, listed[0]) == runs / listed[0].id
    index.refresh()
    assert index.entries() == own
    index.close()


def test_one_is_read_again_only_where_it_has_changed(reference: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setattr(references, "read_entry",
                        lambda *of, is_reference: read.append(of) or read_entry(*of, is_reference=is_reference))
    entry, = references.beside([])
    assert references.beside([]) == [entry] and len(read) == 1
    write_marks(reference, Marks("Another name"))
    assert references.beside([])[0].name == "Another name" and len(read) == 2


def test_without_any_the_list_is_the_same(runs: Path) -> None:
    own = [references.Entry("a", 1.0, "done")]
    assert references.beside(own) is own


def test_a_folder_that_cannot_be_read_keeps_nobody_from_their_own() -> None:
    paths.sample_runs_folder().write_text("no folder")
    own = [references.Entry("a", 1.0, "done")]
    assert references.beside(own) is own


def test_a_run_that_is_both_is_ones_own(runs: Path, reference: Path) -> None:
    shutil.copytree(reference, runs / reference.name)
    index = Index(runs)
    index.refresh()
    assert [entry.is_reference for entry in references.beside(index.entries())] == [False]
    index.close()


def test_they_are_found_and_neither_changed_nor_deleted(runs: Path, reference: Path) -> None:
    own = write_run(runs)
    assert references.find(runs, reference.name) == reference and references.find(runs, own.name) == own
    assert references.find_own(runs, own.name) == own
    with pytest.raises(BadInput, match="it stays as it is"):
        references.find_own(runs, reference.name)
    for name in ("nothing", "../sample_runs", ""):
        with pytest.raises(folders.GoneRun):
            references.find(runs, name)


def test_what_ships_is_read_without_its_events_and_only_what_came_to_its_end(reference: Path) -> None:
    write_run(paths.sample_runs_folder(), 9)
    write_run(paths.sample_runs_folder(), 12, status="stopped")
    (write_run(paths.sample_runs_folder(), 15) / "result.json").write_text("damaged")
    for events in paths.sample_runs_folder().glob("*/events.jsonl"):
        events.unlink()
    later, first = references.shipped()
    assert (first.entry.id, first.entry.name, first.entry.is_reference) == (reference.name, "Two cores", True)
    assert first.started.machine["cpu"] == "AMD EPYC" and [row.test for row in first.rows] == [
        cell.test for cell in first.started.spec.cells]
    assert later.entry.at_s > first.entry.at_s
    shutil.rmtree(paths.sample_runs_folder())
    assert references.shipped() == []
