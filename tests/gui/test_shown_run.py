"""Which run it is that is shown, beside settings of the next one: in the banner, and in the title of the memory."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from llmscope.core import events as ev
from llmscope.core.spec import Cell
from llmscope.gui import looks
from llmscope.gui.choices import Choices
from llmscope.gui.header_strip import HeaderStrip, MessageLook
from llmscope.gui.main_window import MainWindow
from llmscope.gui.replay import replay
from llmscope.gui.run_state import CellState, RunState
from tests.gui.history_runs import write_run
from tests.gui.stream import stream

Play = Callable[[Iterable[ev.Event]], None]
BF16 = (Cell("arch:smollm2-135m", "pp", "cpu", "bfloat16"),)


def labels(strip: HeaderStrip) -> tuple[str, str]:
    """Return the two lines below the title, as they are drawn."""
    return strip._message._what.text(), strip._message._text.text()


@pytest.mark.parametrize("size", [QSize(1440, 900), QSize(1024, 640)])
def test_a_stored_run_says_its_model_precision_and_device(window: MainWindow, play: Play, tmp_path: Path,
                                                          size: QSize) -> None:
    window.resize(size)
    play([e for e in stream(until_s=0.0) if isinstance(e, ev.Hello | ev.Devices | ev.Telemetry)])
    ledger = window.page.rail.ledger
    before = ledger._title.text()
    window.show_stored(replay(write_run(tmp_path, datetime.now(UTC), BF16, "done", 1.0)))
    QApplication.processEvents()
    what, _ = labels(window.page.body.strip)
    assert "SmolLM2-135M · bf16 · CPU" in what and "…" not in what
    assert "Stored run of " in window.page.body.strip.words()
    assert before.startswith("Fits") and ledger._title.text() == "Next run fits"
    assert "Next run fits" in ledger.accessibleName()


def test_a_run_that_has_ended_says_what_it_was_once_the_settings_are_others(window: MainWindow, play: Play) -> None:
    play(e for e in stream(until_s=0.0) if isinstance(e, ev.Hello | ev.Devices | ev.Telemetry))
    spec, ledger = window.page.spec(), window.page.rail.ledger
    assert spec is not None
    play(stream(spec.cells))
    assert not ledger._title.text().startswith("Next") and "Bundled model + SmolLM2-135M · f32 · CPU" in \
        window.page.body.strip.words()
    window.page.rail.take(Choices(preset=None, ticked=("pp",), dtype="bfloat16"))
    assert ledger._title.text() == "Next run fits" and "f32" in labels(window.page.body.strip)[0]
    window.page.rail.take(Choices())
    assert not ledger._title.text().startswith("Next")


def test_what_ran_names_all_but_is_short() -> None:
    cells = [Cell(model, "pp", device, dtype) for model in ("bundled", "arch:gpt2", "arch:qwen3-0.6b", "arch:opt-125m")
             for device in ("cpu", "cuda:0") for dtype in ("float32", "bfloat16")]  # type: ignore[arg-type]
    run = RunState(cells=[CellState(cell) for cell in cells], machine={"cpu": "AMD EPYC 7763", "gpus": [
        {"name": "NVIDIA GeForce RTX 4090"}]})
    models, dtypes, devices = looks.what_ran(run).split(" · ")
    assert models.startswith("Bundled model + ") and models.endswith(" and 1 more")
    assert dtypes == "f32 + bf16" and devices.startswith("CPU, ") and devices.endswith(" + GPU, RTX 4090")
    assert looks.what_ran(replace(run, cells=[CellState(Cell("machine", "gemm", "cpu", size=256))])) == \
        "This machine · CPU, AMD EPYC 7763"
    assert looks.what_ran(RunState()) == ""


@pytest.mark.qt_log_ignore("propagateSizeHints")
@pytest.mark.parametrize(("width", "narrow"), [(1114, False), (748, True), (500, True)])
def test_a_banner_is_as_high_as_what_it_says(window: MainWindow, qapp: QApplication, width: int, narrow: bool) -> None:
    strip = window.page.body.strip
    strip.set_narrow(narrow)
    strip.setMaximumWidth(width)
    strip.show()
    strip.show_message(MessageLook("warn", "Done", "Word after word to be read to its end. " * 3, "Which run it is"))
    qapp.processEvents()
    assert "…" not in "".join(labels(strip))
    high = strip.height()
    strip.show_message(MessageLook("warn", "Done", "Short."))
    assert strip.height() == strip._least <= high
    strip.show_message(MessageLook("failed", "Failed", "What a driver has to say of it. " * 60))
    qapp.processEvents()
    assert labels(strip)[1].endswith(" …") and strip.height() < 110
    assert strip.words().endswith("say of it. ")


def test_a_long_banner_in_a_small_window_leaves_graphs_and_choices_their_room(window: MainWindow, play: Play) -> None:
    window.resize(QSize(1024, 640))
    play(stream(outcome="oom", gpu=True))
    body = window.page.body
    body.strip.show_message(MessageLook("failed", "Failed", "What a driver has to say of it. " * 20, "Which run"))
    for _ in range(3):
        QApplication.processEvents()
    assert body.plots.height() >= body.plots.minimumHeight() > 200
    assert body.outer.height() >= body.plots.height() and body.tabs.geometry().bottom() <= body.height()
    choices = [button for button in body.advice.buttons() if button.isVisible()]
    assert choices
    for button in choices:
        assert body.tabs.rect().contains(button.mapTo(body.tabs, button.rect().bottomRight()))
