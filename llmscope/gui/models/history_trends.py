"""The values of tests over runs with the same settings."""

from collections.abc import Sequence

from llmscope.runs.entry import Brief, Entry

Group = tuple[str, ...]
#: A moment in Unix seconds, a value, and half its relative interval, None where there is none.
Point = tuple[float, float, float | None]
#: The oldest first, by group.
Trends = dict[Group, list[Point]]


def trends(entries: Sequence[Entry]) -> Trends:
    """Return the values that stand of all of one's own tests, by what must be the same for them to be compared."""
    found: Trends = {}
    for entry in reversed([entry for entry in entries if not entry.is_reference]):
        for brief in entry.tests:
            if brief.counted and brief.median:
                found.setdefault(group(entry, brief), []).append((entry.at_s, brief.median, brief.half_width))
    return found


def group(entry: Entry, brief: Brief) -> Group:
    """Return what must be the same for two values to be compared."""
    return entry.device, brief.test, brief.model, brief.same
