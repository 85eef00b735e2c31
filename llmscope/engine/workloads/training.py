"""`train`: whole training steps on the shipped text, with the seconds of their phases."""

import math
from typing import Any

import numpy as np
import torch

from llmscope.core.events import Phase
from llmscope.core.spec import Cell
from llmscope.engine import checks
from llmscope.engine.backends.eager import Loaded
from llmscope.engine.inputs import Inputs
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Block, Stopwatch

LEARNING_RATE = 1e-4


class Train:
    """One AdamW step on random windows of a text: data, forward with loss over all positions, backward, optimizer.

    Parameters and optimizer state are in the model's dtype. `text_ids` is the tokenized text, int64, on
    the CPU.
    """

    phase: Phase = "train"
    request = False

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter, text_ids: torch.Tensor) -> None:
        loaded.dirty = True
        self._network, self._device = loaded.network.train(), loaded.device
        self._cell, self._inputs, self._meter, self._text = cell, inputs, meter, text_ids
        self._optimizer = torch.optim.AdamW(self._network.parameters(), lr=LEARNING_RATE)
        self.work = cell.batch * cell.seq
        self._losses: list[float] = []
        self._phases: list[dict[str, float]] = []

    def prepare(self) -> None:
        """Nothing: making the batch is part of the step."""

    def run(self, watch: Stopwatch) -> Block:
        """Do one step."""
        watch.start()
        self._ids = self._inputs.windows(self._text, self._cell.batch, self._cell.seq).to(self._device)
        watch.mark("data")
        loss = self._network(input_ids=self._ids, labels=self._ids, use_cache=False).loss
        watch.mark("forward")
        self._meter.check()
        loss.backward()
        watch.mark("backward")
        self._meter.check()
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        watch.mark("optimizer")
        block = watch.stop()
        self._loss, self._block = loss.detach(), block
        self._meter.add(self.work)
        return block

    def finish(self) -> dict[str, Any]:
        """Check that the loss is a finite number."""
        self._inputs.note(self._ids)
        loss = float(self._loss)
        if not math.isfinite(loss):
            raise checks.NotTrustworthy(f"the loss is {loss}")
        self._losses.append(loss)
        self._phases.append(self._block.phases_s)
        return {"loss": loss, "phases_s": self._block.phases_s}

    def summary(self) -> dict[str, Any]:
        """Return the median seconds of each phase, and the first and last loss."""
        if not self._losses:
            return {}
        phases = {name: float(np.median([p[name] for p in self._phases])) for name in self._phases[0]}
        return {"phases_s": phases, "loss": {"first": self._losses[0], "last": self._losses[-1]},
                "optimizer": "AdamW"}

    def reset(self) -> None:
        """Forget the warm-up's losses and phases."""
        self._losses.clear()
        self._phases.clear()
