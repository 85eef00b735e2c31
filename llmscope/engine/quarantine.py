"""Foreign files tried out in a process of its own, which may take only so long and so much memory.

A pattern of a tokenizer or a loop in a chat template can run for ever, ask for all memory, or abort the
process in native code: whatever it does, it does it here, and the worker hears one line.
"""

import contextlib
import importlib
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, Literal

import msgspec
import psutil

Task = Literal["tokenizing", "templates"]
_LOOK_EVERY_S = 0.02
#: The start of the process and its imports are not held against the file.
START_S = 5.0
#: The signal with which a system ends a process that used up its processor time.
_TOO_LONG = getattr(signal, "SIGXCPU", 24)


class Failed(Exception):
    """What the file did, as the second half of a sentence."""


def ask(task: Task, request: dict[str, Any], *, limit_s: float, limit_bytes: int) -> None:
    """Let the `try_out` of a module of the engine work on a request; raises `Failed`, also when a limit is reached."""
    with tempfile.TemporaryFile() as told:
        told.write(msgspec.json.encode({"limit_s": limit_s, "limit_bytes": limit_bytes, **request}))
        told.seek(0)
        with subprocess.Popen([sys.executable, "-m", "llmscope.engine", "--quarantine", task], stdin=told,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            try:
                out = _listen(child, limit_s, limit_bytes)
            finally:
                child.kill()
    try:
        answer = msgspec.json.decode(out)
    except msgspec.DecodeError:
        if child.returncode == -_TOO_LONG:
            raise Failed(f"took longer than {limit_s:g} s") from None
        raise Failed(f"made its process crash, or needed more than {limit_bytes / 1e6:g} MB") from None
    if "failed" in answer:
        raise Failed(answer["failed"])


def _listen(child: "subprocess.Popen[bytes]", limit_s: float, limit_bytes: int) -> bytes:
    ends = time.monotonic() + START_S + limit_s
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.communicate(timeout=_LOOK_EVERY_S)[0]
        with contextlib.suppress(psutil.Error):
            if psutil.Process(child.pid).memory_info().rss > limit_bytes:
                raise Failed(f"needed more than {limit_bytes / 1e6:g} MB")
        if time.monotonic() > ends:
            raise Failed(f"took longer than {limit_s:g} s")


def answer(task: str) -> None:
    """Be the child: do one task on the request on stdin, within its limits, and print the answer."""
    request = msgspec.json.decode(sys.stdin.buffer.read())
    task_module = importlib.import_module(f"llmscope.engine.{task}")
    _limit(request.pop("limit_s"), request.pop("limit_bytes"))
    try:
        task_module.try_out(**request)
        said = {}
    except (KeyboardInterrupt, SystemExit):
        raise
    except MemoryError:
        said = {"failed": "needed more memory than it may have"}
    except BaseException as error:  # a panic inside tokenizers is not an Exception
        lines = str(error).strip().splitlines() or [type(error).__name__]
        said = {"failed": f"cannot be used ({lines[0][:200]})"}
    sys.stdout.buffer.write(msgspec.json.encode(said))


def _limit(limit_s: float, limit_bytes: int) -> None:
    """Let the system hold the limits too, where it can: a parent that only looks may look too late."""
    if sys.platform == "win32":
        return
    import resource

    used_s = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    size = psutil.Process().memory_info().vms
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_CPU: int(used_s + limit_s) + 1,
              resource.RLIMIT_AS: size + limit_bytes}
    for limit, value in limits.items():
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (value, value + 1 if value else 0))
