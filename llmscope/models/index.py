"""The index of weights in parts: plain file names only, and it must agree with the parts."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from llmscope.core.errors import ModelRefused
from llmscope.models.headers import TENSOR_LIMIT, Tensor, one_line
from llmscope.models.reading import read_object

INDEX_LIMIT_BYTES = 64_000_000
#: A plain file name on POSIX and on Windows: no folder, drive, stream or device in it.
_PART = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)\.)\w[\w.+\- ]*\.safetensors", re.IGNORECASE)


class Index(Struct, frozen=True):
    """Which part holds which tensor, and the bytes that all of them are said to have (None: it does not say)."""

    path: Path
    weight_map: dict[str, str]
    total_bytes: int | None

    @property
    def parts(self) -> list[str]:
        """The names of the parts, each once, in order."""
        return sorted(set(self.weight_map.values()))


def read_index(path: Path) -> Index:
    """Return a checked index; raises `ModelRefused`."""
    document = read_object(path, INDEX_LIMIT_BYTES)
    weight_map = document.get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise ModelRefused(f"{one_line(path)} has no weight_map: copy or download it again.")
    if len(weight_map) > TENSOR_LIMIT:
        raise ModelRefused(f"{one_line(path)} lists more than {TENSOR_LIMIT:,} tensors: this is not a model's file.")
    for name in weight_map.values():
        if not isinstance(name, str) or not _PART.fullmatch(name):
            raise ModelRefused(f"{one_line(path)} names {one_line(repr(name))}, which is not a plain .safetensors "
                               "file name: do not use this model.")
    return Index(path, weight_map, _total_bytes(document.get("metadata")))


def _total_bytes(metadata: Any) -> int | None:
    total = metadata.get("total_size") if isinstance(metadata, dict) else None
    return total if type(total) is int else None


def compare(index: Index, found: Mapping[str, tuple[Tensor, ...]]) -> Iterator[str]:
    """Yield notes where the index differs harmlessly from its parts; raises `ModelRefused` where it matters.

    `found` maps the name of a part to the tensors in it.
    """
    home: dict[str, str] = {}
    for part, tensors in found.items():
        for tensor in tensors:
            if tensor.name in home:
                raise ModelRefused(f"{one_line(index.path.with_name(part))} and {home[tensor.name]} both hold tensor "
                                   f"{one_line(repr(tensor.name))}: copy or download the model again.")
            home[tensor.name] = part
    for name, part in index.weight_map.items():
        if home.get(name) != part:
            raise ModelRefused(f"{one_line(index.path)} looks for tensor {one_line(repr(name))} in {part}, which does "
                               "not hold it: copy or download the model again.")
    if unlisted := len(home) - len(index.weight_map):
        yield f"{index.path.name} does not list {unlisted:,} of the tensors in its parts."
    size = sum(tensor.size_bytes for tensors in found.values() for tensor in tensors)
    if index.total_bytes is not None and index.total_bytes != size:
        yield f"{index.path.name} says {one_line(index.total_bytes):.30} bytes of weights, its parts hold {size:,}."
