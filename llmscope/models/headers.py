"""Read the header of a safetensors file and prove that its tensors cover the file exactly.

The format: 8 bytes of header length (little-endian), that many bytes of JSON, then the data
(https://github.com/huggingface/safetensors). Nothing but the header is read, and nothing is executed.
"""

import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct

from llmscope.core.errors import ModelRefused

DTYPE_SIZES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "C64": 8,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}
HEADER_LIMIT_BYTES = 100_000_000
TENSOR_LIMIT = 1_000_000
#: More dimensions or longer ones than any real tensor has; without a limit a product could take minutes.
DIMENSIONS_LIMIT, DIMENSION_LIMIT = 16, 2**48


class Tensor(Struct, frozen=True):
    """A tensor as a header declares it; `dtype` is the format's name, such as `BF16`."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        """Number of elements, 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes of data in the file."""
        return self.elements * DTYPE_SIZES[self.dtype]


class _Damaged(Exception):
    """What is wrong with a file, as the second half of a sentence."""


def one_line(text: object) -> str:
    """Return foreign text fit for one line of a message: what cannot be printed becomes `?`, long text is cut."""
    line = "".join(c if c.isprintable() else "?" for c in str(text)[:1000])
    return line if len(line) <= 300 else f"{line[:140]} … {line[-140:]}"


def read_tensors(path: Path) -> tuple[Tensor, ...]:
    """Return the tensors of a safetensors file; raises `ModelRefused` unless they cover it byte for byte."""
    try:
        if not path.is_file():
            raise _Damaged("is missing or not a file")
        header, data_bytes = _read_header(path)
        entries = _parse(header)
        spans = [_span(name, entry) for name, entry in entries.items() if name != "__metadata__"]
        _check_coverage(spans, data_bytes)
    except _Damaged as damage:
        raise ModelRefused(f"{one_line(path)} {one_line(damage)}: copy or download it again.") from None
    except OSError as error:
        raise ModelRefused(f"{one_line(path)} cannot be read ({error.strerror}): check the file.") from None
    return tuple(tensor for _, tensor in spans)


def signatures(paths: Iterable[Path]) -> tuple[tuple[int, int], ...]:
    """Return size and time of change (ns) of files, by which a change between check and load is told."""
    found = (path.stat() for path in paths)
    return tuple((stat.st_size, stat.st_mtime_ns) for stat in found)


def _read_header(path: Path) -> tuple[bytes, int]:
    """Return (header, number of data bytes after it)."""
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) == 8 and (length > HEADER_LIMIT_BYTES or file.read(1) not in (b"{", b"")):
            raise _Damaged("is not a safetensors file")
        if len(start) < 8 or 8 + length > before.st_size:
            raise _Damaged("is truncated")
        if length > min(HEADER_LIMIT_BYTES, before.st_size // 100 + 1_000_000):
            raise _Damaged(f"has a header of {length:,} bytes, too long for its size")
        file.seek(8)
        header = file.read(length)
        after = os.fstat(file.fileno())
    if len(header) < length or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise _Damaged("changed while it was read")
    return header, before.st_size - 8 - length


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) != len(dict(pairs)):
        raise _Damaged("names something twice in its header")
    return dict(pairs)


def _parse(header: bytes) -> dict[str, Any]:
    try:
        entries: dict[str, Any] = json.loads(header.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise _Damaged("has a header that is not JSON") from None
    if len(entries) > TENSOR_LIMIT:
        raise _Damaged(f"declares more than {TENSOR_LIMIT:,} tensors")
    metadata = entries.get("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _Damaged("has a __metadata__ that is not made of texts")
    return entries  # an object: it begins with a brace


def _is_count(value: object, limit: int) -> bool:
    return type(value) is int and 0 <= value <= limit


def _span(name: str, entry: object) -> tuple[tuple[int, int], Tensor]:
    """Return ((begin, end), tensor) of one header entry; offsets count from the end of the header."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _Damaged(f"does not describe tensor {name!r} as the format asks")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPE_SIZES:
        raise _Damaged(f"holds tensor {name!r} in the unknown dtype {dtype!r}")
    if not isinstance(shape, list) or len(shape) > DIMENSIONS_LIMIT \
            or not all(_is_count(size, DIMENSION_LIMIT) for size in shape):
        raise _Damaged(f"gives tensor {name!r} an impossible shape")
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(_is_count(place, 2**63) for place in offsets):
        raise _Damaged(f"gives tensor {name!r} impossible offsets")
    tensor = Tensor(name, dtype, tuple(shape))
    if offsets[1] - offsets[0] != tensor.size_bytes:
        raise _Damaged(f"gives tensor {name!r} another size than its shape and dtype")
    return (offsets[0], offsets[1]), tensor


def _check_coverage(spans: list[tuple[tuple[int, int], Tensor]], data_bytes: int) -> None:
    place = 0
    for (begin, end), tensor in sorted(spans, key=lambda span: span[0]):
        if begin != place:
            raise _Damaged(f"has {'a hole' if begin > place else 'an overlap'} before tensor {tensor.name!r}")
        place = end
    if place > data_bytes:
        raise _Damaged(f"is truncated: {place - data_bytes:,} bytes of weights are missing")
    if place < data_bytes:
        raise _Damaged(f"has {data_bytes - place:,} bytes after its last tensor")
