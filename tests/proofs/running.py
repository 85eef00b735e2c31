"""Runs for the proofs: the product's own way from plan to rows, with a limit injected while a test is measured."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from llmscope.core import events
from llmscope.core.results import Row
from llmscope.core.spec import Cell, RunSpec, machine_cells
from llmscope.paths import data_folder
from llmscope.runs.blocking import run_blocking

SMALL = "arch:smollm2-135m"
#: Makes something scarce for a process while the context lasts.
Injection = Callable[[int], AbstractContextManager[None]]
LIMIT_S = 4.0
#: The proofs' own runs and ceilings: none of them is a result.
FOLDER = data_folder() / "proofs" / "runs"


@contextmanager
def nothing(_pid: int) -> Iterator[None]:
    """Leave the process alone."""
    yield


def cell(model: str, workload: str, **settings: object) -> Cell:
    """Return a cell on the CPU in float32, if nothing else is said."""
    return Cell(model, workload, **({"device": "cpu", "dtype": "float32"} | settings))  # type: ignore[arg-type]


def run(*cells: Cell, inject: Injection = nothing, threads: int | None = None, in_turns: bool = False,
        limit_s: float = LIMIT_S) -> tuple[Row, ...]:
    """Return the rows of cells; `inject` holds from the first test's start to the end of the run."""
    worker = 0
    with ExitStack() as injected:
        started = False

        def hear(event: events.Event) -> None:
            nonlocal worker, started
            if isinstance(event, events.Hello) and not started:
                worker = event.pid
            elif isinstance(event, events.CellStarted) and not started:
                started = True
                injected.enter_context(inject(worker))

        spec = RunSpec(cells, accuracy="quick", time_limit_s=limit_s, threads=threads, in_turns=in_turns)
        return run_blocking(spec, hear, FOLDER).rows


def measure_ceilings() -> None:
    """Measure this machine's ceilings twice, apart; each is kept where it is the best so far."""
    for _ in range(2):
        run_blocking(RunSpec(machine_cells("cpu"), accuracy="quick"), lambda event: None, FOLDER)
