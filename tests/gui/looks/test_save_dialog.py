"""The dialog Save picture after a run: what it shows and how it is used, without anything being saved."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QLineEdit
from pytestqt.qtbot import QtBot

from llmscope.gui.cards import card
from llmscope.gui.cards.choice import Choice, image_of
from llmscope.gui.cards.content import Content
from llmscope.gui.dialogs.save_dialog import SaveDialog
from llmscope.gui.main_window import MainWindow
from llmscope.gui.theme import theme
from llmscope.gui.widgets.segments import Segments
from tests.gui.conftest import play_to
from tests.gui.stream import stream

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture(scope="module")
def after_run(window: MainWindow) -> MainWindow:
    play_to(window, stream())
    return window


@pytest.fixture
def dialog(after_run: MainWindow) -> Iterator[SaveDialog]:
    after_run._on_save_picture()
    yield after_run.findChildren(SaveDialog)[-1]
    for dialog in after_run.findChildren(SaveDialog):  # unless the test closed it
        dialog.reject()


def test_small_print_of_a_card_tells_a_picture_that_carries_no_runs(dialog: SaveDialog) -> None:
    painted: list[Content] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(card, "paint_card", lambda content, *args: (painted.append(content), QImage())[1])
        for with_runs in (True, False, True):
            image_of(dialog.picture, Choice("card", "dark", with_runs=with_runs))
    assert ["Saved without its runs." in content.foot for content in painted] == [False, True, False]


def test_what_is_inside_names_nothing_personal_where_nothing_is(dialog: SaveDialog) -> None:
    assert dialog._inside.text().startswith("Inside: results, text, hardware and system. ")


def test_a_page_in_the_other_look_leaves_the_window_in_its_own(dialog: SaveDialog) -> None:
    image = image_of(dialog.picture, Choice("page", "light", ("My tower",)))
    assert image.width() == 2 * 1136 and image.text("Machine") == "My tower" and theme().is_dark
    assert image.pixelColor(2, 2).lightness() > 200


def test_the_preview_follows_what_is_typed(dialog: SaveDialog, qtbot: QtBot) -> None:
    before = dialog.preview.pixmap().cacheKey()
    qtbot.keyClicks(dialog.labels[0], "x")
    qtbot.waitUntil(lambda: dialog.preview.pixmap().cacheKey() != before)


def test_every_control_has_a_name_and_keys_reach_all(dialog: SaveDialog, qtbot: QtBot) -> None:
    for kind in (Segments, QAbstractButton, QLineEdit):
        for control in dialog.findChildren(kind):
            assert control.accessibleName() or control.text(), control
    dialog.kind.setFocus()
    qtbot.keyClick(dialog.kind, Qt.Key.Key_Right)
    assert dialog.choice().kind == "square" and "Preview: " in dialog.preview.accessibleName()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
