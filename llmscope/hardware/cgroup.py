"""Limits that a container or service manager puts on this process, from Linux control groups 1 and 2."""

from pathlib import Path

from msgspec import Struct

ROOT = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")

#: Version 1 writes "no limit" as the largest page-aligned 64-bit number.
_UNLIMITED_BYTES = 1 << 60


class Limits(Struct, frozen=True):
    """The tightest limits on this process; None is "no limit". `memory_folder` is where it is accounted."""

    cpu_cores: float | None = None
    memory_bytes: int | None = None
    memory_folder: Path | None = None


def limits(root: Path = ROOT, membership: Path = MEMBERSHIP) -> Limits:
    """Return the tightest CPU quota (in cores) and memory limit of this process's groups and their parents."""
    paths = _memberships(membership)
    quotas = [q for folder in _folders(root, paths, "cpu") if (q := _quota_cores(folder)) is not None]
    memory = [(m, f) for f in _folders(root, paths, "memory") if (m := _memory_limit_bytes(f)) is not None]
    memory_bytes, memory_folder = min(memory, key=lambda pair: pair[0], default=(None, None))
    return Limits(min(quotas, default=None), memory_bytes, memory_folder)


def memory_used_bytes(folder: Path) -> int | None:
    """Return the memory a group uses, without the file cache that the kernel drops first."""
    usage = _number(folder / "memory.current")
    inactive = "inactive_file"
    if usage is None:
        usage, inactive = _number(folder / "memory.usage_in_bytes"), "total_inactive_file"
    if usage is None:
        return None
    fields = dict(line.split() for line in _text(folder / "memory.stat").splitlines() if " " in line)
    return max(0, usage - int(fields.get(inactive, 0)))


def _memberships(file: Path) -> dict[str, str]:
    """Return controller → path of the group; the key of version 2 is the empty string."""
    fields = [line.split(":", 2) for line in _text(file).splitlines()]
    return {name: f[2] for f in fields if len(f) == 3 for name in f[1].split(",")}


def _folders(root: Path, paths: dict[str, str], controller: str) -> list[Path]:
    """Return the existing folders of a controller, from this process's group up to the root.

    Inside a container the path in /proc often lies outside the mounted part; its last parents still count.
    """
    bases = [(root / controller, paths.get(controller)), (root, paths.get(""))]
    found = []
    for base, path in bases:
        if path is not None:
            inner = base / path.lstrip("/")
            found += [f for f in (inner, *inner.parents) if f.is_relative_to(base) and f.is_dir()]
    return found


def _quota_cores(folder: Path) -> float | None:
    words = _text(folder / "cpu.max").split()
    if not words:
        words = [_text(folder / "cpu.cfs_quota_us").strip(), _text(folder / "cpu.cfs_period_us").strip()]
    if len(words) != 2 or not all(w.isdigit() for w in words) or int(words[1]) == 0:
        return None
    return int(words[0]) / int(words[1])


def _memory_limit_bytes(folder: Path) -> int | None:
    limit = _number(folder / "memory.max")
    if limit is None:
        limit = _number(folder / "memory.limit_in_bytes")
    return None if limit is None or limit >= _UNLIMITED_BYTES else limit


def _number(file: Path) -> int | None:
    text = _text(file).strip()
    return int(text) if text.isdigit() else None


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
