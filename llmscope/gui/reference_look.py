"""What the first page says of a reference run, in words and figures."""

from collections.abc import Sequence

from llmscope.core.results import COUNTED
from llmscope.core.spec import MACHINE
from llmscope.core.units import NBSP, about
from llmscope.gui import row_words
from llmscope.gui.cards.texts import order_of, test_title
from llmscope.gui.expected import Expected
from llmscope.gui.looks import tests, when
from llmscope.gui.reference_strip import ReferenceLook
from llmscope.gui.run_state import CellState, RunState
from llmscope.gui.words import tr
from llmscope.runs.references import Reference
from llmscope.runs.same_tests import SameTests


def look_of(references: Sequence[Reference], place: int, same: SameTests | None, expected: Expected) -> ReferenceLook:
    """Return what the strip says; `same` are its tests on this machine, None while the devices are not known."""
    spec = same.spec if same is not None else None
    time = about(expected.total(spec.cells, spec.accuracy)) if spec is not None else ""
    reference = references[place]
    return ReferenceLook(tuple(map(name_of, references)), place, _about(reference, same), _figures(reference), time)


def name_of(reference: Reference) -> str:
    """Return how a reference is called: as it was named, else by its hardware."""
    entry, label = reference.entry, str(reference.started.machine.get("label") or "")
    return entry.name or (label.partition(" · ")[0] if entry.device_id == "cpu" else "") or entry.device


def as_run(reference: Reference) -> RunState:
    """Return a reference's tests of models as the table of results shows a run that is over."""
    pairs = zip(reference.started.spec.cells, reference.rows, strict=False)
    return RunState(status="done", cells=[CellState(cell, row) for cell, row in pairs if cell.model != MACHINE])


def _about(reference: Reference, same: SameTests | None) -> str:
    """Return when it was measured; where not all of its tests can be run here, rather that and why."""
    day = when(reference.started.utc).rpartition(NBSP)[0]
    measured = tr("reference run of {0}").format(day)
    if same is None or not same.left_out:
        return measured
    why = next(iter(same.left_out.values()))
    if same.spec is None:
        return tr("None of its tests can be run here. {0}").format(why)
    left = tr("{0} cannot be run here").format(tests(len(same.left_out)))
    return f"{measured} · {left}: {why}"


def _figures(reference: Reference) -> tuple[tuple[str, str, str, str], ...]:
    """Return value, unit, what is done, and the id of the tests that tell most, each with its interval."""
    counted = [state for state in as_run(reference).cells if state.row is not None and state.row.verdict in COUNTED]
    figures = []
    for state in sorted(counted, key=lambda state: order_of(state.cell.workload)):
        value, unit, plus, _ = row_words.value(state)
        test = f"{state.test}{NBSP}{plus}"
        figures.append((value, unit, f"{test_title(state.cell.workload)}, {test}", test))
    return tuple(figures)
