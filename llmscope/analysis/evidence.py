"""What was measured of a test that speaks for one limit or another, in one sentence each."""

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from llmscope.analysis.ceilings import Ceiling, Ceilings, Limit
from llmscope.analysis.time_model import TimeModel
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import Row
from llmscope.core.units import NBSP, significant

Limiter = Literal["compute", "memory bandwidth", "memory capacity", "storage", "host overhead", "other programs",
                  "heat or power", "interconnect", "unclear"]

#: Parts of the machine that take less of the time than this are not worth a claim: counters tick more coarsely.
LEAST_SHARE = 0.05
#: Share of the CPU used by other programs, in percent, from which on a wait for a core is theirs.
OTHERS_PERCENT = 5.0
PAGE_BYTES = 4096
#: What loading is made of, and what each step works with.
_LOADING: dict[str, tuple[Limiter, str]] = {
    "read": ("memory bandwidth", "reading the files from the page cache"),
    "deserialise": ("host overhead", "making the network of them"),
    "copy": ("memory bandwidth", "copying the weights")}


class Claim(Struct, frozen=True):
    """That one part of the machine takes this share of the time (0 to 1), with the measurement that says so."""

    limiter: Limiter
    share: float
    evidence: str


def waiting(row: Row) -> Iterator[Claim]:
    """Yield time lost to waiting for a core, to standing still, and to a processor that was slowed down."""
    cpu = row.extra.get("cpu") or {}
    waited, still, others = cpu.get("waited") or 0.0, cpu.get("still") or 0.0, row.extra.get("others_percent") or 0.0
    threads, usable = row.extra.get("threads"), row.extra.get("usable_cores")
    if others >= OTHERS_PERCENT:
        taken = min(waited, others / 100 * (usable or 1))  # no thread waits longer than others have its core
        yield Claim("other programs", taken, f"its threads waited {percent(waited)} of the time for a core while "
                    f"other programs used {others:.0f}{NBSP}% of the CPU")
    elif threads and usable and threads > usable:
        yield Claim("host overhead", waited, f"{threads} threads share {usable} core{'s' if usable > 1 else ''} and "
                    f"wait {percent(waited)} of the time for each other")
    # Loading sleeps while the disk works: that is no sign of being held back.
    if row.device == "cpu" and not row.definition.startswith("load"):
        stood = max(0.0, still - waited)
        yield Claim("heat or power", stood, f"for {percent(stood)} of the time the processor did not run it, although "
                    "no other program asked for it: it was held back")
    throttled = row.extra.get("throttled") or {}
    if throttled.get("share"):
        yield Claim("heat or power", throttled["share"], f"the driver slowed the device down in "
                    f"{percent(throttled['share'])} of the readings: {throttled['reason']}")


def from_disk(row: Row, kind: str, ceilings: Ceilings | None) -> Iterator[Claim]:
    """Yield time for weight files that came from disk, and for memory that had to be read back from it."""
    extra, seconds = row.extra, row.extra.get("seconds")
    disk = None if ceilings is None else ceilings.others.get("disk-read")
    phases = extra.get("phases_s") or {}
    share_read = extra.get("read_share") or 0.0
    if kind.startswith("load") and seconds and share_read > 0.5 and "read" in phases:
        read_gb, read_s = share_read * extra["file_bytes"] / 1e9, phases["read"]
        of = "" if disk is None else f", {percent(read_gb / read_s / disk.value)} of the measured {_value(disk)}"
        yield Claim("storage", read_s / seconds, f"{significant(read_gb)}{NBSP}GB from disk in {_time(read_s)} = "
                    f"{significant(read_gb / read_s)}{NBSP}GB/s{of}")
    faults = extra.get("major_faults") or 0.0
    if not kind.startswith("load") and faults and seconds and disk is not None:
        again_s = faults * PAGE_BYTES / 1e9 / disk.value
        yield Claim("memory capacity", min(1.0, again_s / seconds), f"{faults:,.0f} pages a sample had to be read back "
                    "from disk: the memory is too small for it")


