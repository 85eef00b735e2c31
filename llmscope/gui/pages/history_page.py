"""The History page: all stored runs, one in detail, and what can be done with them."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from llmscope.gui.compare_button import CompareButton
from llmscope.gui.history_asks import HistoryAsks
from llmscope.gui.history_changes import HistoryChanges
from llmscope.gui.history_details import HistoryDetails
from llmscope.gui.history_filters import FilterLine
from llmscope.gui.history_parts import NoRuns, NoteLine
from llmscope.gui.history_reading import HistoryReading
from llmscope.gui.history_table import HistoryTable
from llmscope.gui.history_undo import UndoLine
from llmscope.gui.models.history_filter import Choices
from llmscope.gui.models.history_model import SAME, SECOND, TAGS, TYPE, HistoryModel
from llmscope.gui.models.history_trends import Trends
from llmscope.gui.page_stack import Page, Room
from llmscope.gui.settings import Settings
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Label
from llmscope.gui.words import tr
from llmscope.runs.entry import Entry

DETAILS_PX = 336


class HistoryPage(Page):
    """`open_asked` carries a run's folder, `run_asked` that the person wants the Run page, `said` a line to tell."""

    open_asked = Signal(object)
    go_on_asked = Signal(object)
    run_asked = Signal()
    compare_asked = Signal(object)
    race_asked = Signal(object, object)
    marked = Signal(str)
    said = Signal(str)

    def __init__(self, runs: Path, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self._narrow, self._is_loaded = False, False
        self._go_to = ""
        self.reading = HistoryReading(runs, self)
        self.model = HistoryModel(self)
        self.table = HistoryTable(self.model)
        self.details = HistoryDetails(runs)
        self.filters, self.undo = FilterLine(settings, self), UndoLine(runs)
        self.search, self.key = self.filters.search, self.filters.key
        self.compare = CompareButton()
        self._asks = HistoryAsks(runs, self.table)
        self._changes = HistoryChanges(runs, self.table, self.undo)
        self._count, self._note = Label("", "body", role="text_2"), NoteLine()
        self._stack, self._empty = QStackedWidget(), NoRuns()
        self._lay_out()
        QWidget.setTabOrder(self.compare, self.table)  # what is told of a run comes after it
        self._connect()
        self.model.show_only(self.filters.wanted())
        self._show_stack()

    def refresh(self) -> None:
        """Look at the folders again; what is known is shown meanwhile."""
        self.reading.start()

    def set_room(self, room: Room) -> None:
        """In a small window, leave out columns and show the details only when Enter asks for them."""
        narrow = self._narrow = room == "narrow"
        self.details.close_button.setVisible(narrow)
        self.filters.set_narrow(narrow)
        self._show_details(not narrow)

    def set_run_goes_on(self, goes_on: bool) -> None:
        """Say that a run goes on: its page is not given away."""
        if goes_on != self._asks.goes_on:
            self._asks.goes_on = goes_on
            self._on_moved()
            if not goes_on and self.isVisible():
                self.refresh()

    def status(self) -> tuple[str, str]:
        """Return the words for the status bar."""
        return _runs(len(self.model.entries)), self.tr("Folder: {0}").format(self._runs)

    def why_no_picture(self) -> str:
        return self.tr("A list has no picture: open a run, or compare two, and save that.")

    @property
    def is_loaded(self) -> bool:
        """Whether the list of runs was read."""
        return self._is_loaded

    def close_threads(self) -> None:
        """End reading, and delete what was put away; returns when it is over."""
        self.reading.close()
        self.undo.finish()

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
        if not self._is_loaded or entries != self.model.entries:  # else what is selected stays
            self._is_loaded = True
            self._staying(lambda: self._take(entries))
        self._note.show_text(note)
        if self._go_to and self.model.row_of(self._go_to) >= 0:
            self.table.go_to(self._go_to)
            self._go_to = ""

    def _take(self, entries: list[Entry]) -> None:
        self.model.show_entries(entries)
        self.model.set_key(self.filters.offer_keys(self.model.tests, self.model.key))
        self._hide_columns()

    def _on_compared(self, trends: Trends, choices: Choices) -> None:
        self.model.show_trends(trends)
        self.filters.offer(choices)
        self._on_moved()

    def _on_reading(self, done: int, of: int) -> None:
        if done < of:
            self._count.show()
            self._count.setText(self.tr("reading {0} of {1} runs").format(f"{done:,}", f"{of:,}"))

    def _on_filtered(self) -> None:
        wanted = self.filters.wanted()
        if wanted.test and wanted.test != self.key.taken():
            self.filters.take_key(wanted.test)  # whoever asks for a test wants to see its values
        self._staying(lambda: self.model.show_only(wanted))

    def _on_sorted(self, column: int) -> None:
        self._staying(lambda: self.model.order_by(column))

    def _on_key(self) -> None:
        self._staying(lambda: self.model.set_key(self.key.taken()))

    def _on_moved(self) -> None:
        entry, selected = self.table.current(), self.table.selected()
        if entry is not None:
            self.details.show_run(entry, self._asks.why_not(entry))
            self.details.show_trend(self.model.key, self.model.series(entry, self.details.trend.MOST))
        self.compare.show_count(sum(chosen.can_open for chosen in selected))
        self.details.race_button.show_runs(selected)
        count = len(selected)
        self.details.delete_button.setText(self.tr("Delete") if count < 2 else self.tr("Delete {0}").format(count))

    def _on_enter(self) -> None:
        if self._narrow and not self.details.isVisible():
            self._show_details(True)
            self.details.open_button.setFocus()
        else:
            self._asks.open()

    def _on_name(self) -> None:
        entry = self.table.current()
        if entry is not None and self._changes.may_name(entry):
            self._show_details(True)
            self.details.name_run()

    def _on_changed(self, run: str) -> None:
        self._go_to = run
        if self.model.row_of(run) >= 0:
            self.table.go_to(run)
        self._show_stack()
        self.refresh()

    def _staying(self, change: Callable[[], None]) -> None:
        """Make a change to the list, and be at the same run after it."""
        current = self.table.current()
        with QSignalBlocker(self.table):  # what is current and selected is shown once, when it is settled
            change()
            self.table.go_to(current.id if current is not None else "")
        self._show_stack()

    def _show_stack(self) -> None:
        """Show the runs, or what to do where there are none."""
        self._stack.setCurrentIndex(0 if self.model.found else 1)
        self._empty.show_why(self._is_loaded, bool(self.model.entries))
        self.filters.setVisible(bool(self.model.entries))
        self.compare.setVisible(bool(self.model.entries))
        self._show_count()
        self._on_moved()

    def _show_count(self) -> None:
        found, every = len(self.model.found), len(self.model.entries)
        some = self.tr("{0} of {1}").format(f"{found:,}", _runs(every))
        self._count.setText(_runs(every) if found == every else some)
        self._count.setVisible(self._is_loaded and every > 0)

    def _show_details(self, shown: bool) -> None:
        self.details.setVisible(shown)
        self._hide_columns()

    def _hide_columns(self) -> None:
        hidden = {TYPE, SECOND} | ({SAME, TAGS} if self.details.isVisibleTo(self) else set()) if self._narrow else set()
        self.table.hide_columns(frozenset(hidden if self.model.has_tags else hidden | {TAGS}))

    def _close_details(self) -> None:
        self._show_details(False)
        self.table.setFocus()

    def _connect(self) -> None:
        self.search.installEventFilter(self)
        self.reading.listed.connect(self._on_listed)
        self.reading.compared.connect(self._on_compared)
        self.reading.reading.connect(self._on_reading)
        self.reading.ended.connect(self._show_count)
        self.filters.changed.connect(self._on_filtered)
        self.filters.key_chosen.connect(self._on_key)
        self.compare.clicked.connect(self._asks.compare)
        self.table.moved.connect(self._on_moved)
        self.table.opened.connect(self._on_enter)
        self.table.named.connect(self._on_name)
        self.table.sorted.connect(self._on_sorted)
        self.table.unwanted.connect(self._changes.delete)
        self._asks.open_asked.connect(self.open_asked)
        self._asks.go_on_asked.connect(self.go_on_asked)
        self._asks.compare_asked.connect(self.compare_asked)
        self._asks.race_asked.connect(self.race_asked)
        self._asks.said.connect(self.said)
        self.details.open_asked.connect(self._asks.open)
        self.details.delete_asked.connect(self._changes.delete)
        self.details.race_button.clicked.connect(self._asks.race)
        self.details.go_on_asked.connect(self._asks.go_on)
        self.details.closed.connect(self._close_details)
        self.details.marks.edited.connect(self._changes.mark)
        self.details.marks.left.connect(self.table.setFocus)
        self._changes.changed.connect(self._on_changed)
        self._changes.marked.connect(self.marked)
        self._changes.said.connect(self.said)
        QShortcut(QKeySequence.StandardKey.Undo, self).activated.connect(self.undo.button.click)
        self._empty.run.clicked.connect(self.run_asked)
        self._empty.clear.clicked.connect(self.filters.clear)

    def _lay_out(self) -> None:
        """Put the parts where they belong from the outside in: each change of parent styles all that is within anew."""
        px = theme().px
        layout = QVBoxLayout(self)
        margin = px("layout", "margin")
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.setSpacing(px("layout", "gap"))
        head = QHBoxLayout()
        layout.addLayout(head)
        layout.addWidget(self.filters)
        layout.addWidget(self._stack, 1)
        head.setSpacing(10)
        head.addStrut(self.undo.sizeHint().height())  # nothing moves when it comes
        head.addWidget(Label(self.tr("History"), "title", 600))
        self._count.setContentsMargins(0, 4, 0, 0)  # on the line of the larger words
        head.addWidget(self._count)
        head.addWidget(self.undo)
        head.addWidget(self._note, 1)
        head.addWidget(self.compare)
        runs, frame = QWidget(), QFrame()
        self._stack.addWidget(runs)
        self._stack.addWidget(self._empty)
        row = QHBoxLayout(runs)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("layout", "gap"))
        row.addWidget(frame, 1)
        row.addWidget(self.details)
        self.details.setFixedWidth(DETAILS_PX)
        frame.setProperty("kind", "panel")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(self.table)


def _runs(count: int) -> str:
    return tr("1 run") if count == 1 else tr("{0} runs").format(f"{count:,}")
