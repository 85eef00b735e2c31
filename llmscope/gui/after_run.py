"""What the Run page has of a run that is over: its text, and of one that failed what happened and what would help."""

from llmscope import paths
from llmscope.core import events as ev
from llmscope.gui import advice
from llmscope.gui.run_body import RunBody
from llmscope.gui.run_state import RunState
from llmscope.gui.setup_control import SetupControl


def replay(run: RunState) -> list[ev.Event]:
    """Return the events from which a generation panel shows the last text again."""
    if run.spec is None:
        return []
    start = ev.RunStarted(t_ns=0, run=run.run, utc=run.utc, spec=run.spec, machine={}, versions={})
    return [start, *run.spoken, *(ev.CellEnded(t_ns=0, cell=0, row=row) for row in run.rows[:1])]


def show_failure(body: RunBody, run: RunState, control: SetupControl) -> None:
    """Show what can be done about a test that failed."""
    failed = run.failed_row
    if run.status == "failed" and failed is not None:
        cell = next(state.cell for state in run.cells if state.row is failed)
        body.advice.show_failure(
            failed, advice.offers(failed, cell, control.models, control.devices, control.telemetry))
        body.show_advice(True)


def details(run: RunState, said: str) -> str:
    """Return what happened as it is said, the raw message, and where the run's files are."""
    failed = run.failed_row
    message = str(failed.extra.get("message") or "") if failed is not None else ""
    folder = str(paths.runs_folder() / run.run) if run.run else ""
    return "\n".join(part for part in (said, message, folder) if part)
