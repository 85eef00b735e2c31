"""What people use a model for, as shapes of `gen`: how long, which words, and how the next id is picked."""

from typing import Literal

from msgspec import Struct

Scenario = Literal["assistant", "translation", "question"]


class Shape(Struct, frozen=True):
    """A request of exactly `seq` ids for `new` new ones, and the sampling that suits it.

    `prompt` stands after a fresh passage of the shipped text. Temperature 0 takes the most likely id.
    """

    seq: int
    new: int
    prompt: str
    temperature: float
    top_k: int
    top_p: float


#: A chat answer is free in its words (temperature 0.8, top-k 50, top-p 0.9), a translation takes the most
#: likely word each time (temperature 0), a short answer from a document hardly strays (temperature 0.2).
SCENARIOS: dict[Scenario, Shape] = {
    "assistant": Shape(
        256, 128, "A friend sent me these lines and asked what I think of them. Help me write a friendly answer: say "
        "what the lines are about, which of them is the best, and why.", 0.8, 50, 0.9),
    "translation": Shape(64, 64, "Translate these lines into French.", 0.0, 0, 1.0),
    "question": Shape(
        1024, 32, "Question: who speaks in the text above, and what do they want? Answer in one sentence.",
        0.2, 50, 0.9),
}
