"""The bundled model's loss on the whole held-out text, against the figures on its card."""

import json
from collections.abc import Iterator
from typing import Any

import torch

from llmscope import paths
from llmscope.core.spec import Cell, RunSpec
from llmscope.engine.backends import eager
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Stopwatch
from llmscope.engine.workloads import make
from llmscope.models.catalog import resolve

CPU = torch.device("cpu")
#: The card has four decimals; sums in another order change the sixth.
TOLERANCE = 6e-5


def bundled_card() -> dict[str, Any]:
    """Return what was written down when the bundled model was trained."""
    card: dict[str, Any] = json.loads((paths.resources() / "bundled_model" / "training.json").read_text())
    return card


def validation_of_the_bundled_model(batch: int) -> Any:
    """Return `val` as the card means it: windows of 512 ids, in float32."""
    source = resolve("bundled")
    cell = Cell("bundled", "val", "cpu", "float32", seq=512, batch=batch)
    return make(cell, 0, RunSpec((cell,)), source, eager.load(source, CPU, "float32"), CPU, Meter(lambda _: None))


def lines() -> Iterator[str]:
    """Yield each figure as it is found and as it stands on the card."""
    val, card = validation_of_the_bundled_model(batch=4), bundled_card()
    while val._scored < len(val._parts):
        val.prepare()
        val.run(Stopwatch(CPU))
        val.finish()
    for name, found in val.summary().items():
        if (stated := card.get(f"held_out_{name}")) is not None:
            word = "equal" if abs(found - stated) <= TOLERANCE else "DIFFERENT"
            yield f"{name}: {found:.5f}, on the card {stated:.4f}: {word}"
