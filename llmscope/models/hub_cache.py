"""What the Hugging Face Hub cache of this computer holds, told by huggingface_hub without the network."""

import os
from pathlib import Path

from msgspec import Struct

from llmscope.models.headers import one_line

#: Revisions that stand for a model where none is named, the first one that is there.
_MAIN = ("main", "master")


class Cached(Struct, frozen=True):
    """A model in the cache: `org/name`, the commit of its snapshot, and the folder of that snapshot."""

    name: str
    revision: str
    folder: Path


def cache_folder() -> Path:
    """Return where huggingface_hub keeps its cache, without the time that importing it takes."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if explicit := os.environ.get(name):
            return Path(explicit).expanduser()
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(home).expanduser() / "hub"


def cached_models() -> tuple[Cached, ...]:
    """Return the models in the cache by name, each with the snapshot of its main branch, else its newest one."""
    if not cache_folder().is_dir():
        return ()
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = scan_cache_dir(cache_folder()).repos
    except (CacheNotFound, OSError, ValueError):  # there is no cache, or what stands there is not one
        return ()
    found = []
    for repo in repos:
        if repo.repo_type != "model" or not repo.revisions:
            continue
        main = [repo.refs[ref] for ref in _MAIN if ref in repo.refs]
        chosen = main[0] if main else max(repo.revisions, key=lambda revision: revision.last_modified)
        found.append(Cached(one_line(repo.repo_id), chosen.commit_hash, chosen.snapshot_path))
    return tuple(sorted(found, key=lambda cached: cached.name.lower()))


def find_cached(name: str) -> Cached | None:
    """Return a model in the cache by `org/name` (or `name` alone, as a few old ones are called), else None."""
    return next((cached for cached in cached_models() if cached.name == name), None)
