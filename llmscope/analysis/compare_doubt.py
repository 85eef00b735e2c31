"""How far a comparison can be trusted, in words: how well machines repeat themselves, and what helps elsewhere."""

from collections.abc import Sequence

from llmscope.analysis.compare import LETTERS, Comparison
from llmscope.analysis.compare_floors import Floor
from llmscope.analysis.times_as_fast import TimesAsFast
from llmscope.core import units
from llmscope.core.units import significant

#: Where a difference by a factor of two would not be told, nothing is compared; and beyond how many times none counts.
_LOST, _MOST_TIMES = 1.0, 100.0


def what_helps(found: Comparison) -> str:
    """Return what to do where speeds varied so much, or samples were so few, that nothing is told; else nothing."""
    lost = {place for line in found.shown for place, value in enumerate(line.values) if is_lost(value.times)}
    varied = {run for place in lost for run in who_varied(found, place)}
    again = sorted(varied | _too_short(found))
    if not again:
        return ""
    is_quick = any(found.sides[place].accuracy == "quick" for place in again)
    how = ("again with accuracy standard" if is_quick else "again with accuracy rigorous" if not varied
           else "three more times: repeats tell how far it varies")
    return f"Close other programs and run {listed(again)} {how}"


def _too_short(found: Comparison) -> set[int]:
    """Return the runs with too few samples for an interval that can be made again: llmscope's own, no references."""
    return {place for line in found.shown for value in line.values
            if value.times is not None and value.times.resolvable is None
            for place in range(len(found.sides)) if (row := line.values[place].row) is not None and row.low is None
            and found.sides[place].accuracy is not None and not found.sides[place].is_reference}


def is_lost(times: TimesAsFast | None) -> bool:
    """Return whether not even a difference by a factor of two would have been told."""
    return times is not None and not times.is_resolved and times.resolvable is not None and times.resolvable > _LOST


def who_varied(found: Comparison, place: int) -> list[int]:
    """Return which of a run and the baseline repeat themselves within no factor of two, or else the worse one."""
    shares = {run: found.floors[run].share for run in sorted({place, found.baseline})}
    return [run for run, share in shares.items() if share >= min(_LOST, max(shares.values()))]


def listed(places: Sequence[int]) -> str:
    """Return the letters of runs: `A, B and C`."""
    *first, last = (LETTERS[place] for place in places)
    return f"{', '.join(first)} and {last}" if first else last


def resolution(times: TimesAsFast) -> str:
    """Return from which difference on one would have been told, `±5.4 %` or `under 3.1×`, or that samples were few."""
    if times.resolvable is None:
        return "no interval"
    if times.resolvable > _LOST:
        return f"under {significant(min(1 + times.resolvable, _MOST_TIMES), 2)}×"
    return units.plus_minus(times.resolvable)


def floor_words(floor: Floor) -> str:
    """Return how well a machine repeats itself, and where that is known from."""
    return f"{floor_share(floor)} of {floor.runs} repeats" if floor.runs else f"{floor_share(floor)} assumed"


def floor_share(floor: Floor) -> str:
    """Return how well a machine repeats itself, `±5.0 %`, or by how many times two runs may differ, `3.1×`."""
    if floor.share <= _LOST:
        return units.plus_minus(floor.share)
    times = 1 + floor.share
    return f"{significant(times, 2)}×" if times < _MOST_TIMES else f">{_MOST_TIMES:.0f}×"


def floor_reason(floor: Floor) -> str:
    """Return why a floor is assumed, nothing where it is known."""
    few = "too few stored repeats"
    return "" if floor.runs else f"its speed varied during the run, {few}" if floor.has_varied else few
