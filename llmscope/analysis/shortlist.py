"""Which hardware to choose for a model, so many users, a speed for each, and a budget."""

import math
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from llmscope.analysis.demand import SMALLER, Demand, Format, demands
from llmscope.analysis.projection import Projection, at_most_tok_s, project
from llmscope.analysis.references import missed
from llmscope.core.units import gib, significant
from llmscope.hardware.catalogue import Hardware, catalogue
from llmscope.models.catalog import Model

#: `meets`: by the slow end of what is predicted. `may meet`: by its fast end, or something is not known, or others
#: measured less than is predicted there.
Verdict = Literal["meets", "may meet", "does not meet"]
_RANK: dict[Verdict, int] = {"meets": 0, "may meet": 1, "does not meet": 2}


class Choice(Struct, frozen=True):
    """One piece of hardware with the widest format that serves best; `doubts` counts the reasons that say "may"."""

    projection: Projection
    verdict: Verdict
    reasons: tuple[str, ...]
    doubts: int = 0


def shortlist(model: Model, context: int, users: int = 1, speed_tok_s: float | None = None,
              budget_usd: float | None = None, prices: Mapping[str, float] | None = None) -> list[Choice]:
    """Return all known hardware, the best first.

    First comes what meets the wish, the cheapest first, then what may meet it, with the fewest doubts first. What has
    no price comes after what has: with a budget the slowest first, as the likeliest to be within it.
    `speed_tok_s` is for each user while all write at once with full contexts. Raises BadInput where the model's costs
    are not known or a number is out of its bounds.
    """
    wanted = demands(model, context, users)
    choices = [_best(hardware, wanted, speed_tok_s, budget_usd, prices or {}) for hardware in catalogue()]
    return sorted(choices, key=lambda choice: _order(choice, budget_usd is None))


def _order(choice: Choice, fastest_first: bool) -> tuple[int, int, float, float, str]:
    target, decode = choice.projection.target, choice.projection.decode_tok_s
    price = math.inf if target.price_usd is None else target.price_usd.value
    speed = decode.high if decode else 0.0
    return _RANK[choice.verdict], choice.doubts, price, -speed if fastest_first else speed, target.name


def _best(hardware: Hardware, wanted: Mapping[Format, Demand], speed: float | None, budget: float | None,
          prices: Mapping[str, float]) -> Choice:
    choices = [_judged(project(hardware, wanted, format_, prices), speed, budget) for format_ in SMALLER]
    # Of equals the first, which has the most bits; what does not fit in any is told of the smallest.
    best = min(choices, key=lambda choice: _RANK[choice.verdict])
    return choices[-1] if best.projection.fits is False else best


def _judged(found: Projection, speed: float | None, budget: float | None) -> Choice:
    if found.fits is False:
        assert found.spare_bytes is not None
        return Choice(found, "does not meet", (f"{gib(-found.spare_bytes)} short with {found.demand.format}",))
    judged = [reason for reason in (_by_memory(found), _by_speed(found, speed), _by_what_others_measured(found, speed),
                                    _by_price(found, budget)) if reason]
    worst = max((verdict for verdict, _ in judged), key=_RANK.__getitem__)
    doubts = sum(verdict == "may meet" for verdict, _ in judged)
    return Choice(found, worst, tuple(words for _, words in judged), doubts)


def _by_memory(found: Projection) -> tuple[Verdict, str]:
    if found.spare_bytes is None:
        return "may meet", f"needs {gib(found.demand.memory_bytes)} of the memory that is fitted"
    return "meets", f"fits as {found.demand.format}, {gib(found.spare_bytes)} spare"


def _by_speed(found: Projection, speed: float | None) -> tuple[Verdict, str] | None:
    if speed is None:
        return None
    if found.decode_tok_s is None:
        most = at_most_tok_s(found.target, found.demand) / found.demand.batch
        each = f"at most {significant(most)} tok/s for each user"
        if most < speed:
            return "does not meet", f"too slow: {each}"
        return "may meet", f"{each}, its peak is not known"
    slow, fast = (rate / found.demand.batch for rate in (found.decode_tok_s.low, found.decode_tok_s.high))
    each = f"{significant(slow)} to {significant(fast)} tok/s for each user"
    if fast < speed:
        return "does not meet", f"too slow: {each}"
    return ("meets" if slow >= speed else "may meet"), each


def _by_what_others_measured(found: Projection, speed: float | None) -> tuple[Verdict, str] | None:
    """Judge how far a prediction is to be trusted where one for the same hardware was wrong."""
    other = missed().get(found.target.id)
    if other is None or other.predicted_tok_s is None:
        return None
    low, high = (significant(end, 2) for end in (other.predicted_tok_s.low, other.predicted_tok_s.high))
    said = (f"others measured {significant(other.measured_tok_s)} tok/s of {other.model} in {other.format}, "
            f"predicted {low} to {high}")
    return ("may meet" if speed is not None and other.place == "slower" else "meets"), said


def _by_price(found: Projection, budget: float | None) -> tuple[Verdict, str] | None:
    if budget is None:
        return None
    price = found.target.price_usd
    if price is None:
        return "may meet", "its price is not known"
    if price.value > budget:
        return "does not meet", f"${price.value - budget:,.0f} over the budget"
    return "meets", f"${budget - price.value:,.0f} under the budget"
