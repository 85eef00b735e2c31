"""What every test measures: one table that tooltips, terminal and exports all read."""

from msgspec import Struct


class Definition(Struct, frozen=True):
    """One kind of test: its unit, what one sample is, and the formula of the value.

    `version` rises when the same machine could give another number; results of different versions
    are never compared. `work` names the setting that stands in the id (`pp512`), or is empty.
    """

    kind: str
    unit: str
    title: str
    plain: str
    sample: str
    formula: str
    work: str = ""
    version: int = 1
    higher_is_better: bool = True

    @property
    def label(self) -> str:
        """Name and version of the definition, as rows carry it: `pp/1`."""
        return f"{self.kind}/{self.version}"


DEFINITIONS: dict[str, Definition] = {
    d.kind: d
    for d in (
        Definition(
            "load-warm", "s", "Load", "loading the model", "one load",
            "seconds from opening the weight files, already in the page cache, to all weights on the device",
            higher_is_better=False,
        ),
        Definition(
            "pp", "tok/s", "Prefill", "reading a prompt", "one pass",
            "batch × sequence length ÷ seconds of one forward pass over random ids into an empty KV cache, "
            "logits of the last position only; no tokenizer, no sampling",
            work="seq",
        ),
        Definition(
            "tg", "tok/s", "Decode", "writing, one token after another", "one pass of all new tokens",
            "batch × new tokens ÷ seconds of that many one-token forward passes; the next id is the largest "
            "logit, chosen on the device; no prompt unless a depth is given, no tokenizer, no sampling",
            work="new",
        ),
        Definition(
            "gen", "tok/s", "Generate", "answering a request", "one request",
            "all new ids ÷ seconds from the request to the last id: tokenizing, prefill of exactly the "
            "sequence length, sampling, detokenizing; the end token is suppressed",
            work="new",
        ),
        Definition(
            "train", "tok/s", "Training step", "one training step", "one step",
            "batch × sequence length ÷ seconds of a whole step: data, forward with loss over all positions, "
            "backward, AdamW step",
            work="seq",
        ),
    )
}


def test_id(kind: str, *, seq: int, new: int, depth: int = 0, batch: int = 1) -> str:
    """Return the id of a test in llama-bench's grammar, such as `pp512`, `tg128 @ d512` or `gen128 b4`."""
    work = {"seq": str(seq), "new": str(new), "": ""}[DEFINITIONS[kind].work]
    at_depth = f" @ d{depth}" if depth and kind == "tg" else ""
    with_batch = f" b{batch}" if batch != 1 and kind != "load-warm" else ""
    return f"{kind}{work}{at_depth}{with_batch}"
