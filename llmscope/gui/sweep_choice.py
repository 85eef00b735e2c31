"""What a sweep goes over, as texts and as plain data."""

from dataclasses import replace
from math import prod
from typing import Any, cast

from llmscope.core.units import about
from llmscope.gui import words
from llmscope.gui.choices import MOST_BATCH, MOST_TOKENS, Choices, Swept
from llmscope.gui.looks import tests
from llmscope.gui.words import tr

#: Settings of which a sweep takes whole numbers, and the largest of each.
MOST = {"batch": MOST_BATCH, "seq": MOST_TOKENS, "new": MOST_TOKENS, "threads": 1024}
MOST_TESTS = 10_000


def names() -> dict[str, str]:
    """Return what the settings are called, in the order in which a sweep shows them."""
    return {"batch": tr("Batch size"), "seq": tr("Sequence length"), "new": tr("New tokens"),
            "threads": tr("CPU threads"), "dtype": tr("Precision"), "backend": tr("Backend"), "model": tr("Model")}


def numbers(axis: str, text: str) -> tuple[int, ...] | str:
    """Return the numbers of a comma list, each once, or the line that says what is wrong with it."""
    name, parts = names()[axis], [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        return tr("{0} takes whole numbers with commas between, such as 1, 4, 16.").format(name)
    found = tuple(dict.fromkeys(map(int, parts)))
    if not all(1 <= number <= MOST[axis] for number in found):
        return tr("{0} goes from 1 to {1}.").format(name, f"{MOST[axis]:,}")
    return found


def with_sweep(choices: Choices, axes: dict[str, tuple[Any, ...]]) -> Choices | str:
    """Return the choices with a sweep over these values; it leaves the preset, and its tests stay ticked.

    A setting with one value is no sweep where the rail has a control for it. Returns the line that says what to do
    instead where there are too many tests or none.
    """
    single = {name: values[0] for name, values in axes.items()
              if len(values) == 1 and name in ("batch", "seq", "new", "dtype")}
    over = {name: values for name, values in axes.items() if name not in single}
    count = prod(map(len, over.values()))
    taken = replace(choices.tick((), True), sweep=cast(Swept, tuple(over.items())), **single)
    if count <= MOST_TESTS:
        count = len(taken.cells())
    if count > MOST_TESTS:
        return tr("{0} tests are too many: {1} at most. Leave out some values.").format(
            f"{count:,}", f"{MOST_TESTS:,}")
    return taken


def summary(sweep: Swept) -> str:
    """Return `batch size 1, 4 × precision f32, bf16`."""
    return " × ".join(f"{names()[name].lower()} {shown(name, values)}" for name, values in sweep)


def shown(axis: str, values: tuple[Any, ...]) -> str:
    """Return the values of a setting as they are written."""
    if axis == "model" and len(values) > 2:
        return tr("({0} of them)").format(len(values))
    text = {"dtype": words.short_dtype, "model": words.model_name}.get(axis, str)
    return ", ".join(map(text, values))


def count_words(count: int, seconds: float) -> str:
    """Return `12 tests, about 2:25`."""
    return f"{tests(count)}, {about(seconds)}"
