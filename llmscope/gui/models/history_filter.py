"""Which of the stored runs are shown, and in which order."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from llmscope.gui import words
from llmscope.runs.entry import Entry

#: Days that a choice of dates goes back, today among them.
DAYS = {"today": 1, "week": 7, "month": 30, "year": 365}
#: Before what limits a test, where that takes the place of a verdict.
LIMITED = "limited by "


@dataclass(frozen=True)
class Wanted:
    """What a person wants to see; what is empty takes all runs.

    `words` must all occur. `date` is a key of DAYS, `verdict` the word of a run's badge, or `LIMITED` and what limits
    one of its tests.
    """

    words: str = ""
    model: str = ""
    device: str = ""
    test: str = ""
    date: str = ""
    verdict: str = ""
    tag: str = ""


@dataclass(frozen=True)
class Choices:
    """What the runs have, to choose among."""

    models: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def choices(entries: Sequence[Entry]) -> Choices:
    """Return what the runs have to choose among."""
    ended = {entry.status for entry in entries if entry.status != "done"}
    judged = {words.verdict_word(*found)
              for found in {(brief.verdict, brief.reason) for entry in entries for brief in entry.tests}}
    limits = sorted(f"{LIMITED}{limiter}" for limiter in {limiter for entry in entries for limiter in entry.limiters})
    return Choices(models=_sorted(model for entry in entries for model in entry.models),
                   devices=_sorted(entry.device for entry in entries),
                   tests=_sorted(test for entry in entries for test in entry.planned),
                   verdicts=(*sorted(ended | judged), *limits),
                   tags=_sorted(tag for entry in entries for tag in entry.labels))


def kept(entries: list[Entry], wanted: Wanted, badge: Callable[[Entry], str]) -> list[Entry]:
    """Return the wanted runs in the same order; each look goes only over what the one before has left."""
    for word in wanted.words.lower().split():
        entries = [entry for entry in entries if word in entry.words]
    if wanted.model:
        entries = [entry for entry in entries if wanted.model in entry.models]
    if wanted.device:
        entries = [entry for entry in entries if wanted.device == entry.device]
    if wanted.test:
        entries = [entry for entry in entries if wanted.test in entry.planned]
    if wanted.tag:
        entries = [entry for entry in entries if wanted.tag in entry.labels]
    if wanted.date in DAYS:
        since_s = _since_s(DAYS[wanted.date])
        entries = [entry for entry in entries if entry.at_s >= since_s]
    if wanted.verdict.startswith(LIMITED):
        limiter = wanted.verdict.removeprefix(LIMITED)
        return [entry for entry in entries if limiter in entry.limiters]
    return [entry for entry in entries if badge(entry) == wanted.verdict] if wanted.verdict else entries


def ordered(entries: Iterable[Entry], value: Callable[[Entry], Any], descending: bool) -> list[Entry]:
    """Return the runs by a value; those without one come last either way, and equals stay as they were."""
    found, without = [], []
    for entry in entries:
        known = value(entry)
        if known is None or known == "":
            without.append(entry)
        else:
            found.append((known, entry))
    found.sort(key=itemgetter(0), reverse=descending)
    return [*(entry for _, entry in found), *without]


def _since_s(days: int) -> float:
    """Return the moment at which the first of so many days began, today the last of them."""
    today = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=days - 1)).timestamp()


def _sorted(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(filter(None, set(found)), key=str.casefold))
