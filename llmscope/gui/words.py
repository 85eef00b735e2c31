"""Results in words: the texts that table, header strip, picture and clipboard share."""

import time
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import structs
from PySide6.QtCore import QCoreApplication, QDate, QLocale

from llmscope.analysis import evidence
from llmscope.analysis.bottleneck import Finding, stored_finding
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import BadInput
from llmscope.core.results import VERDICT_WORDS, Row
from llmscope.core.spec import DTYPE_SHORT, MACHINE, OF_MACHINE, Cell
from llmscope.core.units import GIB, NBSP, gib, significant
from llmscope.gui.run_state import CellState
from llmscope.models import catalog
from llmscope.runs.entry import Brief, Entry

#: Kinds of tests, those that tell most first.
HEADLINES = ("gen", "pp", "tg", "ttft", "train", "val", "fwd", "bwd", "opt", "load-cold", "load-warm", "tok", "prep",
             *OF_MACHINE)
#: Values of a setting that stand in one line.
MOST_VALUES = 4
#: Reasons of a warning that have a badge of their own, by how the reason begins.
_WARNINGS = ("throttled", "on battery", "drift")


def tr(text: str) -> str:
    """Translate a text of this module."""
    return QCoreApplication.translate("words", text)


def moment(at_s: float) -> str:
    """Return a moment as `Today 18:40` or `19 Nov 18:40`."""
    at = time.localtime(at_s)
    named = day(QDate(*at[:3]), QDate.currentDate()).replace(",", "")
    return f"{named} {time.strftime('%H:%M', at)}".replace(" ", NBSP)


def model_name(ref: str) -> str:
    """Return how a model is called on screen, without folders."""
    if ref == MACHINE:
        return tr("This machine")
    if ref == "bundled":
        return tr("Bundled model")
    return _architecture_title(ref) if ref.startswith("arch:") else Path(ref).name


@lru_cache
def _architecture_title(ref: str) -> str:
    try:
        return catalog.resolve(ref).title
    except BadInput:
        return ref.removeprefix("arch:")


def short_dtype(dtype: str) -> str:
    """Return `bf16` for `bfloat16`."""
    return DTYPE_SHORT.get(dtype, dtype)


def scenario_names() -> dict[str, str]:
    """Return how the scenarios of gen are called."""
    return {"assistant": tr("Assistant"), "translation": tr("Translation"), "question": tr("Question")}


def test_parts(state: CellState) -> tuple[str, str]:
    """Return the id of a test without its options, and those: `train512` and `sgd amp`."""
    cell = state.cell
    plain_id = structs.replace(cell, optimizer="adamw", checkpointing=False, scenario=None).test
    if not state.test.startswith(plain_id):
        test, at, depth = state.test.partition(" @ ")
        return test, (at + depth).strip()
    options = state.test.removeprefix(plain_id).strip()
    amp = "amp" if cell.dtype == "amp" else ""
    return plain_id, " ".join(part for part in (options, amp) if part)


def settings_line(cell: Cell) -> str:
    """Return `f32 · batch 1 · sequence 512 · 128 new tokens`, with what the test uses of it."""
    return settings_lines([cell])


def settings_lines(cells: Sequence[Cell]) -> str:
    """Return the settings of several tests; where they differ, all values: `sequence 128/512`, of many the ends.

    A precision that is not settled, or that another program calls by another name, is left out.
    """
    def values(name: str) -> str:
        found = dict.fromkeys(getattr(cell, name) for cell in cells if name in DEFINITIONS[cell.workload].uses)
        if len(found) > MOST_VALUES:
            return tr("{0} to {1}").format(f"{min(found):,}", f"{max(found):,}")
        return "/".join(f"{value:,}" for value in found)

    dtypes = dict.fromkeys(short_dtype(cell.dtype) for cell in cells if cell.dtype != "auto")
    parts = ["/".join(dtypes)] if dtypes else []
    for text, found in ((tr("batch {0}"), values("batch")), (tr("sequence {0}"), values("seq")),
                        (tr("{0} new tokens"), values("new"))):
        if found:
            parts.append(text.format(found).replace(" ", NBSP))
    return " · ".join(parts)


