"""Run folders that come from elsewhere, as on a USB stick: only plain files of a size that a run has are taken."""

import os
from itertools import islice
from pathlib import Path

from llmscope.core.errors import BadInput
from llmscope.runs.exchange.bundle import FILE_EVENTS_BYTES, FILES
from llmscope.runs.store import EVENTS, MANIFEST, MANIFEST_LIMIT_BYTES, RESULT, RESULT_LIMIT_BYTES

#: Entries of a folder that are looked at for runs.
ENTRIES_LIMIT = 20_000
_MOST_BYTES = {MANIFEST: MANIFEST_LIMIT_BYTES, RESULT: RESULT_LIMIT_BYTES}


def run_folders(path: Path) -> list[Path]:
    """Return the run folders that a folder is, or holds: itself, those in it, or those of a data folder."""
    if (path / MANIFEST).is_file():
        return [path]
    return _right_within(path) or _right_within(path / "runs")


def check(folder: Path) -> None:
    """Raise BadInput where a run folder has links, things that are no files, or files larger than a run's."""
    for name in FILES:
        file = folder / name
        if file.is_symlink():
            raise BadInput(f"{name} in it is a link to elsewhere: copy the file itself into the folder.")
        if file.exists() and not file.is_file():
            raise BadInput(f"{name} in it is not a file.")
        most_bytes = _MOST_BYTES.get(name)
        if name == EVENTS and not (folder / RESULT).exists():
            most_bytes = FILE_EVENTS_BYTES  # beside a result larger ones are left out, without one they are the run
        if most_bytes is not None and file.exists() and file.stat().st_size > most_bytes:
            raise BadInput(f"{name} in it is larger than {most_bytes // 10**6} MB, too large for a run.")


def _right_within(path: Path) -> list[Path]:
    try:
        with os.scandir(path) as entries:
            names = [entry.name for entry in islice(entries, ENTRIES_LIMIT)
                     if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")]
    except OSError:
        return []
    return [path / name for name in sorted(names) if (path / name / MANIFEST).is_file()]
