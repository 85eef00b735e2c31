"""What the head and the foot of a picture say: which machine, model and settings, how exact, when, and by what."""

from collections.abc import Mapping

from llmscope import __version__
from llmscope.analysis import row_names
from llmscope.analysis.ceilings import Ceiling, Ceilings
from llmscope.core.results import Row
from llmscope.core.stopping import EPSILON
from llmscope.core.units import NBSP, significant
from llmscope.gui import looks, words
from llmscope.gui.run_state import RunState
from llmscope.gui.words import tr
from llmscope.hardware.host import Machine


def of_run(run: RunState, titles: Mapping[str, str], devices: Mapping[str, str],
           machine: Machine | None) -> dict[str, str]:
    """Return the facts of a run; titles are of models by reference, devices of devices by id."""
    power = {True: tr("on battery"), False: tr("mains power"), None: tr("power source not readable")}
    cells = [run.cells[number].cell for number in run.shown]  # not those of the machine, which came along
    models = dict.fromkeys(cell.model for cell in cells)
    return {
        "Title": " + ".join(titles.get(model, words.model_name(model)) for model in models),
        "Machine": str(run.machine.get("label") or (machine.label if machine else "")),
        "Device": " + ".join(devices.get(id_, id_) for id_ in dict.fromkeys(cell.device for cell in cells)),
        "Settings": words.settings_lines(cells),
        "Accuracy": _accuracy(run),
        "Power": power[run.on_battery],
        "Date": looks.when(run.utc),
        "Software": _software(run.versions, run.program, bool(run.other_program)),
        "Results": "; ".join(map(_result, run.rows, row_names.names(run.rows))),
    }


def of_ceilings(ceilings: Mapping[str, Ceilings], devices: Mapping[str, str],
                machine: Machine | None) -> dict[str, str]:
    """Return the facts of measured ceilings by device."""
    last = max(ceilings.values(), key=lambda found: found.utc)
    return {
        "Title": tr("What this machine can do at most"),
        "Machine": machine.label if machine else "",
        "Device": " + ".join(devices.get(device, device) for device in ceilings),
        "Accuracy": tr("the best of all samples"),
        "Date": looks.when(last.utc),
        "Software": _software(last.versions),
        "Results": "; ".join(f"{ceiling.test} {significant(ceiling.value)} {ceiling.unit}"
                             for found in ceilings.values() for ceiling in _all(found)),
    }


def _all(found: Ceilings) -> list[Ceiling]:
    return [*found.products.values(), *found.memory.values(), *found.others.values()]


def _accuracy(run: RunState) -> str:
    if run.other_program:
        return tr("measured by {0}").format(run.other_program)
    accuracy = run.spec.accuracy if run.spec else "standard"
    return tr("±{0} asked, {1} confidence").format(f"{100 * EPSILON[accuracy]:.2g}{NBSP}%", f"95{NBSP}%")


def _software(versions: Mapping[str, str], program: str = "", of_other: bool = False) -> str:
    """Return what measured: a stored run's own program, and of another one all versions that it told."""
    named = versions if of_other else ("torch", "transformers")
    parts = [f"{name} {versions[name]}" for name in named if name in versions]
    return " · ".join([program or f"llmscope {__version__}", *parts])


def _result(row: Row, name: str) -> str:
    value = "—" if row.median is None else f"{row.median:.6g} {row.unit}"
    return ", ".join(part for part in (f"{name} {value} n={row.n} {row.verdict}", words.limit_line(row)) if part)
