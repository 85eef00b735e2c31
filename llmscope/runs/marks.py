"""What a person says of a run: a name, tags and a note, in a small file beside what was measured."""

from pathlib import Path

import msgspec
from msgspec import Struct

from llmscope.core.errors import BadInput
from llmscope.models.headers import one_line
from llmscope.runs.store import write_atomically
from llmscope.runs.untrusted import inert, read_bytes

FILE, SCHEMA = "marks.json", 1
NAME_CHARS, TAG_CHARS, NOTE_CHARS, MOST_TAGS = 80, 24, 2_000, 8
#: Marks the runs that come with llmscope, and is therefore no tag of one's own.
REFERENCE = "reference"
_LIMIT_BYTES = 64_000


class Marks(Struct, frozen=True):
    """A name of one's own, tags, and a note that may have several lines; each may be empty."""

    name: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    schema: int = SCHEMA


def tags_in(text: str) -> tuple[str, ...]:
    """Return the tags of a text with commas between them, each once however it is written."""
    found: dict[str, str] = {}
    for part in text.split(","):
        tag = _one_line(part)
        found.setdefault(tag.casefold(), tag)
    return tuple(filter(None, found.values()))


def read_marks(folder: Path) -> tuple[Marks, str]:
    """Return a run's marks, and why there are none where the file cannot be read; bounded, with inert texts."""
    try:
        found = msgspec.json.decode(read_bytes(folder / FILE, _LIMIT_BYTES), type=Marks)
    except FileNotFoundError:
        return Marks(), ""
    except OSError as error:
        return Marks(), f"{FILE} was left out: {one_line(error.strerror or error)}"
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        return Marks(), f"{FILE} is damaged and was left out: {one_line(error)}"
    tidy = _tidy(found)
    tags = tuple(tag[:TAG_CHARS] for tag in tidy.tags if tag.casefold() != REFERENCE)[:MOST_TAGS]
    return Marks(tidy.name[:NAME_CHARS], tags, tidy.note[:NOTE_CHARS], found.schema), ""


def write_marks(folder: Path, marks: Marks) -> None:
    """Keep a run's marks, without any none; what was measured stays as it is.

    Raises BadInput when they are too long, when a newer program wrote those there are, or when the system refuses.
    """
    marks = _tidy(marks)
    _refuse_too_much(marks)
    if read_marks(folder)[0].schema > SCHEMA:
        raise BadInput(f"A newer llmscope wrote the name, tags and note of run {folder.name}: change them with it.")
    file = folder / FILE
    try:
        file.with_name(f"{FILE}.part").unlink(missing_ok=True)  # never through a link that somebody left there
        if marks == Marks():
            file.unlink(missing_ok=True)
        else:
            write_atomically(file, msgspec.json.format(msgspec.json.encode(marks)))
    except OSError as error:
        raise BadInput(f"Name, tags and note of run {folder.name} cannot be kept ({error.strerror or error}): "
                       f"allow writing in {folder}.") from error


def _tidy(marks: Marks) -> Marks:
    return Marks(_one_line(marks.name), tags_in(",".join(marks.tags)), inert(marks.note.strip(), lines=True))


def _one_line(text: str) -> str:
    return str(inert(" ".join(text.split())))


def _refuse_too_much(marks: Marks) -> None:
    if len(marks.name) > NAME_CHARS or len(marks.note) > NOTE_CHARS:
        raise BadInput(f"A run's name has at most {NAME_CHARS} characters, its note {NOTE_CHARS:,}: make it shorter.")
    if len(marks.tags) > MOST_TAGS or any(len(tag) > TAG_CHARS for tag in marks.tags):
        raise BadInput(f"A run has at most {MOST_TAGS} tags of {TAG_CHARS} characters each: leave some out.")
    if any(tag.casefold() == REFERENCE for tag in marks.tags):
        raise BadInput(f"'{REFERENCE}' marks the runs that come with llmscope: use another tag.")
