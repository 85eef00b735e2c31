"""Saves the picture of a result, with the run in it, where the person says, or copies it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage, QImageWriter
from PySide6.QtWidgets import QFileDialog, QWidget

from llmscope.core.errors import BadInput
from llmscope.gui.settings import Settings


class PictureFiles(QObject):
    """`said` carries what came of it, in one line; `picture` draws the picture of `run`, a stored run's folder."""

    said = Signal(str)

    def __init__(self, window: QWidget, settings: Settings, picture: Callable[[], QImage],
                 run: Callable[[], Path]) -> None:
        super().__init__(window)
        self._window, self._settings, self._picture, self._run = window, settings, picture, run

    def save(self, stem: str) -> None:
        """Ask for a file, proposing a name, and write the picture there."""
        folder = Path(self._settings.text("window/pictures", str(Path.home())))
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Save picture"), str(folder / f"{stem}.png"),
                                              self.tr("Picture (*.png)"))
        if not name:
            return
        file = Path(name if name.lower().endswith(".png") else f"{name}.png")
        try:
            lacking = self.write(file)
        except OSError:
            self.said.emit(self.tr("The picture could not be written to {0}.").format(file.parent))
            return
        self._settings.keep("window/pictures", str(file.parent))
        self.said.emit(" · ".join(part for part in (self.tr("Picture saved: {0}").format(file.name), lacking) if part))

    def write(self, file: Path) -> str:
        """Write the picture and return what it does not carry of its run, mostly nothing; raises OSError."""
        from llmscope.runs.exchange.pictures import carry  # not before the window's first paint

        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        QImageWriter(buffer, b"png").write(self._picture())
        content, lacking = bytes(buffer.data().data()), ""
        try:
            content, lacking = carry(content, [self._run()])
        except BadInput as error:
            lacking = self.tr("without its data: {0}").format(error)
        file.write_bytes(content)
        return lacking

    def copy(self) -> None:
        """Put the picture on the clipboard."""
        QGuiApplication.clipboard().setImage(self._picture())
        self.said.emit(self.tr("Picture copied."))
