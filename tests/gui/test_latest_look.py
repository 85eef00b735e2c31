"""What takes long is worked out off the window's thread, and only what was asked for last."""

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from llmscope.analysis.prediction import Prediction
from llmscope.core.spec import Cell
from llmscope.core.units import GIB
from llmscope.gui.latest_look import LatestLook
from llmscope.gui.whatif_panel import WhatIfPanel
from llmscope.models import catalog
from llmscope.models.catalog import Model
from llmscope.runs.foretold import Learnt
from llmscope.runs.here import Here
from tests.gui.fakes import CEILINGS


@pytest.fixture
def look(qtbot: QtBot) -> Iterator[LatestLook]:
    parent = QObject()
    look = LatestLook(parent)
    yield look
    look.close()


def test_of_those_asked_for_meanwhile_only_the_last_is_looked_at(look: LatestLook, qtbot: QtBot) -> None:
    told: list[object] = []
    begun: list[int] = []
    may_end = threading.Event()
    look.found.connect(told.append)

    def first() -> int:
        may_end.wait(10)
        return 0

    look.ask(first)
    for number in (1, 2, 3):
        look.ask(lambda number=number: begun.append(number) or number)  # type: ignore[misc, func-returns-value]
    may_end.set()
    qtbot.waitUntil(lambda: bool(told))
    assert begun == [3] and told == [3]
    look.ask(lambda: 4)
    qtbot.waitUntil(lambda: told == [3, 4])


def test_what_is_not_wanted_any_more_is_not_told(look: LatestLook, qtbot: QtBot) -> None:
    told: list[object] = []
    look.found.connect(told.append)
    look.ask(lambda: 1)
    look.drop()
    qtbot.wait(100)
    assert told == []
    look.ask(lambda: 2)
    qtbot.waitUntil(lambda: told == [2])


class Slow(Learnt):
    """What stored runs tell, and in which thread they were asked."""

    def foretell(self, cell: Cell) -> Prediction | None:
        ASKED.append(threading.current_thread().name)
        return Prediction(2.0, 1.0, 3.0, "tok/s", "of a test")


ASKED: list[str] = []


def test_what_if_asks_the_stored_runs_off_the_windows_thread(
        qtbot: QtBot, offered: tuple[Model, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "available", lambda: offered)
    ASKED.clear()
    panel = WhatIfPanel()
    qtbot.addWidget(panel)
    panel.show_here((Here("This machine, CPU", CEILINGS["cpu"], 64 * GIB, Slow()),))
    panel.fill()
    qtbot.waitUntil(lambda: panel.filters.count.text() == "91 of 91")
    for users in range(2, 12):
        panel.wish.users.setValue(users)
    qtbot.waitUntil(lambda: panel.table.rows.found[0].demand.batch == 11)
    assert "This machine, CPU, plain transformers" in {one.target.name for one in panel.table.rows.found}
    assert "MainThread" not in ASKED and len(ASKED) < 2 * 11
    panel.close_threads()


class Held(Learnt):
    """What stored runs tell once they may."""

    def foretell(self, cell: Cell) -> Prediction | None:
        MAY_TELL.wait(10)
        return None


MAY_TELL = threading.Event()


def test_what_is_needed_is_that_of_the_table_until_another_one_is_worked_out(
        qtbot: QtBot, offered: tuple[Model, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "available", lambda: offered)
    panel = WhatIfPanel()
    qtbot.addWidget(panel)
    MAY_TELL.set()
    panel.show_here((Here("This machine, CPU", CEILINGS["cpu"], 64 * GIB, Held()),))
    panel.fill()
    qtbot.waitUntil(lambda: bool(panel.table.rows.found))
    before = panel.wish.needs.full_text
    MAY_TELL.clear()
    panel.wish.users.setValue(64)
    shown, needs = panel.table.rows.found[0].demand.batch, panel.wish.needs.full_text
    MAY_TELL.set()
    qtbot.waitUntil(lambda: panel.table.rows.found[0].demand.batch == 64)
    panel.close_threads()
    assert (shown, needs) == (1, before) and panel.wish.needs.full_text != before
