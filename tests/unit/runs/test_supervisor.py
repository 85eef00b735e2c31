"""The supervisor against workers that crash, hang, babble and disobey."""

import errno
import os
from collections.abc import Callable

import psutil
import pytest

from llmscope import paths
from llmscope.core import events
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, RunSpec
from llmscope.runs import deadlines, supervisor
from llmscope.runs.child import Heard
from llmscope.runs.store import read_events, read_run
from tests.unit.runs.conftest import Session

Make = Callable[[str], Session]


def test_a_run_ends_with_a_row_for_each_test_and_a_new_worker_waiting(session: Make) -> None:
    good = session("good")
    rows = good.run()
    assert [row.verdict for row in rows] == ["valid"] * 3 and good.of(events.RunEnded)[0].status == "done"
    good.until(events.Hello, lambda e: e.pid != good.of(events.Hello)[0].pid)
    assert good.starts == 2
    stored = read_run(next(paths.runs_folder().iterdir()))
    assert stored.status == "done" and list(stored.rows) == rows


def test_a_second_run_gets_a_folder_of_its_own_and_only_one_runs_at_a_time(session: Make) -> None:
    good = session("good")
    good.submit(1)
    good.supervisor.submit(RunSpec((Cell("arch:gpt2", "tg"),)))
    good.until(events.RunEnded)
    assert [e.spec.cells[0].workload for e in good.of(events.RunStarted)] == ["pp"]
    good.heard.clear()
    good.supervisor.submit(RunSpec((Cell("arch:gpt2", "tg"),)))
    good.until(events.RunEnded)
    assert len(list(paths.runs_folder().iterdir())) == 2


def test_a_worker_that_cannot_start_fails_the_run_after_three_tries(session: Make) -> None:
    broken = session("never_starts")
    broken.submit()
    ended = broken.until(events.RunEnded)
    assert ended.status == "failed" and "cannot start" in ended.reason
    for _ in range(5):
        broken.supervisor.step()
    assert broken.starts == 3 and len(broken.of(events.WorkerEnded)) == 3
    assert all("code 3" in e.words for e in broken.of(events.WorkerEnded))


