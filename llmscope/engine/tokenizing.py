"""Loads a tokenizer.json after it was tried out in a process of its own."""

import copy
import functools
from pathlib import Path

import tokenizers

from llmscope.core.errors import ModelRefused
from llmscope.engine import quarantine
from llmscope.engine.texts import held_out_text
from llmscope.models.headers import one_line, signatures

LIMIT_S, LIMIT_BYTES = 15.0, 2_000_000_000
#: Ids that are decoded on trial, from the first on.
_DECODED = 50_000


def load(path: Path, *, trusted: bool) -> tokenizers.Tokenizer:
    """Return the tokenizer of a file, without truncation and padding; raises `ModelRefused`."""
    before = signatures([path])
    fault = None if trusted else _fault(str(path), before)
    if fault is not None:
        raise ModelRefused(f"{one_line(path)} {one_line(fault)}: choose pp or tg, which need no tokenizer, "
                           "or copy or download the file again.")
    tokenizer = _read(str(path))
    if signatures([path]) != before:
        raise ModelRefused(f"{one_line(path)} changed while it was read: start again when nothing writes to it.")
    return tokenizer


def try_out(path: str, text: str) -> None:
    """Use a tokenizer as the tests will; raises whatever it raises, and ValueError where it is of no use."""
    tokenizer = copy.deepcopy(_read(path))
    ids = tokenizer.encode(text).ids
    if len(ids) > 2 * len(text.encode()) + 100:
        raise ValueError(f"it makes {len(ids):,} ids of {len(text):,} characters")
    if not tokenizer.decode(ids).strip():
        raise ValueError("it makes nothing of English text")
    tokenizer.decode(list(range(min(tokenizer.get_vocab_size(), _DECODED))))


def _read(path: str) -> tokenizers.Tokenizer:
    tokenizer = tokenizers.Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@functools.lru_cache(maxsize=16)
def _fault(path: str, signature: object) -> str | None:
    """Return what is wrong with a tokenizer, as the second half of a sentence; the same file is tried out once."""
    try:
        quarantine.ask("tokenizing", {"path": path, "text": held_out_text()}, limit_s=LIMIT_S, limit_bytes=LIMIT_BYTES)
    except quarantine.Failed as failed:
        return str(failed)
    return None
