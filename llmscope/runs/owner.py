"""Which process writes a run: a file beside its events, so that a run under way is not taken for one cut off."""

import contextlib
import os
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct

OWNER = "running"
#: Two looks at when a process began may differ by the steps of the system's clock.
SAME_START_S = 2.0
_MOST_BYTES = 1024


class Owner(Struct, frozen=True):
    """A process and the moment it began, by the system's clock: numbers of processes are given out again."""

    pid: int
    began_s: float


def claim(folder: Path) -> None:
    """Say that this process writes the run; raises OSError when the disk refuses."""
    owner = Owner(os.getpid(), psutil.Process().create_time())
    (folder / OWNER).write_bytes(msgspec.json.encode(owner))


def release(folder: Path) -> None:
    """Say that the run is over; a disk that refuses is no matter, for the process ends."""
    with contextlib.suppress(OSError):
        (folder / OWNER).unlink()


def is_running(folder: Path) -> bool:
    """Return whether the process that writes the run still lives."""
    try:
        with (folder / OWNER).open("rb") as file:
            owner = msgspec.json.decode(file.read(_MOST_BYTES), type=Owner)
        return bool(abs(psutil.Process(owner.pid).create_time() - owner.began_s) < SAME_START_S)
    except (OSError, ValueError, OverflowError, msgspec.MsgspecError, psutil.Error):
        return False
