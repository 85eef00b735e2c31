"""What every test stands on: no display, a data folder of its own, and nothing left running behind it."""

import gc
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from llmscope import paths
from llmscope.gui.garbage import collect_if_due

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# One thread is enough for small models, and cannot wait for another that a busy machine holds up.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure() -> None:
    """Let no thread look for garbage by itself: one that is not the window's crashes Qt when it finds a widget."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Never look for garbage among modules, which takes half a second with torch."""
    gc.freeze()


#: Seconds that threads and processes have to end after a test.
GRACE_S = 5.0


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the program's data folder at an empty one, the runs it comes with at none, and the Hub cache too."""
    return point_into(tmp_path, monkeypatch)


def point_into(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have all that the program keeps or looks for below a folder, and return its data folder."""
    monkeypatch.setattr(paths, "sample_runs_folder", lambda: folder / "sample_runs")
    monkeypatch.setenv("LLMSCOPE_HOME", str(folder / "llmscope-home"))
    monkeypatch.setenv("HF_HUB_CACHE", str(folder / "no-hub-cache"))
    return folder / "llmscope-home"


@pytest.fixture(autouse=True)
def no_wait_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave it to the system when files reach the disk: a third of the time of the store's tests was waiting for it."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(autouse=True)
def garbage_goes_after_the_test() -> Iterator[None]:
    """Look for garbage between tests, in the thread that they run in."""
    yield
    collect_if_due()


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Fail a test that leaves a thread or a child process behind; the process is killed."""
    with leaving_nothing():
        yield


@contextmanager
def leaving_nothing() -> Iterator[None]:
    """Fail where a thread or a child process is left behind; the process is killed."""
    threads, children = set(threading.enumerate()), _children()
    yield
    deadline = time.monotonic() + GRACE_S
    while (left := _left(threads, children)) and time.monotonic() < deadline:
        time.sleep(0.02)
    for process in left:
        if isinstance(process, psutil.Process):
            process.kill()
    assert not left, f"left running: {left}"


def _left(threads: set[threading.Thread], children: set[psutil.Process]) -> list[threading.Thread | psutil.Process]:
    # Qt's own threads appear as dummies that Python never removes.
    new = [t for t in threading.enumerate() if t not in threads and not isinstance(t, threading._DummyThread)]
    return [*new, *(_children() - children)]


def _children() -> set[psutil.Process]:
    if _has_none():
        return set()
    return {p for p in psutil.Process().children(recursive=True) if _is_running(p)}


def _has_none() -> bool:
    """Return whether the system says at once that this process has no child; asking all processes takes 3 ms."""
    lists = list(Path("/proc/self/task").glob("*/children"))
    try:
        return bool(lists) and not any(file.read_text() for file in lists)
    except OSError:  # a thread ended meanwhile
        return False


def _is_running(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
