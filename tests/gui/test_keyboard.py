"""The window by keyboard alone: its keys, and Tab through every control in view."""

from collections.abc import Callable, Iterable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from llmscope.core.events import Event
from llmscope.gui.dialogs.ask import Question
from llmscope.gui.dialogs.help_dialog import HelpDialog
from llmscope.gui.main_window import MainWindow
from llmscope.gui.widgets.basic import Label
from tests.gui.stream import stream

Play = Callable[[Iterable[Event]], None]
CTRL = Qt.KeyboardModifier.ControlModifier


def stops(window: MainWindow) -> list[QWidget]:
    """Return what Tab reaches, in its order, and check that each is in view and none holds the focus."""
    window.activateWindow()
    found: list[QWidget] = []
    for _ in range(100):
        widget = QApplication.focusWidget()
        assert widget is not None
        if found and widget is found[0]:
            return found
        assert widget not in found, f"{widget} is reached twice"
        found.append(widget)
        QTest.keyClick(widget, Qt.Key.Key_Tab)
        reached = QApplication.focusWidget()
        assert not reached.visibleRegion().isEmpty(), f"{reached.accessibleName() or reached} is out of view"
    raise AssertionError("Tab never comes back")


def names(widgets: Iterable[QWidget]) -> list[str]:
    return [widget.accessibleName() for widget in widgets]


@pytest.mark.parametrize("events", [stream, lambda: stream(until_s=0.0), lambda: stream(outcome="oom")])
def test_tab_reaches_every_control_of_a_run_in_view(
        window: MainWindow, play: Play, events: Callable[[], Iterable[Event]], qapp: QApplication) -> None:
    play(events())
    for size in ((1440, 900), (1024, 640)):
        window.resize(*size)
        qapp.processEvents()
        assert len(stops(window)) > 10, size


def test_the_tabs_of_a_small_window_come_before_what_is_in_them(window: MainWindow, play: Play,
                                                                qapp: QApplication) -> None:
    window.resize(1024, 640)
    play(stream())
    qapp.processEvents()
    reached = stops(window)
    tabs, table = window.page.body.tabs, window.page.body.results.table
    at = [reached.index(widget) for widget in (*tabs.buttons, table)]
    assert at == sorted(at) and "Prompt" not in names(reached)
    tabs.buttons[1].setFocus()
    QTest.keyClick(tabs.buttons[1], Qt.Key.Key_Space)
    reached = stops(window)
    assert "Prompt" in names(reached) and table not in reached


def test_in_history_a_run_comes_before_what_is_told_of_it(window: MainWindow, runs: object, qtbot: QtBot) -> None:
    window.show_page("history")
    page = window.history.page
    assert page is not None
    qtbot.waitUntil(lambda: page._is_loaded and page.reading.is_idle)
    reached = stops(window)
    order = [reached.index(widget) for widget in (page.search, page.compare, page.table, page.details.open_button)]
    order = [(at - order[0]) % len(reached) for at in order]
    assert order == sorted(order)


def test_the_focus_is_drawn_where_text_is_only_read(window: MainWindow, play: Play, qapp: QApplication) -> None:
    play(stream(outcome="oom"))
    message = window.page.body.advice._message

    def edge(has_focus: bool) -> QImage:
        message.setFocus() if has_focus else window.page.rail.run_button.setFocus()
        qapp.processEvents()
        return window.grab().toImage().copy(message.mapTo(window, QPoint()).x(), message.mapTo(window, QPoint()).y(),
                                            message.width(), 2)

    window.activateWindow()
    assert edge(True) != edge(False)


def test_ctrl_q_quits_and_asks_while_a_run_goes_on(window: MainWindow, play: Play,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    play(stream(until_s=10.0))
    asked: list[str] = []
    monkeypatch.setattr(Question, "ask", lambda parent, title, *words: bool(asked.append(title)))
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_Q, CTRL)
    assert len(asked) == 1 and window.isVisible()
    monkeypatch.setattr(Question, "ask", lambda *words: True)
    QTest.keyClick(window, Qt.Key.Key_Q, CTRL)
    assert not window.isVisible() and window.runner.orders[-1] == "close"  # type: ignore[attr-defined]


def test_who_ends_the_program_from_outside_is_not_asked(window: MainWindow, play: Play,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    play(stream(until_s=10.0))
    monkeypatch.setattr(Question, "ask", lambda *words: pytest.fail("asked"))
    window.end()
    assert not window.isVisible() and window.runner.orders[-1] == "close"  # type: ignore[attr-defined]


def test_ctrl_f_goes_to_the_model_and_in_history_to_the_search(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_F, CTRL)
    assert QApplication.focusWidget() is window.page.rail.bundled
    QTest.keyClick(window, Qt.Key.Key_4, CTRL)
    QTest.keyClick(window, Qt.Key.Key_F, CTRL)
    assert window.history.page is not None and QApplication.focusWidget() is window.history.page.search


def test_the_keys_of_run_stop_and_theme_are_told_at_their_buttons(window: MainWindow, play: Play) -> None:
    button = window.page.rail.run_button
    assert "(F5)" in button.toolTip() and "Ctrl+T" in window.top.theme_button.toolTip()
    play(stream(until_s=10.0))
    assert "Shift+F5" in button.toolTip()


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_the_help_of_every_page_tells_the_keys_of_the_window(window: MainWindow) -> None:
    for page in ("run", "compare", "hardware", "history", "race"):
        dialog = HelpDialog(window, page)
        said = [label.text() for label in dialog.findChildren(Label)]
        assert {"Ctrl+1 … 4", "Ctrl+T", "F1", "Ctrl+Q"} <= set(said) and len(said) == len(set(said)), page
        dialog.open()
        assert dialog.height() <= 640, page
        dialog.close()
