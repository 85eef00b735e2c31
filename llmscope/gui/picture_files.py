"""Saves the picture of a result where the person says, or copies it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from llmscope.gui.settings import Settings


class PictureFiles(QObject):
    """`said` carries what came of it, in one line; `picture` draws the picture when it is wanted."""

    said = Signal(str)

    def __init__(self, window: QWidget, settings: Settings, picture: Callable[[], QImage]) -> None:
        super().__init__(window)
        self._window, self._settings, self._picture = window, settings, picture

    def save(self, stem: str) -> None:
        """Ask for a file, proposing a name, and write the picture there."""
        folder = Path(self._settings.text("window/pictures", str(Path.home())))
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Save picture"), str(folder / f"{stem}.png"),
                                              self.tr("Picture (*.png)"))
        if not name:
            return
        file = Path(name if name.lower().endswith(".png") else f"{name}.png")
        if self._picture().save(str(file)):
            self._settings.keep("window/pictures", str(file.parent))
            self.said.emit(self.tr("Picture saved: {0}").format(file.name))
        else:
            self.said.emit(self.tr("The picture could not be written to {0}.").format(file.parent))

    def copy(self) -> None:
        """Put the picture on the clipboard."""
        QGuiApplication.clipboard().setImage(self._picture())
        self.said.emit(self.tr("Picture copied."))
