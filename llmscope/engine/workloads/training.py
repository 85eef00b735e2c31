"""Training on the shipped text: whole steps (`train`) and their parts (`fwd`, `bwd`, `opt`)."""

from typing import Any

import torch

from llmscope.core.events import Phase
from llmscope.core.spec import Cell
from llmscope.engine import memory
from llmscope.engine.backends.eager import Loaded
from llmscope.engine.inputs import Inputs
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Block, Stopwatch
from llmscope.engine.workloads.on_text import OnText
from llmscope.engine.workloads.phases import Phases

LEARNING_RATE, MOMENTUM = 1e-4, 0.9
#: Tokens of the pass that fills the gradients for `opt`, whose time does not depend on them.
GRADIENT_TOKENS = 16


class Forward(OnText):
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


class Backward(OnText):
    """The backward pass of a training step; the forward pass before it is not timed."""

    phase: Phase = "backward"

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter, text_ids: torch.Tensor) -> None:
        super().__init__(loaded, cell, inputs, meter, text_ids)
        self._gradients = memory.Gradients(self._network, self._device)

    def prepare(self) -> None:
        """Go forward."""
        self._network.zero_grad(set_to_none=True)
        self._gradients.prepare()
        self._ids = self._windows(self._cell.seq)
        self._loss = self._loss_of(self._ids)

    def run(self, watch: Stopwatch) -> Block:
        """Go back."""
        watch.start()
        self._gradients.backward(self._loss)
        block = watch.stop()
        self._meter.add(self.work or 0)
        return block

    def finish(self) -> dict[str, Any]:
        """Check the loss."""
        self._gradients.finish()
        return super().finish()

    def summary(self) -> dict[str, Any]:
        """Return the losses, and the bytes of gradients when memory peaked."""
        about = super().summary()
        return about | {"held": {"gradients": self._gradients.at_peak}} if about else {}


class _Stepping(Backward):
    """What `opt` and `train` share: an optimizer, whose state they hold, and weights that it changes."""

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter, text_ids: torch.Tensor) -> None:
        super().__init__(loaded, cell, inputs, meter, text_ids)
        loaded.dirty = True
        self._optimizer = _optimizer(cell, self._network)

    def _step(self) -> None:
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)

    def summary(self) -> dict[str, Any]:
        """Return the losses, which optimizer it is, and what is held for it."""
        about = super().summary()
        if not about:
            return {}
        state = memory.tensor_bytes(t for of in self._optimizer.state.values() for t in of.values())
        about["held"]["optimizer"] = state
        return about | {"optimizer": _NAMES[self._cell.optimizer]}


class Optimizer(_Stepping):
    """One step of the optimizer on gradients of a short pass, and clearing them; the pass is not timed."""

    phase: Phase = "optimizer"

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter, text_ids: torch.Tensor) -> None:
        super().__init__(loaded, cell, inputs, meter, text_ids)
        self.work = None

    def prepare(self) -> None:
        """Fill the gradients."""
        self._gradients.prepare()
        self._ids = self._windows(min(self._cell.seq, GRADIENT_TOKENS))
        self._loss = self._loss_of(self._ids)
        self._gradients.backward(self._loss)

    def run(self, watch: Stopwatch) -> Block:
        """Do one step."""
        watch.start()
        self._step()
        block = watch.stop()
        self._meter.add(0)
        return block

    def summary(self) -> dict[str, Any]:
        """Return which optimizer it is and what is held; the loss of the short pass says nothing."""
        return {name: said for name, said in super().summary().items() if name in ("optimizer", "held")}


class Train(_Stepping):
    """One step on random windows of a text: data, forward with loss over all positions, backward, optimizer.

    Parameters and optimizer state are in the model's dtype.
    """

    phase: Phase = "train"

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter, text_ids: torch.Tensor) -> None:
        super().__init__(loaded, cell, inputs, meter, text_ids)
        self._phases = Phases()

    def prepare(self) -> None:
        """Nothing but the peak: making the batch is part of the step."""
        self._gradients.prepare()

    def run(self, watch: Stopwatch) -> Block:
        """Do one step."""
        watch.start()
        self._ids = self._windows(self._cell.seq)
        watch.mark("data")
        loss = self._loss_of(self._ids)
        watch.mark("forward")
        self._meter.check()
        self._gradients.backward(loss)
        watch.mark("backward")
        self._meter.check()
        self._step()
        watch.mark("optimizer")
        block = watch.stop()
        self._loss, self._block = loss.detach(), block
        self._meter.add(self.work or 0)
        return block

    def finish(self) -> dict[str, Any]:
        """Check the loss, and that the phases are the whole step."""
        return super().finish() | self._phases.keep(self._block)

    def summary(self) -> dict[str, Any]:
        """Return the median seconds of each phase, the first and last loss, the optimizer and what is held."""
        return self._phases.summary() | super().summary()

    def reset(self) -> None:
        """Forget the warm-up's losses and phases."""
        super().reset()
        self._phases.reset()


#: As rows say it: with what decides how much state there is for each weight.
_NAMES = {"adamw": "AdamW", "sgd": f"SGD, momentum {MOMENTUM}"}


def _optimizer(cell: Cell, network: torch.nn.Module) -> torch.optim.Optimizer:
    if cell.optimizer == "sgd":
        return torch.optim.SGD(network.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
    return torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE)