def plain(cell: Cell) -> str:
    """Return what a test does, in everyday words."""
    tokens, prompt = f"{cell.seq * cell.batch:,}", f"{cell.seq:,}"
    words = {
        "load-cold": tr("loading the weights from the disk"),
        "load-warm": tr("loading the weights into memory"),
        "tok": tr("turning text into ids"),
        "prep": tr("making sequences of {0} ids of text").format(prompt),
        "pp": tr("reading a prompt of {0} tokens").format(prompt),
        "tg": tr("writing {0} tokens, one after another").format(f"{cell.new:,}"),
        "ttft": tr("waiting for the first token after {0}").format(prompt),
        "gen": tr("answering a request with {0} tokens").format(f"{cell.new:,}"),
        "fwd": tr("the forward half of a training step on {0} tokens").format(tokens),
        "bwd": tr("the backward half of a training step on {0} tokens").format(tokens),
        "opt": tr("updating all weights once"),
        "train": tr("one training step on {0} tokens").format(tokens),
        "val": tr("scoring {0} tokens of held-out text").format(tokens),
    }
    if cell.model == MACHINE:
        return tr("what this machine can do at most: {0}").format(DEFINITIONS[cell.workload].plain)
    return words[cell.workload]


def limit_line(row: Row, short: bool = False) -> str:
    """Return `limited by memory bandwidth: 83 % of measured 231 GB/s`, empty where nothing was found out.

    Where the limit is no ceiling, its share of the time takes the place of that of the ceiling.
    """
    found, limit = stored_finding(row), _limit(row)
    of_ceiling = _of_ceiling(limit, short) if limit else ""
    if found is None or not found.claims:
        return f"{bound_name(limit['bound'])}: {of_ceiling}" if limit else ""
    if found.limiter == "unclear":
        if found.operations:
            kind = max(found.operations, key=lambda kind: found.operations[kind])
            return tr("limit unclear: {0} of the time in {1}").format(percent(found.operations[kind]), kind)
        return tr("limit unclear: {0}").format(f"{bound_name(limit['bound'])} {of_ceiling}") if limit else ""
    if limit.get("bound") != found.limiter:
        of_ceiling = tr("{0} of the time").format(percent(found.claims[0].share))
    return f"{limited_by(found)}: {of_ceiling}"


def _limit(row: Row) -> dict[str, Any]:
    """Return the nearest ceiling of a row, empty where nothing could be compared."""
    limit = row.extra.get("limit")
    return limit if isinstance(limit, dict) else {}


def _of_ceiling(limit: dict[str, Any], short: bool) -> str:
    line = tr("{0} of {1}") if short else tr("{0} of measured {1}")
    return line.format(percent(limit["share"]), f"{significant(limit['ceiling'])}{NBSP}{limit['unit']}")


def limit_share(row: Row | None) -> float | None:
    """Return how near a row came to its ceiling, whatever else may have limited it; None where none is known."""
    return None if row is None else _limit(row).get("share")


def why_limited(row: Row | None) -> tuple[str, ...]:
    """Return the measurement that says what limits a test, none where nothing was found out."""
    found = None if row is None else stored_finding(row)
    return () if found is None else (f"{limiter_name(found)}: {found.evidence}",)


def limited_by(found: Finding) -> str:
    """Return `limited by compute`, or `probably compute` where it is not sure."""
    return (tr("limited by {0}") if found.is_sure else tr("probably {0}")).format(bound_name(found.limiter))


