"""Six screens against pictures that the program made: LLMSCOPE_WRITE_BASELINES=1 makes them anew, to be looked at."""

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from llmscope import paths
from llmscope.core.events import Event
from llmscope.gui.cards.card import paint_card
from llmscope.gui.main_window import MainWindow
from tests.gui import cards
from tests.gui.compare_runs import write_compared
from tests.gui.history_runs import write_history
from tests.gui.stream import stream

BASELINES = Path(__file__).parent / "baselines"
WIDTH, BLOCK = 720, 8
#: Below this a screen has changed; days and times of day in History change a little of it each day.
ALIKE = 0.9
Play = Callable[[Iterable[Event]], None]


def small(image: QImage) -> QImage:
    return image.scaledToWidth(WIDTH, Qt.TransformationMode.SmoothTransformation).convertToFormat(
        QImage.Format.Format_Grayscale8)


def blocks(image: QImage) -> np.ndarray:
    """Return the grey values in blocks of 8 × 8 px: shape (blocks, 64)."""
    lines = np.frombuffer(bytes(image.constBits()), np.uint8).reshape(image.height(), image.bytesPerLine())
    high, wide = image.height() // BLOCK, image.width() // BLOCK
    cut = lines[:high * BLOCK, :wide * BLOCK].astype(float)
    return cut.reshape(high, BLOCK, wide, BLOCK).swapaxes(1, 2).reshape(-1, BLOCK * BLOCK)


def similarity(one: QImage, other: QImage) -> float:
    """Return the mean structural similarity of blocks (Wang et al., IEEE Transactions on Image Processing 13, 2004)."""
    a, b = blocks(one), blocks(other)
    if a.shape != b.shape:
        return 0.0
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = a.mean(1), b.mean(1)
    both = ((a - mean_a[:, None]) * (b - mean_b[:, None])).mean(1)
    top = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    return float((top / ((mean_a**2 + mean_b**2 + c1) * (a.var(1) + b.var(1) + c2))).mean())


def check(name: str, image: QImage) -> None:
    file = BASELINES / f"{name}.png"
    if os.environ.get("LLMSCOPE_WRITE_BASELINES"):
        small(image).save(str(file))
    baseline = QImage(str(file)).convertToFormat(QImage.Format.Format_Grayscale8)
    assert file.stat().st_size <= 150_000
    assert similarity(small(image), baseline) >= ALIKE


@pytest.mark.parametrize("shade", ["dark", "light"])
def test_cards_look_as_they_did(shade: str, tmp_path: Path) -> None:
    check(f"card_{shade}", paint_card(cards.of_compared(tmp_path / "runs", 3), "card", shade))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["run", "hardware"])
def test_pages_of_a_run_look_as_they_did(name: str, window: MainWindow, play: Play, qapp: QApplication) -> None:
    play(stream())
    window.show_page(name)
    window.tick()
    qapp.processEvents()
    check(name, window.grab().toImage())


def test_compare_looks_as_it_did(window: MainWindow, qtbot: QtBot, qapp: QApplication) -> None:
    window.compare.show_runs(write_compared(paths.runs_folder(), 3))
    window.show_page("compare")
    qtbot.waitUntil(lambda: window.compare.is_idle)
    qapp.processEvents()
    check("compare", window.grab().toImage())


def test_history_looks_as_it_did(window: MainWindow, qtbot: QtBot, qapp: QApplication) -> None:
    runs = write_history(paths.runs_folder(), datetime.now(UTC).replace(hour=12, minute=0))
    window.show_page("history")
    page = window.history.page
    assert page is not None
    qtbot.waitUntil(lambda: page.is_loaded and page.reading.is_idle)
    page.table.go_to(runs[0].name)
    qapp.processEvents()
    check("history", window.grab().toImage())


def test_a_screen_that_has_changed_is_told(tmp_path: Path) -> None:
    two, three = (paint_card(cards.of_compared(tmp_path / str(count), count), "card", "dark") for count in (2, 3))
    assert similarity(small(three), small(three)) == pytest.approx(1)
    assert similarity(small(two), small(three)) < ALIKE
