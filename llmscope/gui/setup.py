"""Choices resolved against what this machine has: cells, what stands against them, and the memory they need."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast, get_args

from msgspec import structs

from llmscope.analysis.ceilings import Ceilings
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.errors import BadInput
from llmscope.core.events import Device, Telemetry
from llmscope.core.results import Row
from llmscope.core.spec import DTYPE_BYTES, MACHINE, Cell, Dtype, machine_cells
from llmscope.core.units import NBSP, gib, parameters, significant
from llmscope.gui import words
from llmscope.gui.choices import Choices
from llmscope.gui.ledger import LedgerFacts
from llmscope.models import catalog
from llmscope.models.catalog import Model
from llmscope.models.facts import DecoderFacts
from llmscope.models.limits import Size, largest_that_fits, left_out, problems
from llmscope.models.memory import Memory, memory
from llmscope.runs.fit import memory_now
from llmscope.runs.resolve import is_fit


class Models:
    """Models by reference, each checked once; a refused one is kept as its reason."""

    def __init__(self) -> None:
        self._known: dict[str, Model | str] = {}

    def get(self, ref: str) -> Model | str:
        """Return the model, or the line that says why it cannot be used."""
        if ref not in self._known:
            try:
                self._known[ref] = catalog.resolve(ref)
            except BadInput as error:
                self._known[ref] = str(error)
        return self._known[ref]

    def shipped(self) -> dict[str, str]:
        """Return the titles of the models that come with llmscope and can be used, by reference."""
        found = {model.ref: model for model in catalog.available()}
        self._known |= found
        return {ref: model.title for ref, model in found.items()}

    def cached(self) -> dict[str, str]:
        """Return the names of the models in the Hub cache that can be used, by reference."""
        found = {name: model for name, model in catalog.in_hub_cache() if isinstance(model, Model)}
        self._known |= found
        return {name: name for name in found}

    def folders(self) -> dict[str, str]:
        """Return the titles of the models of folders that were asked for and can be used, by reference."""
        return {ref: model.title for ref, model in self._known.items()
                if isinstance(model, Model) and model.source == "local"}

    def forget(self, ref: str) -> None:
        """Check a model anew when it is asked for again."""
        self._known.pop(ref, None)


@dataclass(frozen=True)
class Setup:
    """What a press of Run would do; `problems` hold it back, `warnings` ask first."""

    cells: tuple[Cell, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    ledger: LedgerFacts = field(default_factory=LedgerFacts)
    model_title: str = ""
    model_facts: str = ""
    device: Device | None = None

    @property
    def can_run(self) -> bool:
        """Whether nothing stands against the run."""
        return bool(self.cells) and not self.problems


def resolve(choices: Choices, models: Models, devices: Sequence[Device], telemetry: Telemetry | None,
            ceilings: Ceilings | None = None) -> Setup:
    """Return the set-up of the present moment; a quick run measures the `ceilings` that are not known yet."""
    device = chosen_device(choices, devices)
    if not choices.model:
        return Setup(problems={"model": words.tr("Choose a folder with config.json and .safetensors files.")},
                     device=device)
    cells = planned(choices, device, ceilings)
    total, others = memory_now(device, telemetry)
    found: dict[str, str] = {}
    warned: dict[str, str] = {}
    for ref in dict.fromkeys((choices.model, *(cell.model for cell in cells))):
        if ref == MACHINE:
            continue
        model = models.get(ref)
        if isinstance(model, str):
            found.setdefault("model", model)
            continue
        if choices.preset == "everything":
            cells = tuple(cell for cell in cells if cell.model != ref or not left_out(cell, model, device))
        of_model = [cell for cell in cells if cell.model == ref]
        free = None if total is None or others is None else total - others
        for problem in problems(of_model, model, device, free):
            blocks = problem.blocking and not (choices.sweep and _some_work(of_model, model, device))
            (found if blocks else warned).setdefault(problem.field, problem.text)
    if not cells:
        found.setdefault("workload", words.tr("Tick at least one test."))
    ledger = _ledger(cells, models, device, total, others)
    main = models.get(choices.model)
    return Setup(cells, found, warned, ledger, main.title if isinstance(main, Model) else "",
                 _facts(main, cells, device), device)


def _some_work(cells: Iterable[Cell], model: Model, device: Device | None) -> bool:
    """Return whether nothing stands against at least one of the tests: a sweep shows the others as failed."""
    return any(not any(problem.blocking for problem in problems([cell], model, device, None)) for cell in cells)


def chosen_device(choices: Choices, devices: Sequence[Device]) -> Device | None:
    """Return the chosen device; the first accelerator, else the CPU, where the choice is open or gone."""
    by_id = {device.id: device for device in devices}
    if choices.device in by_id:
        return by_id[choices.device]
    return next((device for device in devices if device.kind != "cpu"), by_id.get("cpu"))


def peak_of(cells: Iterable[Cell], models: Models) -> tuple[Cell, Memory] | None:
    """Return the test that is expected to need the most memory, with its parts."""
    known = []
    for cell in cells:
        model = models.get(cell.model) if cell.model != MACHINE else None
        if isinstance(model, Model):
            known.append((cell, memory(model, cell, DTYPE_BYTES.get(cell.dtype, 4))))
    return max(known, key=lambda pair: pair[1].total_bytes or 0, default=None)


def largest(cell: Cell, models: Models, free: int, what: Size) -> int | None:
    """Return the largest batch or sequence of a test that fits in the free bytes, None where there is none."""
    model = models.get(cell.model) if cell.model != MACHINE else None
    return largest_that_fits(model, cell, free, what) if isinstance(model, Model) else None


def measured(rows: Iterable[Row], cells: Iterable[Cell], models: Models) -> tuple[Memory, int | None] | None:
    """Return the measured peak of the test that needed most, by its parts, and the bytes that were predicted for it."""
    found = [(holders, cell) for row, cell in zip(rows, cells, strict=True)
             if (holders := row.extra.get("peak_by_holder")) and holders.get("peak") and cell.model != MACHINE]
    if not found:
        return None
    holders, cell = max(found, key=lambda pair: pair[0]["peak"])
    held = Memory(holders["weights"], holders["kv_cache"], holders["activations"], holders.get("logits", 0),
                  holders["gradients"], holders["optimizer"])
    # What no counter could tell apart is with the rest, so that the parts are the whole.
    rest = holders["peak"] - (held.total_bytes or 0)
    predicted = peak_of([cell], models)
    return (structs.replace(held, worker=rest), predicted[1].total_bytes if predicted else None)


def _ledger(cells: Iterable[Cell], models: Models, device: Device | None, total: int | None,
            others: int | None) -> LedgerFacts:
    found = peak_of(cells, models)
    is_gpu = device is not None and device.kind != "cpu"
    if found is None or total is None or others is None:
        return LedgerFacts(found[1] if found else None, others, total, is_gpu)
    batch, seq = (largest(found[0], models, total - others, what) for what in get_args(Size))
    return LedgerFacts(found[1], others, total, is_gpu, batch, seq)


def planned(choices: Choices, device: Device | None, ceilings: Ceilings | None) -> tuple[Cell, ...]:
    """Return the cells with device and dtype as they will run, as far as that is known."""
    return tuple(_planned(choices, device, ceilings))


def _planned(choices: Choices, device: Device | None, ceilings: Ceilings | None) -> Iterator[Cell]:
    cells = choices.cells()
    if choices.preset == "quick" and cells and (ceilings is None or not ceilings.is_complete):
        cells += machine_cells(choices.device)
    for cell in cells:
        if device is None:
            yield cell
            continue
        of_machine = cell.model == MACHINE
        if of_machine and not is_fit(cell, device):
            continue
        dtype = device.default_dtype if cell.dtype == "auto" else cell.dtype
        on = device.id if DEFINITIONS[cell.workload].on_device else "cpu"
        yield structs.replace(cell, device=on, dtype=cast(Dtype, dtype))


def _facts(model: Model | str, cells: Sequence[Cell], device: Device | None) -> str:
    """Return the line below the picker: size, layers, cache, and bytes in the chosen precision."""
    if isinstance(model, str):
        return ""
    facts, parts = model.facts, []
    dtype = cells[0].dtype if cells else device.default_dtype if device else "float32"
    if facts.parameters is not None:
        parts.append(words.tr("{0} parameters").format(parameters(facts.parameters)).replace(" ", NBSP))
    if isinstance(facts, DecoderFacts) and facts.active_parameters != facts.parameters:
        parts.append(words.tr("{0} for each token").format(parameters(facts.active_parameters)).replace(" ", NBSP))
    if facts.layers is not None:
        parts.append(words.tr("{0} layers").format(facts.layers).replace(" ", NBSP))
    if dtype != "auto" and facts.parameters is not None:
        size = gib(facts.weights_bytes(dtype))
        parts.append(words.tr("{0} in {1}").format(size, words.short_dtype(dtype)).replace(" ", NBSP))
    if dtype != "auto" and isinstance(facts, DecoderFacts):
        parts.append(_cache(facts, DTYPE_BYTES[dtype]))
    text = " · ".join(parts)
    return f"{text}. {words.tr('Random weights: speed and memory only.')}" if model.source == "architecture" else text


def _cache(facts: DecoderFacts, dtype_bytes: int) -> str:
    """Return what a token adds to the cache, at first and once all windows are full."""
    first, then = facts.cache_bytes_per_token(dtype_bytes)
    if not first:
        return words.tr("a cache of constant size").replace(" ", NBSP)
    sizes = [f"{significant(size / 1024)}{NBSP}KiB" for size in dict.fromkeys((first, then))]
    return words.tr("cache {0} a token").format(words.tr(", then ").join(sizes)).replace(" ", NBSP)
