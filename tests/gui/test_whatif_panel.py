"""What if on the Hardware page: order, texts, filters, and what is unknown."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.core.units import GIB, NBSP
from llmscope.gui.main_window import MainWindow
from llmscope.gui.models.whatif_model import BASIS, FIT, HARDWARE, MEMORY, PRICE, READING, SPARE, WRITING
from llmscope.gui.whatif_panel import WhatIfPanel
from llmscope.models import catalog
from llmscope.models.catalog import Model
from llmscope.paths import resources
from llmscope.runs import here
from llmscope.runs.here import Here
from tests.gui.fakes import CEILINGS, MACHINE, know_ceilings

CPU = Here("This machine, CPU", CEILINGS["cpu"], 64 * GIB)


@pytest.fixture
def panel(qtbot: QtBot, offered: tuple[Model, ...], monkeypatch: pytest.MonkeyPatch) -> Iterator[WhatIfPanel]:
    """The panel alone, with this machine's CPU among all hardware."""
    monkeypatch.setattr(catalog, "available", lambda: offered)
    panel = WhatIfPanel()
    qtbot.addWidget(panel)
    panel.show_here((CPU,))
    panel.fill()
    yield panel
    panel.close()


def rows(panel: WhatIfPanel) -> dict[str, tuple[str, ...]]:
    model = panel.table.rows
    return {texts[HARDWARE]: texts for texts in map(model.texts, range(model.rowCount()))}


def choose(control: QComboBox, key: str) -> None:
    control.setCurrentIndex(control.findData(key))
    control.activated.emit(control.currentIndex())


def test_what_fits_comes_first_the_fastest_first_and_what_is_short_last(panel: WhatIfPanel) -> None:
    shown = panel.table.rows.shown
    assert len(shown) == 89 + 1 and panel.filters.count.text() == "90 of 90"
    fits = [one.fits for one in shown]
    assert fits == sorted(fits, key=[True, None, False].index) and set(fits) == {True, None, False}
    speeds = [one.decode_tok_s.high for one in shown if one.fits and one.decode_tok_s]
    assert len(speeds) > 10 and speeds == sorted(speeds, reverse=True)
    assert speeds[0] <= panel.table.rows.scale_tok_s() < 1.3 * speeds[0]
    short = [one.spare_bytes for one in shown if one.fits is False]
    assert short == sorted(short, key=lambda spare: -(spare or 0.0))


def test_the_head_tells_what_the_chosen_model_asks_for(panel: WhatIfPanel) -> None:
    assert panel.wish.model.currentText() == "Qwen2.5-7B" and panel.wish.context.currentText() == "4,096 tokens"
    assert panel.wish.needs.full_text == f"needs 14.7{NBSP}GiB and reads 14.4{NBSP}GB per token"
    choose(panel.wish.format, "int4")
    assert "reads 4." in panel.wish.needs.full_text
    choose(panel.wish.model, "arch:gpt2")  # has 1,024 positions
    assert panel.wish.context.currentText() == "1,024 tokens"


def test_what_is_unknown_says_so_and_is_never_zero(panel: WhatIfPanel) -> None:
    fitted = next(texts for one, texts in zip(panel.table.rows.shown, rows(panel).values(), strict=True)
                  if one.fits is None)
    assert fitted[MEMORY] == fitted[FIT] == fitted[SPARE] == "unknown"
    small = rows(panel)["NVIDIA GeForce RTX 4060 8GB"]
    assert small[FIT] == "does not fit" and small[SPARE].endswith("short")
    assert small[WRITING] == small[READING] == "—" and "int4 weights fit" in small[5]
    assert small[PRICE] == "$299" and rows(panel)["NVIDIA H100 80GB SXM5"][PRICE] == "—"
    assert not any(cell in ("0", "0 to 0") for texts in rows(panel).values() for cell in texts)


def test_each_row_says_what_its_figures_stand_on(panel: WhatIfPanel) -> None:
    assert rows(panel)[CPU.name][BASIS] == "predicted: ceilings measured here on 2026-11-21"
    assert rows(panel)["NVIDIA H100 80GB SXM5"][BASIS] == "predicted: the vendor's figures"
    assert rows(panel)["NVIDIA GeForce RTX 4060 8GB"][BASIS].startswith("specification: ")
    at = list(rows(panel)).index("NVIDIA GeForce RTX 4060 8GB")
    tip = panel.table.rows.index(at, HARDWARE).data(Qt.ItemDataRole.ToolTipRole)
    assert "95% of 8 GiB" in tip and "price at launch, 2023" in tip and "energy" not in tip  # it does not fit
    at = list(rows(panel)).index("NVIDIA H100 80GB SXM5")
    tip = panel.table.rows.index(at, HARDWARE).data(Qt.ItemDataRole.ToolTipRole)
    assert "J per token, at most: the rated power at the slowest speed" in tip


def test_kind_and_words_filter_the_rows(panel: WhatIfPanel) -> None:
    choose(panel.filters.kind, "tpu")
    assert len(rows(panel)) == 4 and panel.filters.count.text() == "4 of 90"
    choose(panel.filters.kind, "cpu")
    assert CPU.name in rows(panel)
    choose(panel.filters.kind, "")
    panel.filters.search.setText("rtx 4090")
    assert rows(panel) and all("RTX 4090" in name for name in rows(panel))
    choose(panel.wish.format, "int8")
    assert all("RTX 4090" in name for name in rows(panel))
    panel.filters.search.setText("abacus")
    assert not rows(panel) and "clear the search" in panel.filters.count.text()
    panel.grab()


