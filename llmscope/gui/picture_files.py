"""Saves the picture of a page, with the runs in it, where the person says, or copies it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QIODevice, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage, QImageWriter
from PySide6.QtWidgets import QFileDialog, QWidget

from llmscope import paths
from llmscope.core.errors import BadInput
from llmscope.gui.cards.choice import Choice, image_of, stem_of
from llmscope.gui.page_stack import Page
from llmscope.gui.picture import Picture
from llmscope.gui.settings import Settings
from llmscope.gui.words import tr
from llmscope.runs import references

if TYPE_CHECKING:
    from llmscope.gui.dialogs.save_dialog import SaveDialog

#: The whole page as it is shown.
PAGE = Choice()


def write(picture: Picture, file: Path, choice: Choice = PAGE) -> str:
    """Write a picture and return what it does not carry of its runs, mostly nothing; raises OSError."""
    return write_image(image_of(picture, choice), file, picture.runs if choice.with_runs else ())


def write_image(image: QImage, file: Path, runs: tuple[str, ...]) -> str:
    """Write an image with these runs in it, and return what it does not carry of them; raises OSError."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, b"png").write(image)
    content, lacking = _with_runs(bytes(buffer.data().data()), runs)
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


def personal(picture: Picture) -> list[str]:
    """Return what of a person's own would be in the file; nothing of runs that are not stored."""
    from llmscope.runs.exchange import pictures  # not before the window's first paint

    words = {"prompt": tr("your prompt"), "folder": tr("the path of your model's folder")}
    try:
        found = pictures.personal([references.find(paths.runs_folder(), run) for run in picture.runs])
    except BadInput:
        return []
    return [words[each] for each in found]


class PictureFiles(QObject):
    """`said` carries what came of it, in one line; a page without a picture is said to have none."""

    said = Signal(str)

    def __init__(self, window: QWidget, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings

    def ask(self, page: Page) -> None:
        """Let the person choose which picture is wanted, and save or copy that."""
        if (picture := page.picture()) is None:
            self.said.emit(page.why_no_picture())
            return
        from llmscope.gui.dialogs.save_dialog import SaveDialog  # not before the window's first paint

        dialog = SaveDialog(self._window, self._settings, picture)
        dialog.save_asked.connect(self._on_save_asked)
        dialog.copy_asked.connect(self._on_copy_asked)
        dialog.open()

    def save(self, picture: Picture, choice: Choice) -> bool:
        """Ask for a file, proposing a name, and write the picture there; False where none was written."""
        folder = Path(self._settings.text("window/pictures", str(Path.home())))
        name, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Save picture"), str(folder / f"{stem_of(picture, choice)}.png"),
            self.tr("Picture (*.png)"))
        if not name:
            return False
        file = Path(name if name.lower().endswith(".png") else f"{name}.png")
        try:
            lacking = write(picture, file, choice)
        except OSError:
            self.said.emit(self.tr("The picture could not be written to {0}.").format(file.parent))
            return False
        self._settings.keep("window/pictures", str(file.parent))
        self.said.emit(" · ".join(part for part in (self.tr("Picture saved: {0}").format(file.name), lacking) if part))
        return True

    def copy(self, page: Page) -> None:
        """Put the picture that was chosen last on the clipboard."""
        if (picture := page.picture()) is None:
            self.said.emit(page.why_no_picture())
            return
        from llmscope.gui.dialogs.save_dialog import remembered

        self._copy(picture, remembered(self._settings, picture))

    def _copy(self, picture: Picture, choice: Choice) -> None:
        QGuiApplication.clipboard().setImage(image_of(picture, replace(choice, with_runs=False)))
        self.said.emit(self.tr("Picture copied."))

    def _on_save_asked(self, dialog: "SaveDialog") -> None:
        if self.save(dialog.picture, dialog.choice()):
            dialog.accept()

    def _on_copy_asked(self, dialog: "SaveDialog") -> None:
        self._copy(dialog.picture, dialog.choice())
        dialog.accept()
