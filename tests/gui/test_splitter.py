"""The handle between two parts is lit under the mouse only."""

from collections.abc import Iterator
from typing import cast

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QCursor, QEnterEvent, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from llmscope.gui.widgets.splitter import Splitter


@pytest.fixture
def splitter(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Splitter]:
    splitter = Splitter(Qt.Orientation.Vertical, 8)
    splitter.setStyleSheet("QSplitter::handle { background: black; } QSplitter::handle:hover { background: red; }")
    splitter.addWidget(QWidget())
    splitter.addWidget(QWidget())
    splitter.resize(200, 400)
    page = QWidget()
    splitter.setParent(page)
    page.resize(200, 400)
    qtbot.addWidget(page)
    page.show()
    at = splitter.handle(1).mapToGlobal(QPoint(50, 4))
    monkeypatch.setattr(QCursor, "pos", lambda: at)
    handle = splitter.handle(1)
    handle.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, True)
    point = QPointF(50, 4)
    QApplication.sendEvent(handle, QEnterEvent(point, point, point))
    QApplication.sendEvent(handle, QEvent(QEvent.Type.HoverEnter))
    yield splitter


def is_lit(splitter: Splitter) -> bool:
    image = cast(QImage, splitter.handle(1).grab().toImage())
    return image.pixelColor(100, 4).red() > 100


def test_it_goes_out_where_it_moves_away_from_a_mouse_at_rest(splitter: Splitter) -> None:
    assert is_lit(splitter)
    splitter.setSizes([100, 300])
    assert not is_lit(splitter)


def test_it_stays_lit_while_the_mouse_takes_it_along(splitter: Splitter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QCursor, "pos", lambda: splitter.mapToGlobal(QPoint(50, 104)))
    splitter.setSizes([100, 300])
    assert splitter.handle(1).geometry().contains(50, 104) and is_lit(splitter)
