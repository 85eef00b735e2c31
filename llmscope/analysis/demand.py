"""What a model asks of any hardware: the memory it needs, and what it computes and moves for each token."""

from typing import Literal, get_args

from msgspec import Struct

from llmscope.core.errors import BadInput
from llmscope.core.spec import Cell
from llmscope.models.catalog import Model
from llmscope.models.costs import cost, weights_read
from llmscope.models.facts import DecoderFacts
from llmscope.models.memory import memory

#: How weights are held. Those in int8 and int4 are computed with in 16 bits, or by an int8 unit; their cache has 16.
Format = Literal["float32", "bfloat16", "float16", "int8", "int4"]
FORMATS: tuple[Format, ...] = get_args(Format)
#: Bytes of a weight. int8: blocks of 32 with a 16-bit scale (llama.cpp's Q8_0). int4: a Q4_K_M file of Llama 3.1 8B has
#: 4.92 GB for 8.03 B weights, since some of them keep more bits.
WEIGHT_BYTES: dict[Format, float] = {"float32": 4, "bfloat16": 2, "float16": 2, "int8": 34 / 32, "int4": 4.92 / 8.03}
#: Where a format does not fit, these are tried, in this order.
SMALLER: tuple[Format, ...] = ("bfloat16", "int8", "int4")
#: Servers read a long prompt in pieces of about so many tokens, so that no more are in work at once.
PIECE = 2048
MOST_TOKENS, MOST_SEQUENCES = 1_048_576, 65_536


class Demand(Struct, frozen=True, kw_only=True):
    """What `batch` sequences of `context` tokens ask for, with weights of a format.

    Decoding is one step of all sequences, each with a full context; the prompt is one of `context` tokens.
    `is_whole` is false where a part of the memory is not known for this model: then it needs at least `memory_bytes`.
    """

    format: Format
    context: int
    batch: int
    layers: int
    memory_bytes: float
    is_whole: bool
    step_bytes: float
    step_flops: float
    prompt_bytes: float
    prompt_flops: float


def demands(model: Model, context: int, batch: int) -> dict[Format, Demand]:
    """Return the demand by format; raises BadInput where the model has no closed form or so few positions."""
    facts = model.facts
    if not isinstance(facts, DecoderFacts):
        raise BadInput(f"What {model.title} computes is not known by closed form: choose another model; "
                       "'llmscope models' shows the layers of those that are.")
    for name, value, most in (("context", context, facts.max_positions or MOST_TOKENS),
                              ("batch or number of users", batch, MOST_SEQUENCES)):
        if not 1 <= value <= most:
            raise BadInput(f"The {name} must be 1 to {most:,} for this model.")
    return {format_: _demand(model, facts, format_, context, batch) for format_ in FORMATS}


def _demand(model: Model, facts: DecoderFacts, format_: Format, context: int, batch: int) -> Demand:
    cached = 4 if format_ == "float32" else 2
    step = cost(model, Cell(model.ref, "tg", batch=batch, depth=context - 1, new=1), cached)
    prompt = cost(model, Cell(model.ref, "pp", seq=context), cached)
    assert step is not None and prompt is not None  # a decoder has both
    piece = memory(model, Cell(model.ref, "pp", device="cuda", seq=min(context, PIECE)), cached)
    held = batch * (facts.cache_bytes(context, cached) + facts.vocab * cached)

    def with_weights(moved: int, tokens: int) -> float:
        """Return the bytes moved with the weights in this format instead of the cache's."""
        return moved - weights_read(facts, tokens, cached) + weights_read(facts, tokens, 1) * WEIGHT_BYTES[format_]

    return Demand(
        format=format_, context=context, batch=batch, layers=facts.layers,
        memory_bytes=facts.parameters * WEIGHT_BYTES[format_] + held + (piece.activations or 0),
        is_whole=piece.activations is not None,
        step_bytes=with_weights(step.bytes_moved, batch), step_flops=step.flops,
        prompt_bytes=with_weights(prompt.bytes_moved, context), prompt_flops=prompt.flops)
