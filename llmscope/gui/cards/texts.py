"""The words that both kinds of cards share: tests in everyday words, and reasons without anything personal."""

import re

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import VERDICT_WORDS, Row
from llmscope.gui import words
from llmscope.gui.words import tr

#: Parts of a path, as a raw message may have them: a share card names no user and no folder.
_PATHS = re.compile(r"(?:(?<![\w.])(?:~|\.{0,2})|\b[A-Za-z]:)[/\\]+[\w.\-~]+(?:[/\\]+[\w.\-~]*)*|file://\S+")


def test_title(kind: str) -> str:
    """Return what a test does in one or two words, to stand large."""
    titles = {"pp": tr("Reading a prompt"), "tg": tr("Writing"), "gen": tr("Answering"), "ttft": tr("First token"),
              "train": tr("Training"), "val": tr("Scoring text"), "fwd": tr("Forward pass"),
              "bwd": tr("Backward pass"), "opt": tr("Weight update"), "load-cold": tr("Loading from disk"),
              "load-warm": tr("Loading"), "tok": tr("Tokenizing"), "prep": tr("Making data"),
              "rec": tr("Recommending"), "vit": tr("Seeing images")}
    if kind in titles:
        return titles[kind]
    plain = DEFINITIONS[kind].plain if kind in DEFINITIONS else kind
    return plain[:1].upper() + plain[1:]


def order_of(kind: str) -> int:
    """Return a test's place among those that tell most."""
    return words.HEADLINES.index(kind) if kind in words.HEADLINES else len(words.HEADLINES)


def without_paths(text: str) -> str:
    """Return a message without the paths in it."""
    return _PATHS.sub("…", text)


def why_not(row: Row) -> str:
    """Return why a row has no value."""
    word = VERDICT_WORDS[row.verdict]
    return without_paths(f"{word}: {row.reason}" if row.reason and row.reason != word else word)


def not_steady(row: Row) -> str:
    """Return the word of a verdict that is not steady, nothing for one that is."""
    return "" if row.verdict == "valid" else words.verdict_text(row.verdict, row.reason or "")
