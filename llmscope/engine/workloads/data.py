"""`tok` and `prep`: from text to ids, and from text to training data, on the CPU."""

import unicodedata
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from llmscope.core.errors import BadInput
from llmscope.core.events import Phase
from llmscope.engine import checks
from llmscope.engine.inputs import Inputs
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Block, Stopwatch
from llmscope.engine.workloads.phases import Phases

#: Where a text is cut and turned round, the ids at the seams may differ.
SEAM_IDS = 8
#: Label of a position that no loss is taken at.
NO_LABEL = -100


class Tokenize:
    """One pass of the tokenizer over the whole text, turned round at another line every time."""

    phase: Phase = "tokenize"
    request = False

    def __init__(self, tokenizer: PreTrainedTokenizerBase, text: str, inputs: Inputs, meter: Meter) -> None:
        self._tokenizer, self._text, self._inputs, self._meter = tokenizer, text, inputs, meter
        self.work = len(self._encode(text))

    def _encode(self, text: str) -> list[int]:
        return self._tokenizer(text, truncation=False, verbose=False)["input_ids"]

    def prepare(self) -> None:
        """Begin the text at another line."""
        at = self._text.find("\n", self._inputs.position(len(self._text))) + 1
        self._turned = self._text[at:] + self._text[:at]

    def run(self, watch: Stopwatch) -> Block:
        """Tokenize it."""
        watch.start()
        self._ids = self._encode(self._turned)
        block = watch.stop()
        self._meter.add(len(self._ids))
        return block

    def finish(self) -> dict[str, Any]:
        """Check that as many ids came out as the text has."""
        if abs(len(self._ids) - self.work) > SEAM_IDS:
            raise checks.NotTrustworthy(f"the tokenizer gave {len(self._ids)} ids, not {self.work}")
        return {}

    def summary(self) -> dict[str, Any]:
        """Return the size of the text."""
        size = len(self._text.encode())
        return {"text_bytes": size, "bytes_per_token": size / self.work}

    def reset(self) -> None:
        """Nothing is kept."""


class Prepare(Tokenize):
    """One pass from text to labelled sequences of `seq` ids; what is left over at the end is dropped."""

    phase: Phase = "prepare"

    def __init__(self, tokenizer: PreTrainedTokenizerBase, text: str, inputs: Inputs, meter: Meter, seq: int) -> None:
        super().__init__(tokenizer, text, inputs, meter)
        ids = len(self._encode(clean(text)))
        if ids < seq:
            raise BadInput(f"The text has {ids:,} ids: lower the sequence length.")
        self._seq, self.work = seq, ids // seq * seq
        self._phases = Phases()

    def run(self, watch: Stopwatch) -> Block:
        """Clean, tokenize, pack and label."""
        watch.start()
        text = clean(self._turned)
        watch.mark("clean")
        ids = self._encode(text)
        watch.mark("tokenize")
        packed = torch.tensor(ids[: len(ids) // self._seq * self._seq]).view(-1, self._seq)
        watch.mark("pack")
        self._labels = label(packed)
        watch.mark("label")
        block = watch.stop()
        self._packed, self._block = packed, block
        self._meter.add(packed.numel())
        return block

    def finish(self) -> dict[str, Any]:
        """Check shape and labels."""
        if abs(self._packed.numel() - self.work) > self._seq:
            raise checks.NotTrustworthy(f"{self._packed.numel()} ids were packed, not {self.work}")
        if not torch.equal(self._labels[:, :-1], self._packed[:, 1:]):
            raise checks.NotTrustworthy("the labels are not the next ids")
        return self._phases.keep(self._block)

    def summary(self) -> dict[str, Any]:
        """Return the median seconds of each part."""
        return super().summary() | self._phases.summary()

    def reset(self) -> None:
        """Forget the warm-up's parts."""
        self._phases.reset()


def clean(text: str) -> str:
    """Return a text in composed form, without control characters, blanks at line ends, and repeated empty lines."""
    text = unicodedata.normalize("NFC", text)
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")
    lines: list[str] = []
    for line in map(str.rstrip, kept.split("\n")):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines)


def label(packed: torch.Tensor) -> torch.Tensor:
    """Return for ids of shape (n, seq) the ids that follow each; the last position of a sequence has none."""
    labels = torch.full_like(packed, NO_LABEL)
    labels[:, :-1] = packed[:, 1:]
    return labels
