"""A text of several parts over several lines: none ends in the sign between two parts."""

import pytest
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from llmscope.core.spec import Dtype
from llmscope.core.units import NBSP
from llmscope.gui.choices import Choices
from llmscope.gui.main_window import MainWindow
from llmscope.gui.theme import theme
from llmscope.gui.widgets.parts_label import PartsLabel, lines
from tests.gui.test_setup import resolve

FACTS = " · ".join(part.replace(" ", NBSP) for part in (
    "6.95 M parameters", "8 layers", "27 MiB in f32", "cache 8.00 KiB a token"))


@pytest.mark.parametrize("width", range(40, 700, 20))
def test_lines_hold_all_words_and_neither_end_nor_begin_with_the_sign(qtbot: QtBot, width: int) -> None:
    metrics = QFontMetrics(theme().font("small"))
    found = lines(FACTS, metrics, width)
    assert not any(line.endswith("·") or line.startswith("·") for line in found)
    assert " · ".join(found) == FACTS
    assert all(metrics.horizontalAdvance(line) <= width or " " not in line for line in found)


def test_a_sentence_breaks_between_its_words(qtbot: QtBot) -> None:
    found = lines("a · b. Random weights only.", QFontMetrics(theme().font("small")), 90)
    assert len(found) > 1 and " ".join(found) == "a · b. Random weights only."


def test_it_breaks_anew_at_another_width_and_keeps_lines_of_the_text(qtbot: QtBot) -> None:
    label = PartsLabel("small")
    qtbot.addWidget(label)
    label.resize(900, 40)
    label.show()
    label.set_parts(f"{FACTS}\nagain")
    assert label.text().splitlines() == [FACTS, "again"]
    label.resize(200, 100)
    assert len(label.text().splitlines()) > 2 and label.accessibleName() == f"{FACTS}\nagain"


def test_the_facts_of_the_model_fit_the_rail_at_both_widths(window: MainWindow, qtbot: QtBot) -> None:
    facts = window.page.rail._facts
    window.page.rail.show_facts(FACTS)
    for size in ((1440, 900), (1024, 640), (1440, 900)):
        window.resize(*size)
        qtbot.waitUntil(lambda: facts.height() >= facts.heightForWidth(facts.width()))
        shown = facts.text().splitlines()
        assert len(shown) > 1 and not any(line.endswith("·") for line in shown)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_bundled_models_facts_take_two_lines_in_a_small_window(window: MainWindow, qtbot: QtBot,
                                                                   dtype: Dtype) -> None:
    window.resize(1024, 640)
    window.page.rail.show_facts(resolve(Choices(dtype=dtype)).model_facts)
    qtbot.wait(0)
    assert len(window.page.rail._facts.text().splitlines()) == 2


def test_a_locked_rail_is_no_wider_than_a_small_window_shows(window: MainWindow, qtbot: QtBot) -> None:
    rail = window.page.rail
    window.resize(1024, 640)
    rail.set_locked(True)
    qtbot.waitUntil(rail._lock.isVisible)
    qtbot.wait(0)
    inner = rail._area.widget()
    assert inner.width() <= rail._area.viewport().width() and inner.minimumSizeHint().width() <= inner.width()
