"""What a model is called by everyone, so that results of other programs stand beside ours."""

import re
from collections.abc import Iterable, Sequence

from llmscope.core.results import Row
from llmscope.models.headers import one_line

#: Endings that tell of a file, a quantisation or a tuning: none of them makes another network.
_ENDING = re.compile(r"[-_. ](gguf|safetensors|\d{5}-of-\d{5}|instruct|chat|it|hf|i?q\d\w*|[bf]?f(16|32)|bf16|fp8"
                     r"|mxfp4\w*|tq\d\w*|awq|gptq|int[48]|[48]bit)$")
#: Models that are named, not placed: ours, published architectures, and those of the Hub.
_PUBLIC = re.compile(r"bundled|arch:.*|[\w.-]*\w[\w.-]*/[\w.-]+")
#: Two counts of the parameters of one model differ by less: some count buffers or a shared table twice.
_SAME_COUNT = 0.01

#: A model as a row tells it, and the file that another program names beside it.
Told = tuple[str, str]


def told(row: Row) -> Told:
    """Return the model of a row, and the name that the importer found beside it, mostly none."""
    return row.model, str(row.extra.get("model_name") or "")


def shown_name(row: Row) -> str:
    """Return what a row calls its model, of a folder its name alone: a picture does not tell where it lies."""
    model, name = told(row)
    return one_line(name or (model if _PUBLIC.fullmatch(model) else _last(model)))


def common_name(row: Row) -> str:
    """Return `smollm2-135m` of `arch:smollm2-135m`, `HuggingFaceTB/SmolLM2-135M` and `SmolLM2-135M-Q4_K_M.gguf`."""
    model, name = told(row)
    text = _last(name or model).removeprefix("arch:").lower()
    while (shorter := _ENDING.sub("", text)) != text:
        text = shorter
    return text


def common_names(sides: Iterable[Sequence[Row]]) -> dict[Told, str]:
    """Return by model the name by which it is compared: the common one, but its own where a run has several of that."""
    names: dict[Told, str] = {}
    several: set[str] = set()
    for rows in sides:
        own = {told(row): common_name(row) for row in rows}
        several |= {name for name in own.values() if list(own.values()).count(name) > 1}
        names |= own
    return {model: model[0] if name in several else name for model, name in names.items()}


def _last(path: str) -> str:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def other_size(row: Row, base: Row) -> str:
    """Return why models of one name are not the same, nothing where nothing speaks against it."""
    ours, theirs = row.extra.get("parameters"), base.extra.get("parameters")
    if row.model == base.model or not ours or not theirs or abs(ours - theirs) <= _SAME_COUNT * max(ours, theirs):
        return ""
    return f"not compared: its model has {ours:,} parameters, the baseline's {theirs:,}"
