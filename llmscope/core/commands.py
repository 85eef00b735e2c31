"""What the supervisor tells a worker, one line of JSON each."""

from typing import TypeAlias

import msgspec
from msgspec import Struct

from llmscope.core.spec import RunSpec


class RunCells(Struct, frozen=True, tag="run", tag_field="command"):
    """Run the cells `todo` (indices into the resolved spec) in that order."""

    run: str
    spec: RunSpec
    todo: tuple[int, ...]


class Cancel(Struct, frozen=True, tag="cancel", tag_field="command"):
    """Drop the open sample, report what is finished, and run nothing more."""


Command: TypeAlias = RunCells | Cancel

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)


def encode(command: Command) -> bytes:
    """Return the command as one line of JSON, newline included."""
    return _encoder.encode(command) + b"\n"


def decode(line: bytes) -> Command:
    """Return the command of a line; raises `msgspec.MsgspecError` when the line is not one."""
    return _decoder.decode(line)
