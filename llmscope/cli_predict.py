"""`bench --predict`: what each test would give on this machine, from the runs of it that are stored."""

import msgspec

from llmscope import __version__, paths, terminal
from llmscope.analysis.prediction import Prediction
from llmscope.core.errors import BadInput
from llmscope.core.spec import DTYPE_SHORT, MACHINE, Cell, RunSpec
from llmscope.core.units import significant
from llmscope.hardware.host import machine
from llmscope.runs.ceilings import FILE, CeilingStore
from llmscope.runs.foretold import learn
from llmscope.runs.probe import probe_devices
from llmscope.runs.resolve import resolve

SCHEMA = 1
UNKNOWN = "unknown"


def print_predictions(spec: RunSpec, output: str) -> None:
    """Print a line for each test of a model; raises BadInput where nothing was measured here that could tell."""
    if output not in ("md", "json"):
        raise BadInput("--predict is printed as md or json.")
    here = msgspec.to_builtins(machine())
    learnt = learn(paths.runs_folder(), here, CeilingStore(paths.data_folder() / FILE))
    if not learnt.rows:
        raise BadInput("No run of this machine is stored to learn from: 'llmscope bench --preset quick' first.")
    cells = [cell for cell in resolve(spec, probe_devices()[1]).cells if cell.model != MACHINE]
    if not cells:
        raise BadInput("--predict is for tests of a model: what the machine itself can do is only measured.")
    told = [(cell, learnt.foretell(cell.within(spec.sampling, spec.threads))) for cell in cells]
    if output == "json":
        document = {"schema": SCHEMA, "program": f"llmscope {__version__}", "rows": [_item(*one) for one in told]}
        print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
        return
    terminal.print_table(("test", "model", "device", "dtype", "expected", "90 % of the time", "from"),
                         [_line(cell, found) for cell, found in told])


def _item(cell: Cell, found: Prediction | None) -> dict[str, object]:
    settings = {name: getattr(cell, name) for name in ("model", "device", "dtype", "batch", "seq", "new", "depth")}
    return {"test": cell.test, **settings, "predicted": found}


def _line(cell: Cell, found: Prediction | None) -> tuple[str, ...]:
    of = (cell.test, cell.model, cell.device, DTYPE_SHORT.get(cell.dtype, cell.dtype))
    if found is None:
        return *of, UNKNOWN, UNKNOWN, "no stored run tells enough of it"
    return *of, f"{significant(found.value, 2)} {found.unit}", found.span, found.basis
