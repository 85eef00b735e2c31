"""What every test measures: one table that tooltips, terminal and exports all read."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Phase = Literal["start", "load", "warm-up", "load-cold", "load-warm", "tokenize", "prepare", "prefill", "decode",
                "first token", "generate", "forward", "backward", "optimizer", "train", "validate", "products",
                "memory", "transfer", "disk"]


class Definition(Struct, frozen=True):
    """One kind of test: its unit, what one sample is, and the formula of the value.

    `version` rises when the same machine could give another number; results of different versions
    are never compared. `phase` names what is timed. `uses` are the settings that decide what the test
    does, `work` the one of them that stands in the id (`pp512`), `tokens` the one that with the batch
    says how many tokens a sample handles, and `needs` what of a model it works with:
    its `weights` files, its `tokenizer`, or the loaded `model`; a test of the machine itself may need the
    `device`. Whatever needs neither weights, model nor device runs on the CPU.
    """

    kind: str
    unit: str
    phase: Phase
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
    def of_machine(self) -> bool:
        """Whether the test measures the machine itself and has no model."""
        return set(self.needs) <= {"device"}

    @property
    def on_device(self) -> bool:
        """Whether the test runs on the chosen device; else on the CPU."""
        return bool({"weights", "model", "device"} & set(self.needs))

    @property
    def higher_is_better(self) -> bool:
        """Whether the value is a rate; else it is a time."""
        return self.unit not in _PER_SECOND

    def value(self, seconds: float, work: int | None) -> float:
        """Return the value of a sample in the test's unit: its time, or its work (tokens, FLOPs, bytes) per second."""
        if not self.higher_is_better:
            return seconds * _PER_SECOND[self.unit]
        if work is None:
            raise ValueError(f"{self.kind} is a rate, and its work is not known")
        return work / seconds / _SCALE.get(self.unit, 1.0)


#: Units of time, and how many of them a second is.
_PER_SECOND = {"s": 1.0, "ms": 1e3}
#: Units of a rate that are many of its work's.
_SCALE = {"TFLOPS": 1e12, "GB/s": 1e9}

