"""Runs as one JSON text: the very bytes of their files, each with its hash."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from llmscope import __version__
from llmscope.core.errors import BadInput
from llmscope.models.headers import one_line
from llmscope.runs.store import EVENTS, MANIFEST, RESULT, read_run
from llmscope.runs.untrusted import read_bytes

SCHEMA = 1
#: Of the text, and of the runs in it.
LIMIT_BYTES, RUNS_LIMIT = 64_000_000, 200
#: Events beyond this are left out: in a file, and in a picture, which is to be sent around.
FILE_EVENTS_BYTES, PICTURE_EVENTS_BYTES = 40_000_000, 8_000_000
FILES = (MANIFEST, RESULT, EVENTS)
#: Names that are folders on every system; more than the program itself gives.
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,79}", re.ASCII)
_TAKEN_BY_WINDOWS = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)")


class File(Struct, frozen=True, omit_defaults=True):
    """A file's bytes, as text where they are UTF-8, and the hash of them."""

    sha256: str
    text: str | None = None
    base64: bytes | None = None

    @property
    def content(self) -> bytes:
        """The bytes."""
        return self.text.encode() if self.text is not None else self.base64 or b""


class Packed(Struct, frozen=True, omit_defaults=True):
    """A run: its name, its files by theirs, and why a file of it was left out."""

    name: str
    files: dict[str, File]
    left_out: dict[str, str] = {}


class Bundle(Struct, frozen=True):
    """One or more runs; `program` wrote the bundle, each run's manifest says what measured it."""

    format: Literal["llmscope-runs"]
    schema: int
    program: str
    runs: tuple[Packed, ...]

    @property
    def lacks(self) -> tuple[str, ...]:
        """What of the runs was left out, a line for each file."""
        return tuple(f"run {run.name} goes without {name}: {why}" for run in self.runs
                     for name, why in run.left_out.items())


def pack(folders: Sequence[Path], most_events_bytes: int = FILE_EVENTS_BYTES) -> Bundle:
    """Return stored runs as a bundle; raises BadInput for one that goes on, is damaged or too large."""
    return Bundle("llmscope-runs", SCHEMA, f"llmscope {__version__}",
                  tuple(_packed(folder, most_events_bytes) for folder in folders))


def encode(bundle: Bundle) -> bytes:
    """Return a bundle as JSON; raises BadInput where it is larger than `unpack` would read."""
    text = msgspec.json.encode(bundle)
    if len(text) > LIMIT_BYTES or len(bundle.runs) > RUNS_LIMIT:
        raise BadInput(f"{len(bundle.runs)} runs of {len(text) // 10**6} MB are too much for one file: export fewer.")
    return text


def unpack(text: bytes) -> Bundle:
    """Return the bundle of a text, every name plain and every hash right; raises BadInput in one line."""
    if len(text) > LIMIT_BYTES:
        raise BadInput(f"The runs in it are larger than {LIMIT_BYTES // 10**6} MB: export fewer at once.")
    try:
        bundle = msgspec.json.decode(text, type=Bundle)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise BadInput(f"The runs in it are damaged ({one_line(error)}): export them again.") from error
    if bundle.schema > SCHEMA:
        raise BadInput(f"A newer llmscope wrote it, in schema {bundle.schema}: update to import it.")
    if not 0 < len(bundle.runs) <= RUNS_LIMIT:
        raise BadInput(f"It holds {len(bundle.runs):,} runs: from 1 to {RUNS_LIMIT} can be imported at once.")
    for run in bundle.runs:
        _check(run)
    return bundle


def is_plain(name: str) -> bool:
    """Return whether a run's name can be that of a folder on every system."""
    return bool(_NAME.fullmatch(name)) and not _TAKEN_BY_WINDOWS.fullmatch(name)


def _packed(folder: Path, most_events_bytes: int) -> Packed:
    if read_run(folder).status == "running":
        raise BadInput(f"Run {folder.name} goes on: wait for its end.")
    files, left_out = {}, {}
    for name in FILES:
        path = folder / name
        if not path.exists():
            continue
        if name == EVENTS and (size := path.stat().st_size) > most_events_bytes:
            left_out[name] = f"too large, {size / 1e6:.0f} MB"
            continue
        try:
            files[name] = _file(read_bytes(path, LIMIT_BYTES))
        except (OSError, ValueError) as error:
            raise BadInput(f"Run {folder.name} cannot be exported: {one_line(error)}.") from error
    return Packed(folder.name, files, left_out)


def _file(content: bytes) -> File:
    digest = hashlib.sha256(content).hexdigest()
    try:
        return File(digest, text=content.decode())
    except UnicodeDecodeError:
        return File(digest, base64=content)


def _check(run: Packed) -> None:
    if not is_plain(run.name):
        raise BadInput(f"A run in it has no plain name ({one_line(run.name)}): nothing was imported.")
    if MANIFEST not in run.files or not run.files.keys() <= set(FILES):
        raise BadInput(f"Run {run.name} in it has other files than a run: nothing was imported.")
    for name, file in run.files.items():
        if hashlib.sha256(file.content).hexdigest() != file.sha256:
            raise BadInput(f"{name} of run {run.name} was changed on its way (its hash does not fit): "
                           "nothing was imported.")
