"""How a child process ended, in words."""

import signal
from pathlib import Path

from msgspec import Struct

#: Characters of a log that a row keeps.
LAST_WORDS = 4000
_PLAIN = {
    "SIGKILL": "it was killed from outside",
    "SIGSEGV": "it crashed in native code",
    "SIGABRT": "native code gave up",
    "SIGBUS": "a mapped file shrank or a disk failed while it was read",
    "SIGTERM": "it was asked to end from outside",
}


class Outcome(Struct, frozen=True):
    """Exit code of a process (negative: the signal that ended it), and whether the system ran out of memory."""

    code: int
    out_of_memory: bool = False

    @property
    def words(self) -> str:
        """The outcome for a person: `crashed (SIGSEGV): it crashed in native code`."""
        if self.code == 0:
            return "the worker ended by itself"
        if self.code > 0:
            return f"the worker ended with code {self.code}"
        try:
            name = signal.Signals(-self.code).name
        except ValueError:
            name = f"signal {-self.code}"
        if self.out_of_memory:
            return f"the worker was killed ({name}): the system ran out of memory; lower the batch size or the model"
        return f"the worker died ({name}): {_PLAIN.get(name, 'a signal ended it')}"


def last_words(log: str) -> str:
    """Return the part of a dead process's log that tells the most: its crash report, otherwise its end."""
    crash = log.rfind("Fatal Python error")
    return log[crash:][:LAST_WORDS] if crash >= 0 else log[-LAST_WORDS:]


def memory_kills() -> int | None:
    """Return how many processes this Linux system killed for want of memory so far, None where it does not say."""
    try:
        lines = Path("/proc/vmstat").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)
