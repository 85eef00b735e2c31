"""Which part of a pass is spent in the operations themselves, and which on getting to them.

One extra pass is run in which every operation that reaches torch's dispatcher is timed. What the smallest
operation costs is taken off each: that is dispatch, not work. The rest of the pass is Python, the tokenizer,
the preparation of data. Where operations come near to no roof, the kind that takes most of the pass is what to look at.
"""

import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from msgspec import Struct
from torch.utils._python_dispatch import TorchDispatchMode

#: Tiny operations that are timed to learn what one costs, and how often; the best is taken.
TINY, ROUNDS = 500, 5
#: So many kinds of operations are named, of those that take at least this share of a pass.
MOST_KINDS, LEAST_SHARE = 3, 0.05


class HostShare(Struct, frozen=True):
    """`share` of a pass that its operations did not work, 0 to 1, and how many operations it had.

    `heaviest` are the kinds of operations that worked longest, by torch's names, with their shares of the pass.
    """

    share: float
    operations: int
    heaviest: dict[str, float] = {}


class _Timed(TorchDispatchMode):
    """Notes the nanoseconds inside each operation; to sort them by kind takes longer, and is done afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[tuple[Any, int]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        started = time.perf_counter_ns()
        result = func(*args, **(kwargs or {}))
        self.inside.append((func, time.perf_counter_ns() - started))
        return result


class _TinyOperation(Struct, frozen=True):
    """Seconds of the smallest operation: as programs call it, while it is timed, and the part inside it then."""

    plain_s: float
    timed_s: float
    inside_s: float


def host_share(one_pass: Callable[[], float]) -> HostShare:
    """Return how much of a pass was not spent in operations; `one_pass` does it once and returns its seconds.

    Timing slows each operation down by the same amount, which is taken off the pass again. For work on the CPU:
    on an accelerator an operation returns before it is done.
    """
    with _Timed() as timed:
        pass_s = one_pass()
    tiny = _tiny()
    working_s: Counter[str] = Counter()
    for operation, inside_ns in timed.inside:
        working_s[operation.overloadpacket.__name__.lstrip("_")] += inside_ns / 1e9 - tiny.inside_s
    all_working_s = max(0.0, working_s.total())
    undisturbed_s = max(pass_s - len(timed.inside) * (tiny.timed_s - tiny.plain_s), all_working_s, 1e-9)
    return HostShare(1 - all_working_s / undisturbed_s, len(timed.inside), {
        kind: spent_s / undisturbed_s for kind, spent_s in working_s.most_common(MOST_KINDS)
        if spent_s >= LEAST_SHARE * undisturbed_s})


@lru_cache
def _tiny() -> _TinyOperation:
    """Time an addition of two single numbers, the best of several rounds."""
    number = torch.ones(1)

    def round_s() -> float:
        started = time.perf_counter_ns()
        for _ in range(TINY):
            torch.add(number, number)
        return (time.perf_counter_ns() - started) / 1e9 / TINY

    with torch.inference_mode():
        plain = min(round_s() for _ in range(ROUNDS))
        rounds = []
        for _ in range(ROUNDS):
            with _Timed() as timed:
                whole = round_s()
            rounds.append((whole, sum(ns for _, ns in timed.inside) / 1e9 / TINY))
    return _TinyOperation(plain, min(whole for whole, _ in rounds), min(inside for _, inside in rounds))
