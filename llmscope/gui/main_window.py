"""The main window: bars, page, the one display timer, and the runner that it closes before it goes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

from PySide6.QtCore import Qt, QThread, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QHideEvent,
    QImage,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import QApplication, QMainWindow, QSplitter, QVBoxLayout, QWidget

from llmscope.core import events as ev
from llmscope.core.spec import RunSpec
from llmscope.gui import drops, window_size
from llmscope.gui.arrivals import Arrivals
from llmscope.gui.cards.choice import Choice
from llmscope.gui.compare_control import CompareControl
from llmscope.gui.dialogs.ask import Question
from llmscope.gui.dialogs.help_dialog import HelpDialog
from llmscope.gui.focus import bring_into_view
from llmscope.gui.hardware_control import HardwareControl
from llmscope.gui.history_control import HistoryControl
from llmscope.gui.live_feed import LiveFeed
from llmscope.gui.look_thread import LookThread
from llmscope.gui.pace import LIVELY, pace_of
from llmscope.gui.page_stack import PageStack, Tab
from llmscope.gui.pages.run_page import RunPage
from llmscope.gui.picture import draw
from llmscope.gui.picture_files import PAGE, PictureFiles, write
from llmscope.gui.race_control import RaceControl
from llmscope.gui.reference_control import ReferenceControl
from llmscope.gui.replay import Replayed
from llmscope.gui.settings import Settings
from llmscope.gui.status_bar import StatusBar
from llmscope.gui.theme import Mode, theme
from llmscope.gui.top_bar import TopBar
from llmscope.hardware import host
from llmscope.runs.resume import Earlier


class Runner(Protocol):
    """What the window needs of whoever runs specs; `close` returns when every process is gone."""

    def start(self) -> None: ...
    def run_spec(self, spec: RunSpec, before: Earlier | None = None) -> None: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...


class MainWindow(QMainWindow):
    """Driven by events alone; `make_runner` is given the function that takes them, from any thread."""

    def __init__(self, make_runner: Callable[[Callable[[ev.Event], None]], Runner],
                 look: Callable[[], host.Machine] = host.machine, settings: Settings | None = None) -> None:
        super().__init__()
        self.settings = settings or Settings()
        self.feed = LiveFeed()
        self.runner = make_runner(self.feed.push)
        self.machine: host.Machine | None = None
        self.history = HistoryControl(self.settings, self)
        self.pictures = PictureFiles(self, self.settings)
        self.arrivals = Arrivals(self)
        self.compare = CompareControl(self)
        self.race, self._before_race = RaceControl(self), "history"
        self._ticks = 0
        self._unshown: ev.Telemetry | None = None
        self._closing, self._asks = False, True
        with theme().building():
            self.page, self.status = RunPage(self.feed, self.settings), StatusBar()
            self.hardware = HardwareControl(self.page, self)
            self.references = ReferenceControl(self.page, self.compare, self)
            tabs = self._tabs()
            race = Tab("race", "", "", "", self.race.make_page)  # reached from two runs, not by a tab
            self.top, self.pages = TopBar(tabs), PageStack((*tabs, race))
            self._lay_out()
            self._connect(tabs)
            self._restore()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        self._look = LookThread(look, self)
        self._look.found.connect(self._on_machine, Qt.ConnectionType.QueuedConnection)
        self._look.start(QThread.Priority.LowPriority)
        self.runner.start()

    def tick(self) -> None:
        """Take what has come, and draw what differs; the timer calls it."""
        for event in self.feed.drain():
            self._handle(event)
        self._ticks += 1
        pace = pace_of(self.page.run)
        self.page.body.generation.refresh_text()
        if self._ticks % pace.plots_every == 0:
            self.page.body.plots.refresh()
            self.page.body.generation.refresh()
        if self._ticks % pace.text_every == pace.text_every // 2:
            self._show_telemetry()
            self.page.refresh_text()
            self._show_state()
        self.hardware.tick(pace.interval_ms)
        if pace.interval_ms != self._timer.interval():
            self._timer.setInterval(pace.interval_ms)

    def show_page(self, name: str) -> None:
        """Show a page."""
        self.pages.show_page(name)
        self.top.show_page(name)
        self._show_state()

    def show_race(self, a: Path, b: Path) -> None:
        """Show two stored runs, given by their folders, in a race."""
        self.race.open(a, b)

    def show_theme(self, mode: Mode) -> None:
        """Take a theme and remember it."""
        theme().set_mode(mode)
        self.settings.keep("window/theme", mode)
        self.top.show_mode()

    def end(self) -> None:
        """Close without asking: whoever ends the program from outside, with Ctrl+C or a signal, has answered."""
        self._asks = False
        QApplication.closeAllWindows()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask while a run goes on; then end every process before the window is gone."""
        if self._closing:
            event.accept()
            return
        self.tick()  # a hidden window may not have heard yet that the run is over
        if self.page.run.is_open and not self._may_stop():
            event.ignore()
            return
        self._closing = True
        self._remember()
        self.hide()
        self._timer.stop()
        self.runner.close()
        self._look.wait()
        self.pages.close_threads()
        self.history.close()
        self.arrivals.close()
        self.references.close()
        self.compare.close()
        self.race.close()
        event.accept()

    def _may_stop(self) -> bool:
        """Ask whether the run may be stopped; an end from outside, also while the question stands, is a yes."""
        return not self._asks or Question.ask(
            self, self.tr("A run is going on. Stop it and close?"),
            self.tr("Finished tests are kept. The open test is stopped."),
            self.tr("Stop and close"), self.tr("Keep running")) or not self._asks

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start(pace_of(self.page.run).interval_ms)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        px, width = theme().px, self.width()
        narrow, wide = window_size.is_narrow(self), width >= px("layout", "wide_from_width")
        self.pages.set_room("narrow" if narrow else "wide" if wide else "normal")
        self.top.set_narrow(width < px("layout", "narrow_under_width"))

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Go on to the next control, and bring it into view: Qt does that within one scroll area only."""
        has_moved = super().focusNextPrevChild(forward)
        if has_moved:
            bring_into_view(QApplication.focusWidget())
        return has_moved

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome files and folders while nothing runs, and say so while something does."""
        if not drops.is_local(event.mimeData()):
            return
        if self.page.run.is_open:
            self.status.say(self.tr("A run goes on: drop this when it is over."))
        else:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Import results, take the folder of a model, and say what is neither."""
        dropped = drops.sorted_out(event.mimeData())
        event.acceptProposedAction()
        if dropped.model:
            self.show_page("run")
            self.page.rail.take_folder(dropped.model)
        if dropped.results:
            self.arrivals.take(dropped.results, dropped.refused)
        elif dropped.refused:
            self.status.say(dropped.refused)

    def _handle(self, event: ev.Event) -> None:
        self.page.handle(event)
        match event:
            case ev.Telemetry():
                self._unshown = event
            case ev.Note():
                self.status.say(event.text)
            case ev.Hello():
                self.status.show_versions(event.versions)

    def _show_telemetry(self) -> None:
        """Show what was sampled last, where that is new."""
        telemetry, self._unshown = self._unshown, None
        if telemetry is not None:
            self.top.show_power(telemetry.on_battery)
            self.status.show_telemetry(telemetry)
            self.page.body.machine.show_telemetry(telemetry)

    def _tabs(self) -> tuple[Tab, ...]:
        """Return all pages in the order of their tabs."""
        return (
            Tab("run", self.tr("Run"), "gauge", "Ctrl+1", lambda: self.page),
            Tab("compare", self.tr("Compare"), "compare", "Ctrl+2", self.compare.make_page),
            Tab("hardware", self.tr("Hardware"), "chip", "Ctrl+3", self.hardware.make_page),
            Tab("history", self.tr("History"), "history", "Ctrl+4", lambda: self.history.make_page(self.pages)),
        )

    def _lay_out(self) -> None:
        px = theme().px
        self.setWindowTitle("llmscope")
        self.setAcceptDrops(True)
        self.setMinimumSize(px("layout", "minimum_width"), px("layout", "minimum_height"))
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.top)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.status)
        self.setCentralWidget(central)
        self.pages.show_page("run")

    def _connect(self, tabs: Sequence[Tab]) -> None:
        self.page.run_asked.connect(self._on_run_asked)
        self.page.go_on_asked.connect(self._on_go_on_asked)
        self.page.stop_asked.connect(self._on_stop_asked)
        self.top.page_asked.connect(self.show_page)
        self.history.opened.connect(self.show_stored)
        self.history.run_asked.connect(self.top.tabs["run"].click)
        self.history.go_on_asked.connect(self.page.go_on)
        self.history.said.connect(self.status.say)
        self.history.marked.connect(self.compare.read_again)
        self.history.compare_asked.connect(self._on_compare_asked)
        self.compare.history_asked.connect(self.top.tabs["history"].click)
        self.compare.said.connect(self.status.say)
        self.compare.race_asked.connect(self.show_race)
        self.compare.changed.connect(self._show_state)
        self.history.race_asked.connect(self.show_race)
        self.references.opened.connect(self.history.open)
        self.references.page_asked.connect(self.show_page)
        self.references.picture_asked.connect(self._on_save_picture)
        self.references.said.connect(self.status.say)
        self.race.shown.connect(self._on_race_shown)
        self.race.back_asked.connect(self._on_back)
        self.race.present_asked.connect(self._on_present)
        self.race.said.connect(self.status.say)
        self.pictures.said.connect(self.status.say)
        self.arrivals.came.connect(self._on_came)
        self.arrivals.said.connect(self.status.say)
        self.top.theme_chosen.connect(self._on_theme)
        self.top.picture_asked.connect(self._on_save_picture)
        for keys, slot in (("F5", self.page.ask_run), ("Shift+F5", self.page.ask_stop), ("F1", self._on_help),
                           ("Ctrl+S", self._on_save_picture), ("Ctrl+Shift+C", self._on_copy_picture),
                           ("Ctrl+T", self.top.theme_button.click), ("Ctrl+F", self._on_search),
                           ("Ctrl+Q", self.close),
                           *((tab.keys, self.top.tabs[tab.name].click) for tab in tabs)):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

    def _restore(self) -> None:
        window_size.restore(self, self._splitters(), self.settings)
        self.page.rail.run_button.setFocus()
        self.show_page(self.settings.text("window/page", "run", tuple(self.top.tabs)))

    def _remember(self) -> None:
        self.settings.keep("window/page", self.pages.name)
        window_size.remember(self, {} if self.page.body.is_narrow else self._splitters(), self.settings)
        self.settings.sync()

    def _splitters(self) -> dict[str, QSplitter]:
        return {"rail": self.page.splitter, "upper": self.page.body.upper, "outer": self.page.body.outer}

    def _on_machine(self, machine: host.Machine) -> None:
        self.machine = machine
        self.top.show_machine(machine.label)
        self.page.show_machine(machine)

    def _show_state(self) -> None:
        """Bring the status bar up to date, and what there is a picture of."""
        run, shown = self.page.run, self.pages.page()
        self.pages.set_run_goes_on(run.is_open)
        self.status.show_state(*(self.page if run.is_open else shown).status())
        self.top.show_picture("" if shown.picture() is not None else shown.why_no_picture())

    def show_stored(self, replayed: Replayed) -> None:
        """Show a stored run on the Run page."""
        if not self.page.run.is_open:  # one may have been started meanwhile
            self.show_page("run")
            self.page.show_stored(replayed)
            self._show_state()

    def _on_came(self) -> None:
        """List the runs that were imported, in a page that may be shown already."""
        self.show_page("history")
        if self.history.page is not None:
            self.history.page.refresh()

    def _on_compare_asked(self, ids: list[str]) -> None:
        self.compare.show_runs(ids)
        self.show_page("compare")

    def _on_race_shown(self) -> None:
        self._before_race = self.pages.name if self.pages.name != "race" else self._before_race
        self.show_page("race")

    def _on_back(self) -> None:
        self.show_page(self._before_race)

    def _on_present(self, is_presenting: bool) -> None:
        """Give a page the whole screen, or take it back."""
        for bar in (self.top, self.status):
            bar.setVisible(not is_presenting)
        full = Qt.WindowState.WindowFullScreen
        self.setWindowState(self.windowState() | full if is_presenting else self.windowState() & ~full)

    def _on_search(self) -> None:
        self.pages.page().focus_search()

    def _on_run_asked(self, spec: RunSpec) -> None:
        if self.pages.name != "hardware" or not (spec.preset == "hardware" or spec.in_turns):
            self.show_page("run")
        self.runner.run_spec(spec)
        self._timer.setInterval(LIVELY.interval_ms)

    def _on_go_on_asked(self, before: Earlier) -> None:
        self.show_page("run")
        self.runner.run_spec(before.started.spec, before)
        self._timer.setInterval(LIVELY.interval_ms)

    def _on_stop_asked(self) -> None:
        self.runner.cancel()

    def _on_theme(self, mode: str) -> None:
        self.show_theme(cast(Mode, mode))

    def _on_help(self) -> None:
        HelpDialog(self, self.pages.name).open()

    def picture(self) -> QImage:
        """Return the picture of the page that is shown, an empty one where it has none."""
        shown = self.pages.page().picture()
        return QImage() if shown is None else draw(shown)

    def save_picture(self, file: Path, choice: Choice = PAGE) -> bool:
        """Write the picture of the page that is shown; False where there is none, or the file cannot be written."""
        shown = self.pages.page().picture()
        if shown is None:
            return False
        try:
            write(shown, file, choice)
        except OSError:
            return False
        return True

    def _on_save_picture(self) -> None:
        self.pictures.ask(self.pages.page())

    def _on_copy_picture(self) -> None:
        self.pictures.copy(self.pages.page())