DEFINITIONS: dict[str, Definition] = {
    d.kind: d
    for d in (
        Definition(
            "load-cold", "s", "load-cold", "Load, cold", "loading the model from the disk", "one load",
            "seconds of reading the weight files into memory, none of their bytes in the page cache, making the "
            "network of them, and copying the weights into the device's own memory",
            needs=("weights",), version=2,
        ),
        Definition(
            "load-warm", "s", "load-warm", "Load", "loading the model", "one load",
            "seconds of going through the weight files, already in the page cache, making the network of them, and "
            "copying the weights into the device's own memory",
            needs=("weights",), version=2,
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
            uses=("batch", "seq", "attention"), work="seq", tokens="seq", needs=("model",),
        ),
        Definition(
            "tg", "tok/s", "decode", "Decode", "writing, one token after another", "one pass of all new tokens",
            "batch × new tokens ÷ seconds of that many one-token forward passes; the next id is the largest "
            "logit, chosen on the device; no prompt unless a depth is given, no tokenizer, no sampling",
            uses=("batch", "new", "depth", "attention", "cache"), work="new", tokens="new", needs=("model",),
        ),
        Definition(
            "ttft", "ms", "first token", "First token", "waiting for the first token", "one request",
            "milliseconds from the request to its first new id: the chat template where there is one, tokenizing, "
            "prefill of exactly the sequence length, sampling",
            uses=("batch", "seq", "attention"), work="seq", needs=("model", "tokenizer"), version=2,
        ),
        Definition(
            "gen", "tok/s", "generate", "Generate", "answering a request", "one request",
            "all new ids ÷ seconds from the request to the last id: tokenizing, prefill of exactly the "
            "sequence length, sampling, detokenizing; the end token is suppressed; a scenario fixes lengths, "
            "words and sampling",
            uses=("batch", "seq", "new", "scenario", "attention", "cache"), work="new", tokens="new",
            needs=("model", "tokenizer"),
        ),
        Definition(
            "fwd", "tok/s", "forward", "Forward pass", "the forward half of a training step", "one pass",
            "batch × sequence length ÷ seconds of the forward pass with the loss over all positions, in training mode",
            uses=("batch", "seq", "checkpointing", "attention"), work="seq", tokens="seq", needs=("model", "tokenizer"),
        ),
        Definition(
            "bwd", "tok/s", "backward", "Backward pass", "the backward half of a training step", "one pass",
            "batch × sequence length ÷ seconds of the backward pass from the loss over all positions",
            uses=("batch", "seq", "checkpointing", "attention"), work="seq", tokens="seq", needs=("model", "tokenizer"),
        ),
        Definition(
            "opt", "ms", "optimizer", "Optimizer step", "updating the weights", "one step",
            "milliseconds of one step of the optimizer (AdamW, or SGD with momentum) over all weights, and of clearing "
            "the gradients",
            uses=("optimizer",),
            needs=("model", "tokenizer"),
        ),
        Definition(
            "train", "tok/s", "train", "Training step", "one training step", "one step",
            "batch × sequence length ÷ seconds of a whole step: data, forward with loss over all positions, "
            "backward, step of the optimizer",
            uses=("batch", "seq", "optimizer", "checkpointing", "attention"), work="seq", tokens="seq",
            needs=("model", "tokenizer"),
        ),
        Definition(
            "val", "tok/s", "validate", "Validation", "reading held-out text and scoring it", "one pass",
            "batch × sequence length ÷ seconds of one forward pass with the loss over all positions on held-out "
            "text, in evaluation mode and without gradients",
            uses=("batch", "seq", "attention"), work="seq", tokens="seq", needs=("model", "tokenizer"),
        ),
        Definition(
            "gemm", "TFLOPS", "products", "Matrix product", "multiplying matrices", "one product",
            "2n³ ÷ seconds of one product x·Wᵀ of two n × n matrices of normally distributed numbers, laid out as in a "
            "model's layers",
            uses=("size",), work="size", needs=("device",),
        ),
        Definition(
            "dense", "TFLOPS", "products", "Dense layer", "one dense layer", "one layer",
            "2n³ ÷ seconds of y = σ(Wx + b) with W and x of n × n; adding b and σ are timed, not counted",
            uses=("size",), work="size", needs=("device",),
        ),
        Definition(
            "membw-read", "GB/s", "memory", "Memory, read", "reading memory", "one pass",
            "bytes ÷ seconds of reading every number of a block of so many bytes once, again and again, in large "
            "pages where the system gives them",
            uses=("size",), work="size", needs=("device",), version=2,
        ),
        Definition(
            "membw-copy", "GB/s", "memory", "Memory, copy", "copying memory", "one pass",
            "bytes read and written ÷ seconds of copying one half of a block of so many bytes to the other half, by "
            "torch or on a CPU by the C library, whichever is faster; what the cache fetches before it writes is not "
            "counted; in large pages where the system gives them",
            uses=("size",), work="size", needs=("device",), version=3,
        ),
        Definition(
            "h2d", "GB/s", "transfer", "To the device", "sending data to the device", "one transfer",
            "bytes ÷ seconds of copying page-locked memory of the computer to the device",
            uses=("size",), work="size", needs=("device",),
        ),
        Definition(
            "d2h", "GB/s", "transfer", "From the device", "fetching data from the device", "one transfer",
            "bytes ÷ seconds of copying memory of the device to page-locked memory of the computer",
            uses=("size",), work="size", needs=("device",),
        ),
        Definition(
            "disk-read", "GB/s", "disk", "Disk, read", "reading a file from the disk", "one read",
            "bytes ÷ seconds of reading a file of llmscope's data folder, none of it in the page cache",
            uses=("size",), work="size",
        ),
    )
}


def is_of_machine(kind: str) -> bool:
    """Return whether a kind of test measures the machine itself; one that this version does not know is none."""
    return kind in DEFINITIONS and DEFINITIONS[kind].of_machine


def test_id(kind: str, *, seq: int = 0, new: int = 0, depth: int = 0, batch: int = 1, size: int = 0,
            dtype: str = "", options: Mapping[str, str | bool | int] | None = None) -> str:
    """Return the id of a test in llama-bench's grammar, extended.

    Such as `pp512`, `tg128 @ d512`, `gen128 b4`, `train512 sgd checkpointing`, `tg128 static-cache`,
    `gemm2048-bf16`, `membw-read 64MiB`.
    """
    definition = DEFINITIONS[kind]
    if definition.of_machine:
        if definition.unit == "TFLOPS":
            return f"{kind}{size}-{dtype}" if dtype else f"{kind}{size}"
        return f"{kind} {size // 1024**2}MiB"
    work = {"seq": str(seq), "new": str(new), "": ""}[definition.work]
    at_depth = f" @ d{depth}" if depth and "depth" in definition.uses else ""
    with_batch = f" b{batch}" if batch != 1 and "batch" in definition.uses else ""
    others = "".join(f" {_option(name, value)}" for name, value in (options or {}).items())
    return f"{kind}{work}{at_depth}{with_batch}{others}"


def _option(name: str, value: str | bool | int) -> str:
    if name in ("attention", "cache"):
        return f"{value}-{name}"
    if name == "threads":
        return f"{value}-thread{'s' if value != 1 else ''}"
    return name if value is True else str(value)
