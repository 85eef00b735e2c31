"""Read JSON that somebody else wrote: a plain file, not too large, not too deep, nothing said twice."""

import json
from pathlib import Path
from typing import Any

from llmscope.core.errors import ModelRefused
from llmscope.models.headers import one_line

DEPTH_LIMIT = 20


class _Unusable(ValueError):
    """What is wrong with a document, as the second half of a sentence."""


def read_bytes(path: Path, limit_bytes: int) -> bytes:
    """Return the bytes of a plain file, never more than the limit; a pipe or a device is not waited for.

    Raises `ModelRefused` with one line that names the file.
    """
    shown = one_line(path)
    try:
        if not path.is_file():
            raise ModelRefused(f"{shown} is missing or not a file: copy or download it again.")
        too_large = path.stat().st_size > limit_bytes
        with path.open("rb") as file:
            content = b"" if too_large else file.read(limit_bytes + 1)
    except OSError as error:
        raise ModelRefused(f"{shown} cannot be read ({error.strerror}): check the file.") from None
    if too_large or len(content) > limit_bytes:
        raise ModelRefused(f"{shown} is larger than {limit_bytes / 1e6:g} MB: this is not a model's file.")
    return content


def read_object(path: Path, limit_bytes: int) -> dict[str, Any]:
    """Return the JSON object that a file holds; raises `ModelRefused` with one line that names the file."""
    shown = one_line(path)
    content = read_bytes(path, limit_bytes)
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_finite)
        too_deep = _deeper(value, DEPTH_LIMIT)
    except _Unusable as error:
        raise ModelRefused(f"{shown} {error}: copy or download it again.") from None
    except RecursionError:
        too_deep = True
    except ValueError:
        raise ModelRefused(f"{shown} is not valid JSON: copy or download it again.") from None
    if too_deep:
        raise ModelRefused(f"{shown} is nested too deeply: this is not a model's file.")
    if not isinstance(value, dict):
        raise ModelRefused(f"{shown} is not a JSON object: copy or download it again.")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for n, (name, _) in enumerate(pairs) if name in dict(pairs[:n]))
        raise _Unusable(f"gives {one_line(repr(twice))} twice")
    return found


def _finite(name: str) -> float:
    """Infinity stands in real files, as an upper end; what is not a number means nothing in any."""
    if name == "NaN":
        raise _Unusable("holds NaN, which is no number")
    return float(name)


def _deeper(value: Any, limit: int) -> bool:
    """Return whether lists and objects lie in one another more than `limit` times."""
    if not isinstance(value, dict | list):
        return False
    return limit == 0 or any(_deeper(v, limit - 1) for v in (value.values() if isinstance(value, dict) else value))
