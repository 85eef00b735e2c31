"""What passes over windows of the shipped text share: fresh windows, the loss, mixed precision, checkpointing."""

import math
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from llmscope.core.errors import BadInput
from llmscope.core.events import Phase
from llmscope.core.spec import Cell
from llmscope.engine import checks
from llmscope.engine.backends.eager import Loaded
from llmscope.engine.inputs import Inputs
from llmscope.engine.meter import Meter


class OnText:
    """Keeps the loss of each pass; `text_ids` is the tokenized text, int64, on the CPU.

    In mixed precision (`amp`) forward and loss run under autocast to bfloat16, on float32 weights.
    """

    request = False
    phase: Phase
    _ids: torch.Tensor
    _loss: torch.Tensor

    def __init__(self, loaded: Loaded, cell: Cell, inputs: Inputs, meter: Meter, text_ids: torch.Tensor) -> None:
        self._network, self._device = loaded.network.train(), loaded.device
        self._cell, self._inputs, self._meter, self._text = cell, inputs, meter, text_ids
        self.work: int | None = cell.batch * cell.seq
        self._losses: list[float] = []
        self._logits_dtype = ""
        if cell.options.get("checkpointing"):
            _checkpoint(loaded)

    def _windows(self, length: int) -> torch.Tensor:
        """Return fresh windows of shape (batch, length) on the device."""
        return self._inputs.windows(self._text, self._cell.batch, length).to(self._device)

    def _loss_of(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the mean loss over all positions that have a next id."""
        with self._precision():
            output = self._network(input_ids=ids, labels=ids, use_cache=False)
        self._logits_dtype = str(output.logits.dtype).removeprefix("torch.")
        loss: torch.Tensor = output.loss
        return loss

    def _precision(self) -> AbstractContextManager[Any]:
        return torch.autocast(self._device.type, torch.bfloat16) if self._cell.dtype == "amp" else nullcontext()

    def finish(self) -> dict[str, Any]:
        """Check that the loss is a finite number."""
        self._inputs.note(self._ids)
        loss = float(self._loss.detach())
        if not math.isfinite(loss):
            raise checks.NotTrustworthy(f"the loss is {loss}")
        self._losses.append(loss)
        return {"loss": loss}

    def summary(self) -> dict[str, Any]:
        """Return the first and last loss, and how it was computed."""
        if not self._losses:
            return {}
        about: dict[str, Any] = {"loss": {"first": self._losses[0], "last": self._losses[-1]},
                                 "logits_dtype": self._logits_dtype}
        if self._cell.options.get("checkpointing"):
            about["recompute"] = "not in flops"
        return about

    def reset(self) -> None:
        """Forget the warm-up's losses."""
        self._losses.clear()


def _checkpoint(loaded: Loaded) -> None:
    """Switch activation checkpointing on, layer by layer; whoever takes the model next switches it off."""
    network = loaded.network
    if not network.supports_gradient_checkpointing:
        raise BadInput("This model cannot do activation checkpointing: switch it off.")
    # transformers 5 renames it on the way to 6.
    enable = getattr(network, "activation_checkpointing_enable", None) or network.gradient_checkpointing_enable
    enable({"use_reentrant": False})
    loaded.checkpointing = True


def keep_activations(loaded: Loaded) -> None:
    """Switch activation checkpointing off, if it is on."""
    if loaded.checkpointing:
        network = loaded.network
        (getattr(network, "activation_checkpointing_disable", None) or network.gradient_checkpointing_disable)()
        loaded.checkpointing = False
