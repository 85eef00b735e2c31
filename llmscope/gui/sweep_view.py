"""A run as heat map or curves, with the choices of what lies on the axes."""

from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QStackedWidget, QVBoxLayout, QWidget

from llmscope.analysis.sweeps import Axis
from llmscope.gui import sweep_look
from llmscope.gui.run_state import RunState
from llmscope.gui.sweep_curves import SweepCurves
from llmscope.gui.sweep_empty import NoCurves
from llmscope.gui.sweep_look import SweepLook, Wanted
from llmscope.gui.sweep_map import ROW_PX, HeatMap
from llmscope.gui.sweep_scale import shade
from llmscope.gui.sweep_words import axis_name, figure_name, figure_title, shown
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Label
from llmscope.gui.widgets.field import Picker
from llmscope.runs.export_grid import grid_markdown
from llmscope.runs.export_grid import number as in_unit

Kind = Literal["map", "curves"]
#: From this width on all choices stand in one line.
WIDE_PX = 640
ONE_LINE_PX = 24
PICKER_PX, KEY_PX, PICTURE_CELL_PX = 24, 42, 30


class SweepView(QWidget):
    """`opened` carries the number of a test whose row is wanted."""

    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.look: SweepLook | None = None
        self.wanted = Wanted()
        self._run = RunState()
        self.choices = {"test": _Choice(self.tr("Test"), self), "figure": _Choice(self.tr("Figure"), self),
                        "x": _Choice(self.tr("Across"), self), "y": _Choice(self.tr("Down"), self)}
        self.held: dict[Axis, _Choice] = {}
        self.map, self.curves, self.empty, self._key = HeatMap(), SweepCurves(), NoCurves(), _Key()
        self._kind: Kind = "map"
        self._stack = QStackedWidget()
        for part in (self.map, self.curves, self.empty):
            self._stack.addWidget(part)
        self._pickers = QGridLayout()
        self._pickers.setContentsMargins(12, 6, 12, 6)
        self._pickers.setHorizontalSpacing(8)
        self._pickers.setVerticalSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._pickers)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._key)
        self.map.opened.connect(self.opened)
        for choice in self.choices.values():
            choice.picker.activated.connect(self._on_chosen)

    def show_run(self, run: RunState) -> None:
        """Show a run; the choices stay where it has them."""
        self._run = run
        self._show()

    def choose(self, kind: Kind) -> None:
        """Show the heat map or the curves."""
        self._kind = kind
        self._show_kind()

    def show_as(self, other: "SweepView") -> None:
        """Show what another view does, for a picture: without its choices, and with narrower cells if need be."""
        self.wanted = other.wanted
        self.show_run(other._run)
        for choice in (*self.choices.values(), *self.held.values()):
            choice.offer({}, "")
        self.map.horizontalHeader().setMinimumSectionSize(PICTURE_CELL_PX)

    def least_height(self) -> int:
        """Return the height in px at which the heat map shows all of its rows."""
        rows = 0 if self.look is None else len(self.look.grid.ys)
        return rows * ROW_PX + theme().px("height", "table_header") + KEY_PX + 4

    def copy(self) -> None:
        """Copy the grid as a Markdown table."""
        if self.look is not None:
            QGuiApplication.clipboard().setText(grid_markdown(self.look.grid))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _show(self) -> None:
        look = self.look = sweep_look.look(self._run, self.wanted) if self._run.spec is not None else None
        if look is None:
            return
        grid = look.grid
        others: dict[str, str] = {axis: axis_name(axis) for axis in look.axes if axis != grid.x}
        self.choices["test"].offer({test: test for test in look.tests}, grid.workload)
        self.choices["figure"].offer({figure: figure_name(figure) for figure in look.figures}, grid.figure)
        self.choices["x"].offer({axis: axis_name(axis) for axis in look.axes}, grid.x)
        self.choices["y"].offer(({**others, "none": self.tr("nothing")}) if others else {}, grid.y or "none")
        fixed = dict(grid.fixed)
        for axis in look.offered:
            if axis not in self.held:
                self.held[axis] = _Choice(axis_name(axis), self)
                self.held[axis].picker.activated.connect(self._on_chosen)
        for axis, choice in self.held.items():
            choice.offer({at: shown(axis, at) for at in look.offered.get(axis, ())}, fixed.get(axis, ""))
        self.map.show_look(look)
        self.curves.show_look(look)
        self._key.show_look(look, self.map)
        self._show_kind()
        self._place()

    def _show_kind(self) -> None:
        """Show what was chosen; curves without a point give way to what can be done."""
        is_empty = self.look is not None and all(spot.value is None for spot in self.look.grid.spots)
        self.empty.show_run(self._run)
        self._stack.setCurrentWidget(
            self.map if self._kind == "map" else self.empty if is_empty else self.curves)
        self._key.setVisible(self._kind == "map")

    def _place(self) -> None:
        """Put the choices that there are into lines."""
        for choice in (*self.choices.values(), *self.held.values()):
            self._pickers.removeWidget(choice.label)
            self._pickers.removeWidget(choice.picker)
        is_wide = self.width() >= WIDE_PX
        self._key.setFixedHeight(ONE_LINE_PX if is_wide else KEY_PX)
        columns = 4 if is_wide else 2
        offered = (choice for choice in (*self.choices.values(), *self.held.values()) if choice.is_offered)
        for number, choice in enumerate(offered):
            row, column = number // columns, 2 * (number % columns)
            self._pickers.addWidget(choice.label, row, column)
            self._pickers.addWidget(choice.picker, row, column + 1)
        for column in range(4):
            self._pickers.setColumnStretch(2 * column + 1, 1 if column < columns else 0)

    def _on_chosen(self) -> None:
        taken = {name: choice.picker.taken() for name, choice in self.choices.items() if choice.is_offered}
        self.wanted = replace(self.wanted, **taken, held={
            axis: choice.picker.taken() for axis, choice in self.held.items() if choice.is_offered})
        self._show()