def host(row: Row, kind: str, model: TimeModel | None, ceilings: Ceilings | None) -> Iterator[Claim]:
    """Yield time of the program itself: outside of operations, in the tokenizer, in loading; and loading's copies."""
    extra = row.extra
    if kind.startswith("load"):
        seconds, phases = extra.get("seconds"), extra.get("phases_s") or {}
        for name, spent in phases.items() if seconds else ():
            limiter, words = _LOADING.get(name, ("host overhead", name))
            if name == "copy" and row.device != "cpu":
                limiter, words = "interconnect", _copied(row, spent, ceilings)
            if name != "read" or not (extra.get("read_share") or 0.0) > 0.5:
                yield Claim(limiter, spent / seconds, f"{words} takes {percent(spent / seconds)} of the time")
        return
    if not DEFINITIONS[kind].on_device:
        yield Claim("host overhead", 1.0, "no model is at work: this is the tokenizer and the program around it")
    elif extra.get("host"):
        share, operations = extra["host"]["share"], extra["host"]["operations"]
        yield Claim("host overhead", share, f"{percent(share)} of the time passes outside of its {operations:,} "
                    "operations: Python, dispatch, text and data")
    elif model is not None and model.host:
        yield Claim("host overhead", model.host, f"starting the operations takes {percent(extra['issued_share'])} "
                    "of the time: the device waits for the program")


def in_operations(shares: Mapping[str, float]) -> str:
    """Return `58 % of the time is in linear, 24 % in cat`, empty where operations were not timed."""
    return ", ".join(f"{percent(share)} {'in' if number else 'of the time is in'} {kind}"
                     for number, (kind, share) in enumerate(shares.items()))


def _copied(row: Row, seconds: float, ceilings: Ceilings | None) -> str:
    """Return how fast the weights went to a device that has a memory of its own."""
    gb, way = (row.extra.get("weights_bytes") or 0) / 1e9, None if ceilings is None else ceilings.others.get("h2d")
    if not gb or not seconds:
        return "copying the weights to the device"
    of = "" if way is None else f" ({percent(gb / seconds / way.value)} of the measured {_value(way)})"
    return f"copying {significant(gb)}{NBSP}GB to the device at {significant(gb / seconds)}{NBSP}GB/s{of}"


def product(row: Row, limit: Limit, of_threads: int | None = None) -> str:
    """Return the product that gives the achieved figure, to be checked by hand, and its share of the ceiling.

    `of_threads` took part in measuring the ceilings: where a test on the CPU had fewer, it could not reach them.
    """
    name, amount = ("GFLOP", row.extra["flops"]) if limit.bound == "compute" else ("GB", row.extra["bytes_moved"])
    seconds = row.extra["seconds"]
    if row.unit == "tok/s" and row.median:
        tokens = row.median * seconds
        work = f"{significant(row.median, 4)}{NBSP}tok/s × {significant(amount / 1e9 / tokens)}{NBSP}{name} per token"
    else:
        work = f"{significant(amount / 1e9)}{NBSP}{name} in {_time(seconds)}"
    threads = row.extra.get("threads")
    fewer = row.device == "cpu" and threads and of_threads and threads < of_threads
    return (f"{work} = {significant(limit.achieved)}{NBSP}{limit.unit}, {percent(limit.share)} of the measured "
            f"{significant(limit.ceiling)}" + (f", with {threads} of {of_threads} threads" if fewer else ""))


def percent(share: float) -> str:
    """Return a share as `83 %`, below 1 % as `0.6 %`."""
    return f"{100 * share:.{1 if 0 < share < 0.00995 else 0}f}{NBSP}%"


def _value(ceiling: Ceiling) -> str:
    return f"{significant(ceiling.value)}{NBSP}{ceiling.unit}"


def _time(seconds: float) -> str:
    return f"{significant(1e3 * seconds)}{NBSP}ms" if seconds < 1 else f"{significant(seconds)}{NBSP}s"
