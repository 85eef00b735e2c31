"""Names, tags and notes of runs: kept beside what was measured, in the list, and never trusted."""

import errno
import json
import os
from pathlib import Path

import pytest

from llmscope.core.errors import BadInput
from llmscope.runs import marks
from llmscope.runs.entry import matches
from llmscope.runs.index import Index
from llmscope.runs.marks import Marks, read_marks, tags_in, write_marks
from tests.unit.runs.stored import write_run

SAID = Marks("Before the driver", ("demo", "On battery"), "2 % slower\nthan on 16 Nov")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "data" / "runs"


@pytest.fixture
def run(runs: Path) -> Path:
    return write_run(runs)


def test_marks_come_back_and_leave_what_was_measured_as_it_was(run: Path) -> None:
    before = {file.name: file.read_bytes() for file in run.iterdir()}
    write_marks(run, SAID)
    assert read_marks(run) == (SAID, "")
    assert {file.name: file.read_bytes() for file in run.iterdir() if file.name != marks.FILE} == before
    write_marks(run, Marks(" ", ("",), "\n"))
    assert {file.name for file in run.iterdir()} == set(before) and read_marks(run) == (Marks(), "")


@pytest.mark.parametrize(("text", "tags"), [
    ("", ()), (" , ,", ()), ("demo", ("demo",)), ("a, B ,a,A, b", ("a", "B")),
    ("two  words,\tx\n", ("two words", "x"))])
def test_tags_are_read_from_a_line(text: str, tags: tuple[str, ...]) -> None:
    assert tags_in(text) == tags


@pytest.mark.parametrize(("said", "why"), [
    (Marks(name="x" * 81), "at most 80"), (Marks(note="x" * 2001), "2,000"), (Marks(tags=("x" * 25,)), "24 characters"),
    (Marks(tags=tuple("abcdefghi")), "at most 8 tags"), (Marks(tags=("Reference",)), "come with llmscope")])
def test_too_much_is_refused_in_one_line_and_nothing_is_written(run: Path, said: Marks, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        write_marks(run, said)
    assert not (run / marks.FILE).exists()


def test_the_list_knows_the_marks_and_sees_that_they_changed(runs: Path, run: Path) -> None:
    index = Index(runs)
    index.refresh()
    write_marks(run, SAID)
    assert index.refresh() and not index.refresh()
    entry, = index.entries()
    assert entry.marks == SAID and (entry.name, entry.labels) == (SAID.name, SAID.tags)
    assert matches(entry.words, ["driver", "battery", "slower"]) and not entry.reason
    write_marks(run, Marks())
    assert index.refresh() and not index.entries()[0].name
    index.close()


BAD = {"empty": b"", "not JSON": b"{", "a list": b"[]", "10^6 deep": b'{"note":' * 10**6,
       "not UTF-8": b'{"name":"\xff"}', "tags a text": b'{"tags":"evil"}', "name a number": b'{"name":1}',
       "10 MB": b'{"note":"' + b"x" * 10**7 + b'"}'}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_damaged_file_costs_only_the_marks_and_says_so(runs: Path, run: Path, content: bytes) -> None:
    (run / marks.FILE).write_bytes(content)
    index = Index(runs)
    index.refresh()
    entry, = index.entries()
    index.close()
    assert entry.status == "done" and entry.marks is None and (entry.name, entry.labels) == ("", ())
    assert entry.reason.startswith(marks.FILE) and entry.reason.isprintable()
    write_marks(run, SAID)
    assert read_marks(run) == (SAID, "")


def test_marks_of_others_are_cut_and_do_nothing(run: Path) -> None:
    evil = "\x1b]0;x\x07\u202e"
    (run / marks.FILE).write_text(json.dumps({
        "name": evil + "n" * 500, "tags": ["t" * 99, "reference", *map(str, range(99))], "note": evil + "\n" * 5000}))
    found, warning = read_marks(run)
    assert not warning and len(found.name) == 80 and len(found.tags) == 8 and len(found.tags[0]) == 24
    assert not set("\x1b\x07\u202e") & set(found.name + found.note) and "reference" not in found.tags


def test_what_a_link_of_others_points_to_stays(run: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("kept")
    for name in (marks.FILE, f"{marks.FILE}.part"):
        (run / name).symlink_to(mine)
    write_marks(run, SAID)
    assert mine.read_text() == "kept" and read_marks(run) == (SAID, "") and not (run / marks.FILE).is_symlink()
    (run / marks.FILE).unlink()
    os.mkfifo(run / marks.FILE)
    assert "not a file" in read_marks(run)[1]


def test_marks_of_a_newer_program_are_shown_and_left_alone(run: Path) -> None:
    (run / marks.FILE).write_text('{"schema": 7, "name": "theirs", "stars": 5}')
    assert read_marks(run)[0].name == "theirs"
    with pytest.raises(BadInput, match="newer llmscope"):
        write_marks(run, SAID)
    assert "stars" in (run / marks.FILE).read_text()


def test_a_folder_that_may_not_be_written_is_said_in_one_line(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(marks, "write_atomically", refuse)
    with pytest.raises(BadInput, match="cannot be kept \\(Read-only file system\\): allow writing in"):
        write_marks(run, SAID)
