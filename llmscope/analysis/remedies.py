"""What would make a test faster and what would not, with the speed that the model of its time predicts."""

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct, structs

from llmscope.analysis.ceilings import Ceilings
from llmscope.analysis.evidence import LEAST_SHARE, waiting
from llmscope.analysis.time_model import TimeModel, threads_share
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import Row
from llmscope.core.spec import DTYPE_BYTES, IN_TURNS, MOST_BATCH, Cell

Change = Literal["16-bit weights", "32-bit weights", "batch", "memory", "arithmetic", "host", "others", "threads",
                 "compile", "int8", "attention", "cache"]

#: How much faster a part of the machine is taken to be in "faster memory", "more arithmetic", "less overhead".
FASTER = 1.2
LARGER_BATCH = 8


class Remedy(Struct, frozen=True):
    """A change, in words, and how many times as fast the test is predicted to be with it (tokens a second).

    `speedup` is None where nothing is predicted, and `at_least` where more is to be expected. `settings` are those of
    the cell that make the change; where there are none, it is a change of the machine.
    """

    change: Change
    words: str
    speedup: float | None
    settings: dict[str, Any] = {}
    at_least: bool = False


def remedies(row: Row, model: TimeModel, ceilings: Ceilings, left: float = 1.0,
             explained: bool = True) -> tuple[Remedy, ...]:
    """Return the changes that apply to a test, the best first and those without a prediction last.

    `left` is the share of the time that the test worked: the rest, in which it waited, stays as it is.
    Where roofs have not `explained` its operations, nothing is predicted of them: neither what a higher roof would
    give, nor whether they would be as far from it with more to do. What can be measured stays.
    """
    by_roofs = (_predicted if explained else _unexplained)(row, _Working(model, left), ceilings)
    found = (*by_roofs, *_waiting(row), *_options(row))
    return tuple(sorted(found, key=lambda remedy: (remedy.speedup is None, -(remedy.speedup or 0.0))))


def changed(cell: Cell, remedy: Remedy) -> Cell | None:
    """Return the test with the change really made, None where only other hardware or another program could make it."""
    if not remedy.settings or remedy.settings.get("batch", 1) > MOST_BATCH:
        return None
    return structs.replace(cell, **remedy.settings)


class _Working(Struct, frozen=True):
    """The time of a test of which it worked for the share `left`."""

    model: TimeModel
    left: float

    @property
    def host(self) -> float | None:
        return self.model.host

    def speedup(self, compute: float = 1.0, memory: float = 1.0, host: float = 1.0) -> float:
        """Return how many times as fast all of it would be; what it waits stays (Amdahl 1967)."""
        return 1 / (1 - self.left + self.left / self.model.speedup(compute, memory, host))


def _waiting(row: Row) -> Iterator[Remedy]:
    """Yield what ends the waiting for a core, as if all else stayed: other programs closed, no more threads than cores.

    Others also take caches and memory, and who waits is waited for by the other threads: without them it is more.
    What waits all the time is taken to wait for 95 % of it.
    """
    for claim in waiting(row):
        speedup = 1 / max(1 - claim.share, 0.05)
        if claim.share >= LEAST_SHARE and claim.limiter == "other programs":
            yield Remedy("others", "other programs closed", speedup, at_least=True)
        elif claim.share >= LEAST_SHARE and claim.limiter == "host overhead":
            cores = row.extra["usable_cores"]
            yield Remedy("threads", f"{cores} thread{'s' if cores > 1 else ''} instead of {row.extra['threads']}",
                         speedup, {"threads": cores})


def _options(row: Row) -> Iterator[Remedy]:
    """Yield the engine's options that a test has and does not use: what they give, only measuring tells."""
    kind = row.definition.partition("/")[0]
    if kind not in IN_TURNS:
        return
    if "cache" in DEFINITIONS[kind].uses and row.options.get("cache", "dynamic") == "dynamic":
        yield Remedy("cache", "static cache", None, {"cache": "static"})
    if row.backend == "eager":
        yield Remedy("compile", "torch.compile", None, {"backend": "compile"})
        yield Remedy("int8", "8-bit weights", None, {"backend": "int8"})
    used = (row.extra.get("numerics") or {}).get("attention") or ""
    other = {"eager": "sdpa", "sdpa": "eager"}.get(used)
    if other is not None:
        yield Remedy("attention", f"{other} attention", None, {"attention": other})


def _unexplained(row: Row, model: _Working, ceilings: Ceilings) -> Iterator[Remedy]:
    if row.device == "cpu" and DTYPE_BYTES.get(row.dtype) == 2 and row.definition.partition("/")[0] in IN_TURNS:
        # torch has other products for it: on some processors they are the faster ones, for twice the bytes.
        yield Remedy("32-bit weights", "float32 weights, twice the bytes", None, {"dtype": "float32"})
    for remedy in _predicted(row, model, ceilings):
        if remedy.change == "host":
            yield remedy
        elif remedy.settings and row.definition.partition("/")[0] in IN_TURNS:
            yield structs.replace(remedy, speedup=None)


def _predicted(row: Row, model: _Working, ceilings: Ceilings) -> Iterator[Remedy]:
    for change, words, faster in (("memory", "20 % faster memory", {"memory": FASTER}),
                                  ("arithmetic", "20 % faster arithmetic", {"compute": FASTER}),
                                  ("host", "20 % less time outside of operations", {"host": FASTER})):
        if change != "host" or model.host is not None:
            yield Remedy(change, words, model.speedup(**faster))  # type: ignore[arg-type]
    sixteen = ceilings.products.get("bfloat16")
    thirty_two = ceilings.products.get("float32")
    if row.dtype == "float32" and sixteen is not None and thirty_two is not None:
        yield Remedy("16-bit weights", "bfloat16 weights, half the bytes",
                     model.speedup(compute=sixteen.value / thirty_two.value,
                                   memory=DTYPE_BYTES["float32"] / DTYPE_BYTES["bfloat16"]), {"dtype": "bfloat16"})
    if "batch" in DEFINITIONS[row.definition.partition("/")[0]].uses:
        # The same weights serve all sequences: arithmetic grows with the batch, traffic at best not at all.
        words = f"{LARGER_BATCH} times the batch, in tokens/s of all together"
        yield Remedy("batch", words, LARGER_BATCH * model.speedup(compute=1 / LARGER_BATCH),
                     {"batch": LARGER_BATCH * row.batch})
    if (share := threads_share(row, ceilings)) < 1:
        words = f"all {ceilings.threads} threads instead of {row.extra['threads']}"
        yield Remedy("threads", words, model.speedup(compute=1 / share), {"threads": ceilings.threads})
