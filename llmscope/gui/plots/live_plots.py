"""Tokens/s, utilization, memory, power and temperature of a run on one time axis."""

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from llmscope.core.units import significant
from llmscope.gui.live_feed import LiveFeed
from llmscope.gui.plots import phases, style, words
from llmscope.gui.plots.canvas import RIGHT_PX, Canvas, Level
from llmscope.gui.plots.numbers import NumbersDialog
from llmscope.gui.plots.pane import KINDS, Pane
from llmscope.gui.plots.readouts import Readout, SourceValue
from llmscope.gui.plots.ruler import Ruler
from llmscope.gui.plots.time_scale import TimeScale, clock
from llmscope.gui.series import Series
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, Label

FOLDED_PX = 22
#: Height in px of a title and two values in small type.
THREE_LINES_PX = 40
#: Times that the axis can be halved.
MAX_ZOOM = 6
#: Seconds that an arrow key moves the cursor, unless a px is more.
SAMPLE_S = 0.2
_END_ROLES = {"failed": "bad", "stopped": "text_3"}


class LivePlots(QWidget):
    """Draws a `LiveFeed`; `refresh` is called by the window's display timer and does nothing while hidden."""

    def __init__(self, feed: LiveFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._panes = {kind.id: Pane(kind) for kind in KINDS}
        self._canvas = Canvas(self)
        self._ruler = Ruler(self)
        titles = words.titles(self)
        self._readouts = {id_: Readout(titles[id_], self) for id_ in self._panes}
        self._folded: dict[str, Label] = {}
        self.numbers = Button(self.tr("Numbers"), kind="quiet", role="text_2", parent=self)
        self.numbers.setToolTip(self.tr("Show the values of these plots as a table"))
        self.numbers.clicked.connect(self.show_numbers)
        self._is_narrow = False
        self._end: tuple[str, float, str] | None = None
        self._cursor_s: float | None = None
        self._zoom = 0
        self._closed_phases = -1
        self._was_running = False
        self._spoken_s = -1.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Live plots"))
        self._canvas.scene().sigMouseMoved.connect(self._mouse_moved)
        theme().changed.connect(self._restyle)
        self._restyle()

    def set_plan(self, plan: Iterable[tuple[str, float]]) -> None:
        """Set the phases the run is expected to have, each with its seconds."""
        self._feed.set_plan(plan)
        self.refresh()

    def set_narrow(self, is_narrow: bool) -> None:
        """Use the low panes and small type of a small window."""
        self._is_narrow = is_narrow
        self._ruler.set_small(is_narrow)
        for readout in self._readouts.values():
            readout.set_narrow(is_narrow)
        self._arrange()

    def set_unavailable(self, reasons: dict[str, str]) -> None:
        """Fold panes that have no source to one line each with the reason, until a source appears after all."""
        for label in self._folded.values():
            label.hide()
            label.deleteLater()
        self._folded = {}
        for id_, reason in reasons.items():
            if not self._feed.values(id_):
                label = Label(f"{words.titles(self)[id_]}: {reason}", "small", role="text_2", parent=self)
                label.show()
                self._folded[id_] = label
        self._arrange()

    def _unfold(self) -> None:
        """Open panes that have got a source."""
        found = [id_ for id_ in self._folded if self._feed.values(id_)]
        for id_ in found:
            label = self._folded.pop(id_)
            label.hide()
            label.deleteLater()
        if found:
            self._arrange()

    def set_expected_memory(self, source: str, share_percent: float | None, text: str = "") -> None:
        """Show the peak that a source is expected to reach, as a share of its capacity, with words such as 6.3 GiB."""
        level = None
        if share_percent is not None:
            level = Level(style.series_role(source), share_percent, self.tr("expected {}").format(text))
        if level != self._canvas.backdrop.level:
            self._canvas.backdrop.level = level
            self._canvas.repaint_all()

    def show_anew(self) -> None:
        """Draw a feed that holds another run now."""
        self._begin_run()
        self.refresh()

    def set_end(self, kind: str, at_s: float, note: str = "") -> None:
        """Mark how the run ended: `done` draws nothing, `failed` and `stopped` a line with the note beside it."""
        self._end = (_END_ROLES[kind], at_s, note) if kind in _END_ROLES else None
        said = {"failed": self.tr("failed {}"), "stopped": self.tr("stopped {}")}
        self._end_words = said[kind].format(clock(at_s)) if kind in said else ""
        self._canvas.backdrop.end = self._end
        self._canvas.repaint_all()
        self.refresh()

    def refresh(self) -> None:
        """Draw what the feed holds now."""
        if not self.isVisible() or not self._canvas.panes:
            return
        self._unfold()
        if self._feed.running and not self._was_running:
            self._begin_run()
        self._was_running = self._feed.running
        scale = self._scale()
        changed = self._set_scale(scale)
        for pane in self._canvas.panes:
            series = self._feed.values(pane.kind.id)
            changed |= pane.fit(series)
            pane.show(series)
        self._show_phases(scale)
        if changed:
            self._canvas.repaint_all()
        self._show_values()

    def _begin_run(self) -> None:
        self._end, self._cursor_s, self._zoom = None, None, 0
        self._canvas.backdrop.end = None
        self._canvas.show_cursor(None)
        for pane in self._panes.values():
            pane.reset()

    def _scale(self) -> TimeScale:
        start_s, end_s = phases.seen(self._feed, self._zoom, self._cursor_s)
        left, width = float(style.AXIS_PX), float(self._canvas.width() - style.AXIS_PX - RIGHT_PX)
        return TimeScale(start_s, end_s, left, width)

    def _set_scale(self, scale: TimeScale) -> bool:
        """Let all panes show these times; return whether that is another picture."""
        is_idle = not (self._feed.running or self._feed.ended)
        backdrop = self._canvas.backdrop
        if (scale, self._feed.ended) == (backdrop.scale, backdrop.is_over) and not is_idle:
            return False
        backdrop.scale, backdrop.is_over = scale, self._feed.ended
        offset_s = self._feed.now_s if is_idle else 0.0
        for pane in self._panes.values():
            pane.set_times(scale.start_s + offset_s, scale.end_s + offset_s, scale.seconds_per_px)
        return True

    def _show_phases(self, scale: TimeScale) -> None:
        """Show ruler, tints and the line at the present."""
        feed, marks = self._feed, phases.marks(self._feed, broke_off=self._end is not None)
        end = (self._end[0], self._end[1], self._end_words) if self._end else None
        self._ruler.show_marks(marks, scale, end)
        is_idle = not feed.running and not feed.ended
        self._canvas.set_tints([m for m in marks if is_idle or m.state in ("over", "now")])
        if feed.running:
            self._canvas.show_now(scale.x(feed.now_s))
        else:
            self._canvas.show_now(scale.x(0.0) if is_idle and feed.plan else None)

    def _show_values(self) -> None:
        feed = self._feed
        for id_, readout in self._readouts.items():
            if id_ != "tokens":
                readout.show_values([self._value(id_, source, series) for source, series in feed.values(id_).items()])
        self._show_tokens()
        if abs(feed.now_s - self._spoken_s) >= 1.0:
            self._spoken_s = feed.now_s
            self._speak()

    def _value(self, pane: str, source: str, series: Series) -> SourceValue:
        at_s, telemetry = self._cursor_s, self._feed.telemetry
        value = series.latest if at_s is None else self._at_cursor(series, at_s)
        text = words.value(self, pane, source, value, telemetry, at_s is None)
        filled = self._panes[pane].kind.filled and source != "cpu"
        return SourceValue(source, words.source(pane, source, self._feed), text, filled)

    def _show_tokens(self) -> None:
        feed, series = self._feed, self._feed.series.get(("tokens", "work"))
        if series is not None and self._cursor_s is not None:
            value, place = self._at_cursor(series, self._cursor_s), self.tr("at {}").format(clock(self._cursor_s))
        else:
            value = self.tokens_per_s()
            place = feed.open_phase.name if feed.open_phase else ""
        scale = self.tr("log scale")
        # After the run the results say what came of it; the last moment of its last test means nothing.
        text = significant(value) if value is not None else "" if feed.ended else "—"
        self._readouts["tokens"].show_figure(text, f"{place}, {scale}" if place else scale)

    def _at_cursor(self, series: Series, at_s: float) -> float | None:
        return series.at(at_s, max(0.5, 2 * self._canvas.backdrop.scale.seconds_per_px))

    def _speak(self) -> None:
        """Say in sentences what each pane shows, for screen readers."""
        sentences = []
        for id_, readout in self._readouts.items():
            sentence = words.sentence(self, id_, self._feed)
            readout.setAccessibleName(sentence)
            sentences.append(sentence)
        self.setAccessibleDescription(" ".join(sentences))

    def tokens_per_s(self) -> float | None:
        """Return the live rate, None where nothing is counted now."""
        return self._feed.tokens_per_s() if self._feed.running else None

    def show_numbers(self) -> None:
        """Open the values of the plots as a table."""
        NumbersDialog(self._feed, self).open()

    def _mouse_moved(self, at: QPointF) -> None:
        inside = style.AXIS_PX <= at.x() <= self._canvas.width() and 0 <= at.y() <= self._canvas.bottom
        self._set_cursor(self._canvas.backdrop.scale.seconds(at.x()) if inside else None)

    def _set_cursor(self, at_s: float | None) -> None:
        scale = self._canvas.backdrop.scale
        if at_s is not None:
            at_s = min(max(at_s, 0.0, scale.start_s), self._feed.now_s)
        if not (self._feed.running or self._feed.ended):
            at_s = None
        self._cursor_s = at_s
        self._canvas.show_cursor(None if at_s is None else scale.x(at_s))
        self._show_values()

    def leaveEvent(self, event: QEvent) -> None:
        if not self.hasFocus():
            self._set_cursor(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None:
            seconds = max(SAMPLE_S, self._canvas.backdrop.scale.seconds_per_px)
            base = self._cursor_s if self._cursor_s is not None else self._feed.now_s
            self._set_cursor(base + step * seconds)
        elif event.key() == Qt.Key.Key_Home:
            self._set_cursor(0.0)
        elif event.key() == Qt.Key.Key_End:
            self._set_cursor(None)
        elif event.text() in ("+", "-", "0"):
            self._set_zoom({"+": self._zoom + 1, "-": self._zoom - 1, "0": 0}[event.text()])
        else:
            super().keyPressEvent(event)

    def _set_zoom(self, zoom: int) -> None:
        self._zoom = min(max(0, zoom), MAX_ZOOM)
        self.refresh()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._set_cursor(None)
        self.update()
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = 2.0 if self.hasFocus() else 1.0
        painter.setPen(QPen(theme().colour("focus" if self.hasFocus() else "divider"), width))
        painter.setBrush(theme().colour("well"))
        inset = width / 2
        painter.drawRoundedRect(self.rect().toRectF().adjusted(inset, inset, -inset, -inset), 6, 6)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(style.pen("divider"))
        for pane in self._canvas.panes[1:]:
            y = self._canvas.y() + int(pane.top)
            painter.drawLine(self._canvas.geometry().right(), y, self.width() - 2, y)

    def _restyle(self) -> None:
        # Qt repaints every widget when the palette changes; only the scene keeps pens of its own.
        self._canvas.restyle()
        self.refresh()

    def _arrange(self) -> None:
        """Give panes, readouts and folded lines their places."""
        panes = [pane for id_, pane in self._panes.items() if id_ not in self._folded]
        ruler_px = style.NARROW_RULER_PX if self._is_narrow else style.RULER_PX
        width, folded_px = self.width() - style.READOUTS_PX, FOLDED_PX * len(self._folded)
        room = max(0, self.height() - ruler_px - style.TIME_AXIS_PX - folded_px - 6)
        # In a low window every pane needs the height of three lines of words.
        self.setMinimumHeight(ruler_px + style.TIME_AXIS_PX + folded_px + 6 + len(panes) * THREE_LINES_PX
                              if self._is_narrow else 0)
        weights = [1.28 if pane.kind.id == "tokens" and not self._is_narrow else 1.0 for pane in panes]
        heights = [int(room * weight / sum(weights)) for weight in weights]
        self._ruler.setGeometry(2, 4, self.width() - 8 - self.numbers.sizeHint().width(), ruler_px - 4)
        self._canvas.setGeometry(2, ruler_px, width - 2, sum(heights) + style.TIME_AXIS_PX)
        self._canvas.set_panes(panes, heights)
        self.numbers.move(self.width() - self.numbers.sizeHint().width() - 4, 4)
        for id_, readout in self._readouts.items():
            pane = self._panes[id_]
            readout.setVisible(id_ not in self._folded)
            readout.setGeometry(width, ruler_px + int(pane.top) + 1, style.READOUTS_PX - 2, int(pane.height) - 1)
        top = self._canvas.geometry().bottom() + 1
        for index, label in enumerate(self._folded.values()):
            label.setGeometry(2 + style.AXIS_PX, top + index * FOLDED_PX, self.width() - style.AXIS_PX - 12, FOLDED_PX)
        self.update()
        self.refresh()