def test_prices_of_ones_own_are_shown_and_wrong_ones_explained(panel: WhatIfPanel) -> None:
    file = paths.data_folder() / "prices.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('{"h100-sxm": 25000}')
    panel.refresh()
    assert rows(panel)["NVIDIA H100 80GB SXM5"][PRICE] == "$25,000" and rows(panel)[CPU.name][PRICE] == "owned"
    file.write_text("[]")
    panel.refresh()
    assert "prices.json cannot be used" in panel.filters.about.full_text and len(rows(panel)) == 90


def test_ctrl_c_copies_selected_rows_with_their_titles(panel: WhatIfPanel, qtbot: QtBot) -> None:
    panel.table.selectRow(1)
    qtbot.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    head, line = QGuiApplication.clipboard().text().splitlines()
    assert head.startswith("Hardware\tUsable\tFits") and line.startswith(list(rows(panel))[1])


def test_a_change_takes_little_time(panel: WhatIfPanel) -> None:
    began = time.process_time()
    for format_ in ("int4", "float32", "int8", "bfloat16"):
        choose(panel.wish.format, format_)
    assert (time.process_time() - began) / 4 < 0.05


def test_only_devices_that_the_machine_has_are_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    know_ceilings()  # of a CPU and of a GPU, which this machine does not have
    monkeypatch.setattr(here, "machine", lambda: MACHINE)
    found = here.measured_here()
    assert [(known.name, known.memory_bytes) for known in found] == [("This machine, CPU", 16 * GIB)]
    assert found == here.of_machine(MACHINE, CEILINGS, found[0].learnt)


def test_it_stands_on_the_page_with_this_machine_and_cuts_nothing_in_a_small_window(window: MainWindow,
                                                                                   qtbot: QtBot) -> None:
    window.show_page("hardware")
    page = window.hardware.page
    assert page is not None
    panel = page.whatif
    qtbot.waitUntil(lambda: panel.table.rows.rowCount() == 90)
    assert "This machine, CPU" in rows(panel) and not panel.table.isColumnHidden(BASIS)
    window.resize(QSize(1024, 640))
    QGuiApplication.processEvents()
    page.grab()
    columns = sum(panel.table.columnWidth(column) for column in range(panel.table.rows.columnCount()))
    assert panel.table.isColumnHidden(BASIS) and columns <= panel.table.viewport().width()
    assert panel.wish.needs.text() == panel.wish.needs.full_text
    for widget in (*panel.findChildren(QPushButton), *panel.findChildren(QComboBox), panel.table, panel.filters.search):
        assert widget.accessibleName(), widget


def test_several_sequences_are_predicted_together(panel: WhatIfPanel) -> None:
    name = "NVIDIA H100 80GB SXM5"
    alone, least = rows(panel)[name][SPARE], panel.table.rows.shown
    panel.wish.users.setValue(8)
    assert panel.wish.users.text() == "8 sequences" and panel.wish.needs.full_text.endswith("per step")
    eight = {one.target.id: one for one in panel.table.rows.shown}["h100-sxm"]
    one = next(one for one in least if one.target.id == "h100-sxm")
    assert eight.demand.batch == 8 and rows(panel)[name][SPARE] != alone
    assert eight.decode_tok_s is not None and one.decode_tok_s is not None
    assert eight.decode_tok_s.low > 5 * one.decode_tok_s.low


def test_a_folder_is_a_model_like_the_others(panel: WhatIfPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(resources() / "bundled_model"))
    panel.wish.folder.click()
    assert panel.wish.model.currentText() == "bundled_model" and panel.wish.context.currentText() == "2,048 tokens"
    assert panel.table.rows.shown[0].demand.memory_bytes < GIB


def test_a_folder_without_a_model_is_one_line_and_the_model_before_stays(panel: WhatIfPanel, tmp_path: Path) -> None:
    panel.wish.take_folder(str(tmp_path))
    assert panel.filters.about.property("role") == "bad" and "config.json" in panel.filters.about.full_text
    assert panel.wish.model.currentText() == "Qwen2.5-7B" and len(rows(panel)) == 90


def test_a_folder_of_the_run_page_is_offered_when_the_page_is_seen_again(panel: WhatIfPanel) -> None:
    folder = str(resources() / "bundled_model")
    panel.wish.models.get(folder)  # as the Run page asks for it
    assert panel.wish.model.findData(folder) == -1
    panel.fill()
    assert panel.wish.model.findData(folder) > 0 and panel.wish.model.currentText() == "Qwen2.5-7B"


def test_models_of_the_hub_cache_are_offered(qtbot: QtBot, offered: tuple[Model, ...],
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    cached = replace(next(model for model in offered if model.ref == "arch:gpt2"), ref="org/small", source="hub")
    monkeypatch.setattr(catalog, "available", lambda: offered)
    monkeypatch.setattr(catalog, "in_hub_cache", lambda: (("org/small", cached), ("org/broken", "It is damaged.")))
    panel = WhatIfPanel()
    qtbot.addWidget(panel)
    panel.fill()
    refs = [panel.wish.model.itemData(at) for at in range(panel.wish.model.count())]
    assert refs[0] == "bundled" and refs[-1] == "org/small" and "org/broken" not in refs
    assert "arch:bert-base-uncased" not in refs  # what it computes has no closed form


def test_before_anything_is_worked_out_it_does_not_say_that_nothing_matches(qtbot: QtBot) -> None:
    panel = WhatIfPanel()
    qtbot.addWidget(panel)
    panel._show_count()
    assert panel.filters.count.text() == "working it out…"
