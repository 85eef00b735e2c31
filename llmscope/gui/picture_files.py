"""Saves the picture of a page where the person says, or copies it."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from llmscope.gui.picture import Picture, draw
from llmscope.gui.settings import Settings


class PictureFiles(QObject):
    """`said` carries what came of it, in one line; a page without a picture is said to have none."""

    said = Signal(str)

    def __init__(self, window: QWidget, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings

    def save(self, picture: Picture | None) -> None:
        """Ask for a file, proposing a name, and write the picture there."""
        if picture is None:
            self._say_none()
            return
        folder = Path(self._settings.text("window/pictures", str(Path.home())))
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Save picture"),
                                              str(folder / f"{picture.stem}.png"), self.tr("Picture (*.png)"))
        if not name:
            return
        file = Path(name if name.lower().endswith(".png") else f"{name}.png")
        if draw(picture).save(str(file)):
            self._settings.keep("window/pictures", str(file.parent))
            self.said.emit(self.tr("Picture saved: {0}").format(file.name))
        else:
            self.said.emit(self.tr("The picture could not be written to {0}.").format(file.parent))

    def copy(self, picture: Picture | None) -> None:
        """Put the picture on the clipboard."""
        if picture is None:
            self._say_none()
            return
        QGuiApplication.clipboard().setImage(draw(picture))
        self.said.emit(self.tr("Picture copied."))

    def _say_none(self) -> None:
        self.said.emit(self.tr("There is no picture of this page yet."))
