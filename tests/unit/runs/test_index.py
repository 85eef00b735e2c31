"""The index of runs: made from the folders, in step with them, and never needed."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from llmscope.core.spec import Cell, Workload
from llmscope.runs import entry as entries
from llmscope.runs import index, store
from llmscope.runs.entry import matches, read_entry
from llmscope.runs.index import Index
from tests.unit.runs.stored import listed, write_run

GPU = (Cell("arch:gpt2", "tg", device="cuda:0", dtype="bfloat16"),)


def test_runs_are_listed_latest_first_with_what_they_measured(runs: Path) -> None:
    write_run(runs)
    write_run(runs, 3, cells=GPU)
    new, old = listed(runs)
    assert (new.id, old.id) == ("2026-11-21_184300", "2026-11-21_184000")
    assert (new.models, new.device, new.dtypes) == (("arch:gpt2",), "RTX 4070 Laptop", ("bfloat16",))
    assert (old.device, old.status, old.seconds, old.planned) == ("AMD EPYC", "done", 2.0, ("pp512", "tg128"))
    tested = old.test("tg128")
    assert tested is not None and tested.median is not None and tested.unit == "tok/s" and tested.counted
    assert old.test("gen128") is None and old.at.timestamp() == 1795286400


def test_of_tests_of_one_id_the_first_that_stands_is_taken(runs: Path) -> None:
    cells = tuple(Cell("bundled", "gen", device="cpu", dtype="float32", seq=seq) for seq in (16, 32, 64))
    folder = write_run(runs, cells=cells)
    result = json.loads((folder / store.RESULT).read_text())
    result["rows"][0] |= {"verdict": "failed", "median": None, "low": None, "high": None}
    (folder / store.RESULT).write_text(json.dumps(result))
    entry, = listed(runs)
    tested = entry.test("gen128")
    assert tested is not None and tested.apart == "sequence 32" and len(entry.alike("gen128")) == 3


def test_other_threads_and_more_answers_are_other_settings(runs: Path) -> None:
    folder = write_run(runs)
    result = json.loads((folder / store.RESULT).read_text())
    same = []
    for extra in ({"threads": 2}, {"threads": 1}, {"threads": 2, "sequences": 4}):
        result["rows"][0]["extra"] = extra
        (folder / store.RESULT).write_text(json.dumps(result))
        same.append(read_entry(runs, folder.name).tests[0].same)
    assert len(set(same)) == 3


def test_a_length_that_a_test_does_not_use_is_no_other_setting(runs: Path) -> None:
    kinds: tuple[Workload, ...] = ("tg", "pp")
    cells = [tuple(Cell("bundled", kind, device="cpu", dtype="float32", seq=seq) for kind in kinds)
             for seq in (128, 512)]
    first, second = (read_entry(runs, write_run(runs, number, cells=of).name).tests for number, of in enumerate(cells))
    assert first[0].same == second[0].same and first[1].same != second[1].same


def test_values_of_another_machine_with_a_processor_of_the_same_name_are_not_compared(runs: Path) -> None:
    folder, other = write_run(runs), write_run(runs, 1)
    manifest = json.loads((other / store.MANIFEST).read_text())
    manifest["started"]["machine"] |= {"cores": 64}
    (other / store.MANIFEST).write_text(json.dumps(manifest))
    mine, theirs = (read_entry(runs, run.name) for run in (folder, other))
    assert mine.device == theirs.device and mine.tests[0].same != theirs.tests[0].same


def test_without_any_run_nothing_is_made(runs: Path) -> None:
    assert listed(runs) == [] and not runs.parent.exists()


def test_the_second_look_reads_only_what_changed(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = write_run(runs), write_run(runs, 1)
    listed(runs)
    read: list[str] = []
    monkeypatch.setattr(index, "read_entry", lambda runs, run: read.append(run) or read_entry(runs, run))
    assert len(listed(runs)) == 2 and not read
    third = write_run(runs, 2)
    (second / store.RESULT).write_bytes((second / store.RESULT).read_bytes() + b" ")
    shutil.rmtree(first)
    assert [e.id for e in listed(runs)] == [third.name, second.name]
    assert sorted(read) == [second.name, third.name]




def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5000])


def overwrite_page(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[4096:8192] = b"\xa5" * 4096
    file.write_bytes(whole)


def text(file: Path) -> None:
    file.write_text("this is no database at all, " * 100)


def another_program(file: Path) -> None:
    file.unlink()
    db = sqlite3.connect(file)
    db.execute("CREATE TABLE bookmarks (url TEXT)")
    db.commit()
    db.close()


def without_table(file: Path) -> None:
    db = sqlite3.connect(file)
    db.execute("DROP TABLE runs")
    db.execute("CREATE TABLE runs (id TEXT)")
    db.commit()
    db.close()


@pytest.mark.parametrize("damage", [cut, overwrite_page, text, another_program, without_table])
def test_a_damaged_index_is_kept_aside_and_made_anew(runs: Path, damage: object) -> None:
    for number in range(40):
        write_run(runs, number)
    before = listed(runs)
    file = runs.parent / index.FILE
    for _ in range(2):
        damage(file)  # type: ignore[operator]
        damaged = file.read_bytes()
        assert listed(runs) == before
        assert (runs.parent / "index.sqlite.damaged").read_bytes() == damaged
    assert sorted(p.name for p in runs.parent.iterdir()) == ["index.sqlite", "index.sqlite.damaged", "runs"]


@pytest.mark.parametrize("change", ["PRAGMA user_version = 0", "PRAGMA user_version = 99", "DELETE FROM runs",
                                    "UPDATE runs SET entry = x'7b', stamp = stamp"])
def test_an_index_of_another_version_or_with_less_in_it_is_filled_again(runs: Path, change: str) -> None:
    write_run(runs)
    before = listed(runs)
    db = sqlite3.connect(runs.parent / index.FILE)
    db.execute(change)
    db.commit()
    db.close()
    Index(runs).close()
    here = Index(runs)
    here.entries()
    here.refresh()
    assert here.entries() == before and not here.note
    here.close()


def test_a_missing_index_is_made_from_the_folders(runs: Path) -> None:
    write_run(runs)
    before = listed(runs)
    (runs.parent / index.FILE).unlink()
    assert listed(runs) == before and len(before) == 1


@pytest.mark.parametrize("words", ["gpt2", "RTX laptop", "bf16", "bfloat16", "TG128 cuda", "21 nov", "2026-11", "done",
                                   "steady", "4070 gpt bf16 steady", "quick", ""])
def test_a_search_finds_all_words_in_any_order(runs: Path, words: str) -> None:
    write_run(runs, cells=GPU)
    text = listed(runs)[0].words
    assert matches(text, words.lower().split())
    assert not matches(text, [*words.lower().split(), "qwen"])
    assert entries.title("/home/me/models/Qwen2.5/") == "Qwen2.5" and entries.title("arch:none") == "none"
