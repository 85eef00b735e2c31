"""The History page: all stored runs, one in detail, and what can be done with them."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from llmscope.core.errors import BadInput
from llmscope.gui.dialogs.ask import Question
from llmscope.gui.history_details import HistoryDetails
from llmscope.gui.history_parts import NoRuns, NoteLine, SearchBox
from llmscope.gui.history_table import HistoryTable
from llmscope.gui.history_thread import ListThread
from llmscope.gui.models.history_model import SAME, SECOND, TYPE, HistoryModel
from llmscope.gui.page_stack import Page, Room
from llmscope.gui.settings import Settings
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Label
from llmscope.gui.widgets.field import Picker
from llmscope.gui.words import models, moment, tr
from llmscope.runs import folders
from llmscope.runs.entry import Entry

DETAILS_PX, SEARCH_PX = 336, 262


class HistoryPage(Page):
    """`open_asked` carries a run's folder, `run_asked` that the person wants the Run page, `said` a line to tell."""

    open_asked = Signal(object)
    go_on_asked = Signal(object)
    run_asked = Signal()
    said = Signal(str)

    def __init__(self, runs: Path, settings: Settings) -> None:
        super().__init__()
        self._runs, self._settings = runs, settings
        self._narrow, self._run_goes_on, self._again, self._is_loaded = False, False, False, False
        self._thread: ListThread | None = None
        self.model = HistoryModel(self)
        self.table = HistoryTable(self.model)
        self.details = HistoryDetails(runs)
        self.search = SearchBox()
        self.key = Picker()
        self._count, self._note = Label("", "body", role="text_2"), NoteLine()
        self._stack, self._empty = QStackedWidget(), NoRuns()
        self._lay_out()
        self._connect()
        self.search.setText(settings.text("history/search", ""))
        self._show_stack()

    def refresh(self) -> None:
        """Look at the folders again; what is known is shown meanwhile."""
        if self._thread is not None:
            self._again = True
            return
        self._thread = ListThread(self._runs, self)
        self._thread.listed.connect(self._on_listed, Qt.ConnectionType.QueuedConnection)
        self._thread.compared.connect(self.model.show_trends, Qt.ConnectionType.QueuedConnection)
        self._thread.reading.connect(self._on_reading, Qt.ConnectionType.QueuedConnection)
        self._thread.finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)
        self._thread.start()

    def set_room(self, room: Room) -> None:
        """In a small window, leave out columns and show the details only when Enter asks for them."""
        narrow = self._narrow = room == "narrow"
        self.details.close_button.setVisible(narrow)
        self._show_details(not narrow)

    def set_run_goes_on(self, goes_on: bool) -> None:
        """Say that a run goes on: its page is not given away."""
        if goes_on != self._run_goes_on:
            self._run_goes_on = goes_on
            self._on_moved()
            if not goes_on and self.isVisible():
                self.refresh()

    def status(self) -> tuple[str, str]:
        """Return the words for the status bar."""
        return _runs(len(self.model.entries)), self.tr("Folder: {0}").format(self._runs)

    def close_threads(self) -> None:
        """End reading; returns when it is over."""
        if self._thread is not None:
            self._thread.requestInterruption()
            self._thread.go_on()
            self._thread.wait()

    def focus_search(self) -> None:
        """Put the cursor into the search box."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
        self.table.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._narrow and self.details.isVisible():
            self._close_details()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the down arrow and Enter of the search box lead into the table, and Esc clear it."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.model.found:
                self.table.setFocus()
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    def _on_listed(self, entries: list[Entry], note: str) -> None:
        current = self.table.current()
        self._is_loaded = True
        self.model.show_entries(entries)
        self.key.offer({test: test for test in self.model.tests},
                       self._settings.text("history/key", self.model.key, tuple(self.model.tests) or ("",)))
        self.model.set_key(self.key.taken())
        self.model.search(self.search.text())
        self._note.show_text(note)
        self.table.go_to(current.id if current is not None else "")
        self._show_stack()
        if self._thread is not None:
            QTimer.singleShot(0, self._thread.go_on)

    def _on_reading(self, done: int, of: int) -> None:
        if done < of:
            self._count.show()
            self._count.setText(self.tr("reading {0} of {1} runs").format(f"{done:,}", f"{of:,}"))

    def _on_finished(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.wait()
            thread.deleteLater()
        self._show_count()
        if self._again:
            self._again = False
            self.refresh()

    def _on_search(self, text: str) -> None:
        current = self.table.current()
        self._settings.keep("history/search", text)
        self.model.search(text)
        self.table.go_to(current.id if current is not None else "")
        self._show_stack()

    def _on_key(self) -> None:
        self._settings.keep("history/key", self.key.taken())
        self.model.set_key(self.key.taken())

    def _on_moved(self) -> None:
        entry = self.table.current()
        if entry is not None:
            self.details.show_run(entry, self._why_not(entry))
        count = len(self.table.selected())
        self.details.delete_button.setText(self.tr("Delete") if count < 2 else self.tr("Delete {0}").format(count))

    def _why_not(self, entry: Entry) -> str:
        if entry.status == "running":
            return self.tr("This run goes on.")
        if self._run_goes_on:
            return self.tr("A run goes on. This one can be opened when it is over.")
        if entry.status == "newer":
            return self.tr("A newer llmscope wrote this run: update to open it.")
        return "" if entry.can_open else self.tr("This run cannot be read: {0}").format(entry.reason)

    def _on_enter(self) -> None:
        if self._narrow and not self.details.isVisible():
            self._show_details(True)
            self.details.open_button.setFocus()
        else:
            self._on_open()

    def _on_open(self) -> None:
        entry = self.table.current()
        if entry is None:
            return
        why_not = self._why_not(entry)
        if why_not:
            self.said.emit(why_not)
        else:
            self.open_asked.emit(self._runs / entry.id)

    def _on_go_on(self) -> None:
        entry = self.table.current()
        if entry is not None and not self._why_not(entry):
            self.go_on_asked.emit(self._runs / entry.id)

    def _on_delete(self) -> None:
        unwanted = self.table.selected()
        if not unwanted:
            return
        first = unwanted[0]
        title = self.tr("Delete this run?") if len(unwanted) == 1 else \
            self.tr("Delete {0} runs?").format(len(unwanted))
        about = f"{models(first.models) or first.id}, {moment(first.at_s)}\n" if len(unwanted) == 1 else ""
        if Question.ask(self, title, about + self.tr("Its files are deleted. This cannot be undone."),
                        self.tr("Delete"), self.tr("Keep")):
            self._delete(unwanted)

    def _delete(self, unwanted: list[Entry]) -> None:
        row, gone = self.model.row_of(unwanted[0].id), set()
        for entry in unwanted:
            try:
                folders.delete(self._runs, entry.id)
            except folders.GoneRun:
                self.said.emit(self.tr("This run is no longer there."))
            except BadInput as error:
                self.said.emit(str(error))
                continue
            gone.add(entry.id)
        self.model.remove(gone)
        if self.model.found:
            last = self.model.rowCount() - 1
            nearest = next((r for r in (*range(min(row, last), last + 1), *range(min(row, last), -1, -1))
                            if self.model.entry(r) is not None), 1)
            self.table.setCurrentIndex(self.model.index(nearest, 0))
        self._show_stack()
        self.refresh()

    def _show_stack(self) -> None:
        """Show the runs, or what to do where there are none."""
        found = bool(self.model.found)
        self._stack.setCurrentIndex(0 if found else 1)
        self._empty.show_why(self._is_loaded, bool(self.model.entries))
        for part in (self.search, self.key, self._key_label):
            part.setVisible(bool(self.model.entries))
        self._show_count()
        self._on_moved()

    def _show_count(self) -> None:
        found, every = len(self.model.found), len(self.model.entries)
        some = self.tr("{0} of {1}").format(f"{found:,}", _runs(every))
        self._count.setText(_runs(every) if found == every else some)
        self._count.setVisible(self._is_loaded and every > 0)

    def _show_details(self, shown: bool) -> None:
        self.details.setVisible(shown)
        hidden = {TYPE, SECOND} | ({SAME} if shown else set()) if self._narrow else set()
        self.table.hide_columns(frozenset(hidden))

    def _close_details(self) -> None:
        self._show_details(False)
        self.table.setFocus()

    def _connect(self) -> None:
        self.search.textChanged.connect(self._on_search)
        self.search.installEventFilter(self)
        self.key.activated.connect(self._on_key)
        self.table.moved.connect(self._on_moved)
        self.table.opened.connect(self._on_enter)
        self.table.unwanted.connect(self._on_delete)
        self.details.open_asked.connect(self._on_open)
        self.details.go_on_asked.connect(self._on_go_on)
        self.details.delete_asked.connect(self._on_delete)
        self.details.closed.connect(self._close_details)
        self._empty.run.clicked.connect(self.run_asked)
        self._empty.clear.clicked.connect(self.search.clear)

    def _lay_out(self) -> None:
        px = theme().px
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(Label(self.tr("History"), "title", 600))
        self._count.setContentsMargins(0, 0, 0, 2)  # on the line of the larger words
        head.addWidget(self._count, 0, Qt.AlignmentFlag.AlignBottom)
        head.addStretch(1)
        filters = QHBoxLayout()
        filters.setSpacing(10)
        self.search.setFixedWidth(SEARCH_PX)
        filters.addWidget(self.search)
        filters.addWidget(self._note, 1)
        self._key_label = Label(self.tr("Key test"), "small", role="text_2")
        self.key.setAccessibleName(self.tr("Key test"))
        self.key.setMinimumWidth(104)
        filters.addWidget(self._key_label)
        filters.addWidget(self.key)
        frame = QFrame()
        frame.setProperty("kind", "panel")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(self.table)
        self.details.setFixedWidth(DETAILS_PX)
        runs = QWidget()
        row = QHBoxLayout(runs)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("layout", "gap"))
        row.addWidget(frame, 1)
        row.addWidget(self.details)
        self._stack.addWidget(runs)
        self._stack.addWidget(self._empty)
        layout = QVBoxLayout(self)
        margin = px("layout", "margin")
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.setSpacing(px("layout", "gap"))
        layout.addLayout(head)
        layout.addLayout(filters)
        layout.addWidget(self._stack, 1)


def _runs(count: int) -> str:
    return tr("1 run") if count == 1 else tr("{0} runs").format(f"{count:,}")