class _Choice:
    """A picker with its name before it; hidden where there is nothing to choose."""

    def __init__(self, name: str, parent: QWidget) -> None:
        self.label, self.picker = Label(name, "small", role="text_2", parent=parent), Picker()
        self.picker.setParent(parent)
        self.label.setBuddy(self.picker)
        self.picker.setAccessibleName(name)
        self.picker.setFont(theme().font("small"))
        self.picker.setFixedHeight(PICKER_PX)
        self.picker.setStyleSheet("QComboBox { min-height: 22px; padding: 0 0 0 6px; }"
                                  "QComboBox::drop-down { width: 20px; }"
                                  "QComboBox:focus { min-height: 20px; padding: 0 0 0 5px; }")
        self.is_offered = False

    def offer(self, offered: dict[str, str], taken: str) -> None:
        with QSignalBlocker(self.picker):
            self.picker.offer(offered, taken)
        self.is_offered = len(offered) > 1
        self.label.setVisible(self.is_offered)
        self.picker.setVisible(self.is_offered)


class _Key(QWidget):
    """Below the heat map: what it shows, what its axes are, and the scale of its colours."""

    def __init__(self) -> None:
        super().__init__()
        self._look: SweepLook | None = None
        self._map: HeatMap | None = None
        self.setFixedHeight(KEY_PX)

    def show_look(self, look: SweepLook, heat_map: HeatMap) -> None:
        self._look, self._map = look, heat_map
        self.setAccessibleName(self.words())
        self.update()

    def words(self) -> str:
        look = self._look
        if look is None:
            return ""
        across = self.tr("{0} across").format(axis_name(look.grid.x))
        down = self.tr(", {0} down").format(axis_name(look.grid.y).lower()) if look.grid.y else ""
        held = "".join(f", {axis_name(axis).lower()} {shown(axis, at)}" for axis, at in look.grid.fixed)
        others = len(look.grid.as_good)
        alike = self.tr(" · ★ not told from {0} more").format(others) if others else ""
        return f"{across}{down}{held}{alike}"

    def paintEvent(self, event: QPaintEvent) -> None:
        look, scale = self._look, self._map.cells.scale if self._map is not None else None
        if look is None:
            return
        painter = QPainter(self)
        painter.setPen(theme().colour("text_2"))
        painter.setFont(theme().font("small"))
        said = f"{figure_title(look.grid)} · {self.words()}"
        if scale is None:
            painter.drawText(12, 16, said)
            return
        low, high = (in_unit(look.grid, end) for end in (scale.low, scale.high))
        high += self.tr(", log scale") if scale.is_log else ""
        width, metrics = 96, painter.fontMetrics()
        ends = metrics.horizontalAdvance(low) + 6, metrics.horizontalAdvance(high) + 6
        left = (self.width() - 12 - width - ends[1] if self.height() < KEY_PX else 12 + ends[0])
        base, room = self.height() - 8, left - ends[0] - 24 if self.height() < KEY_PX else self.width() - 24
        painter.drawText(12, 16, metrics.elidedText(said, Qt.TextElideMode.ElideRight, room))
        painter.drawText(left - ends[0], base, low)
        for x in range(width):
            painter.fillRect(left + x, base - 9, 1, 10, shade(x / (width - 1)))
        painter.drawText(left + width + 6, base, high)
