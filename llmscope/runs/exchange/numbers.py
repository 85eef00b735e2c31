"""Single values out of others' files: what is no such value is missing, never zero."""

from datetime import UTC, datetime
from typing import Any

from llmscope.core.errors import BadInput

#: What a figure can be, in any unit: nanoseconds of years, and tokens a second of the slowest machine.
LEAST, MOST = 1e-12, 1e18


def number(value: Any) -> float | None:
    """Return a figure as a number, None for anything that is none or cannot be one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -MOST <= value <= MOST:
        return None
    return float(value)


def whole(value: Any, name: str, missing: int = 0) -> int:
    """Return a count, `missing` where there is none; raises BadInput for anything that is none."""
    if value is None:
        return missing
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 2**40:
        raise BadInput(f"{name} is no count in this file: it cannot be imported.")
    return value


def positive(value: Any) -> list[float]:
    """Return the positive figures of a list; none where it is no list."""
    found = map(number, value) if isinstance(value, list) else ()
    return [x for x in found if x is not None and x >= LEAST]


def moment(value: Any) -> str:
    """Return a time in ISO 8601, UTC where a zone is told; empty where there is none."""
    try:
        at = datetime.fromisoformat(value)
        return (at.astimezone(UTC) if at.tzinfo else at).isoformat(timespec="seconds")
    except (TypeError, ValueError, OverflowError):  # in UTC it may lie before the year 1
        return ""
