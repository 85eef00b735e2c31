"""`python -m llmscope.engine`: a worker on stdin and stdout.

With `--probe`, one line about the accelerators; with `--quarantine TASK`, foreign files are tried out.
"""

import contextlib
import faulthandler
import gc
import os
import sys
import traceback
from pathlib import Path


def _die_with_parent() -> None:
    """Ask Linux to kill this process with its parent: a native call that holds the GIL never sees stdin close."""
    if sys.platform.startswith("linux"):
        import ctypes
        import signal

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _be_the_first_to_go() -> None:
    """Ask Linux, should memory run out, to kill this process rather than the window or the session."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("900")


def main() -> None:
    """Start as the command line says."""
    faulthandler.enable()
    _die_with_parent()
    _be_the_first_to_go()
    if sys.argv[1:] == ["--probe"]:
        import msgspec

        from llmscope.engine.devices import accelerators

        print(msgspec.json.encode(accelerators()).decode())
        return
    if sys.argv[1:2] == ["--quarantine"]:
        from llmscope.engine import quarantine

        quarantine.answer(sys.argv[2])
        return
    gc.disable()  # until the worker has imported all: looking for garbage among modules takes a fifth of that time
    from llmscope.engine.channel import Channel

    channel = Channel()
    from llmscope.engine.worker import Worker

    code = 1
    try:
        Worker(channel).serve()
        code = 0
    except Exception:
        traceback.print_exc()
    # The thread that reads commands is blocked in stdin: an ordinary exit would wait for its lock.
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
