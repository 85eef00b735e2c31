"""Going on with a stopped run: what is taken over, what is measured, and what is refused."""

from collections.abc import Callable

import msgspec
import pytest

from llmscope import cli, paths
from llmscope.core import events
from llmscope.core.errors import BadInput
from llmscope.core.rows import make_row
from llmscope.runs.resume import Earlier, earlier, taken_over
from llmscope.runs.store import StoredRun, read_run
from tests.unit.runs.conftest import Session
from tests.unit.runs.stored import MACHINE, write_run


def stopped_after_one(good: Session) -> StoredRun:
    """Return a run of three tests that was stopped when the first was over."""
    good.run()
    folder = next(paths.runs_folder().iterdir())
    stored = read_run(folder)
    started = stored.manifest.started
    rest = [make_row(started.run, cell, started.spec.sampling, (), "cancelled", "not started")
            for cell in started.spec.cells[1:]]
    good.heard.clear()
    return msgspec.structs.replace(stored, status="stopped", rows=(stored.rows[0], *rest))


def test_a_stopped_run_goes_on_as_a_new_one_with_its_finished_tests(session: Callable[[str], Session]) -> None:
    good = session("good")
    stored = stopped_after_one(good)
    good.supervisor.submit(stored.manifest.started.spec, earlier(stored))
    good.until(events.RunEnded)
    first, second, third = good.rows()
    old, new = stored.manifest.started.run, good.of(events.RunStarted)[0].run
    assert first == stored.rows[0] and [first.run, second.run, third.run] == [old, new, new]
    assert [e.cell for e in good.of(events.CellStarted)] == [1, 2]
    assert f"Goes on with run {old}: its 1 finished test is" in good.of(events.Note)[0].text
    assert read_run(paths.runs_folder() / new).rows == (first, second, third)


def test_on_another_machine_or_with_other_versions_all_is_measured_anew() -> None:
    before = earlier(read_run(write_run(paths.runs_folder(), status=None)))
    rows, words = taken_over(before, MACHINE, {"torch": "2.11.0"})
    assert list(rows) == [0] and "taken over" in words
    assert taken_over(before, MACHINE | {"cpu": "another"}, {"torch": "2.11.0"})[0] == {}
    rows, words = taken_over(before, MACHINE, {"torch": "2.13.0", "python": "3.12"})
    assert not rows and "another torch, python" in words


def test_a_failed_test_came_to_its_end_and_a_whole_run_leaves_nothing_to_do() -> None:
    failed = read_run(write_run(paths.runs_folder(), verdict="failed"))
    with pytest.raises(BadInput, match="nothing to go on with"):
        earlier(failed)
    for words, stored in (("goes on", msgspec.structs.replace(failed, status="running")),
                          ("run its tests anew", msgspec.structs.replace(failed, rows=failed.rows[:1]))):
        with pytest.raises(BadInput, match=words):
            earlier(stored)


def test_the_terminal_goes_on_with_a_run_and_prints_all_its_rows(monkeypatch: pytest.MonkeyPatch,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_run(paths.runs_folder(), status=None)
    given: list[Earlier] = []

    def measure(spec: object, runs: object, before: Earlier) -> object:
        given.append(before)
        raise BadInput("measured")

    monkeypatch.setattr("llmscope.terminal.measure", measure)
    assert cli.run(["runs", "resume", folder.name]) == 2 and "measured" in capsys.readouterr().err
    assert list(given[0].rows) == [0] and given[0].started.run == folder.name
    assert cli.run(["runs", "resume", "no-such-run"]) == 2 and "There is no run" in capsys.readouterr().err
    assert cli.run(["runs", "resume", folder.name, "-o", "xml"]) == 2 and "no format" in capsys.readouterr().err
