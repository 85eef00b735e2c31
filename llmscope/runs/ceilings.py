"""The machine's ceilings on disk: measured once, and found again as long as machine and device are the same."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from llmscope.analysis.ceilings import Ceilings, merged
from llmscope.hardware.host import gpus_of
from llmscope.runs.store import write_atomically

FILE = "ceilings.json"
SCHEMA = 1
LIMIT_BYTES = 4_000_000
#: What of a machine decides how fast it can be; more memory or another system makes no other machine of it.
_IDENTITY = ("cpu", "cpu_details", "cores", "threads", "threads_usable", "cpu_limit_cores", "architecture", "gpus")


class _File(Struct, frozen=True):
    schema: int = SCHEMA
    machines: dict[str, dict[str, Ceilings]] = {}


class CeilingStore:
    """Ceilings by machine and device, in a file of the data folder; `file` None remembers them until the end.

    A missing or damaged file holds none: measuring again is the remedy.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._known: dict[str, dict[str, Ceilings]] = {}

    @classmethod
    def copy_of(cls, file: Path) -> "CeilingStore":
        """Return what a file holds now, for a run that is to leave nothing on the disk."""
        copy = cls(None)
        copy._known = cls(file)._read()
        return copy

    def get(self, machine: Mapping[str, Any], device: str) -> Ceilings | None:
        """Return the ceilings of a device (`cpu`, `cuda:0`), None where they were never measured."""
        return self._read().get(fingerprint(machine), {}).get(device)

    def put(self, machine: Mapping[str, Any], new: Ceilings) -> Ceilings:
        """Keep new ceilings, and the old ones where those were better; returns what holds now.

        A disk that refuses leaves them in memory.
        """
        machines = {name: dict(devices) for name, devices in self._read().items()}
        devices = machines.setdefault(fingerprint(machine), {})
        devices[new.device] = best = merged(devices.get(new.device), new)
        self._known = machines
        if self._file is not None:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(self._file, msgspec.json.format(msgspec.json.encode(_File(SCHEMA, machines))))
            except OSError:
                return best
        return best

    def _read(self) -> dict[str, dict[str, Ceilings]]:
        if self._file is None:
            return self._known
        try:
            with self._file.open("rb") as file:
                found = msgspec.json.decode(file.read(LIMIT_BYTES), type=_File)
        except (OSError, msgspec.MsgspecError, RecursionError):
            return self._known
        return found.machines if found.schema == SCHEMA else self._known


def fingerprint(machine: Mapping[str, Any]) -> str:
    """Return what tells one machine from another, as far as speed goes: a hash of processor, cores and GPUs."""
    gpus = [gpu.get("name") for gpu in gpus_of(machine)]
    identity = [gpus if name == "gpus" else machine.get(name) or None for name in _IDENTITY]
    return hashlib.blake2b(msgspec.json.encode(identity), digest_size=8).hexdigest()
