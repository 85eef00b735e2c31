"""The folder of runs: which there are, which of them changed, and how one goes. Names are never trusted as paths."""

import contextlib
import os
import re
import shutil
import time
from pathlib import Path

from llmscope.core.errors import BadInput
from llmscope.runs import owner
from llmscope.runs.marks import FILE as MARKS
from llmscope.runs.store import EVENTS, MANIFEST, RESULT, NewerRun, NoRun, read_manifest

#: A run that is being deleted has this before its name, and is no run any more.
_GOING = ".deleted-"
#: What a program that went down had put away is deleted after this; until then another may bring back its own.
_LEFT_S = 60.0
_DATED = re.compile(r"\d{4}-\d\d-\d\d_")


class GoneRun(BadInput):
    """A run that is not there, or no longer."""

    def __init__(self, run: str) -> None:
        super().__init__(f"There is no run '{run}': 'llmscope runs list' shows those there are.")


def find(runs: Path, run: str) -> Path:
    """Return the folder of a run; raises GoneRun for anything but the name of a folder right within `runs`."""
    if not _is_name(run) or not (runs / run).is_dir() or (runs / run).is_symlink():
        raise GoneRun(run)
    return runs / run


def stamps(runs: Path) -> dict[str, str]:
    """Return the names of all runs, each with a text that changes when the run does; raises OSError."""
    found = {}
    try:
        with os.scandir(runs) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False) and _is_name(entry.name)]
    except FileNotFoundError:
        return {}
    for name in names:
        stamp = _stamp(f"{runs}{os.sep}{name}{os.sep}")
        if stamp is not None:
            found[name] = stamp
    return found


def latest(runs: Path) -> list[str]:
    """Return the names of all runs, by the time in them the latest first; those that have none come last."""
    try:
        return sorted(stamps(runs), key=lambda name: (bool(_DATED.match(name)), name), reverse=True)
    except OSError:
        return []


def delete(runs: Path, run: str) -> None:
    """Delete a run as a whole: it is gone at once, and its files follow. Raises as `put_away` does."""
    put_away(runs, run)
    remove(runs, run)
    sweep(runs)


def put_away(runs: Path, run: str) -> None:
    """Take a run out of every list; its files stay until it is removed or brought back.

    Raises GoneRun when there is none, BadInput when it goes on, when a newer program wrote it, or when the
    system refuses.
    """
    folder = find(runs, run)
    _refuse_if_needed(folder)
    away = runs / f"{_GOING}{run}"
    try:
        shutil.rmtree(away, ignore_errors=True)
        os.utime(folder)  # tells `sweep` since when
        folder.rename(away)
    except FileNotFoundError as error:
        raise GoneRun(run) from error
    except OSError as error:
        raise BadInput(f"Run {run} cannot be deleted ({error.strerror or error}): allow writing in {runs}.") from error


def stay_away(runs: Path, run: str) -> None:
    """Say that a run that was put away may still be brought back, so that no sweep takes its files."""
    with contextlib.suppress(OSError):
        os.utime(runs / f"{_GOING}{run}")


def bring_back(runs: Path, run: str) -> None:
    """Undo `put_away`; raises BadInput when the run is no longer there, or when the system refuses."""
    try:
        (runs / f"{_GOING}{run}").rename(runs / run)
    except OSError as error:
        raise BadInput(f"Run {run} cannot be brought back ({error.strerror or error}).") from error


def remove(runs: Path, run: str) -> None:
    """Delete the files of a run that was put away."""
    shutil.rmtree(runs / f"{_GOING}{run}", ignore_errors=True)


def sweep(runs: Path) -> None:
    """Delete what a program that went down had put away and could not remove."""
    for left in runs.glob(f"{_GOING}*"):
        with contextlib.suppress(OSError):
            if abs(time.time() - left.lstat().st_mtime) > _LEFT_S:
                shutil.rmtree(left, ignore_errors=True)


def _refuse_if_needed(folder: Path) -> None:
    if owner.is_running(folder) and not (folder / RESULT).exists():
        raise BadInput(f"Run {folder.name} goes on: stop it before you delete it.")
    try:
        newer = read_manifest(folder)[1]
    except NewerRun:
        newer = True
    except NoRun:
        newer = False
    if newer:
        raise BadInput(f"A newer llmscope wrote run {folder.name}: delete it with that one.")


def _is_name(text: str) -> bool:
    """Return whether a text is one printable name of a folder, and not one that hides."""
    return text.isprintable() and not text.startswith(".") and not {"/", "\\", ":"} & set(text) and bool(text)


def _stamp(folder: str) -> str | None:
    """Return size and time of the files that decide what a run is; None where there is no run."""
    manifest, result, marks = _look(folder + MANIFEST), _look(folder + RESULT), _look(folder + MARKS)
    if result:
        return f"{manifest} {result} {marks}"
    events = _look(folder + EVENTS)
    if not manifest and not events:
        return None
    how = "running" if owner.is_running(Path(folder)) else f"{events} cut off"
    return f"{manifest} {how} {marks}"


def _look(file: str) -> str:
    with contextlib.suppress(OSError):
        status = os.stat(file)  # noqa: PTH116  ten thousand runs: a Path for each file takes longer than the look
        return f"{status.st_mtime_ns}:{status.st_size}"
    return ""
