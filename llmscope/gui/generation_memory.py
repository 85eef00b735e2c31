"""Prompt, sampling and seed of the generation panel, from one start to the next."""

from llmscope.core.spec import Sampling
from llmscope.gui.generation_panel import GenerationPanel
from llmscope.gui.settings import Settings


def restore(known: Settings, panel: GenerationPanel) -> None:
    """Give the panel what is remembered; what cannot be counts as not remembered."""
    first = panel.sampling()
    temperature = known.number("gen/temperature", first.temperature, 0, 10)
    panel.set_sampling(Sampling(
        temperature=temperature,
        top_k=round(known.number("gen/top_k", first.top_k, 0, 1_000_000)),
        top_p=known.number("gen/top_p", first.top_p, 0.01, 1),
        sequences=round(known.number("gen/sequences", first.sequences, 1, 64)) if temperature else 1,
    ), round(known.number("gen/seed", panel.seed(), 0, 2**31 - 1)))
    panel.set_prompt(known.text("gen/prompt", panel.prompt()))


def keep(known: Settings, panel: GenerationPanel) -> None:
    """Remember what the panel has."""
    for name in ("temperature", "top_k", "top_p", "sequences"):
        known.keep(f"gen/{name}", getattr(panel.sampling(), name))
    known.keep("gen/seed", panel.seed())
    known.keep("gen/prompt", panel.prompt())
