"""The picture of the Hardware page after a run: what it says, what it leaves out, and how sharp it is."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QScrollBar
from pytestqt.qtbot import QtBot

from llmscope.core.units import NBSP
from llmscope.gui.hardware_picture import HardwarePicture
from llmscope.gui.main_window import MainWindow
from llmscope.gui.pages.hardware_page import HardwarePage
from llmscope.gui.picture import _Sheet
from llmscope.gui.plots.roofline import RooflinePlot
from tests.gui.conftest import play_to
from tests.gui.fakes import ceilings
from tests.gui.stream import stream


@pytest.fixture(scope="module")
def page(window: MainWindow) -> HardwarePage:
    """The page after a run."""
    play_to(window, stream())
    window.show_page("hardware")
    assert window.hardware.page is not None
    return window.hardware.page


def test_the_hardware_pages_picture_says_of_what_machine_and_run_it_is(page: HardwarePage, window: MainWindow) -> None:
    image = window.picture()
    assert image.devicePixelRatio() == 2 and image.width() == 2 * 1280
    assert "AMD EPYC" in image.text("Machine") and "SmolLM2-135M" in image.text("Title")
    assert "2026" in image.text("Date") and "torch" in image.text("Software") and "pp512" in image.text("Results")
    offered = page.picture()
    assert offered is not None and offered.stem == f"llmscope-{window.page.run.run}-limits"


def test_it_shows_every_value_and_no_controls(page: HardwarePage) -> None:
    picture = HardwarePicture(page.look, 1)
    body = picture.body()
    sheet = _Sheet(picture.facts(), body, picture.width)
    shown = [label.text().replace(NBSP, " ") for label in body.findChildren(QLabel) if label.isVisibleTo(sheet)]
    assert page.look.tests[1].name.replace(NBSP, " ") in shown
    assert any("tg32" in text and "61.48 tok/s ±0.5 %, n 12, steady" in text for text in shown)
    assert not any("today" in text.lower() for text in shown)
    assert not any(control.isVisibleTo(sheet) for control in (
        *sheet.findChildren(QPushButton), *sheet.findChildren(QComboBox), *sheet.findChildren(QScrollBar)))
    sheet.deleteLater()


def test_one_test_is_marked_although_ctrl_is_held_as_in_ctrl_s(page: HardwarePage, qtbot: QtBot) -> None:
    other = QLineEdit()
    qtbot.addWidget(other)
    qtbot.keyPress(other, Qt.Key.Key_Control, Qt.KeyboardModifier.ControlModifier)
    body = HardwarePicture(page.look, 2).body()
    qtbot.keyRelease(other, Qt.Key.Key_Control)
    assert [index.row() for index in body.table.selectionModel().selectedRows()] == [2]
    body.deleteLater()


def test_its_plot_is_drawn_in_the_px_of_the_picture(page: HardwarePage, window: MainWindow,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[float] = []
    made = RooflinePlot._draw

    def draw(plot: RooflinePlot, ratio: float) -> object:
        drawn.append(ratio)
        return made(plot, ratio)

    monkeypatch.setattr(RooflinePlot, "_draw", draw)
    window.picture()
    assert drawn == [2.0]
    page.plot.grab()
    finer = QImage(page.plot.size() * 3, QImage.Format.Format_RGB32)
    finer.setDevicePixelRatio(3)
    page.plot.render(finer)  # as on another screen, after it was drawn on this one
    assert drawn[-1] == 3.0


def test_a_run_of_another_machine_is_shown_with_that_machines_ceilings(page: HardwarePage) -> None:
    body = HardwarePicture(replace(page.look, roofs={"cpu": ceilings("cpu", 7.77, 99.0)}), 0).body()
    assert ("f32", f"7.77{NBSP}TFLOPS") in body.ceilings.texts()
    body.deleteLater()
