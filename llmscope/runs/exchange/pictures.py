"""Pictures that are the data: a PNG carries the runs that it shows."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Literal

from llmscope.core.errors import BadInput
from llmscope.runs.exchange import bundle, png
from llmscope.runs.store import read_manifest

Personal = Literal["prompt", "folder"]
#: More than a picture of a page takes, and what is read of one.
PICTURE_LIMIT_BYTES = 64_000_000
#: Other kinds of pictures, by how they begin.
OTHERS = {b"\xff\xd8\xff": "a JPEG", b"RIFF": "a WebP", b"GIF8": "a GIF"}


def carry(picture: bytes, folders: Sequence[Path]) -> tuple[bytes, str]:
    """Return a PNG with stored runs in it, and one line on what of them was left out, mostly empty.

    Raises BadInput where a run cannot be put into it.
    """
    runs = bundle.pack(folders, bundle.PICTURE_EVENTS_BYTES)
    return png.with_text(picture, bundle.encode(runs)), "; ".join(runs.lacks)


def personal(folders: Sequence[Path]) -> tuple[Personal, ...]:
    """Return what of a person's own stored runs hold: a prompt, the path of a model's folder.

    Raises BadInput for one that is not readable.
    """
    specs = [read_manifest(folder)[0].started.spec for folder in folders]
    models = {cell.model for spec in specs for cell in spec.cells}
    has_path = any(PurePosixPath(model).is_absolute() or PureWindowsPath(model).is_absolute() for model in models)
    has_prompt = any(spec.prompt.strip() for spec in specs)
    return (*(("prompt",) if has_prompt else ()), *(("folder",) if has_path else ()))


def carried(picture: bytes) -> bundle.Bundle:
    """Return the runs in a picture; raises BadInput where it has none or they are damaged."""
    kind = next((name for start, name in OTHERS.items() if picture.startswith(start)), None)
    if kind is not None:
        raise BadInput(f"This picture carries no runs: it is {kind}, and only a PNG that llmscope saved has them.")
    try:
        text = png.text_of(picture, bundle.LIMIT_BYTES)
    except png.DamagedPicture as error:
        raise BadInput(f"This picture cannot be read: {error}.") from error
    if text is None:
        raise BadInput("This picture carries no runs: it was saved without them or not by llmscope, or a program that "
                       "passed it on took them out. Ask for the file itself.")
    return bundle.unpack(text)
