"""Where the keyboard begins on the Hardware page."""

from collections.abc import Callable, Iterable

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from llmscope.core.events import Event
from llmscope.gui.main_window import MainWindow
from tests.gui.stream import stream

Play = Callable[[Iterable[Event]], None]


@pytest.mark.parametrize("size", [(1440, 900), (1024, 640)])
def test_it_begins_where_it_is_seen(window: MainWindow, play: Play, qtbot: QtBot, size: tuple[int, int]) -> None:
    window.resize(*size)
    play(stream())
    window.show_page("hardware")
    page = window.hardware.page
    assert page is not None and page.look.tests
    qtbot.waitUntil(page.card.picker.hasFocus)
    QGuiApplication.processEvents()
    view = page.findChildren(QScrollArea)[0].viewport()
    at = QRect(page.card.picker.mapTo(view, QPoint(0, 0)), page.card.picker.size())
    assert view.rect().contains(at)
