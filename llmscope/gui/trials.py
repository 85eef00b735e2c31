"""Changes of a test that this program can make itself: what was predicted of them, and what measuring them gave."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from llmscope.analysis.bottleneck import Finding
from llmscope.analysis.remedies import Remedy, changed
from llmscope.core.results import Row
from llmscope.core.rows import cell_of
from llmscope.core.spec import IN_TURNS, Cell
from llmscope.gui import row_words
from llmscope.gui.live_strip import starting_words
from llmscope.gui.run_state import RunState
from llmscope.gui.words import tr

#: A test as it was measured, and the same with a change.
Pair = tuple[Cell, Cell]


@dataclass(frozen=True)
class Turns:
    """The comparisons at hand: second rows of those that ended, the one under way, and whether any run goes on."""

    ended: Mapping[Pair, Row] = field(default_factory=dict)
    running: Pair | None = None
    is_open: bool = False


@dataclass(frozen=True)
class Trial:
    """A change that can be tried. `why_not` is empty where it can be measured now, `outcome` before it was."""

    words: str
    predicted: str
    pair: Pair
    outcome: str = ""
    is_running: bool = False
    why_not: str = ""


def trials(row: Row, found: Finding | None, turns: Turns) -> tuple[Trial, ...]:
    """Return the changes of a test that this program can make, the best first."""
    return tuple(_trials(row, found, turns)) if found is not None and found.changes else ()


def progress(run: RunState) -> str:
    """Return how far a comparison is: what goes on, then the rounds that both tests have finished."""
    if run.status == "stopping":
        return tr("stopping")
    if run.now is None:
        return starting_words(run)
    rounds = min(len(state.seconds) for state in run.cells)
    if rounds:
        return tr("1 round in turns so far") if rounds == 1 else tr("{0} rounds in turns so far").format(rounds)
    return row_words.progress(run.now)[0]


def predicted(remedy: Remedy) -> str:
    """Return how many times as fast a test is predicted to be, a dash where nothing is."""
    if remedy.speedup is None:
        return "—"
    times = f"×{remedy.speedup:.2f}"
    return tr("at least {0}").format(times) if remedy.at_least else times


def _trials(row: Row, found: Finding, turns: Turns) -> Iterator[Trial]:
    cell = cell_of(row)
    if cell is None:
        return
    for remedy in found.changes:
        other = changed(cell, remedy)
        if other is not None:
            pair = (cell, other)
            yield Trial(remedy.words, predicted(remedy), pair, _outcome(turns.ended.get(pair)), turns.running == pair,
                        _why_not(cell, turns))


def _why_not(cell: Cell, turns: Turns) -> str:
    if cell.workload not in IN_TURNS:
        return tr("Only {0} can be measured in turns.").format(", ".join(IN_TURNS))
    return tr("A run goes on.") if turns.is_open else ""


def _outcome(row: Row | None) -> str:
    if row is None:
        return ""
    if "compared" not in row.extra:
        return tr("could not be measured: {0}").format(row.reason or row.verdict)
    return row_words.compared(row)
