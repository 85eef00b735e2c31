"""A picture of the real window with a race at a moment, for the terminal; with or without a display."""

from pathlib import Path

from llmscope.core.errors import BadInput
from llmscope.gui.compare_shot import grab
from llmscope.gui.main_window import MainWindow
from llmscope.gui.race import Race


def shoot(file: Path, race: Race, at_s: float | None, theme: str) -> None:
    """Write what the window looks like at that second of the race, None at its end; raises BadInput where it cannot."""
    def begin(window: MainWindow) -> None:
        page = window.race.make_page()
        page.show_race(race)
        page.seek(race.end_ns if at_s is None or at_s * 1e9 > race.end_ns else round(at_s * 1e9))
        window.show_page("race")

    if not grab(file, theme, begin, lambda _: True, lambda _: True):
        raise BadInput(f"{file} could not be written: choose another folder.")
