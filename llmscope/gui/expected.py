"""How long a test is expected to take: as long as it took last time, else a rule of thumb."""

from collections.abc import Iterable
from itertools import groupby

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.spec import MACHINE, Accuracy, Cell
from llmscope.core.stopping import MACHINE_ROUNDS
from llmscope.gui.settings import Settings

#: Seconds of a first run by accuracy: load, warm-up and the measuring itself.
_FIRST_TIME_S: dict[Accuracy, float] = {"quick": 15, "standard": 20, "rigorous": 60}
LOAD_SHARE, WARM_UP_SHARE = 0.1, 0.2
_TRAINING_FACTOR = 2.0
#: A test of the machine takes as long everywhere.
_MACHINE_S = 1.5
_LONGEST_S = 3600.0


class Expected:
    """Seconds per test, remembered across starts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[tuple[Cell, Accuracy], float] = {}

    def seconds(self, cell: Cell, accuracy: Accuracy) -> float:
        """Return the expected seconds of one test."""
        if cell.model == MACHINE:
            return _MACHINE_S
        known = self._known.get((cell, accuracy))
        if known is None:  # asked for every test that is still to come, each second
            first = _FIRST_TIME_S[accuracy] * (_TRAINING_FACTOR if cell.workload == "train" else 1.0)
            known = self._known[cell, accuracy] = self._settings.number(_key(cell, accuracy), first, 0.1, _LONGEST_S)
        return known

    def total(self, cells: Iterable[Cell], accuracy: Accuracy) -> float:
        """Return the expected seconds of several tests."""
        return sum(self.seconds(cell, accuracy) for cell in cells)

    def plan(self, cells: Iterable[Cell], accuracy: Accuracy) -> list[tuple[str, float]]:
        """Return the phases that a run of these tests will go through, each with its expected seconds."""
        phases: list[tuple[str, float]] = []
        model = ""
        for is_machine, group in groupby(cells, lambda cell: cell.model == MACHINE):
            if is_machine:
                phases += MACHINE_ROUNDS * [(DEFINITIONS[cell.workload].phase, _MACHINE_S / MACHINE_ROUNDS)
                                            for cell in group]
                continue
            for cell in group:
                seconds = self.seconds(cell, accuracy)
                load, warm_up = LOAD_SHARE * seconds if cell.model != model else 0.0, WARM_UP_SHARE * seconds
                measuring = (DEFINITIONS[cell.workload].phase, seconds - load - warm_up)
                phases += [part for part in (("load", load), ("warm-up", warm_up), measuring) if part[1]]
                model = cell.model
        return phases

    def remember(self, cell: Cell, accuracy: Accuracy, seconds: float) -> None:
        """Keep how long a finished test took."""
        self._known.clear()
        self._settings.keep(_key(cell, accuracy), round(seconds, 1))


def _key(cell: Cell, accuracy: Accuracy) -> str:
    words = (cell.model, cell.test, cell.device, cell.dtype, accuracy)
    return "took/" + " ".join(words).replace("/", "|").replace("\\", "|")
