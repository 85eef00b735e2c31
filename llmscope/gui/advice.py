"""What can be done after a test failed: concrete settings, each checked against the memory that is free now."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from msgspec import structs

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.events import Device, Telemetry
from llmscope.core.results import Row
from llmscope.core.spec import Cell
from llmscope.core.units import gib
from llmscope.gui.ledger import TIGHT
from llmscope.gui.looks import is_out_of_memory
from llmscope.gui.setup import Models, largest, peak_of
from llmscope.gui.words import tr
from llmscope.models.limits import Size
from llmscope.runs.fit import memory_now

#: What a training test can do with less memory by: activations computed again, one moment instead of two.
_LIGHTER: dict[str, int | str] = {"checkpointing": True, "optimizer": "sgd"}
#: A sequence shorter than this is not worth offering.
LEAST_SEQ = 32
MOST_OFFERS = 3


@dataclass(frozen=True)
class Offer:
    """One thing to do: settings to change (none: run the test again), its verdict and expected peak."""

    title: str
    text: str
    button: str
    changes: dict[str, int | str] = field(default_factory=dict)
    verdict: str = ""
    peak: str = ""


def offers(row: Row, cell: Cell, models: Models, devices: Sequence[Device], telemetry: Telemetry | None) -> list[Offer]:
    """Return what can be done about a failed test, the best first."""
    def checked(title: str, text: str, button: str, changed: Cell, changes: dict[str, int | str]) -> Offer:
        verdict, peak = fit(changed, models, devices, telemetry)
        return Offer(title, text, button, changes, verdict, peak)

    found = []
    if is_out_of_memory(row):
        lighter = [checked(*way) for way in _lighter(cell, models)]
        fitting = [offer for offer in lighter if offer.verdict != "does not fit"]
        single = [offer for offer in fitting if len(offer.changes) == 1]
        found += [*(single or fitting), *(checked(*way) for way in _lower(cell, models, devices, telemetry))]
    if cell.device != "cpu" and any(device.id == "cpu" for device in devices):
        found.append(checked(tr("Run this test on the CPU"), tr("Slower, with the computer's own memory."),
                             tr("Use the CPU"), replace_cell(cell, device="cpu", dtype="auto"),
                             {"device": "cpu", "dtype": "auto"}))
    again = checked(tr("Try this test again"), tr("With the same settings, in a new process."), tr("Only this test"),
                    cell, {})
    return ([*found, again] if is_out_of_memory(row) else [again, *found])[:MOST_OFFERS]


def savings(cell: Cell, models: Models) -> list[tuple[dict[str, int | str], int]]:
    """Return the options that let a training test do with less memory, each with the bytes that it is expected to save.

    Where there are several, the last is all of them together.
    """
    uses = DEFINITIONS[cell.workload].uses
    single: list[dict[str, int | str]] = [
        {name: value} for name, value in _LIGHTER.items() if name in uses and getattr(cell, name) != value]
    every = [*single, single[0] | single[1]] if len(single) == 2 else single
    need = _peak_bytes(cell, models)
    less = [(changes, need - _peak_bytes(replace_cell(cell, **changes), models)) for changes in every]
    return [(changes, saved) for changes, saved in less if saved > 0]


def savings_words(cells: Iterable[Cell], models: Models) -> str:
    """Return what the test that needs most could do with less of, empty where there is no such option."""
    found = peak_of(cells, models)
    ways = [tr("{0} would save {1}").format(words_of(changes), gib(saved))
            for changes, saved in (savings(found[0], models) if found else []) if len(changes) == 1]
    return f"{', '.join(ways)}." if ways else ""


def words_of(changes: dict[str, int | str]) -> str:
    """Return how options of training are called."""
    names = {"checkpointing": tr("Checkpointing"), "optimizer": "SGD"}
    return " + ".join(names[name] for name in changes)


def _peak_bytes(cell: Cell, models: Models) -> int:
    found = peak_of([cell], models)
    return (found[1].total_bytes or 0) if found else 0


def fit(cell: Cell, models: Models, devices: Sequence[Device], telemetry: Telemetry | None) -> tuple[str, str]:
    """Return verdict and words for the peak of one test on its device now; empty where not known."""
    device = next((device for device in devices if device.id == cell.device), None)
    total, others = memory_now(device, telemetry)
    found = peak_of([cell], models)
    need = found[1].total_bytes if found else None
    if need is None or total is None or others is None:
        return "", ""
    share = need / max(1, total - others)
    verdict = "does not fit" if share > 1 else "tight" if share > TIGHT else "fits"
    return verdict, tr("peak {0} of {1}").format(gib(need + others), gib(total))


def replace_cell(cell: Cell, **changes: int | str) -> Cell:
    """Return a cell with some settings changed."""
    return structs.replace(cell, **changes)


def _lighter(cell: Cell, models: Models) -> Iterator[tuple[str, str, str, Cell, dict[str, int | str]]]:
    """Yield options of training that need less memory."""
    for changes, saved in savings(cell, models):
        changed = replace_cell(cell, **changes)
        title = tr("{0}: saves about {1}").format(words_of(changes), gib(saved))
        yield title, _other_result(changed, cell), tr("Use this"), changed, changes


def _lower(cell: Cell, models: Models, devices: Sequence[Device],
           telemetry: Telemetry | None) -> Iterator[tuple[str, str, str, Cell, dict[str, int | str]]]:
    """Yield lower settings: a batch size that fits, then a shorter sequence that fits."""
    if cell.batch > 1:
        smaller = replace_cell(cell, batch=_largest(cell, models, devices, telemetry, "batch"))
        yield (tr("Batch size {0}").format(smaller.batch), _other_result(smaller, cell), tr("Use this"), smaller,
               {"batch": smaller.batch})
    if cell.workload != "tg" and cell.seq // 2 >= LEAST_SEQ:
        seq = _largest(replace_cell(cell, batch=1), models, devices, telemetry, "seq")
        shorter = replace_cell(cell, batch=1, seq=max(LEAST_SEQ, seq))
        title = tr("Sequence length {0}") if cell.batch == 1 else tr("Batch size 1, sequence length {0}")
        yield (title.format(f"{shorter.seq:,}"), _other_result(shorter, cell), tr("Use this"), shorter,
               {"batch": 1, "seq": shorter.seq})


def _largest(cell: Cell, models: Models, devices: Sequence[Device], telemetry: Telemetry | None,
             what: Size) -> int:
    """Return the largest value below the cell's that is expected to fit well; half of it where the estimate fails.

    What has just failed although it was expected to fit is no measure of what will.
    """
    device = next((device for device in devices if device.id == cell.device), None)
    total, others = memory_now(device, telemetry)
    failed: int = getattr(cell, what)
    if total is None or others is None:
        return failed // 2
    found = largest(cell, models, int(TIGHT * (total - others)), what) or 1
    return found if found < failed else failed // 2


def _other_result(changed: Cell, cell: Cell) -> str:
    if changed.test == cell.test:
        return tr("The result has the same name but other settings.")
    return tr("{0}: not comparable with {1}.").format(changed.test, cell.test)
