"""What every test measures: one table that tooltips, terminal and exports all read."""

from msgspec import Struct


class Definition(Struct, frozen=True):
    """One kind of test: its unit, what one sample is, and the formula of the value.

    `version` rises when the same machine could give another number; results of different versions
    are never compared. `phase` names what is timed. `uses` are the settings that decide what the test
    does, `work` the one of them that stands in the id (`pp512`), `tokens` the one that with the batch
    says how many tokens a sample handles, and `needs` what of a model it works with:
    its `weights` files, its `tokenizer`, or the loaded `model`; without the last it runs on the CPU.
    """

    kind: str
    unit: str
    phase: str
    title: str
    plain: str
    sample: str
    formula: str
    uses: tuple[str, ...] = ()
    work: str = ""
    tokens: str = ""
    needs: tuple[str, ...] = ()
    version: int = 1

    @property
    def label(self) -> str:
        """Name and version of the definition, as rows carry it: `pp/1`."""
        return f"{self.kind}/{self.version}"

    @property
    def higher_is_better(self) -> bool:
        """Whether the value is a rate; else it is a time."""
        return self.unit not in _PER_SECOND

    def value(self, seconds: float, work: int | None) -> float:
        """Return the value of a sample in the test's unit: its time, or its work (tokens) per second."""
        if not self.higher_is_better:
            return seconds * _PER_SECOND[self.unit]
        if work is None:
            raise ValueError(f"{self.kind} is a rate, and its work is not known")
        return work / seconds


#: Units of time, and how many of them a second is.
_PER_SECOND = {"s": 1.0, "ms": 1e3}

DEFINITIONS: dict[str, Definition] = {
    d.kind: d
    for d in (
        Definition(
            "load-cold", "s", "load-cold", "Load, cold", "loading the model from the disk", "one load",
            "seconds from opening the weight files, none of them in the page cache, to all weights on the device",
            needs=("weights",),
        ),
        Definition(
            "load-warm", "s", "load-warm", "Load", "loading the model", "one load",
            "seconds from opening the weight files, already in the page cache, to all weights on the device",
            needs=("weights",),
        ),
        Definition(
            "tok", "tok/s", "tokenize", "Tokenizer", "turning text into ids", "one pass over the text",
            "ids ÷ seconds of the tokenizer alone over the shipped text, one thread",
            needs=("tokenizer",),
        ),
        Definition(
            "prep", "tok/s", "prepare", "Preprocessing", "making training data of text", "one pass over the text",
            "ids in the sequences ÷ seconds of cleaning, tokenizing, packing into sequences of the sequence length "
            "and labelling the shipped text",
            uses=("seq",), work="seq", needs=("tokenizer",),
        ),
        Definition(
            "pp", "tok/s", "prefill", "Prefill", "reading a prompt", "one pass",
            "batch × sequence length ÷ seconds of one forward pass over random ids into an empty KV cache, "
            "logits of the last position only; no tokenizer, no sampling",
            uses=("batch", "seq"), work="seq", tokens="seq", needs=("model",),
        ),
        Definition(
            "tg", "tok/s", "decode", "Decode", "writing, one token after another", "one pass of all new tokens",
            "batch × new tokens ÷ seconds of that many one-token forward passes; the next id is the largest "
            "logit, chosen on the device; no prompt unless a depth is given, no tokenizer, no sampling",
            uses=("batch", "new", "depth"), work="new", tokens="new", needs=("model",),
        ),
        Definition(
            "ttft", "ms", "first token", "First token", "waiting for the first token", "one request",
            "milliseconds from the request to its first new id: tokenizing, prefill of exactly the sequence "
            "length, sampling",
            uses=("batch", "seq"), work="seq", needs=("model", "tokenizer"),
        ),
        Definition(
            "gen", "tok/s", "generate", "Generate", "answering a request", "one request",
            "all new ids ÷ seconds from the request to the last id: tokenizing, prefill of exactly the "
            "sequence length, sampling, detokenizing; the end token is suppressed",
            uses=("batch", "seq", "new"), work="new", tokens="new", needs=("model", "tokenizer"),
        ),
        Definition(
            "fwd", "tok/s", "forward", "Forward pass", "the forward half of a training step", "one pass",
            "batch × sequence length ÷ seconds of the forward pass with the loss over all positions, in training mode",
            uses=("batch", "seq"), work="seq", tokens="seq", needs=("model", "tokenizer"),
        ),
        Definition(
            "bwd", "tok/s", "backward", "Backward pass", "the backward half of a training step", "one pass",
            "batch × sequence length ÷ seconds of the backward pass from the loss over all positions",
            uses=("batch", "seq"), work="seq", tokens="seq", needs=("model", "tokenizer"),
        ),
        Definition(
            "opt", "ms", "optimizer", "Optimizer step", "updating the weights", "one step",
            "milliseconds of one AdamW step over all weights, and of clearing the gradients",
            needs=("model", "tokenizer"),
        ),
        Definition(
            "train", "tok/s", "train", "Training step", "one training step", "one step",
            "batch × sequence length ÷ seconds of a whole step: data, forward with loss over all positions, "
            "backward, AdamW step",
            uses=("batch", "seq"), work="seq", tokens="seq", needs=("model", "tokenizer"),
        ),
        Definition(
            "val", "tok/s", "validate", "Validation", "reading held-out text and scoring it", "one pass",
            "batch × sequence length ÷ seconds of one forward pass with the loss over all positions on held-out "
            "text, in evaluation mode and without gradients",
            uses=("batch", "seq"), work="seq", tokens="seq", needs=("model", "tokenizer"),
        ),
    )
}


def test_id(kind: str, *, seq: int, new: int, depth: int = 0, batch: int = 1) -> str:
    """Return the id of a test in llama-bench's grammar, such as `pp512`, `tg128 @ d512` or `gen128 b4`."""
    definition = DEFINITIONS[kind]
    work = {"seq": str(seq), "new": str(new), "": ""}[definition.work]
    at_depth = f" @ d{depth}" if depth and "depth" in definition.uses else ""
    with_batch = f" b{batch}" if batch != 1 and "batch" in definition.uses else ""
    return f"{kind}{work}{at_depth}{with_batch}"
