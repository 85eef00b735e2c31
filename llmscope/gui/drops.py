"""What is dropped on the window, each by what it holds: results, a model's folder, or neither."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QDragEnterEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from llmscope.gui.words import tr

#: What a folder of a model has, and how its other files end.
MODEL_FILE, WEIGHTS = "config.json", ".safetensors"


@dataclass(frozen=True)
class Dropped:
    """Files and run folders with results, the folder of a model, and in one line what is not taken."""

    results: tuple[Path, ...] = ()
    model: str = ""
    refused: str = ""


def is_local(data: QMimeData) -> bool:
    """Return whether files or folders of this computer are dragged, and nothing else."""
    return bool(data.urls()) and all(url.isLocalFile() for url in data.urls())


def sorted_out(data: QMimeData) -> Dropped:
    """Return what is taken of a drop; of several folders of models none, as it cannot be told which one is meant."""
    from llmscope.runs.exchange.importing import may_hold_results  # not before the window's first paint

    paths = list(dict.fromkeys(_whole(Path(url.toLocalFile())) for url in data.urls()))
    models = [path for path in paths if (path / MODEL_FILE).is_file()]
    results = tuple(path for path in paths if path not in models and may_hold_results(path))
    others = [path for path in paths if path not in models and path not in results]
    if len(paths) == 1 and paths[0].is_dir() and others:
        models, others = paths, []  # the rail says what it lacks
    model = str(models[0]) if len(models) == 1 else ""
    return Dropped(results, model, _refused(models if not model else (), others))


def _whole(path: Path) -> Path:
    """Return the folder of a model or run where one of its files was dropped, else what was dropped."""
    from llmscope.runs.store import EVENTS, MANIFEST, RESULT

    of_model = path.name == MODEL_FILE or path.suffix == WEIGHTS
    needed = MODEL_FILE if of_model else MANIFEST if path.name in (MANIFEST, EVENTS, RESULT) else ""
    return path.parent if needed and path.is_file() and path.with_name(needed).is_file() else path


def _refused(models: Sequence[Path], others: Sequence[Path]) -> str:
    said = [tr("{0} models were dropped: drop one.").format(len(models))] if models else []
    if others:
        names = ", ".join(path.name for path in others[:3]) + ("" if len(others) <= 3 else ", …")
        said.append(tr("Not taken: {0}. Drop a model's folder, a run's folder, a picture of llmscope, or a file of "
                       "results.").format(names))
    return " · ".join(said)


class FilesGoOn(QObject):
    """Lets files that are dragged over a field for text go on to the window: the field would take their names."""

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        texts = page.findChildren(QPlainTextEdit)
        for field in (*page.findChildren(QLineEdit), *texts, *(text.viewport() for text in texts)):
            field.installEventFilter(self)

    def eventFilter(self, field: QObject, event: QEvent) -> bool:
        is_file = isinstance(event, QDragEnterEvent) and is_local(event.mimeData())
        if is_file:
            event.ignore()
        return is_file
