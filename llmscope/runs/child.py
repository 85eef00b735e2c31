"""A child process that speaks lines of JSON: started, heard, told, and ended with its whole tree."""

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence

import msgspec
import psutil
from msgspec import Struct

from llmscope.core import events
from llmscope.runs.outcome import Outcome, memory_kills

#: Lines of stderr that are kept, and the longest piece of one.
TAIL_LINES, TAIL_LINE_BYTES = 200, 2000
_SECRET_WORDS = ("TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "API_KEY")


class Heard(Struct, frozen=True):
    """A child said something."""

    child: "Child"
    event: events.Event


class Ended(Struct, frozen=True):
    """A child is gone; everything it said was heard before."""

    child: "Child"
    outcome: Outcome


class Child:
    """A running child; what it says arrives in `inbox` as `Heard`, and last of all `Ended`.

    A line that is no event is kept with stderr's, not believed. The child gets no secrets in its
    environment, no access to model hubs, and its own session, so that a Ctrl+C is not meant for it.
    """

    def __init__(self, module: str, inbox: "queue.Queue[object]", arguments: Sequence[str] = ()) -> None:
        self._inbox = inbox
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._memory_kills = memory_kills()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=_environment(), start_new_session=True)
        self.pid = self._process.pid
        self._threads = [threading.Thread(target=target, name=f"{module} {self.pid}", daemon=True)
                         for target in (self._read_events, self._read_log)]
        for thread in reversed(self._threads):  # who hears events waits in the end for who hears the log
            thread.start()

    @property
    def log(self) -> str:
        """The last lines that the child wrote to stderr."""
        return "\n".join(self._tail)

    def tell(self, line: bytes) -> None:
        """Send a line; a child that is gone is noticed elsewhere."""
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def dismiss(self) -> None:
        """Close the child's stdin: it ends by itself."""
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()

    def terminate(self) -> None:
        """Ask the child to end."""
        self._process.terminate()

    def kill(self) -> None:
        """Kill the child and everything it started."""
        try:
            family = psutil.Process(self.pid).children(recursive=True)
        except psutil.Error:
            family = []
        self._process.kill()
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.kill()

    def gone(self, timeout_s: float) -> bool:
        """Return whether the child and the threads that listen to it ended within so many seconds."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        for thread in self._threads:
            thread.join(timeout_s)
        return True

    def _read_events(self) -> None:
        with self._process.stdout as out:  # type: ignore[union-attr]
            while line := out.readline(events.LINE_LIMIT_BYTES):
                try:
                    self._inbox.put(Heard(self, events.decode(line)))
                except msgspec.MsgspecError:
                    self._note(line)
        code = self._process.wait()
        self.dismiss()
        self._threads[1].join(1.0)
        kills = memory_kills()
        starved = code == -9 and kills is not None and kills > (self._memory_kills or 0)
        self._inbox.put(Ended(self, Outcome(code, starved)))

    def _read_log(self) -> None:
        with self._process.stderr as log:  # type: ignore[union-attr]
            while line := log.readline(TAIL_LINE_BYTES):
                self._note(line)

    def _note(self, line: bytes) -> None:
        self._tail.append(line[:TAIL_LINE_BYTES].decode("utf-8", "replace").rstrip())


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items()
            if not any(word in name.upper() for word in _SECRET_WORDS)}
    return kept | {
        "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false",
        "PYTORCH_ENABLE_MPS_FALLBACK": "0", "PYTHONIOENCODING": "utf-8",
    }
