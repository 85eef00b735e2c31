"""Choosing hardware in What if: the short list, the plot whose numbers it has, and prices that are typed into it."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.core.units import significant
from llmscope.gui.models.choice_model import EACH, HARDWARE, PRICE, REASONS, VERDICT
from llmscope.gui.plots.price_scale import axis
from llmscope.gui.whatif_panel import WhatIfPanel
from llmscope.hardware.catalogue import PRICES, own_prices
from llmscope.models import catalog
from llmscope.models.catalog import Model

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture
def panel(qtbot: QtBot, offered: tuple[Model, ...], monkeypatch: pytest.MonkeyPatch) -> Iterator[WhatIfPanel]:
    """The panel alone, shown, with hardware to choose for 4 users at 20 tok/s each and $2,500."""
    monkeypatch.setattr(catalog, "available", lambda: offered)
    panel = WhatIfPanel()
    qtbot.addWidget(panel)
    panel.resize(1400, 760)
    panel.fill()
    panel.wish.users.setValue(4)
    panel.wish.speed.setValue(20)
    panel.wish.budget.setValue(2500)
    panel.mode._choose("choose")
    panel.show()
    QGuiApplication.processEvents()
    yield panel
    panel.close()


def rows(panel: WhatIfPanel) -> dict[str, tuple[str, ...]]:
    model = panel.choice.table.rows
    return {model.id_at(row): model.texts(row) for row in range(model.rowCount())}


def file() -> Path:
    return paths.data_folder() / PRICES


def type_price(panel: WhatIfPanel, qtbot: QtBot, hardware: str, typed: str) -> None:
    """Select a row, press F2 and type over what stands there."""
    table = panel.choice.table
    table.go_to(hardware)
    qtbot.keyClick(table, Qt.Key.Key_F2)
    editor = table.findChild(QLineEdit)
    assert editor is not None and "Price of" in editor.accessibleName()
    editor.selectAll()
    qtbot.keyClicks(editor, typed)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    for _ in range(3):
        QGuiApplication.processEvents()


def test_what_meets_comes_first_with_its_reasons(panel: WhatIfPanel) -> None:
    shown = rows(panel)
    verdicts = [texts[VERDICT] for texts in shown.values()]
    assert verdicts == sorted(verdicts, key=["meets", "may meet", "does not meet"].index) and len(set(verdicts)) == 3
    assert all(texts[REASONS] for texts in shown.values()) and len(shown) == 89
    assert "$901 under the budget" in shown["rtx-4090"][REASONS]
    assert panel.choice.table.isVisible() and panel.choice.plot.isVisible() and not panel.table.isVisible()
    assert not panel.wish.format.isVisible() and panel.wish.users.text() == "4 users"


def test_the_plot_shows_the_numbers_of_the_table(panel: WhatIfPanel) -> None:
    shown, spots = rows(panel), panel.choice.plot.spots
    priced = [hardware for hardware, texts in shown.items() if texts[PRICE] != "—" and " to " in texts[EACH]]
    assert {spot.id for spot in spots} == set(priced) and len(spots) > 20
    for spot in spots:
        assert shown[spot.id][PRICE] == f"${spot.price:,.0f}"
        assert shown[spot.id][EACH].split(" to ")[0] == significant(spot.low, 2)
    assert f"In the plot: {len(spots)} of 89" in panel.choice.left_out.full_text
    assert "have no price" in panel.choice.left_out.full_text
    said = panel.choice.plot.accessibleName()
    assert "GeForce" not in said and "RTX 4090 24GB: $1,599" in said


def test_the_best_for_their_price_are_faster_than_all_cheaper_ones(panel: WhatIfPanel) -> None:
    best, spots = panel.choice.plot.best, panel.choice.plot.spots
    assert 1 < len(best) < len(spots)
    for spot in best:
        assert all(other.low < spot.low for other in spots if other.price < spot.price)


def test_bars_lie_by_price_and_speed_on_log_scales_and_those_of_one_price_side_by_side(panel: WhatIfPanel) -> None:
    bars, by_id = panel.choice.plot.bars(), {spot.id: spot for spot in panel.choice.plot.spots}
    cheap, dear = bars["arc-b580-12"], bars["rtx-5090"]
    assert cheap.center().x() < dear.center().x() and cheap.top() < cheap.bottom()
    fast, slow = sorted((bars["rtx-5090"], bars["ryzen-9-9950x"]), key=lambda bar: bar.top())
    assert fast is bars["rtx-5090"] and slow.top() > fast.bottom()
    same = [bars[spot.id] for spot in by_id.values() if spot.price == 499]
    assert len(same) > 1 and not any(a.intersects(b) for a in same for b in same if a is not b)


def test_a_log_axis_has_equal_steps_for_equal_ratios() -> None:
    of = axis([10, 1000], 0, 300)
    assert of.px(100) - of.px(10) == pytest.approx(of.px(1000) - of.px(100))
    assert of.ticks() == [10, 20, 50, 100, 200, 500, 1000]


def test_a_click_in_the_plot_selects_the_row_and_a_row_is_framed(panel: WhatIfPanel, qtbot: QtBot) -> None:
    at = panel.choice.plot.bars()["rtx-5090"].center().toPoint()
    qtbot.mouseClick(panel.choice.plot, Qt.MouseButton.LeftButton, pos=at)
    assert panel.choice.table.rows.id_at(panel.choice.table.currentIndex().row()) == "rtx-5090"
    assert panel.choice.plot._scene.framed == "rtx-5090"
    qtbot.mouseClick(panel.choice.plot, Qt.MouseButton.LeftButton, pos=QPoint(70, 40))
    assert panel.choice.plot._scene.framed == "rtx-5090"  # a click beside all bars changes nothing
    ids = [spot.id for spot in panel.choice.plot.spots]
    qtbot.keyClick(panel.choice.plot, Qt.Key.Key_Left)
    assert panel.choice.plot._scene.framed == ids[ids.index("rtx-5090") - 1]
    panel.grab()


def test_every_kind_can_be_reached(panel: WhatIfPanel) -> None:
    for kind, count in (("gpu", 49), ("apu", 27), ("cpu", 7), ("tpu", 4), ("npu", 2)):
        panel.filters.kind.setCurrentIndex(panel.filters.kind.findData(kind))
        panel.filters.kind.activated.emit(panel.filters.kind.currentIndex())
        assert len(rows(panel)) == count == int(panel.filters.count.text().split()[0])
        assert {spot.id for spot in panel.choice.plot.spots} <= rows(panel).keys()
        panel.grab()
    assert not panel.choice.plot.spots and "2 have no price" in panel.choice.left_out.full_text


def test_a_typed_price_is_kept_where_the_terminal_reads_it_and_moves_the_bar(panel: WhatIfPanel, qtbot: QtBot) -> None:
    assert "h100-sxm" not in {spot.id for spot in panel.choice.plot.spots}
    type_price(panel, qtbot, "h100-sxm", "$2,100")
    assert own_prices(file()) == {"h100-sxm": 2100.0}
    assert rows(panel)["h100-sxm"][PRICE] == "$2,100" and rows(panel)["h100-sxm"][VERDICT] == "meets"
    assert "h100-sxm" in {spot.id for spot in panel.choice.plot.spots}
    assert panel.choice.table.rows.id_at(panel.choice.table.currentIndex().row()) == "h100-sxm"  # the place is kept
    type_price(panel, qtbot, "h100-sxm", " ")
    assert own_prices(file()) == {} and rows(panel)["h100-sxm"][PRICE] == "—"


@pytest.mark.parametrize("typed", ["cheap", "0", "-5", "1e99", "nan"])
def test_a_bad_price_is_one_line_and_changes_nothing(panel: WhatIfPanel, qtbot: QtBot, typed: str) -> None:
    type_price(panel, qtbot, "rtx-4090", typed)
    about = panel.filters.about
    assert about.property("role") == "bad" and "is no price: type US dollars" in about.full_text
    assert not file().exists() and rows(panel)["rtx-4090"][PRICE] == "$1,599"


def test_a_damaged_file_of_prices_is_not_written_over(panel: WhatIfPanel, qtbot: QtBot) -> None:
    file().parent.mkdir(parents=True, exist_ok=True)
    file().write_text('{"rtx-4090": 18')
    type_price(panel, qtbot, "rtx-4090", "1700")
    assert "cannot be used" in panel.filters.about.full_text and file().read_text() == '{"rtx-4090": 18'


def test_a_double_click_edits_the_price_in_both_tables_but_not_the_name(panel: WhatIfPanel, qtbot: QtBot) -> None:
    flags = [panel.choice.table.rows.index(0, column).flags() for column in (HARDWARE, PRICE)]
    assert [bool(of & Qt.ItemFlag.ItemIsEditable) for of in flags] == [False, True]
    panel.mode._choose("all")
    table = panel.table
    table.go_to("rtx-4090")
    qtbot.keyClick(table, Qt.Key.Key_F2)
    editor = table.findChild(QLineEdit)
    assert editor is not None and editor.text() == "1599"
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert not file().exists()


def test_an_unchanged_price_is_not_made_ones_own(panel: WhatIfPanel, qtbot: QtBot) -> None:
    type_price(panel, qtbot, "rtx-4090", "1599")
    assert not file().exists()


def test_the_terminal_and_the_window_share_the_file(panel: WhatIfPanel, qtbot: QtBot) -> None:
    type_price(panel, qtbot, "rtx-4090", "1,700.5")
    assert json.loads(file().read_text()) == {"rtx-4090": 1700.5}


def test_choosing_takes_little_time(panel: WhatIfPanel) -> None:
    began = time.process_time()
    for users in (1, 2, 8, 16):
        panel.wish.users.setValue(users)
    assert (time.process_time() - began) / 4 < 0.05
    began = time.process_time()
    panel.grab()
    assert time.process_time() - began < 0.2


def test_an_unlimited_wish_asks_for_nothing(panel: WhatIfPanel) -> None:
    panel.wish.speed.setValue(0)
    panel.wish.budget.setValue(0)
    assert panel.wish.speed.text() == "any speed" and panel.wish.budget.text() == "any price"
    wish = panel.wish.wish()
    assert wish is not None and wish.speed_tok_s is None and wish.budget_usd is None
    panel.wish.budget.stepBy(1)
    assert panel.wish.budget.value() == 500
    panel.wish.budget.stepBy(-1)
    assert panel.wish.budget.value() == 0
