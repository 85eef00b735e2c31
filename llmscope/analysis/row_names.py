"""What a test is called among others: its id, and whatever else tells it from those with the same id.

An id tells batch, depth and options; the length of gen's prompt, the precision, the device, the backend and the threads
it does not. Wherever tests of one run stand together, in a table, on a card or in History, they are named here.
"""

from collections.abc import Sequence

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import Row
from llmscope.core.spec import DTYPE_SHORT, Cell

Test = Row | Cell
#: Options of this program's own tests: those that the id tells, and those that `how` has places for.
_KNOWN = ("optimizer", "checkpointing", "scenario", "size", "attention", "cache", "threads")


def names(tests: Sequence[Test]) -> list[str]:
    """Return the name of each test among these: `gen128`, or `gen128 · sequence 16` beside one of another length."""
    return [" · ".join(filter(None, (test.test, told))) for test, told in zip(tests, apart(tests), strict=True)]


def apart(tests: Sequence[Test]) -> list[str]:
    """Return what tells each test from those of its id and model: `sequence 16 · bf16`, nothing where there is none."""
    settings = list(map(_settings, tests))
    values: dict[tuple[str, str, str], set[str]] = {}
    for test, own in zip(tests, settings, strict=True):
        for name, value in own.items():
            values.setdefault((test.model, test.test, name), set()).add(value)
    return [" · ".join(value for name, value in own.items() if value and len(values[test.model, test.test, name]) > 1)
            for test, own in zip(tests, settings, strict=True)]


def how(test: Test) -> dict[str, str]:
    """Return how a test was computed, by the names of the settings; other programs have more of them."""
    return {"dtype": DTYPE_SHORT.get(test.dtype, test.dtype), "device": test.device, "backend": test.backend,
            **{name: f"{test.options.get(name, '')}" for name in ("attention", "cache")},
            "threads": _threads(test.options.get("threads")),
            **{name: f"{name} {said(value)}" for name, value in test.options.items() if name not in _KNOWN}}


def said(value: str | bool | int) -> str:
    """Return an option's value in words."""
    return ("off", "on")[value] if isinstance(value, bool) else f"{value}"


def _settings(test: Test) -> dict[str, str]:
    kind = test.workload if isinstance(test, Cell) else test.definition.partition("/")[0]
    has_length = kind in DEFINITIONS and "seq" in DEFINITIONS[kind].uses
    return {"length": f"sequence {test.seq:,}" if has_length else "", **how(test)}


def _threads(count: str | bool | int | None) -> str:
    return f"{count} thread{'s' if count != 1 else ''}" if count else ""
