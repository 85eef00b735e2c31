"""A picture of a race at a moment, for the terminal; with or without a display."""

from pathlib import Path

from llmscope.core.errors import BadInput
from llmscope.gui.cards.choice import Choice
from llmscope.gui.compare_shot import application
from llmscope.gui.picture_files import write
from llmscope.gui.race import Race
from llmscope.gui.race_picture import RacePicture


def shoot(file: Path, race: Race, at_s: float | None, theme: str, choice: Choice) -> None:
    """Write the picture of that second of the race, None of its end, or its card; raises BadInput where it cannot."""
    at_ns = race.end_ns if at_s is None or at_s * 1e9 > race.end_ns else round(at_s * 1e9)
    app = application(theme)
    try:
        write(RacePicture(race, at_ns), file, choice)
    except OSError as error:
        raise BadInput(f"{file} could not be written: choose another folder.") from error
    app.processEvents()
