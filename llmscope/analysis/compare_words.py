"""A comparison in words: one headline, with the very digits of the table."""

import math
from collections.abc import Sequence

from llmscope.analysis.compare import LETTERS, Comparison, Line, Value
from llmscope.analysis.compare_doubt import is_lost, listed, resolution, who_varied
from llmscope.analysis.times_as_fast import TimesAsFast
from llmscope.core.units import NBSP, measured, significant

#: Kinds of tests, those that tell most first, and what a run does in them.
_DOES = {"pp": "reads prompts", "tg": "writes", "gen": "answers", "ttft": "begins to answer", "train": "trains",
         "val": "scores text", "fwd": "runs forward", "bwd": "runs backward", "opt": "updates weights",
         "load-cold": "loads cold", "load-warm": "loads", "tok": "turns text into ids", "prep": "makes training data"}
_DOING = {"pp": "reading prompts", "tg": "writing", "gen": "answering", "ttft": "beginning to answer",
          "train": "training"}
#: What stands in place of a ratio.
NO_DIFFERENCE, CANNOT_TELL = "no difference", "cannot tell"
#: Names that stand in a line before the rest is only counted.
_MOST_NAMES = 4
#: From this on one of two ratios is told as the smaller one.
_FAR_APART = 1.25


def headline(found: Comparison) -> str:
    """Return what came of it in one sentence: of the first run beside the baseline, in the two tests that tell most.

    Where the baseline is the faster one, the sentence says so: nobody reads `0.0292×` at once.
    """
    if found.is_apart:
        return f"Nothing can be compared: {listed(range(len(found.sides)))} have no test in common"
    name, base = LETTERS[_other(found)], LETTERS[found.baseline]
    told = _told(found)
    if not told:
        return f"No test has a value in both {base} and {name}"
    faster, slower = _resolved(told)
    rest = [item for item in told if not item[1].is_resolved]
    parts = [_faster(one, other, items) for one, other, items in ((name, base, faster), (base, name, slower)) if items]
    unresolved = _unresolved(rest, listed(who_varied(found, _other(found))))
    if not parts:
        return f"{name} and {base} cannot be told apart: {unresolved}"
    text = ", but ".join(parts)
    return f"{text}; {unresolved}" if rest else text


def turned_round(found: Comparison) -> str:
    """Return which ratios of the table the headline turns round: `34.2× is 0.0292× the other way round`."""
    pairs = [f"{ratio(times.inverse)} is {ratio(times)}" for _, times in _resolved(_told(found))[1]]
    return ", ".join([f"{pairs[0]} the other way round", *pairs[1:]]) if pairs else ""


def _other(found: Comparison) -> int:
    """Return the place of the run that the headline is about."""
    return next(place for place in range(len(found.sides)) if place != found.baseline)


def _told(found: Comparison) -> list[tuple[Line, TimesAsFast]]:
    """Return the tests that the headline tells, at most two, each of another kind."""
    place, of_kind = _other(found), dict[str, tuple[Line, TimesAsFast]]()
    for line in telling(found):
        if (times := line.values[place].times) is not None:
            of_kind.setdefault(line.kind, (line, times))
    return list(of_kind.values())[:2]


def _resolved(told: Sequence[tuple[Line, TimesAsFast]]) -> tuple[list[tuple[Line, TimesAsFast]], ...]:
    """Return the tests in which the run is faster than the baseline, and slower; the clearest first."""
    items = sorted((item for item in told if item[1].is_resolved), key=lambda item: -abs(math.log(item[1].ratio)))
    return [item for item in items if item[1].ratio > 1], [item for item in items if item[1].ratio < 1]


def _faster(name: str, base: str, items: Sequence[tuple[Line, TimesAsFast]]) -> str:
    """Return `B reads prompts 64.4× as fast as A but writes only 4.53× as fast`."""
    (line, times), *others = [(line, times if times.ratio > 1 else times.inverse) for line, times in items]
    text = f"{name} {_does(line)} {ratio(times)} as fast as {base}"
    for other, less in others:
        apart = times.ratio >= _FAR_APART * less.ratio
        text += f" {'but' if apart else 'and'} {_does(other)} {'only ' if apart else ''}{ratio(less)} as fast"
    return text


def _unresolved(rest: Sequence[tuple[Line, TimesAsFast]], varied: str) -> str:
    """Return why tests tell no difference: none beyond what stands in brackets, runs that varied, too few samples."""
    told = [f"{_doing(line)} ({resolution(times)})" for line, times in rest
            if times.resolvable is not None and not is_lost(times)]
    lost = [_doing(line) for line, times in rest if is_lost(times)]
    few = [_doing(line) for line, times in rest if times.resolvable is None]
    parts = (("no difference resolved in", told), (f"the speed of {varied} varied too much in", lost),
             ("too few samples in", few))
    return ", ".join(f"{text} {' and '.join(lines)}" for text, lines in parts if lines)


def telling(found: Comparison) -> list[Line]:
    """Return the tests with values to compare, those that tell most first."""
    order = list(_DOES)
    return sorted((line for line in found.shown if line.is_shared),
                  key=lambda line: order.index(line.kind) if line.kind in order else len(order))


def ratio(times: TimesAsFast) -> str:
    """Return `64.4×`: three digits."""
    return f"{significant(times.ratio)}×"


def plus_minus(times: TimesAsFast) -> str:
    """Return half the interval's width with one digit, two where the first is 1: `±0.8`; `—` without an interval."""
    return "—" if times.half_width is None else f"±{_rounded(times.half_width)}"


def ratio_cells(value: Value) -> tuple[str, str]:
    """Return the ratio and its ± as the table has them; where no difference is resolved, that and how small a one."""
    times = value.times
    if times is None:
        return "—", ""
    if times.resolvable is None:
        return ratio(times), resolution(times)
    if times.is_resolved:
        return ratio(times), plus_minus(times)
    return CANNOT_TELL if is_lost(times) else NO_DIFFERENCE, resolution(times)


def value_text(value: Value, line: Line) -> str:
    """Return a value without its unit, `—` where there is none.

    Three digits, a fourth where the ± of every value of the test is under 2 %.
    """
    row = value.row
    return "—" if row is None or not value.counted or row.median is None else measured(row.median, _widest(line))


def value_cells(value: Value, line: Line) -> tuple[str, str]:
    """Return a value and its ± with the unit, beside the value where it has no ±; `—` and why there is no value."""
    row, text = value.row, value_text(value, line)
    if row is None or not value.counted or row.median is None:
        return text, value.why
    if row.half_width is None:
        return f"{text}{NBSP}{line.unit}", "—"
    return text, f"±{_rounded(row.half_width * row.median)}{NBSP}{line.unit}"


def _widest(line: Line) -> float | None:
    """Return the widest ± of a test's values, None where one has none."""
    widths = [value.row.half_width for value in line.values if value.counted and value.row is not None]
    return None if None in widths else max(width for width in widths if width is not None)


def _rounded(width: float) -> str:
    first = f"{width:.0e}"[0] if width > 0 and math.isfinite(width) else ""
    return significant(width, 2 if first == "1" else 1)


def _does(line: Line) -> str:
    return _DOES.get(line.kind, f"runs {line.name}")


def _doing(line: Line) -> str:
    return _DOING.get(line.kind, line.name)


def some(names: Sequence[str]) -> str:
    """Return the names in a line, of many the first few and how many more there are."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:_MOST_NAMES])} and {more} more"
