"""A sweep that is over, as a grid and as curves: walked through by keys, copied, drawn and saved."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec import structs
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from pytestqt.qtbot import QtBot

from llmscope.gui import sweep_map
from llmscope.gui.main_window import MainWindow
from llmscope.gui.sweep_cell import Lines, fitting, offers
from llmscope.gui.sweep_curves import ROLES, SweepCurves, apart
from llmscope.gui.theme import theme
from tests.gui.conftest import play_to
from tests.gui.sweeps import CELLS, FAILED, sweep


@pytest.fixture(scope="module", autouse=True)
def swept(window: MainWindow) -> None:
    play_to(window, sweep())


def test_arrows_move_and_enter_shows_the_row(window: MainWindow, qtbot: QtBot) -> None:
    results = window.page.body.results
    results.view._choose("map")
    heat_map = results.sweep.map
    heat_map.setFocus()
    heat_map.setCurrentIndex(heat_map.model().index(0, 0))
    qtbot.keyClick(heat_map, Qt.Key.Key_Down)
    qtbot.keyClick(heat_map, Qt.Key.Key_Right)
    assert "128" in heat_map.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)
    qtbot.keyClick(heat_map, Qt.Key.Key_Return)
    assert results.table.isVisible() and results.view.value() == "list"
    assert CELLS[results.table.currentIndex().row()].test == "pp128 b4"


def test_a_failed_cell_tells_its_reason_and_copying_gives_a_table(window: MainWindow) -> None:
    results = window.page.body.results
    results.view._choose("map")
    heat_map = results.sweep.map
    failed = heat_map.model().index(2, 3)
    for role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
        assert failed.data(role) == "batch 16, sequence 512: failed: out of memory: 7.9 of 8.0 GiB in use"
    assert ", best" in heat_map.model().index(2, 2).data(Qt.ItemDataRole.ToolTipRole)
    results.copy.click()
    copied = QGuiApplication.clipboard().text()
    assert "| batch \\ sequence | 64 | 128 | 256 | 512 |" in copied and "| failed |" in copied
    assert window.page.run.cells[FAILED].row is not None


def test_figure_and_axes_can_be_chosen(window: MainWindow) -> None:
    results = window.page.body.results
    results.view._choose("curves")
    view = results.sweep
    before = {name: choice.picker.currentIndex() for name, choice in view.choices.items()}
    assert not view.choices["test"].picker.isVisible()  # there is one
    for name, taken in (("figure", "memory"), ("x", "batch")):
        picker = view.choices[name].picker
        picker.setCurrentIndex(picker.findData(taken))
        view._on_chosen()
    assert view.look is not None and (view.look.grid.x, view.look.grid.y) == ("batch", "seq")
    assert "Peak memory of pp, MiB against Batch size" in view.curves.accessibleName()
    assert [view.choices["figure"].picker.itemData(i) for i in range(3)] == ["speed", "memory", "energy"]
    view.choices["y"].picker.setCurrentIndex(view.choices["y"].picker.findData("none"))
    view._on_chosen()
    assert view.look.grid.y is None and [held.is_offered for axis, held in view.held.items() if axis == "seq"] == [True]
    for name, index in before.items():
        view.choices[name].picker.setCurrentIndex(index)
    view._on_chosen()


@pytest.mark.parametrize("mode", ["dark", "light"])
def test_map_curves_and_picture_are_drawn(window: MainWindow, mode: str, tmp_path: Path) -> None:
    theme().set_mode(mode)  # type: ignore[arg-type]
    try:
        results = window.page.body.results
        drawn = []
        for view in ("map", "curves"):
            results.view._choose(view)
            image = results.grab().toImage()
            drawn.append(len({image.pixel(x, y) for x in range(0, image.width(), 3)
                              for y in range(0, image.height(), 3)}))
        assert all(colours > 20 for colours in drawn), drawn
        assert window.save_picture(tmp_path / "sweep.png")
        assert QImage(str(tmp_path / "sweep.png")).height() < 2000
    finally:
        theme().set_mode("dark")


def test_the_best_cell_says_its_interval(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[bool, str]] = []

    def note(painter: QPainter, box: QRectF, value: str, offered: Sequence[Lines], star: bool) -> None:
        drawn.append((star, " ".join(fitting(box, value, offered, star))))

    monkeypatch.setattr(sweep_map, "paint_value", note)
    results = window.page.body.results
    results.view._choose("map")
    window.resize(1440, 900)
    results.grab()
    assert [said for star, said in drawn if star and said.startswith("best ±")], drawn
    assert sum(said.startswith("±") for _, said in drawn) >= 8


#: Width and height of a cell, and what stands in the best one that is warned: in a large window, in a small one,
#: in one of many columns, and where next to nothing has room.
CELLS_OF = [((107, 100), ("best", "±57.2 % warned")), ((150, 30), ("±57.2 % warned",)),
            ((180, 30), ("best ±57.2 % warned",)), ((72, 70), ("best", "±57.2 %", "warned")),
            ((72, 52), ("±57.2 %", "warned")), ((62, 30), ())]


@pytest.mark.parametrize(("size", "said"), CELLS_OF)
def test_a_best_cell_that_is_warned_keeps_its_interval(size: tuple[int, int], said: Lines) -> None:
    assert fitting(QRectF(0, 0, *size), "1,140", offers("best", "±57.2 %", "warned"), True) == said


def test_a_cell_says_what_it_has_and_nothing_twice() -> None:
    assert offers("", "", "") == [()] and offers("best", "", "") == [("best",), ()]
    assert offers("", "±3 %", "") == [("±3 %",), ()] and offers("", "±3 %", "noisy")[-1] == ()


@pytest.mark.qt_log_ignore("propagateSizeHints")
@pytest.mark.parametrize("widths", [(1.0, 1.0), (0.3, 3.0)])
def test_intervals_of_several_lines_stand_apart_and_cross_no_marker(window: MainWindow, qtbot: QtBot,
                                                                    widths: tuple[float, float]) -> None:
    window.page.body.results.view._choose("curves")
    look = window.page.body.results.sweep.look
    assert look is not None
    spots = tuple(spot if spot.value is None or spot.row is None else structs.replace(spot, row=structs.replace(
        spot.row, low=widths[0] * spot.value, high=widths[1] * spot.value)) for spot in look.grid.spots)
    wide = replace(look, grid=structs.replace(look.grid, spots=spots))
    curves = SweepCurves()
    qtbot.addWidget(curves)
    curves.resize(440, 300)
    curves.show_look(wide)
    image, axes, lines = curves.grab().toImage(), curves.axes(), len(look.grid.ys)
    assert axes is not None
    off = apart(axes, wide, lines)
    assert (min(b - a for a, b in pairwise(off)) >= 8) is (widths[1] > 1) and abs(sum(off)) < 1e-6
    for spot in spots:
        if spot.value is not None:
            number = look.grid.ys.index(spot.y)
            x, y = round(axes.at_x(spot.x) + off[number]), round(axes.at_y(spot.value))
            assert {image.pixelColor(x, y + down).name() for down in (-2, 0, 2)} == {
                theme().colour(ROLES[number]).name()}
