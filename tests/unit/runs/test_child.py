"""A child process: what it says, how it ends, and that nothing of it stays."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llmscope.core import events
from llmscope.runs import child as child_module
from llmscope.runs.child import TAIL_LINES, Child, Ended, Heard

NOTE = '{"event":"note","t_ns":1,"text":"%s"}'


class Talk:
    """A child that runs a script, and all that came of it in order."""

    def __init__(self, folder: Path, script: str) -> None:
        (folder / "talking.py").write_text(script)
        self.inbox: queue.Queue[Any] = queue.Queue()
        self.child = Child("talking", self.inbox)

    def next(self) -> Any:
        return self.inbox.get(timeout=20)

    def texts(self) -> list[str]:
        """Return the notes until the end, which comes last."""
        found = []
        while isinstance(item := self.next(), Heard):
            assert item.child is self.child and isinstance(item.event, events.Note)
            found.append(item.event.text)
        assert isinstance(item, Ended) and self.inbox.empty()
        self.code = item.outcome.code
        self.out_of_memory = item.outcome.out_of_memory
        return found


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Talk]]:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made: list[Talk] = []

    def make(script: str) -> Talk:
        made.append(Talk(tmp_path, script))
        return made[-1]

    yield make
    for each in made:
        each.child.kill()
        assert each.child.gone(10)


def test_everything_a_child_said_is_heard_before_its_end(talk: Callable[[str], Talk]) -> None:
    found = talk(f"for i in range(500): print('{NOTE}' % i)\nraise SystemExit(4)")
    assert found.texts() == [str(i) for i in range(500)] and found.code == 4


def test_the_end_is_heard_of_a_child_that_is_gone_before_both_its_readers_run(
        talk: Callable[[str], Talk], monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def start_late(thread: threading.Thread) -> None:
        start(thread)
        time.sleep(0.5)

    monkeypatch.setattr(threading.Thread, "start", start_late)
    assert talk("raise SystemExit(4)").texts() == []


def test_a_line_without_its_end_is_still_believed_if_it_is_whole(talk: Callable[[str], Talk]) -> None:
    assert talk(f"print('{NOTE}' % 'a', end='')").texts() == ["a"]
    assert talk(f"print('{NOTE}'[:-3] % 'a', end='')").texts() == []


def test_a_line_longer_than_the_limit_is_refused_and_the_next_one_heard(
        talk: Callable[[str], Talk], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LINE_LIMIT_BYTES", 1000)
    found = talk(f"print('{NOTE}' % ('x' * 5000))\nprint('{NOTE}' % 'after')")
    assert found.texts() == ["after"]


def test_the_log_holds_the_last_lines_of_stderr_and_is_bounded(talk: Callable[[str], Talk]) -> None:
    found = talk("import sys\nfor i in range(1000): print('line', i, 'y' * 10_000, file=sys.stderr)\n"
                 "sys.stderr.buffer.write(b'\\xff last')")
    found.texts()
    assert found.child.log.endswith("\ufffd last") and len(found.child.log) <= TAIL_LINES * 2001


def test_a_child_is_told_lines_and_ends_when_it_is_dismissed(talk: Callable[[str], Talk]) -> None:
    found = talk(f"import sys\nfor line in sys.stdin: print('{NOTE}' % line.strip(), flush=True)")
    found.child.tell(b"one\n")
    assert found.next().event.text == "one"
    found.child.dismiss()
    assert found.texts() == [] and found.code == 0


def test_a_child_that_is_gone_can_be_told_dismissed_and_killed(talk: Callable[[str], Talk]) -> None:
    found = talk("")
    found.texts()
    for _ in range(3):
        found.child.tell(b"hello\n" * 100_000)
        found.child.dismiss()
        found.child.terminate()
        found.child.kill()
    assert found.child.gone(5)


def test_a_child_that_runs_is_not_gone(talk: Callable[[str], Talk]) -> None:
    found = talk(f"print('{NOTE}' % 'up', flush=True)\nimport time\ntime.sleep(1000)")
    found.next()
    assert not found.child.gone(0.01)
    found.child.terminate()
    assert found.texts() == [] and found.code == -15


@pytest.mark.parametrize(("signal", "before", "after", "starved"), [
    (9, 5, 6, True), (9, 5, 5, False), (9, None, None, False), (11, 5, 6, False)])
def test_a_kill_is_blamed_on_memory_only_if_the_system_counted_one(
        talk: Callable[[str], Talk], monkeypatch: pytest.MonkeyPatch, signal: int, before: int | None,
        after: int | None, starved: bool) -> None:
    monkeypatch.setattr(child_module, "memory_kills", lambda: before)
    found = talk(f"print('{NOTE}' % 'up', flush=True)\n"
                 f"import sys, os\nsys.stdin.read(); os.kill(os.getpid(), {signal})")
    found.next()
    monkeypatch.setattr(child_module, "memory_kills", lambda: after)
    found.child.dismiss()
    assert found.texts() == [] and (found.code, found.out_of_memory) == (-signal, starved)
