"""`llmscope whatif`: what a model would come to on other hardware, and which to choose for it."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from llmscope import __version__, paths
from llmscope.analysis.demand import FORMATS, MOST_SEQUENCES, Demand, demands
from llmscope.analysis.figures import Fact, Range
from llmscope.analysis.projection import Projection
from llmscope.analysis.references import Compared
from llmscope.analysis.shortlist import Choice, shortlist
from llmscope.core.errors import BadInput
from llmscope.core.units import gib, significant
from llmscope.hardware.catalogue import PRICES, own_prices
from llmscope.models.catalog import Model, resolve
from llmscope.runs.comparisons import comparisons
from llmscope.runs.here import measured_here
from llmscope.runs.whatif import projections

CONTEXT = 4096
SCHEMA = 1
UNKNOWN = "unknown"


def whatif(
    model: Annotated[str, typer.Option(help="bundled, arch:<id>, a folder, or org/name in the Hub cache.")] = "bundled",
    context: Annotated[int | None, typer.Option(
        help="Tokens in each sequence's cache, and of the prompt; 4096, or as many as the model has.")] = None,
    batch: Annotated[int | None, typer.Option(help="Sequences at once; 1 unless given.")] = None,
    dtype: Annotated[str, typer.Option(help=f"How weights are held: {', '.join(FORMATS)}.")] = "bfloat16",
    users: Annotated[int | None, typer.Option(help="Choose hardware for so many users who write at once.")] = None,
    speed: Annotated[float | None, typer.Option(help="… with at least so many tok/s for each.")] = None,
    budget: Annotated[float | None, typer.Option(help="… for at most so many US dollars.")] = None,
    output: Annotated[str, typer.Option("--output", "-o", help="md or json.")] = "md",
) -> None:
    """Predict fit, speed and energy of a model on other hardware; with --users, --speed or --budget choose some."""
    for name, text, choices in (("format", output, ("md", "json")), ("dtype", dtype, FORMATS)):
        if text not in choices:
            raise BadInput(f"There is no {name} '{text}': use {', '.join(choices)}.")
    for name, count in (("batch", batch), ("users", users)):
        if count is not None and not 1 <= count <= MOST_SEQUENCES:
            raise BadInput(f"--{name} must be 1 to {MOST_SEQUENCES:,}.")
    for name, value in (("speed", speed), ("budget", budget)):
        if value is not None and not 0 < value < float("inf"):
            raise BadInput(f"--{name} must be above 0.")
    chosen = resolve(model)
    if context is None:
        context = min(CONTEXT, chosen.facts.max_positions or CONTEXT)
    prices = own_prices(paths.data_folder() / PRICES)
    if (users, speed, budget) == (None, None, None):
        wanted = demands(chosen, context, 1 if batch is None else batch)
        found = projections(chosen.ref, wanted, dtype, prices, measured_here())  # type: ignore[arg-type]
        held = comparisons(paths.runs_folder())
        print(_json(chosen, found, measured=held) if output == "json" else f"{_table(chosen, found)}\n\n{_held(held)}")
        return
    if batch is not None:
        raise BadInput("Choosing hardware takes --users instead of --batch: each has one sequence.")
    choices_ = shortlist(chosen, context, 1 if users is None else users, speed, budget, prices)
    print(_json(chosen, choices_) if output == "json" else _chosen(chosen, choices_))


def _table(model: Model, found: Sequence[Projection]) -> str:
    head = ("hardware", "fits", "writing, tok/s", "reading, tok/s", "J/token at most", "price", "where from")
    lines = [(one.target.name, _fit(one), _range(one.decode_tok_s), _range(one.prefill_tok_s),
              _number(one.energy_j_token), _price(one.target.price_usd), _basis(one)) for one in found]
    demand = found[0].demand
    energy = "energy of the device alone at its rated power"
    return f"{_markdown(head, lines)}\n\n{_footer(model, demand, demand.format, _needs(demand), energy)}"


def _chosen(model: Model, choices: Sequence[Choice]) -> str:
    head = ("hardware", "verdict", "weights", "writing, tok/s, all users", "price", "reasons", "where from")
    shown = [choice for choice in choices if choice.verdict != "does not meet"]
    lines = [(choice.projection.target.name, choice.verdict, choice.projection.demand.format,
              _range(choice.projection.decode_tok_s), _price(choice.projection.target.price_usd),
              "; ".join(choice.reasons), _basis(choice.projection)) for choice in shown]
    others = f"{len(choices) - len(shown)} of {len(choices)} do not meet it: -o json tells why."
    table = _markdown(head, lines) if shown else "Nothing known here meets this."
    return f"{table}\n\n{others} {_footer(model, choices[0].projection.demand)}"


def _held(held: Sequence[Compared]) -> str:
    """Return what was measured on listed hardware beside what is predicted: how far the table is to be trusted."""
    head = ("hardware", "model", "weights", "tokens", "", "measured, tok/s", "predicted, tok/s", "", "measured by")
    lines = [(one.hardware, one.model, one.format, f"{one.context:,}" + (f" × {one.batch:,}" if one.batch > 1 else ""),
              one.what, significant(one.measured_tok_s), _range(one.predicted_tok_s), one.place or UNKNOWN, one.source)
             for one in held]
    inside = sum(one.place == "inside" for one in held)
    return f"Predicted against measured, {inside} of {len(held)} inside:\n\n{_markdown(head, lines)}"


def _markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def _needs(demand: Demand) -> str:
    return (f"needs {'' if demand.is_whole else 'at least '}{gib(demand.memory_bytes)} · reads "
            f"{significant(demand.step_bytes / 1e9)} GB a step")


def _footer(model: Model, demand: Demand, *more: str) -> str:
    """Return what holds for all lines, and how they are meant."""
    sequences = "1 sequence" if demand.batch == 1 else f"{demand.batch:,} sequences"
    return " · ".join((
        model.title, f"{demand.context:,} tokens", sequences, *more,
        "speeds of all sequences together, for a runtime whose host keeps up",
        f"prices of your own: {paths.data_folder() / PRICES}",
        f"llmscope {__version__}"))


def _fit(one: Projection) -> str:
    if one.spare_bytes is None:
        return f"if {gib(one.demand.memory_bytes)} are free"
    if one.fits:
        return f"yes, {gib(one.spare_bytes)} spare"
    smaller = f"; {one.smaller.format} fits, {gib(one.smaller.memory_bytes)}" if one.smaller else ""
    return f"no, {gib(-one.spare_bytes)} short{smaller}"


def _range(speed: Range | None) -> str:
    return UNKNOWN if speed is None else f"{significant(speed.low, 2)} to {significant(speed.high, 2)}"


def _number(fact: Fact | None) -> str:
    return UNKNOWN if fact is None else significant(fact.value, 2)


def _price(price: Fact | None) -> str:
    return UNKNOWN if price is None else f"${price.value:,.0f} ({price.source})"


def _basis(one: Projection) -> str:
    return "; ".join((f"predicted from {one.target.source}", *one.target.caveats))


def _json(model: Model, rows: Sequence[Projection] | Sequence[Choice], **more: Sequence[Compared]) -> str:
    document = {"schema": SCHEMA, "program": f"llmscope {__version__}", "model": model.ref, "rows": rows, **more}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
