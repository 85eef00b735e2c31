"""A change of theme: icons take its colours, painted widgets are painted again, and what is gone is let alone."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from llmscope.gui.history_parts import SearchBox
from llmscope.gui.plots.token_timeline import TokenTimeline
from llmscope.gui.race_figures import RaceFigures
from llmscope.gui.race_strip import RaceStrip
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, Icon

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


class Paints(QObject):
    """Counts how often a widget is painted."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


@pytest.fixture(autouse=True)
def dark(qapp: QApplication) -> Iterator[None]:
    theme().apply(qapp)
    theme().set_mode("dark")
    yield
    theme().set_mode("dark")


def test_icons_take_the_colours_of_the_theme(qtbot: QtBot) -> None:
    button, icon, search = Button("Go", "play"), Icon("plug"), SearchBox()
    for widget in (button, icon, search):
        qtbot.addWidget(widget)

    def drawn() -> list[object]:
        return [button.icon().pixmap(16).toImage(), icon.pixmap().toImage(),
                search._action.icon().pixmap(16).toImage()]

    before = drawn()
    theme().set_mode("light")
    assert all(new != old for new, old in zip(drawn(), before, strict=True))


def test_what_is_painted_is_painted_again(qtbot: QtBot) -> None:
    box, shown = QWidget(), [RaceStrip(0), RaceFigures(0), TokenTimeline()]
    qtbot.addWidget(box)
    row, paints = QHBoxLayout(box), [Paints() for _ in shown]
    for widget, counter in zip(shown, paints, strict=True):
        row.addWidget(widget)
        widget.installEventFilter(counter)
    box.resize(900, 300)
    box.show()
    qtbot.waitUntil(lambda: all(counter.count for counter in paints))
    before = [counter.count for counter in paints]
    theme().set_mode("light")
    qtbot.waitUntil(lambda: all(counter.count > old for counter, old in zip(paints, before, strict=True)), timeout=2000)


def test_a_button_that_is_gone_is_asked_for_nothing(qapp: QApplication) -> None:
    kept, dropped = Button("Go", "play"), Button("Go", "play")
    kept.deleteLater()
    del dropped
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme().set_mode("light")  # a warning, as of an exception in a slot, is an error
