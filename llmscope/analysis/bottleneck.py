"""What limits a test: each part of the machine's share of its time, the largest of them, and how sure that is.

Every claim comes from its own measurement: work ÷ time against the measured ceilings (roofline), the time
spent outside operations, waits for a core, standing still, pages and files read from disk, throttling as the
driver reports it. Where two claims are nearly equal, or the limiting roof is far from reached, the finding says so.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from llmscope.analysis import evidence
from llmscope.analysis.ceilings import Ceilings, limits, work_of
from llmscope.analysis.evidence import LEAST_SHARE, Claim, Limiter
from llmscope.analysis.remedies import Remedy, remedies
from llmscope.analysis.time_model import TimeModel, time_model
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import COUNTED, Row

#: The first claim must be this much of the time above the second to be sure.
MARGIN = 0.10
#: Operations that reach less of both roofs than this are limited by something that no roof describes.
FAR_FROM_ROOF, NEAR_ROOF = 0.15, 0.50
#: Where the roofs are not known, a claim must take this much of the time to be the finding.
MOST = 0.50
#: A change that is predicted to give less than this is said not to help.
WORTH_IT = 1.05


class Finding(Struct, frozen=True):
    """What limits a test. `claims` are all shares found, that of the limiter first; `margin` its lead, None if alone.

    One claim may be `unclear`: operations far from both roofs, the time of which nothing explains.
    `is_sure` is False where the second is close, or the operations are far from the roof that bounds them.
    Where it is unclear, `operations` are the kinds that take most of the time, by torch's names with their shares.
    `would_help` and `would_not_help` are changes with the speed that is predicted of them, `may_help` those of which
    nothing is predicted.
    """

    limiter: Limiter
    evidence: str
    is_sure: bool
    margin: float | None
    claims: tuple[Claim, ...] = ()
    would_help: tuple[Remedy, ...] = ()
    would_not_help: tuple[Remedy, ...] = ()
    may_help: tuple[Remedy, ...] = ()
    operations: dict[str, float] = {}

    @property
    def changes(self) -> tuple[Remedy, ...]:
        """All changes, the best first and those without a prediction last."""
        return (*self.would_help, *self.would_not_help, *self.may_help)


def finding(row: Row, ceilings: Ceilings | None) -> Finding | None:
    """Return what limits a test, or None for tests of the machine, those that never began, and unknown ones."""
    kind = row.definition.partition("/")[0]
    if row.verdict == "failed":
        return _of_failure(row)
    if kind not in DEFINITIONS or DEFINITIONS[kind].of_machine or row.verdict not in COUNTED:
        return None
    model = None if ceilings is None else time_model(row, ceilings)
    apart = _apart(row, kind, ceilings)
    left = max(0.0, 1 - sum(claim.share for claim in apart))
    claims = tuple(sorted((*apart, *_at_work(row, kind, ceilings, model, left)), key=lambda claim: -claim.share))
    if not claims or (model is None and not kind.startswith("load") and claims[0].share < MOST):
        why = "its work is not known" if ceilings else "this machine's ceilings are not measured yet"
        return Finding("unclear", why, False, None, claims)
    found = _largest(row, claims, model, left)
    if model is None or ceilings is None:
        return found
    changes = remedies(row, model, ceilings, left, all(claim.limiter != "unclear" for claim in claims))
    known = [(remedy, remedy.speedup) for remedy in changes if remedy.speedup is not None]
    return msgspec.structs.replace(found, would_help=tuple(r for r, speedup in known if speedup >= WORTH_IT),
                                   would_not_help=tuple(r for r, speedup in known if speedup < WORTH_IT),
                                   may_help=tuple(r for r in changes if r.speedup is None))


def _largest(row: Row, claims: tuple[Claim, ...], model: TimeModel | None, left: float) -> Finding:
    """Return the largest claim; before time that nothing explains, another that is nearly as large."""
    if claims[0].limiter == "unclear" and len(claims) > 1 and claims[0].share - claims[1].share < MARGIN:
        claims = (claims[1], claims[0], *claims[2:])
    first, margin = claims[0], claims[0].share - claims[1].share if len(claims) > 1 else None
    if first.limiter == "unclear":
        return Finding("unclear", first.evidence, False, margin, claims, operations=_kinds(row))
    reached = None if model is None else model.reached(first.limiter, left)
    sure = (margin is None or margin >= MARGIN) and (reached is None or reached >= NEAR_ROOF)
    return Finding(first.limiter, first.evidence, sure, margin, claims)


def _of_failure(row: Row) -> Finding | None:
    if row.extra.get("kind") != "out_of_memory":
        return None
    return Finding("memory capacity", row.reason or "memory ran out", True, None,
                   (Claim("memory capacity", 1.0, row.reason or "memory ran out"),))


def _apart(row: Row, kind: str, ceilings: Ceilings | None) -> tuple[Claim, ...]:
    """Return what takes time of its own: waiting, standing still, reading from disk."""
    return tuple(claim for claim in (*evidence.waiting(row), *evidence.from_disk(row, kind, ceilings))
                 if claim.share >= LEAST_SHARE)


def _at_work(row: Row, kind: str, ceilings: Ceilings | None, model: TimeModel | None, left: float) -> Iterator[Claim]:
    """Yield what host and operations take of the share of the time that is `left` to them."""
    for claim in evidence.host(row, kind, model, ceilings):
        if claim.share >= LEAST_SHARE:
            yield msgspec.structs.replace(claim, share=left * claim.share)
    if model is not None and ceilings is not None:
        yield from _of_operations(row, ceilings, model, left)


def _of_operations(row: Row, ceilings: Ceilings, model: TimeModel, left: float) -> Iterator[Claim]:
    """Yield what each roof takes of the time; where operations are far from both, that neither explains it."""
    found = limits(work_of(row), row.extra["seconds"], row.dtype, ceilings)
    nearer = max(found, key=lambda limit: model.share_of(limit.bound), default=None)
    if nearer is not None and (model.reached(nearer.bound, left) or 0.0) < FAR_FROM_ROOF:
        where = evidence.in_operations(_kinds(row))
        yield Claim("unclear", left * (1 - (model.host or 0.0)), evidence.product(row, nearer, ceilings.threads) +
                    f": far from both roofs{where and f'; {where}'}")
        return
    for limit in found:
        if share := model.share_of(limit.bound):
            yield Claim(limit.bound, left * share, evidence.product(row, limit, ceilings.threads))


def _kinds(row: Row) -> dict[str, float]:
    return (row.extra.get("host") or {}).get("heaviest") or {}


def stored_finding(row: Row) -> Finding | None:
    """Return what a row says limits it, None where it says nothing, or nothing that can be read."""
    try:
        return msgspec.convert(row.extra.get("bottleneck"), Finding | None)
    except msgspec.ValidationError:
        return None
