"""The row that runs stays in view in a long table, unless the person looks elsewhere."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import QApplication

from llmscope.core import events as ev
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, RunSpec
from llmscope.gui.main_window import MainWindow
from llmscope.gui.results_table import ResultsTable

CELLS = tuple(Cell("bundled", "pp", "cpu", "float32", batch=batch, seq=64) for batch in range(1, 61))
SPEC = RunSpec(CELLS)


class Long:
    """A run of many tests, one after another."""

    def __init__(self, window: MainWindow) -> None:
        self.window, self.table = window, window.page.body.results.table
        self._now_ns = 10**9
        self.say(ev.RunStarted(t_ns=self._now_ns, run="r", utc="2026-01-01T00:00:00+00:00", spec=SPEC, machine={},
                               versions={}))
        self.show()

    def say(self, event: ev.Event) -> None:
        self._now_ns += 10**9
        self.window.feed.push(event)

    def show(self) -> None:
        self.window.tick()
        QApplication.processEvents()

    def run(self, cells: range) -> None:
        """Run tests up to the last, which stays open; the window looks at every fifth, as to tests that are short."""
        for cell in cells:
            self.say(ev.CellStarted(t_ns=self._now_ns, cell=cell))
            if cell % 5 == 0 or cell == cells[-1]:
                self.show()
            if cell != cells[-1]:
                row = make_row("r", CELLS[cell], SPEC.sampling, [0.5] * 9, "valid")
                self.say(ev.CellEnded(t_ns=self._now_ns, cell=cell, row=row))

    def is_seen(self, row: int) -> bool:
        rect = self.table.visualRect(self.table.results.index(row, 0))
        room = self.table.viewport().rect().adjusted(0, 0, 0, 1)  # Qt stops a pixel short
        return rect.height() > 0 and room.contains(rect)


@pytest.fixture(params=[(1440, 900), (1024, 640)])
def long(window: MainWindow, request: pytest.FixtureRequest) -> Iterator[Long]:
    window.resize(*request.param)
    yield Long(window)


def test_the_running_row_is_followed(long: Long) -> None:
    assert not long.is_seen(40)
    for begin, end in pairwise((0, 2, 9, 15, 30, 60)):
        long.run(range(max(0, begin - 1), end))
        assert long.is_seen(end - 1)


def test_what_comes_below_the_table_cuts_no_row_that_is_followed(long: Long) -> None:
    long.run(range(0, 60))
    long.table.resize(long.table.width(), long.table.height() - 20)
    QApplication.processEvents()
    assert long.is_seen(59)


def test_who_scrolled_away_is_left_alone_until_the_running_row_is_seen_again(long: Long) -> None:
    long.run(range(0, 40))
    long.table.verticalScrollBar().setValue(0)
    long.run(range(39, 42))
    assert long.table.verticalScrollBar().value() == 0 and not long.is_seen(41)
    long.table.scrollTo(long.table.results.index(41, 0))
    long.run(range(41, 58))
    assert long.is_seen(57)


def test_a_run_that_goes_on_far_below_is_shown_there(long: Long) -> None:
    long.run(range(50, 51))
    assert long.is_seen(50)


def test_tests_without_a_row_of_their_own_move_nothing(window: MainWindow) -> None:
    table: ResultsTable = Long(window).table
    table.setRowHidden(59, QModelIndex(), True)
    table.follow(59)
    assert table.verticalScrollBar().value() == 0
