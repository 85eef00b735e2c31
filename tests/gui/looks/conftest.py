"""Here tests only look: those of a file share its window and put back what they change."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from llmscope.gui.main_window import MainWindow
from llmscope.models.catalog import Model
from tests.conftest import point_into
from tests.gui.conftest import open_window, release_keys


@pytest.fixture(scope="module", autouse=True)
def own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of a file's window."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield point_into(tmp_path_factory.mktemp("home"), monkeypatch)


@pytest.fixture(scope="module")
def window(qapp: QApplication, own_data_folder: Path, offered: tuple[Model, ...]) -> Iterator[MainWindow]:
    """The window of the file."""
    with open_window(offered) as window:
        yield window


@pytest.fixture(autouse=True)
def as_it_was(window: MainWindow) -> None:
    """Begin each test at the window's reference size, with no key held."""
    window.resize(QSize(1440, 900))
    release_keys(window)