def limiter_name(found: Finding | None) -> str:
    """Return `memory bandwidth`, `probably compute` or `unclear`; a dash where nothing was looked for."""
    if found is None:
        return "—"
    name = bound_name(found.limiter)
    return name if found.is_sure or found.limiter == "unclear" else tr("probably {0}").format(name)


def percent(share: float | None) -> str:
    """Return a share as `83 %`; a dash where it is not known."""
    return "—" if share is None else evidence.percent(share)


def bound_name(bound: str) -> str:
    """Return what limits a test, in words."""
    return {"compute": tr("compute"), "memory bandwidth": tr("memory bandwidth"), "storage": tr("storage"),
            "memory capacity": tr("memory capacity"), "host overhead": tr("host overhead"),
            "other programs": tr("other programs"), "heat or power": tr("heat or power"),
            "interconnect": tr("interconnect"), "unclear": tr("unclear")}[bound]


def short_device(device: str) -> str:
    """Return `CPU`, `GPU`, or `GPU 1` for the second one."""
    kind, _, number = device.partition(":")
    return "CPU" if kind == "cpu" else f"GPU{NBSP}{number}" if number not in ("", "0") else "GPU"


def block(size_bytes: float) -> str:
    """Return the size of a block of memory as `32 MiB` or `1.00 GiB`."""
    return gib(size_bytes) if size_bytes >= GIB else f"{size_bytes / 1024**2:.0f}{NBSP}MiB"


def day_of(utc: str) -> str:
    """Return a UTC time as short as can be, `today 18:12` or `21 Nov`; an unreadable one as it stands."""
    try:
        at = datetime.fromisoformat(utc).astimezone()
    except ValueError:
        return utc
    is_today = at.date() == datetime.now().astimezone().date()
    return tr("today {0}").format(f"{at:%H:%M}") if is_today else f"{at.day}{NBSP}{at:%b}"


def badge_word(state: CellState, is_current: bool, is_open: bool) -> str:
    """Return the word of a test's badge."""
    row = state.row
    if row is None:
        return "running" if is_current else "queued" if is_open else "not run"
    return verdict_word(row.verdict, row.reason or "")


def verdict_word(verdict: str, reason: str) -> str:
    """Return the word of a verdict's badge; what a warning is about has words of its own."""
    if verdict == "warn":
        return next((word for word in _WARNINGS if reason.startswith(word)), VERDICT_WORDS["warn"])
    return VERDICT_WORDS.get(verdict, verdict)


def verdict_text(verdict: str, reason: str) -> str:
    """Return a verdict where no badge with its mark stands: `noisy`, `warned (drift)`."""
    word, plain = verdict_word(verdict, reason), VERDICT_WORDS.get(verdict, verdict)
    return word if word == plain else f"{plain} ({word})"


def run_badge(entry: Entry, key: Brief | None) -> str:
    """Return the word of a stored run's badge: how it ended where it is not done, else its key test's or its worst."""
    if entry.status != "done":
        return entry.status
    if key is not None:
        return verdict_word(key.verdict, key.reason)
    words = [verdict_word(brief.verdict, brief.reason) for brief in entry.tests]
    worst = ("failed", "not counted", "stopped", "noisy", "warned", *_WARNINGS)
    return next((word for word in worst if word in words), words[0] if words else "none")


def models(refs: Sequence[str]) -> str:
    """Return how the models of a run are called."""
    return " + ".join(map(model_name, refs))


def day(date: QDate, today: QDate) -> str:
    """Return a day as `Today`, `Yesterday, 20 Nov`, `19 Nov` or, of another year, `19 Nov 2025`."""
    named = month_day(date)
    if date == today:
        return tr("Today")
    if date == today.addDays(-1):
        return tr("Yesterday, {0}").format(named)
    return named if date.year() == today.year() else f"{named} {date.year()}"


def month_day(date: QDate) -> str:
    """Return a day without its year: `19 Nov`."""
    return f"{date.day()} {QLocale.c().monthName(date.month(), QLocale.FormatType.ShortFormat)}"