def test_a_new_order_tries_a_broken_start_again(session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = session("never_starts")
    broken.submit()
    broken.until(events.RunEnded)
    monkeypatch.setenv("FAKE_WORKER", "good")
    broken.supervisor.submit(RunSpec((Cell("arch:gpt2", "pp"),)))
    assert broken.until(events.RunEnded, lambda e: e.status == "done")


def test_a_system_that_has_no_process_for_a_worker_fails_the_run_and_the_next_order_tries_again(
        session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    starved = session("good")
    make = supervisor.Child

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(supervisor, "Child", refuse)
    starved.submit(1)
    ended = starved.until(events.RunEnded)
    assert ended.status == "failed" and "cannot start (Cannot allocate memory): close other" in ended.reason
    assert "the sampler cannot start" in starved.of(events.Note)[0].text
    monkeypatch.setattr(supervisor, "Child", make)
    starved.supervisor.submit(RunSpec((Cell("arch:gpt2", "pp"),)))
    assert starved.until(events.RunEnded, lambda e: e.status == "done")


def test_a_worker_that_dies_where_no_other_can_be_started_leaves_a_row_for_each_test(
        session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    starved = session("dies_within")
    starved.submit()
    starved.until(events.CellStarted)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(supervisor, "Child", refuse)
    starved.until(events.RunEnded)
    assert len(starved.rows()) == 3 and {row.verdict for row in starved.rows()[1:]} == {"failed"}


def test_a_start_that_succeeds_at_the_third_try_is_good_enough(session: Make) -> None:
    assert [row.verdict for row in session("starts_late").run(1)] == ["valid"]


def test_a_worker_that_dies_at_every_order_is_not_started_for_ever(session: Make) -> None:
    broken = session("never_begins")
    rows = broken.run(2)
    assert {row.verdict for row in rows} == {"failed"} and broken.starts <= 6


def test_a_worker_that_dies_between_tests_costs_none(session: Make) -> None:
    flaky = session("dies_between")
    assert [row.verdict for row in flaky.run()] == ["valid"] * 3
    assert "code 7" in flaky.of(events.WorkerEnded)[0].words


def test_a_worker_that_dies_in_a_test_fails_that_one_and_leaves_its_last_words(session: Make) -> None:
    rows = session("dies_within").run()
    assert [row.verdict for row in rows] == ["valid", "failed", "valid"]
    assert "SIGSEGV" in (rows[1].reason or "") and rows[1].median is None and rows[1].n == 0
    assert "segmentation fault" in rows[1].extra["worker_log"]
    folder = next(paths.runs_folder().iterdir())
    assert "segmentation fault" in (folder / "worker.log").read_text()
    warnings: list[str] = []
    assert sum(isinstance(e, events.Sample) for e in read_events(folder, warnings)) == 9  # nothing heard was lost
    assert not warnings


def test_junk_on_stdout_is_not_believed_and_kept_in_the_log(session: Make) -> None:
    babbling = session("babbles")
    assert [row.verdict for row in babbling.run()] == ["valid"] * 3
    assert not babbling.of(events.Note)
    log = babbling.children[1].log
    assert "Loading: 50%" in log and len(log) < 200 * 2001


def test_a_worker_that_ignores_every_signal_is_killed_with_its_children(
        session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    assert supervisor.TERMINATE_AFTER_S < supervisor.KILL_AFTER_S <= 4
    monkeypatch.setattr(supervisor, "TERMINATE_AFTER_S", 0.1)
    monkeypatch.setattr(supervisor, "KILL_AFTER_S", 0.3)
    deaf = session("deaf")
    deaf.submit(2)
    deaf.until(events.Progress)
    family = psutil.Process(deaf.of(events.Hello)[0].pid).children(recursive=True)
    deaf.supervisor.cancel()
    deaf.until(events.RunEnded)
    rows = deaf.rows()
    assert [row.verdict for row in rows] == ["cancelled", "cancelled"] and rows[1].reason == "not started"
    assert (rows[0].n, rows[0].reason, rows[0].median) == (2, "stopped", 1024)
    assert len(deaf.of(events.Stopping)) == 1 and deaf.of(events.RunEnded)[0].status == "stopped"
    assert family and not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in family)


def test_a_worker_that_obeys_a_stop_keeps_the_row_it_gives(session: Make) -> None:
    obedient = session("obedient")
    obedient.submit(3)
    obedient.until(events.PhaseStarted)
    obedient.supervisor.cancel()
    obedient.supervisor.cancel()
    obedient.until(events.RunEnded)
    assert [row.verdict for row in obedient.rows()] == ["valid", "cancelled", "cancelled"]
    assert len(obedient.of(events.Stopping)) == 1


def test_a_stop_before_the_run_began_ends_it_without_a_row(session: Make) -> None:
    good = session("good")
    good.supervisor.open()
    good.supervisor.submit(RunSpec((Cell("arch:gpt2", "pp"),)))
    good.supervisor.cancel()
    assert good.until(events.RunEnded).status == "stopped" and not good.of(events.RunStarted)
    good.heard.clear()
    good.supervisor.submit(RunSpec((Cell("arch:gpt2", "pp"),)))
    assert good.until(events.RunEnded).status == "done"


@pytest.mark.parametrize(("behaviour", "words"), [("silent", "stopped answering"), ("stuck", "no progress")])
def test_a_stuck_worker_is_given_up_and_the_others_go_on(
        session: Make, monkeypatch: pytest.MonkeyPatch, behaviour: str, words: str) -> None:
    monkeypatch.setattr(deadlines, "SILENT_S", 0.3)
    monkeypatch.setattr(deadlines, "progress_deadline_s", lambda *_: 0.6)
    hanging = session(behaviour)
    rows = hanging.run()
    assert [row.verdict for row in rows] == ["failed", "valid", "valid"] and words in (rows[0].reason or "")
    assert rows[0].n == 0 and rows[0].median is None and hanging.starts >= 2


def test_the_last_words_of_a_worker_that_was_given_up_are_not_heard(
        session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "SILENT_S", 0.3)
    hanging = session("silent")
    hanging.submit(2)
    hanging.until(events.CellEnded)
    started = hanging.of(events.RunStarted)[0]
    late = make_row(started.run, started.spec.cells[0], started.spec.sampling, [1.0] * 10, "valid")
    for event in (events.CellEnded(t_ns=1, cell=0, row=late), events.Note(t_ns=1, text="late")):
        hanging.supervisor._inbox.put(Heard(hanging.children[1], event))
    hanging.until(events.RunEnded)
    assert [row.verdict for row in hanging.rows()] == ["failed", "valid"]
    assert "late" not in [e.text for e in hanging.of(events.Note)]


def test_a_run_goes_on_without_its_sampler_and_says_so_once(session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_SAMPLER", "dies")
    blind = session("good")
    blind.supervisor.open()
    blind.until(events.Note)
    blind.supervisor.submit(RunSpec((Cell("arch:gpt2", "pp"),)))
    blind.until(events.RunEnded)
    assert [row.verdict for row in blind.rows()] == ["valid"]
    assert ["sampler" in e.text for e in blind.of(events.Note)] == [True]


def test_cells_that_cannot_work_are_failed_rows_and_the_others_run(session: Make) -> None:
    good = session("good")
    good.supervisor.open()
    good.supervisor.submit(RunSpec((Cell("arch:gpt2", "pp", seq=5000), Cell("arch:gpt2", "pp"),
                                    Cell("arch:gpt2", "load-warm"))))
    good.until(events.RunEnded)
    assert [row.verdict for row in good.rows()] == ["failed", "valid", "failed"]
    assert "1,024" in (good.rows()[0].reason or "")


@pytest.mark.parametrize("cell", [Cell("arch:nope", "pp"), Cell("arch:gpt2", "pp", device="cuda")])
def test_a_run_that_cannot_work_at_all_fails_in_one_line_and_starts_nothing(session: Make, cell: Cell) -> None:
    good = session("good")
    good.supervisor.open()
    good.supervisor.submit(RunSpec((cell, cell)))
    assert good.until(events.RunEnded).status == "failed"
    assert all(row.verdict == "failed" and row.reason and "\n" not in row.reason for row in good.rows())
    assert not good.of(events.CellStarted)


def test_closing_in_mid_run_keeps_what_there_was_and_leaves_no_process(session: Make) -> None:
    deaf = session("deaf")
    deaf.submit(2)
    deaf.until(events.Progress)
    deaf.supervisor.close()
    deaf.supervisor.step_until_closed()
    assert [row.verdict for row in deaf.rows()] == ["cancelled", "cancelled"]
    assert deaf.of(events.RunEnded)[0].status == "stopped"
    assert not any(child.gone(0) is False for child in deaf.children)
    assert read_run(next(paths.runs_folder().iterdir())).status == "stopped"


def test_a_folder_that_cannot_be_written_is_one_note_and_the_run_goes_on(session: Make) -> None:
    paths.data_folder().mkdir(parents=True)
    paths.runs_folder().write_text("a file in the way")
    good = session("good")
    assert [row.verdict for row in good.run(1)] == ["valid"]
    assert ["cannot be saved" in e.text for e in good.of(events.Note)] == [True]


def test_a_worker_hears_no_secrets_and_no_network(session: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("MY_API_KEY", "secret")
    good = session("good")
    good.supervisor.open()
    good.until(events.Devices)
    environment = psutil.Process(good.children[1].pid).environ()
    assert "HF_TOKEN" not in environment and "MY_API_KEY" not in environment
    assert environment["HF_HUB_OFFLINE"] == "1" and os.environ["HF_TOKEN"] == "hf_secret"
