"""The shipped text: one play that the bundled model never saw."""

from llmscope.paths import resources


def held_out_text() -> str:
    """Return the text that `gen` takes its prompts from and `train` its windows."""
    return (resources() / "bundled_model" / "held_out.txt").read_text(encoding="utf-8")
