"""The main window: bars, page, the one display timer, and the runner that it closes before it goes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from PySide6.QtCore import QSize, Qt, QThread, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QHideEvent,
    QImage,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import QFileDialog, QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from llmscope.core import events as ev
from llmscope.core.spec import RunSpec
from llmscope.gui.dialogs.ask import Question
from llmscope.gui.dialogs.help_dialog import HelpDialog
from llmscope.gui.history_control import HistoryControl
from llmscope.gui.live_feed import LiveFeed
from llmscope.gui.looks import MEASURING
from llmscope.gui.pages.run_page import RunPage
from llmscope.gui.picture import draw
from llmscope.gui.replay import Replayed
from llmscope.gui.settings import Settings
from llmscope.gui.status_bar import StatusBar
from llmscope.gui.theme import Mode, theme
from llmscope.gui.top_bar import PAGE_KEYS, TopBar
from llmscope.hardware import host


@dataclass(frozen=True)
class Pace:
    """How often the window draws: its timer, and every how many of its ticks graphs and texts are brought up to date.

    Where both come at every second tick or more seldom, they come at different ones: short work twice holds up
    the window less than long work once.
    """

    interval_ms: int
    plots_every: int = 1
    text_every: int = 1


#: All is calm while a test is timed on the CPU, the model's text a little less.
IDLE, CALM, LIVELY = Pace(250), Pace(250, 4, 4), Pace(50, 2, 2)
#: A remembered size beyond this was not the size of a window.
MOST_PX = 20_000


class Runner(Protocol):
    """What the window needs of whoever runs specs; `close` returns when every process is gone."""

    def start(self) -> None: ...
    def run_spec(self, spec: RunSpec) -> None: ...
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
        self._ticks = 0
        self._closing = False
        with theme().building():
            self.top, self.page, self.status = TopBar(), RunPage(self.feed, self.settings), StatusBar()
            self._lay_out()
            self._connect()
            self._restore()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        self._look = _Look(look, self)
        self._look.found.connect(self._on_machine, Qt.ConnectionType.QueuedConnection)
        self._look.start(QThread.Priority.LowPriority)
        self.runner.start()

    def tick(self) -> None:
        """Take what has come, and draw what differs; the timer calls it."""
        for event in self.feed.drain():
            self._handle(event)
        self._ticks += 1
        pace = self._pace()
        self.page.body.generation.refresh_text()
        if self._ticks % pace.plots_every == 0:
            self.page.body.plots.refresh()
            self.page.body.generation.refresh()
        if self._ticks % pace.text_every == pace.text_every // 2:
            self.page.refresh_text()
            self._show_state()
        if pace.interval_ms != self._timer.interval():
            self._timer.setInterval(pace.interval_ms)

    def show_page(self, name: str) -> None:
        """Show a page; History is made when it is first asked for."""
        page: QWidget = self.page
        if name == "history":
            if self.history.page is None:
                self._pages.addWidget(self.history.make_page())
                self.history.set_narrow(self._is_narrow())
            page = self.history.make_page()
        self.top.show_page(name)
        self.history.set_run_goes_on(self.page.run.is_open)
        self._pages.setCurrentWidget(page)
        self._show_state()

    def show_theme(self, mode: Mode) -> None:
        """Take a theme and remember it."""
        theme().set_mode(mode)
        self.settings.keep("window/theme", mode)
        self.top.show_mode()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask while a run goes on; then end every process before the window is gone."""
        if self._closing:
            event.accept()
            return
        self.tick()  # a hidden window may not have heard yet that the run is over
        if self.page.run.is_open and not Question.ask(
                self, self.tr("A run is going on. Stop it and close?"),
                self.tr("Finished tests are kept. The open test is stopped."),
                self.tr("Stop and close"), self.tr("Keep running")):
            event.ignore()
            return
        self._closing = True
        self._remember()
        self.hide()
        self._timer.stop()
        self.runner.close()
        self._look.wait()
        self.history.close()
        event.accept()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start(self._pace().interval_ms)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        px = theme().px
        slim, narrow = self.width() < px("layout", "narrow_under_width"), self._is_narrow()
        wide = self.width() >= px("layout", "wide_from_width")
        self.page.set_room("narrow" if narrow else "wide" if wide else "normal")
        self.top.set_narrow(slim)
        self.history.set_narrow(narrow)

    def _is_narrow(self) -> bool:
        px = theme().px
        return self.width() < px("layout", "narrow_under_width") or self.height() < px("layout", "narrow_under_height")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome a folder while nothing runs."""
        if _folder_in(event) and not self.page.run.is_open:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the folder as the model."""
        if folder := _folder_in(event):
            self.page.rail.take_folder(folder)
            event.acceptProposedAction()

    def _handle(self, event: ev.Event) -> None:
        self.page.handle(event)
        match event:
            case ev.Telemetry():
                self.top.show_power(event.on_battery)
                self.status.show_telemetry(event)
            case ev.Note():
                self.status.say(event.text)
            case ev.Hello():
                self.status.show_versions(event.versions)

    def _pace(self) -> Pace:
        """Return how often to draw: seldom while idle, and calmly while a test is timed on the CPU."""
        run, now = self.page.run, self.page.run.now
        if not run.is_open:
            return IDLE
        timed_here = now is not None and now.cell.device == "cpu" and now.phase in MEASURING
        return CALM if timed_here else LIVELY

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
        self._pages = QStackedWidget()
        self._pages.addWidget(self.page)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.status)
        self.setCentralWidget(central)

    def _connect(self) -> None:
        self.page.run_asked.connect(self._on_run_asked)
        self.page.stop_asked.connect(self._on_stop_asked)
        self.top.page_asked.connect(self.show_page)
        self.history.opened.connect(self._on_opened)
        self.history.run_asked.connect(self.top.tabs["run"].click)
        self.history.said.connect(self.status.say)
        self.top.theme_chosen.connect(self._on_theme)
        self.top.picture_asked.connect(self._on_save_picture)
        for keys, slot in (("F5", self.page.ask_run), ("Shift+F5", self.page.ask_stop), ("F1", self._on_help),
                           ("Ctrl+S", self._on_save_picture), ("Ctrl+Shift+C", self._on_copy_picture),
                           ("Ctrl+T", self.top.theme_button.click), ("Ctrl+F", self._on_search),
                           *((keys, self.top.tabs[page].click) for page, keys in PAGE_KEYS.items())):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

    def _restore(self) -> None:
        px, settings = theme().px, self.settings
        first = QSize(px("layout", "reference_width"), px("layout", "reference_height"))
        if QGuiApplication.platformName() != "offscreen":
            first = first.boundedTo(self.screen().availableSize())
        self.resize(round(settings.number("window/width", first.width(), self.minimumWidth(), MOST_PX)),
                    round(settings.number("window/height", first.height(), self.minimumHeight(), MOST_PX)))
        if settings.text("window/maximized", "no") == "yes":
            self.setWindowState(Qt.WindowState.WindowMaximized)
        for name, splitter in self._splitters().items():
            state = self.settings.state(f"window/{name}")
            if state is not None:
                splitter.restoreState(state)
        self.page.rail.run_button.setFocus()
        self.show_page(settings.text("window/page", "run", tuple(PAGE_KEYS)))

    def _remember(self) -> None:
        maximized = self.isMaximized()
        self.settings.keep("window/page", "run" if self._pages.currentWidget() is self.page else "history")
        self.settings.keep("window/maximized", "yes" if maximized else "no")
        if not maximized:
            self.settings.keep("window/width", self.width())
            self.settings.keep("window/height", self.height())
        if not self.page.body.is_narrow:
            for name, splitter in self._splitters().items():
                self.settings.keep(f"window/{name}", splitter.saveState())
        self.settings.sync()

    def _splitters(self) -> dict[str, QSplitter]:
        return {"rail": self.page.splitter, "upper": self.page.body.upper, "outer": self.page.body.outer}

    def _on_machine(self, machine: host.Machine) -> None:
        self.machine = machine
        self.top.show_machine(machine.label)
        self.page.show_machine(machine)

    def _show_state(self) -> None:
        """Bring the status bar up to date, and what there is a picture of."""
        run, history = self.page.run, self.history.page
        self.history.set_run_goes_on(run.is_open)
        in_history = self._pages.currentWidget() is history
        in_words = history.status() if history is not None and in_history and not run.is_open else self.page.status()
        self.status.show_state(*in_words)
        self.top.save.setEnabled(not in_history and (bool(run.rows) or run.is_open))

    def _on_opened(self, replayed: Replayed) -> None:
        if not self.page.run.is_open:  # one may have been started meanwhile
            self.show_page("run")
            self.page.show_stored(replayed)
            self._show_state()

    def _on_search(self) -> None:
        if self.history.page is not None and self.history.page.isVisible():
            self.history.page.focus_search()

    def _on_run_asked(self, spec: RunSpec) -> None:
        self.show_page("run")
        self.runner.run_spec(spec)
        self._timer.setInterval(LIVELY.interval_ms)

    def _on_stop_asked(self) -> None:
        self.runner.cancel()

    def _on_theme(self, mode: str) -> None:
        self.show_theme(cast(Mode, mode))

    def _on_help(self) -> None:
        HelpDialog(self, "run" if self._pages.currentWidget() is self.page else "history").open()

    def picture(self) -> QImage:
        """Return the result as a picture."""
        return draw(self.page, self.feed, self.machine)

    def save_picture(self, file: Path) -> bool:
        """Write the result's picture; False where the file cannot be written."""
        return self.picture().save(str(file))

    def _on_save_picture(self) -> None:
        if not self.top.save.isEnabled():
            return
        folder = Path(self.settings.text("window/pictures", str(Path.home())))
        proposed = folder / f"llmscope-{self.page.run.run or 'run'}.png"
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save picture"), str(proposed), self.tr("Picture (*.png)"))
        if not name:
            return
        file = Path(name if name.lower().endswith(".png") else f"{name}.png")
        if self.save_picture(file):
            self.settings.keep("window/pictures", str(file.parent))
            self.status.say(self.tr("Picture saved: {0}").format(file.name))
        else:
            self.status.say(self.tr("The picture could not be written to {0}.").format(file.parent))

    def _on_copy_picture(self) -> None:
        if self.top.save.isEnabled():
            QGuiApplication.clipboard().setImage(self.picture())
            self.status.say(self.tr("Picture copied."))


def _folder_in(event: QDropEvent) -> str:
    """Return the one folder of this computer that is dragged, else nothing."""
    paths = [url.toLocalFile() for url in event.mimeData().urls()]
    return paths[0] if len(paths) == 1 and paths[0] and Path(paths[0]).is_dir() else ""


class _Look(QThread):
    """Looks at the machine once, off the window's thread: waking a GPU's driver can take a second."""

    found = Signal(object)

    def __init__(self, look: Callable[[], host.Machine], parent: MainWindow) -> None:
        super().__init__(parent)
        self._look = look

    def run(self) -> None:
        self.found.emit(self._look())
