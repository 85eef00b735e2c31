"""Read what may have been made by others, or damaged: bounded, with figures that can be and texts that do nothing."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
from msgspec import Meta, Struct

from llmscope.core import events
from llmscope.core.results import Row
from llmscope.core.units import NBSP

#: Of events.jsonl: more than weeks of measuring write.
EVENTS_LIMIT_BYTES = 4_000_000_000
#: Damaged lines that are named one by one.
WARNINGS_LIMIT = 20

Amount = Annotated[float, Meta(ge=0, le=1e30)]
Count = Annotated[int, Meta(ge=1, le=2**40)]


class _Host(Struct):
    share: float
    operations: int


class _Slowed(Struct):
    share: float
    reason: str


class _Limit(Struct):
    bound: str
    share: float
    ceiling: float
    unit: str


class _Phase(Struct):
    seconds: Amount
    flops: Amount | None = None
    bytes_moved: Amount | None = None


class _Energy(Struct):
    j_per_token: Amount | None = None


class _Extra(Struct):
    """What of a row's `extra` is reckoned with, each thing of its kind or missing; the rest is only shown."""

    seconds: Annotated[float, Meta(gt=0, le=1e9)] | None = None
    flops: Amount | None = None
    bytes_moved: Amount | None = None
    parameters: Annotated[int, Meta(ge=0, le=2**50)] = 0
    file_bytes: Amount | None = None
    weights_bytes: Amount | None = None
    read_share: float | None = None
    issued_share: float | None = None
    major_faults: float | None = None
    others_percent: float | None = None
    threads: Count | None = None
    usable_cores: Count | None = None
    sequences: Count = 1
    ttft_ms: Amount | None = None
    itl_ms: dict[str, float | None] | None = None
    cpu: dict[str, float | None] | None = None
    host: _Host | None = None
    throttled: _Slowed | None = None
    energy: _Energy | None = None
    limit: _Limit | None = None
    phases: dict[str, _Phase] = {}
    phases_s: dict[str, float] | None = None
    numerics: dict[str, Any] | None = None
    peak_by_holder: dict[str, float | None] | None = None


def events_in(file: BinaryIO, name: str, warnings: list[str]) -> Iterator[events.Event]:
    """Yield what a file's lines say; never more than one line of it is in memory.

    A torn last line is dropped, a bad one elsewhere skipped; `warnings` say so, and call the file by its name.
    """
    damaged, number = 0, 0
    while line := file.readline(events.LINE_LIMIT_BYTES):
        number += 1
        whole = line.endswith(b"\n")
        if not whole and len(line) == events.LINE_LIMIT_BYTES:
            whole = _skip_line(file)
            line = b"too long"
        if line == b"\n":
            continue
        try:
            event = events.decode(line)
            if isinstance(event, events.CellEnded | events.Judged):
                event = _believed(event)
            yield event
        except (ValueError, msgspec.MsgspecError):
            damaged += 1
            if damaged <= WARNINGS_LIMIT:
                warnings.append(f"line {number} of {name} is damaged" if whole else "the last event was cut off")
        if file.tell() > EVENTS_LIMIT_BYTES:
            warnings.append(f"{name} is larger than {EVENTS_LIMIT_BYTES // 10**9} GB; what follows was left out")
            break
    if damaged > WARNINGS_LIMIT:
        warnings.append(f"{damaged - WARNINGS_LIMIT:,} more lines of {name} are damaged")


def _skip_line(file: BinaryIO) -> bool:
    """Read on to the end of a line; returns whether it has one."""
    while piece := file.readline(events.LINE_LIMIT_BYTES):
        if piece.endswith(b"\n"):
            return True
    return False


def read_bytes(path: Path, limit_bytes: int) -> bytes:
    """Return a plain file's bytes; raises ValueError when there are more than the limit, or it is no file."""
    if path.exists() and not path.is_file():
        raise ValueError(f"{path.name} is not a file")
    with path.open("rb") as file:
        content = file.read(limit_bytes + 1) if path.stat().st_size <= limit_bytes else None
    if content is None or len(content) > limit_bytes:
        raise ValueError(f"{path.name} is larger than {limit_bytes // 10**6} MB")
    return content


def inert(value: Any, lines: bool = False) -> Any:
    """Return decoded JSON whose texts hold nothing but what can be printed; only a prompt and details keep lines."""
    if isinstance(value, str):
        kept = f"{NBSP}\n\t" if lines else NBSP
        return value if value.isprintable() else "".join(c if c.isprintable() or c in kept else "?" for c in value)
    if isinstance(value, list | tuple):
        return [inert(item, lines) for item in value]
    if isinstance(value, dict):
        return {inert(key): inert(item, lines or key in ("prompt", "extra")) for key, item in value.items()}
    return value


def _believed(ended: events.CellEnded | events.Judged) -> events.CellEnded | events.Judged:
    """Return the event with inert texts; raises ValueError where its figures are impossible."""
    row = msgspec.convert(inert(msgspec.to_builtins(ended.row)), Row)
    if not possible(row):
        raise ValueError("impossible figures")
    return msgspec.structs.replace(ended, row=row)


def possible(row: Row) -> bool:
    """Return whether a row's figures can be those of a test."""
    figures = [x for x in (row.median, row.low, row.high, row.timed_s, *row.samples) if x is not None]
    ordered = row.low is None or row.high is None or row.low <= row.high
    return (row.n >= 0 and row.timed_s >= 0 and ordered and all(map(math.isfinite, figures))
            and _is_extra(row.extra))


def _is_extra(extra: dict[str, Any]) -> bool:
    try:
        msgspec.convert(extra, _Extra)
    except msgspec.ValidationError:
        return False
    return True
