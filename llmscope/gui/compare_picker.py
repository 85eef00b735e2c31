"""Chooses another run to compare: a search box over the stored runs that share a test."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from llmscope.core.units import NBSP, measured
from llmscope.gui import words
from llmscope.gui.compare_thread import RunsThread
from llmscope.gui.history_parts import SearchBox
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, Label
from llmscope.runs.entry import Entry, matches

#: The latest runs that are listed; a search finds the others.
MOST_LISTED = 200
ID_ROLE = Qt.ItemDataRole.UserRole


class RunPicker(QDialog):
    """`chosen` carries the id of a run; those that are compared already are left out."""

    chosen = Signal(str)

    def __init__(self, runs: Path, compared: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Add a run"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(620, 420)
        self._compared = set(compared)
        self._entries: list[Entry] = []
        self.search, self.list = SearchBox(), QListWidget()
        self.list.setAccessibleName(self.tr("Stored runs"))
        self.list.setUniformItemSizes(True)
        self.list.setStyleSheet("QListWidget::item { min-height: 26px; padding-left: 6px; }")
        self._note = Label(self.tr("Reading the list of runs"), "small", role="text_2")
        self.add = Button(self.tr("Add"), "plus")
        self.add.setEnabled(False)
        self._lay_out()
        self.search.textChanged.connect(self._show)
        self.search.installEventFilter(self)
        self.list.itemActivated.connect(self._on_add)
        self.list.currentRowChanged.connect(self._on_moved)
        self.add.clicked.connect(self._on_add)
        self._thread = RunsThread(runs, self)
        self._thread.listed.connect(self.show_entries, Qt.ConnectionType.QueuedConnection)
        self._thread.start()

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Offer runs; those that share a test with the compared ones, where there are such."""
        tests = _tests(entry for entry in entries if entry.id in self._compared)
        self._entries = [entry for entry in entries if entry.id not in self._compared and entry.can_open
                         and (shared := _tests([entry])) and (not tests or shared & tests)]
        self._show()

    def done(self, result: int) -> None:
        self._thread.requestInterruption()
        self._thread.wait()
        super().done(result)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows and Enter of the search box work on the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                step = 1 if event.key() == Qt.Key.Key_Down else -1
                self.list.setCurrentRow(min(max(0, self.list.currentRow() + step), self.list.count() - 1))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._on_add()
                return True
        return super().eventFilter(watched, event)

    def _show(self) -> None:
        wanted = self.search.text().lower().split()
        found = [entry for entry in self._entries if matches(entry.words, wanted)]
        self.list.clear()
        for entry in found[:MOST_LISTED]:
            item = QListWidgetItem(_line(entry))
            item.setData(ID_ROLE, entry.id)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        none = self.tr("No other run shares a test with these.") if not self._entries else \
            self.tr("No run has all of these words.")
        some = self.tr("1 run shares a test") if len(found) == 1 else \
            self.tr("{0} runs share a test").format(f"{len(found):,}")
        self._note.setText(some if found else none)

    def _on_moved(self, row: int) -> None:
        self.add.setEnabled(row >= 0)

    def _on_add(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.chosen.emit(item.data(ID_ROLE))
            self.accept()

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        foot.addWidget(self._note, 1)
        cancel = Button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        foot.addWidget(cancel)
        foot.addWidget(self.add)
        layout = QVBoxLayout(self)
        margin = theme().px("layout", "margin")
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.setSpacing(theme().px("layout", "gap"))
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        layout.addLayout(foot)


def _tests(entries: Iterable[Entry]) -> set[tuple[str, str]]:
    return {(brief.test, brief.model) for entry in entries for brief in entry.tests
            if brief.counted}


def _line(entry: Entry) -> str:
    """Return `Today 10:23 · Bundled model · RTX 4070 Laptop · bf16 · gen64 1,598 tok/s`."""
    dtypes = "/".join(map(words.short_dtype, entry.dtypes))
    brief = next((brief for brief in entry.tests if brief.counted and brief.median is not None), None)
    value = "" if brief is None or brief.median is None else \
        f"{brief.name} {measured(brief.median, brief.half_width)}{NBSP}{brief.unit}"
    parts = (words.moment(entry.at_s), entry.name, words.models(entry.models), entry.device, dtypes, value)
    return "  ·  ".join(part for part in parts if part)
