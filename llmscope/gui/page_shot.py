"""Pictures of stored runs for the terminal: a card, or the real window with a page; with or without a display."""

import tempfile
from pathlib import Path
from typing import Literal

from llmscope import paths
from llmscope.core.errors import BadInput
from llmscope.gui.cards.choice import Choice
from llmscope.gui.compare_shot import NoRunner, application, wait_until
from llmscope.gui.main_window import MainWindow
from llmscope.gui.replay import replay
from llmscope.gui.settings import Settings
from llmscope.runs import references


def shoot_stored(file: Path, page: Literal["run", "hardware", "history"], run: str, theme: str,
                 choice: Choice) -> bool:
    """Write the picture of a page, with a stored run where one is named; False where the file cannot be written.

    Raises BadInput where there is no such run, or nothing to show. The person's own settings are not read.
    """
    replayed = replay(references.find(paths.runs_folder(), run)) if run else None
    app = application(theme)
    with tempfile.TemporaryDirectory() as folder:
        window = MainWindow(NoRunner, settings=Settings(Path(folder) / "window.ini"))
        window.show()
        wait_until(lambda: window.machine is not None)
        if replayed is not None:
            window.show_stored(replayed)
        window.show_page(page)
        history = window.history.page
        wait_until(lambda: page != "history" or history is None or history.is_loaded)
        window.tick()
        app.processEvents()
        if focused := window.focusWidget():
            focused.clearFocus()
        has_picture = window.pages.page().picture() is not None
        saved = window.save_picture(file, choice) if has_picture else window.grab().save(str(file))
        window.close()
        window.deleteLater()
        app.processEvents()
    if not has_picture and page == "run":
        raise BadInput(f"Run {run} has no results to show yet.")
    return saved
