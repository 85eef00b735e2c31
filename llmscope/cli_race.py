"""`llmscope shot --page race`: a moment of a race as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from llmscope import paths, terminal
from llmscope.core.errors import BadInput
from llmscope.runs import references


def shoot(file: Path, runs: Sequence[str], at_s: float | None, theme: str, kind: str, data: bool) -> int:
    """Save two runs in a race, at a second of it or at its end, or its card; returns the exit code."""
    if len(runs) != 2:
        raise BadInput(f"A race is between two runs, not {len(runs)}: give --runs A,B.")
    a, b = (references.find(paths.runs_folder(), run) for run in runs)
    try:
        from llmscope.gui import race_shot
        from llmscope.gui.cards.choice import Choice
        from llmscope.gui.race import read_race
    except ImportError as error:
        raise BadInput(f"A picture needs PySide6 and pyqtgraph ({error}): install them.") from error
    race_shot.shoot(file, read_race((a, b)), at_s, theme, Choice(cast(Any, kind), with_runs=data))
    print(f"Picture: {file.resolve()}")
    return terminal.OK
