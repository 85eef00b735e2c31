"""What the Run page says of a run before it: its tests and phases, its memory, and graphs that nothing can fill."""

from collections.abc import Mapping

from llmscope.core.spec import Cell
from llmscope.core.units import about, gib
from llmscope.gui import looks
from llmscope.gui.choices import Choices
from llmscope.gui.expected import Expected
from llmscope.gui.run_body import RunBody
from llmscope.gui.run_state import CellState, RunState
from llmscope.gui.setup import Setup
from llmscope.gui.words import tr
from llmscope.hardware.host import Machine

_PANES = {"cpu_power_w": "power", "cpu_temperature_c": "temperature"}


def show_plan(body: RunBody, setup: Setup, chosen: Choices, expected: Expected, foretold: Mapping[Cell, str]) -> None:
    """Show the planned tests and phases before the first run, with what they are expected to give."""
    plan = RunState(cells=[CellState(cell, foretold=foretold.get(cell, "")) for cell in setup.cells])
    kind = tr("in the {0} preset").format(chosen.preset) if chosen.preset else tr("ticked")
    body.results.show_run(plan, f"{looks.tests_of(plan)} {kind}")
    body.plots.set_plan(expected.plan(setup.cells, chosen.accuracy))
    time = tr("This takes {0}.").format(about(expected.total(setup.cells, chosen.accuracy)))
    included = tr("The model is included: no download, no account, and nothing leaves this computer.")
    body.welcome.show_text(f"{time} {included}" if chosen.source == "bundled" else time)


def show_expected_memory(body: RunBody, setup: Setup) -> None:
    """Show the peak that a run is expected to reach in the graph of memory."""
    facts, device = setup.ledger, setup.device
    source = f"gpu{device.id.partition(':')[2] or 0}" if device is not None and facts.is_gpu else "cpu"
    if facts.peak is None or not facts.total:
        body.plots.set_expected_memory(source, None)
    else:
        body.plots.set_expected_memory(source, 100 * facts.peak / facts.total, gib(facts.peak))


def fold_panes(body: RunBody, machine: Machine) -> None:
    """Fold the graphs that nothing on this machine can fill, each with the reason."""
    if not machine.gpus:
        body.plots.set_unavailable({pane: machine.not_readable[key] for key, pane in _PANES.items()
                                    if key in machine.not_readable})
