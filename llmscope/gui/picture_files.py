"""Saves the picture of a page, with the runs in it, where the person says, or copies it."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImageWriter
from PySide6.QtWidgets import QFileDialog, QWidget

from llmscope import paths
from llmscope.core.errors import BadInput
from llmscope.gui.picture import Picture, draw
from llmscope.gui.settings import Settings
from llmscope.gui.words import tr
from llmscope.runs import references


def write(picture: Picture, file: Path) -> str:
    """Write a picture and return what it does not carry of its runs, mostly nothing; raises OSError."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, b"png").write(draw(picture))
    content, lacking = _with_runs(bytes(buffer.data().data()), picture.runs)
    file.write_bytes(content)
    return lacking


def _with_runs(content: bytes, runs: tuple[str, ...]) -> tuple[bytes, str]:
    from llmscope.runs.exchange.pictures import carry  # not before the window's first paint

    if not runs:
        return content, ""
    try:
        return carry(content, [references.find(paths.runs_folder(), run) for run in runs])
    except BadInput as error:
        return content, tr("without its data: {0}").format(error)


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
        try:
            lacking = write(picture, file)
        except OSError:
            self.said.emit(self.tr("The picture could not be written to {0}.").format(file.parent))
            return
        self._settings.keep("window/pictures", str(file.parent))
        self.said.emit(" · ".join(part for part in (self.tr("Picture saved: {0}").format(file.name), lacking) if part))

    def copy(self, picture: Picture | None) -> None:
        """Put the picture on the clipboard."""
        if picture is None:
            self._say_none()
            return
        QGuiApplication.clipboard().setImage(draw(picture))
        self.said.emit(self.tr("Picture copied."))

    def _say_none(self) -> None:
        self.said.emit(self.tr("There is no picture of this page yet."))
