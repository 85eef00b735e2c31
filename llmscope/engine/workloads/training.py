"""Training on the shipped text: whole steps (`train`), their parts (`fwd`, `bwd`, `opt`), and scoring (`val`)."""

import math
from typing import Any

import numpy as np
import torch

from llmscope.core.errors import BadInput
from llmscope.core.events import Phase
from llmscope.core.spec import Cell
from llmscope.engine import checks
from llmscope.engine.backends.eager import Loaded
from llmscope.engine.inputs import Inputs
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Block, Stopwatch

LEARNING_RATE = 1e-4
#: Tokens of the pass that fills the gradients for `opt`, whose time does not depend on them.
GRADIENT_TOKENS = 16


class _OnText:
    """What passes over windows of a text share: `text_ids` is the tokenized text, int64, on the CPU."""

    request = False
    phase: Phase
    _ids: torch.Tensor
    _loss: torch.Tensor

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter, text_ids: torch.Tensor) -> None:
        self._network, self._device = loaded.network.train(), loaded.device
        self._cell, self._inputs, self._meter, self._text = cell, inputs, meter, text_ids
        self.work: int | None = cell.batch * cell.seq
        self._losses: list[float] = []

    def _windows(self, length: int) -> torch.Tensor:
        """Return fresh windows of shape (batch, length) on the device."""
        return self._inputs.windows(self._text, self._cell.batch, length).to(self._device)

    def _loss_of(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the mean loss over all positions that have a next id."""
        loss: torch.Tensor = self._network(input_ids=ids, labels=ids, use_cache=False).loss
        return loss

    def finish(self) -> dict[str, Any]:
        """Check that the loss is a finite number."""
        self._inputs.note(self._ids)
        loss = float(self._loss.detach())
        if not math.isfinite(loss):
            raise checks.NotTrustworthy(f"the loss is {loss}")
        self._losses.append(loss)
        return {"loss": loss}

    def summary(self) -> dict[str, Any]:
        """Return the first and last loss."""
        return {"loss": {"first": self._losses[0], "last": self._losses[-1]}} if self._losses else {}

    def reset(self) -> None:
        """Forget the warm-up's losses."""
        self._losses.clear()


class Forward(_OnText):
    """The forward pass of a training step, with all that it keeps for the backward pass."""

    phase: Phase = "forward"

    def prepare(self) -> None:
        """Draw a window, and let go of what the pass before kept."""
        self._loss = torch.empty(0)
        self._ids = self._windows(self._cell.seq)

    def run(self, watch: Stopwatch) -> Block:
        """Do one pass."""
        watch.start()
        self._loss = self._loss_of(self._ids)
        block = watch.stop()
        self._meter.add(self.work or 0)
        return block


class Backward(_OnText):
    """The backward pass of a training step; the forward pass before it is not timed."""

    phase: Phase = "backward"

    def prepare(self) -> None:
        """Go forward."""
        self._network.zero_grad(set_to_none=True)
        self._ids = self._windows(self._cell.seq)
        self._loss = self._loss_of(self._ids)

    def run(self, watch: Stopwatch) -> Block:
        """Go back."""
        watch.start()
        self._loss.backward()
        block = watch.stop()
        self._meter.add(self.work or 0)
        return block


class Optimizer(_OnText):
    """One AdamW step on gradients of a short pass, and clearing them; the pass is not timed."""

    phase: Phase = "optimizer"

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter, text_ids: torch.Tensor) -> None:
        super().__init__(loaded, cell, inputs, meter, text_ids)
        loaded.dirty = True
        self.work = None
        self._optimizer = _adamw(self._network)

    def prepare(self) -> None:
        """Fill the gradients."""
        self._ids = self._windows(min(self._cell.seq, GRADIENT_TOKENS))
        self._loss = self._loss_of(self._ids)
        self._loss.backward()

    def run(self, watch: Stopwatch) -> Block:
        """Do one step."""
        watch.start()
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        block = watch.stop()
        self._meter.add(0)
        return block

    def summary(self) -> dict[str, Any]:
        """Return which optimizer it is."""
        return {"optimizer": "AdamW"}


class Train(_OnText):
    """One AdamW step on random windows of a text: data, forward with loss over all positions, backward, optimizer.

    Parameters and optimizer state are in the model's dtype.
    """

    phase: Phase = "train"

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter, text_ids: torch.Tensor) -> None:
        super().__init__(loaded, cell, inputs, meter, text_ids)
        loaded.dirty = True
        self._optimizer = _adamw(self._network)
        self._phases: list[dict[str, float]] = []

    def prepare(self) -> None:
        """Nothing: making the batch is part of the step."""

    def run(self, watch: Stopwatch) -> Block:
        """Do one step."""
        watch.start()
        self._ids = self._windows(self._cell.seq)
        watch.mark("data")
        loss = self._loss_of(self._ids)
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
        self._meter.add(self.work or 0)
        return block

    def finish(self) -> dict[str, Any]:
        """Check the loss, and keep the seconds of the parts."""
        parts = super().finish()
        self._phases.append(self._block.phases_s)
        return parts | {"phases_s": self._block.phases_s}

    def summary(self) -> dict[str, Any]:
        """Return the median seconds of each phase, and the first and last loss."""
        if not self._phases:
            return {}
        phases = {name: float(np.median([p[name] for p in self._phases])) for name in self._phases[0]}
        return {"phases_s": phases, "optimizer": "AdamW", **super().summary()}

    def reset(self) -> None:
        """Forget the warm-up's losses and phases."""
        super().reset()
        self._phases.clear()


class Validate(_OnText):
    """One pass over the next windows of the text, in evaluation mode; the text begins again at its end.

    The windows are consecutive and of exactly `seq` ids; a shorter one at the end is left out.
    """

    phase: Phase = "validate"

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter, text_ids: torch.Tensor,
                 text_bytes: int) -> None:
        super().__init__(loaded, cell, inputs, meter, text_ids)
        self._network.eval()
        self._parts = text_ids[: len(text_ids) // cell.seq * cell.seq].view(-1, cell.seq)
        if not len(self._parts):
            raise BadInput(f"The text has {len(text_ids):,} ids: lower the sequence length.")
        self._bytes_per_id = text_bytes / len(text_ids)
        self._next = 0

    def prepare(self) -> None:
        """Take the next windows."""
        rows = (self._next + torch.arange(self._cell.batch)) % len(self._parts)
        self._next = (self._next + self._cell.batch) % len(self._parts)
        self._ids = self._parts[rows].to(self._device)

    @torch.inference_mode()
    def run(self, watch: Stopwatch) -> Block:
        """Score them."""
        watch.start()
        self._loss = self._loss_of(self._ids)
        block = watch.stop()
        self._meter.add(self.work or 0)
        return block

    def summary(self) -> dict[str, Any]:
        """Return loss, perplexity and bits per byte over the windows timed, each at most once, and their share."""
        if not self._losses:
            return {}
        once = self._losses[: math.ceil(len(self._parts) / self._cell.batch)]
        loss = float(np.mean(once))
        return {"loss_nats_per_token": loss, "perplexity": math.exp(min(loss, 700.0)),
                "bits_per_byte": loss / math.log(2) / self._bytes_per_id,
                "share_of_text": min(1.0, len(once) * self._cell.batch / len(self._parts))}

    def reset(self) -> None:
        """Begin with the first window."""
        super().reset()
        self._next = 0


def _adamw(network: torch.nn.Module) -> torch.optim.AdamW:
    return torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE)
