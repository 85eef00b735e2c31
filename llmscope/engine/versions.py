"""The oldest libraries with which files that somebody else made may be loaded."""

import importlib.metadata
import re

from llmscope.core.errors import ModelRefused
from llmscope.models.catalog import Model

#: Before these, a crafted file could run code: CVE-2025-32434 and CVE-2026-24747 in torch's reading of weights,
#: CVE-2026-4372 in transformers' reading of a config.
OLDEST = {"torch": (2, 10), "transformers": (5, 3)}
_LEADING = re.compile(r"(\d+)\.(\d+)")


def check(source: Model) -> None:
    """Raise `ModelRefused` where a model from disk meets too old a library; others come with llmscope."""
    if source.source != "local":
        return
    for library in OLDEST:
        if problem := too_old(library, importlib.metadata.version(library)):
            raise ModelRefused(problem)


def too_old(library: str, version: str) -> str | None:
    """Return one line where a version such as `2.13.0+cpu` is older than the oldest safe one, or cannot be told."""
    found = _LEADING.match(version)
    if found and (int(found[1]), int(found[2])) >= OLDEST[library]:
        return None
    oldest = ".".join(map(str, OLDEST[library]))
    return (f"Models from disk need {library} {oldest} or newer, this is {version[:40]}: update {library}, "
            "or choose the bundled model or an architecture.")
