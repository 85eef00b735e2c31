"""The worker's line to the supervisor, which nothing else can write to."""

import os
import sys
import threading
from collections.abc import Callable

import msgspec

from llmscope.core import commands, events


class Channel:
    """Sends events on a private copy of fd 1 and reads commands from stdin.

    fd 1 itself is pointed at stderr first, so whatever a library or native code prints lands in the
    log and never between two events.
    """

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self._lock = threading.Lock()

    def send(self, event: events.Event) -> None:
        """Write one event; from any thread. A closed pipe means the supervisor is gone: exit."""
        line = events.encode(event)
        try:
            with self._lock:
                self._out.write(line)
        except (BrokenPipeError, OSError):
            os._exit(1)

    def listen(self, on_command: Callable[[commands.Command], None]) -> None:
        """Call `on_command` for each command on a thread of its own; exit the process when stdin closes."""

        def read() -> None:
            for line in sys.stdin.buffer:
                try:
                    on_command(commands.decode(line))
                except msgspec.MsgspecError as error:
                    print(f"not a command: {error}", file=sys.stderr)
            # No supervisor, no worker: an orphan must not hold a device, whatever the main thread does.
            os._exit(0)

        threading.Thread(target=read, name="commands", daemon=True).start()
