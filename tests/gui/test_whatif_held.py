"""Predicted against measured in What if: this program's runs on listed hardware and what others published."""

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.core.errors import BadInput
from llmscope.core.spec import Cell
from llmscope.core.units import GIB
from llmscope.gui import held_thread
from llmscope.gui.held_table import HARDWARE, MEASURED, PLACE, PREDICTED, SOURCE, TOKENS
from llmscope.gui.whatif_panel import WhatIfPanel
from llmscope.models import catalog
from llmscope.models.catalog import Model
from tests.unit.runs import stored
from tests.unit.runs.stored import write_run


@pytest.fixture
def panel(qtbot: QtBot, offered: tuple[Model, ...], monkeypatch: pytest.MonkeyPatch) -> Iterator[WhatIfPanel]:
    """The panel alone, with one stored run on an L4."""
    monkeypatch.setattr(catalog, "available", lambda: offered)
    monkeypatch.setattr(stored, "MACHINE", {"gpus": [{"name": "NVIDIA L4", "memory_bytes": int(22.5 * GIB)}]})
    write_run(paths.runs_folder(), cells=(Cell("arch:smollm2-135m", "tg", "cuda:0", "bfloat16", batch=4),))
    panel = WhatIfPanel()
    qtbot.addWidget(panel)
    panel.fill()
    yield panel
    panel.close_threads()
    panel.close()


def test_own_runs_stand_before_what_others_published(panel: WhatIfPanel, qtbot: QtBot) -> None:
    panel.mode._choose("held")
    rows = panel.held.table.rows
    qtbot.waitUntil(lambda: rows.rowCount() == 20)
    own, first = rows.texts(0), rows.texts(1)
    assert (own[HARDWARE], own[TOKENS]) == ("NVIDIA L4 24GB", "64 × 4") and "llmscope 0.1.0, eager, run" in own[SOURCE]
    assert (first[MEASURED], first[PREDICTED], first[PLACE]) == ("58.7", "28 to 60", "inside")
    assert panel.filters.count.text().endswith("of 20 inside what is predicted")
    assert panel.wish.isHidden() and panel.filters.kind.isHidden() and panel.table.isHidden()
    panel.grab()
    panel._copy()
    assert "Predicted, tok/s" in QGuiApplication.clipboard().text().splitlines()[0]


def test_a_new_run_is_there_when_it_is_looked_at_again(panel: WhatIfPanel, qtbot: QtBot) -> None:
    panel.mode._choose("held")
    qtbot.waitUntil(lambda: panel.held.table.rows.rowCount() == 20 and panel.held._thread is None)
    write_run(paths.runs_folder(), 1, cells=(Cell("arch:smollm2-135m", "pp", "cuda:0", "bfloat16"),))
    panel.mode._choose("all")
    panel.mode._choose("held")
    qtbot.waitUntil(lambda: panel.held.table.rows.rowCount() == 21)


def test_a_run_that_comes_while_the_others_are_read_is_there_too(panel: WhatIfPanel, qtbot: QtBot) -> None:
    panel.mode._choose("held")
    assert panel.held._thread is not None
    panel.held._thread.wait()  # it has read, and its end is not heard of yet
    write_run(paths.runs_folder(), 1, cells=(Cell("arch:smollm2-135m", "pp", "cuda:0", "bfloat16"),))
    panel.mode._choose("all")
    panel.mode._choose("held")
    qtbot.waitUntil(lambda: panel.held.table.rows.rowCount() == 21)


def test_what_cannot_be_read_is_not_told_beside_another_table(panel: WhatIfPanel) -> None:
    panel.mode._choose("all")
    panel.held.refused.emit("The list of measurements cannot be read.")
    assert "cannot be read" not in panel.filters.about.full_text


def test_what_cannot_be_read_is_one_line(panel: WhatIfPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(runs: object) -> None:
        raise BadInput("The list cannot be read: install llmscope again.")
    monkeypatch.setattr(held_thread, "comparisons", refuse)
    panel.mode._choose("held")
    qtbot.waitUntil(lambda: panel.filters.about.property("role") == "bad")
    assert "install llmscope again" in panel.filters.about.full_text and panel.filters.count.text() == ""


def test_it_is_left_while_it_reads(panel: WhatIfPanel) -> None:
    panel.mode._choose("held")
    panel.close_threads()
    assert panel.held._thread is None
