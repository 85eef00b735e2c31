"""`val`: what the model makes of text it was not trained on."""

import math
import time
from typing import Any

import torch

from llmscope.core.errors import BadInput
from llmscope.core.events import Phase
from llmscope.core.spec import Cell
from llmscope.engine.backends.eager import Loaded
from llmscope.engine.inputs import Inputs
from llmscope.engine.meter import Cancelled, Meter
from llmscope.engine.timers import Block, Stopwatch
from llmscope.engine.workloads.on_text import OnText

#: What no timed pass came to is scored afterwards if it takes no longer than about this.
REST_S = 10.0


class Validate(OnText):
    """One pass over the next windows of the text, in evaluation mode; the text begins again at its end.

    The windows are consecutive and of exactly `seq` ids, each predicting its ids but the first; a shorter
    one at the end is left out. With 512 this is how the bundled model's card states its loss.
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
        self._next = self._scored = 0
        self._sum = 0.0

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

    def finish(self) -> dict[str, Any]:
        """Check the loss, and count each window of the text once."""
        parts = super().finish()
        left = len(self._parts) - self._scored
        if left >= self._cell.batch:
            self._count(self._losses[-1], self._cell.batch)
        elif left:
            # The pass went on into windows that are scored already.
            self._score(left)
        return parts

    def _count(self, loss: float, windows: int) -> None:
        self._sum += loss * windows
        self._scored += windows

    @torch.inference_mode()
    def _score(self, windows: int) -> None:
        """Score the next windows that are not scored yet, untimed."""
        ids = self._parts[self._scored : self._scored + windows].to(self._device)
        self._count(float(self._loss_of(ids)), len(ids))

    def _score_the_rest(self) -> None:
        """Score the rest of the text, so that the loss is that of the whole; a stop ends it."""
        begun = time.perf_counter()
        while left := len(self._parts) - self._scored:
            if time.perf_counter() - begun > REST_S:
                return
            try:
                self._meter.add(0)
            except Cancelled:
                return
            self._score(min(left, self._cell.batch))

    def summary(self) -> dict[str, Any]:
        """Return loss, perplexity and bits per byte over the windows scored, each once, and their share."""
        if not self._losses:
            return {}
        self._score_the_rest()
        loss = self._sum / self._scored
        return {"loss_nats_per_token": loss, "perplexity": math.exp(min(loss, 700.0)),
                "bits_per_byte": loss / math.log(2) / self._bytes_per_id,
                "share_of_text": self._scored / len(self._parts), "logits_dtype": self._logits_dtype}

    def reset(self) -> None:
        """Begin with the first window."""
        super().reset()
        self._next = self._scored = 0
        self._sum = 0.0
