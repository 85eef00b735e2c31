"""Save picture: what can be chosen, what comes of it, and what is remembered."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from llmscope import paths
from llmscope.core import events as ev
from llmscope.core.errors import BadInput
from llmscope.core.events import Event
from llmscope.core.spec import Cell, RunSpec
from llmscope.gui.cards.choice import Choice
from llmscope.gui.dialogs.save_dialog import SaveDialog, remembered
from llmscope.gui.main_window import MainWindow
from llmscope.gui.replay import replay
from llmscope.gui.theme import theme
from llmscope.runs import store
from llmscope.runs.exchange.pictures import carried
from tests.gui.history_runs import MACHINE
from tests.gui.stream import stream

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Play = Callable[[Iterable[Event]], None]


@pytest.fixture
def dialog(window: MainWindow, play: Play) -> SaveDialog:
    """The dialog after a run."""
    play(stream())
    return opened(window)


def opened(window: MainWindow) -> SaveDialog:
    window._on_save_picture()
    return window.findChildren(SaveDialog)[-1]


def choose(dialog: SaveDialog, kind: str, look: str) -> None:
    for control, key in ((dialog.kind, kind), (dialog.look, look)):
        control.set_value(key)
        control.chosen.emit(key)


def test_what_was_chosen_is_saved_and_copied_and_remembered(dialog: SaveDialog, window: MainWindow, tmp_path: Path,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName",
                        lambda *args: (asked.append(args[2]), (str(tmp_path / "x"), ""))[1])
    choose(dialog, "square", "light")
    dialog.labels[0].setText("My tower")
    dialog.save.click()
    image = QImage(str(tmp_path / "x.png"))
    assert (image.width(), image.text("Machine")) == (1080, "My tower") and asked[0].endswith("-square.png")
    assert image.pixelColor(5, 5) == "#ffffff" and theme().is_dark
    window._on_copy_picture()
    copied = QGuiApplication.clipboard().image()
    assert copied.width() == 1080 and copied.pixelColor(5, 5) == "#ffffff"
    again = opened(window)
    assert again.choice() == Choice("square", "light", ("My tower",))
    again.labels[0].setText(" ")
    assert again.choice().labels[0].startswith("AMD EPYC")
    again.copy.click()
    assert remembered(window.settings, again.picture).labels[0].startswith("AMD EPYC")


def test_without_the_runs_inside_the_file_has_none_and_says_so(
        window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = own_run(paths.runs_folder())
    window.show_stored(replay(stored))
    dialog = opened(window)
    assert "your prompt, the path of your model's folder" in dialog._inside.text() and dialog.with_runs.isVisible()
    files = iter(str(tmp_path / name) for name in ("with", "card", "page"))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (next(files), ""))
    dialog.save.click()
    dialog = opened(window)
    dialog.with_runs.click()
    assert "alone" in dialog._inside.text()
    dialog.save.click()
    window._on_copy_picture()
    assert not opened(window).choice().with_runs  # remembered, since it was chosen for good reasons
    window.findChildren(SaveDialog)[-1].kind.set_value("page")
    window.findChildren(SaveDialog)[-1].save.click()
    assert carried((tmp_path / "with.png").read_bytes()).runs[0].name == stored.name
    for name in ("card", "page"):
        content = (tmp_path / f"{name}.png").read_bytes()
        assert b"llmscope-runs" not in content and b"Ophelia" not in content
        with pytest.raises(BadInput):
            carried(content)
    assert QImage(str(tmp_path / "page.png")).text("Software").endswith("Saved without its runs.")


def own_run(runs: Path) -> Path:
    """Write a run with words and a model folder of somebody's own."""
    started = ev.RunStarted(t_ns=0, run="2026-11-21_184000", utc="2026-11-21T18:40:00+00:00",
                            spec=RunSpec((Cell("/home/anna/my-model", "gen", "cpu", "float32"),), prompt="Ophelia"),
                            machine=MACHINE, versions={"torch": "2.11.0"})
    writer = store.RunWriter(runs / started.run, store.Manifest(store.SCHEMA, "llmscope 0.1.0", started))
    events = list(stream(started.spec.cells))
    rows = tuple(event.row for event in events if isinstance(event, ev.CellEnded))
    for event in events:
        writer.write(started if isinstance(event, ev.RunStarted) else event)
    writer.finish(store.Result(store.SCHEMA, events[-1], rows))  # type: ignore[arg-type]
    return runs / started.run


def test_nothing_is_remembered_of_a_dialog_that_was_left(dialog: SaveDialog, window: MainWindow,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: ("", ""))
    choose(dialog, "square", "light")
    dialog.save.click()
    assert dialog.isVisible()  # the file dialog was left: there is nothing yet
    dialog.reject()
    assert opened(window).choice().kind == "card"
    window.findChildren(SaveDialog)[-1].reject()


def test_a_page_without_cards_offers_the_page_alone(window: MainWindow, play: Play) -> None:
    play(stream())
    window.show_page("hardware")
    dialog = opened(window)
    assert list(dialog.kind._choices) == ["page"] and dialog.choice().kind == "page"
    dialog.copy.click()
    assert QGuiApplication.clipboard().image().width() == 2 * 1280
    window.show_page("run")
    assert opened(window).choice().kind == "card"
    window.findChildren(SaveDialog)[-1].reject()
