"""One run as the terminal needs it, with fake workers."""

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from llmscope.core import events
from llmscope.core.errors import BadInput
from llmscope.core.spec import Cell, RunSpec
from llmscope.runs import blocking, probe, supervisor
from llmscope.runs.blocking import run_blocking
from llmscope.runs.child import Child
from tests.unit.runs.conftest import FAKES

SPEC = RunSpec((Cell("arch:gpt2", "pp"),) * 2)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that says how workers behave."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv("FAKE_STARTS", str(tmp_path / "starts"))
    for module in (supervisor, probe):
        monkeypatch.setattr(module, "Child", lambda name, inbox: Child(FAKES[name], inbox))
    return lambda behaviour: monkeypatch.setenv("FAKE_WORKER", behaviour)


def stop_at(kind: type[Any]) -> Callable[[events.Event], None]:
    """Return a listener that presses Ctrl+C when it hears an event of a kind."""
    def listen(event: events.Event) -> None:
        if isinstance(event, kind):
            signal.raise_signal(signal.SIGINT)

    return listen


def test_a_run_returns_its_rows_in_order_and_every_event_is_heard(fake: Callable[[str], None], tmp_path: Path) -> None:
    fake("good")
    heard: list[events.Event] = []
    finished = run_blocking(SPEC, heard.append, tmp_path / "runs")
    assert [row.verdict for row in finished.rows] == ["valid", "valid"] and finished.ended.status == "done"
    assert finished.started in heard and (tmp_path / "runs" / finished.started.run / "result.json").is_file()
    assert [e.cell for e in heard if isinstance(e, events.CellStarted)] == [0, 1]


def test_nothing_is_kept_on_disk_when_no_folder_is_given(fake: Callable[[str], None], own_data_folder: Path) -> None:
    fake("good")
    run_blocking(SPEC, lambda _: None, None)
    assert not own_data_folder.exists()


@pytest.mark.parametrize(("cell", "words"), [
    (Cell("arch:gpt2", "pp", seq=5000), "pp5000 of arch:gpt2 cannot run: At most 1,024"),
    (Cell("arch:nope", "pp"), "There is no model"),
    (Cell("arch:gpt2", "pp", device="mps"), "There is no device 'mps'")])
def test_what_cannot_work_is_refused_before_anything_runs(
        fake: Callable[[str], None], cell: Cell, words: str) -> None:
    fake("good")
    heard: list[events.Event] = []
    with pytest.raises(BadInput, match=words):
        run_blocking(RunSpec((SPEC.cells[0], cell)), heard.append, None)
    assert not any(isinstance(e, events.RunStarted) for e in heard)


def test_what_is_expected_not_to_fit_is_doubted_before_anything_runs(
        fake: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    fake("good")
    monkeypatch.setattr(blocking, "too_large", lambda *_: iter(["too large"]))
    heard: list[events.Event] = []
    doubts: list[str] = []
    assert run_blocking(SPEC, heard.append, None, None, doubts.extend).ended.status == "done"
    assert doubts == ["too large"]

    def unanswered(lines: Sequence[str]) -> None:
        signal.raise_signal(signal.SIGINT)  # as a question ends at which somebody presses Ctrl+C
        raise AssertionError

    heard.clear()
    with pytest.raises(KeyboardInterrupt):
        run_blocking(SPEC, heard.append, None, None, unanswered)
    assert not any(isinstance(e, events.RunStarted) for e in heard)


def test_a_worker_that_cannot_start_is_bad_input_in_one_line(fake: Callable[[str], None]) -> None:
    fake("never_starts")
    with pytest.raises(BadInput, match="cannot start"):
        run_blocking(SPEC, lambda _: None, None)


def test_ctrl_c_in_a_test_keeps_what_is_finished(fake: Callable[[str], None]) -> None:
    fake("obedient")
    finished = run_blocking(SPEC, stop_at(events.PhaseStarted), None)
    assert [row.verdict for row in finished.rows] == ["valid", "cancelled"] and finished.ended.status == "stopped"


def test_ctrl_c_before_the_run_began_is_a_keyboard_interrupt_and_the_handler_is_put_back(
        fake: Callable[[str], None]) -> None:
    fake("good")
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run_blocking(SPEC, stop_at(events.Hello), None)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_probe_returns_what_the_worker_sees(fake: Callable[[str], None]) -> None:
    fake("good")
    hello, devices = probe.probe_devices()
    assert hello.versions == {"torch": "0"} and [d.id for d in devices] == ["cpu"]


def test_a_probe_of_a_worker_that_cannot_start_says_what_it_wrote(fake: Callable[[str], None]) -> None:
    fake("never_starts")
    with pytest.raises(BadInput, match=r"(?s)code 3.*no torch here"):
        probe.probe_devices()
