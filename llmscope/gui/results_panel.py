"""The results with their title line, and below them how to read a row."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QResizeEvent

from llmscope.gui.looks import tests
from llmscope.gui.results_legend import Below, Legend
from llmscope.gui.results_table import ResultsTable
from llmscope.gui.run_state import RunState
from llmscope.gui.sweep_look import has_grid
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, Panel
from llmscope.gui.widgets.segments import Segments

if TYPE_CHECKING:
    from llmscope.gui.sweep_view import SweepView

#: Rows of a picture from which on a list gives way to the grid.
LONGEST_LIST = 40
VIEW_PX = 168


class ResultsPanel(Panel):
    """Title, Copy and table, or the grid of a sweep; the legend shows where the rows leave room for it."""

    def __init__(self) -> None:
        super().__init__("")
        self.title.setText(self.tr("Results"))
        self.table = ResultsTable()
        self.copy = Button(self.tr("Copy"), "copy", "quiet", "text_2")
        self._sweep: SweepView | None = None
        self.view = Segments({"list": self.tr("List"), "map": self.tr("Grid"), "curves": self.tr("Curves")},
                             self.tr("Show the results as"), height=24)
        self.view.setFixedWidth(VIEW_PX)
        self.view.hide()
        self.view.chosen.connect(self._show_view)
        self.head.addWidget(self.view)
        self.copy.setToolTip(self.tr("Copy all of it as a Markdown table"))
        self.copy.setAccessibleName(self.tr("Copy results"))
        self.copy.clicked.connect(self.copy_shown)
        self.head.addWidget(self.copy)
        self.ceilings, self.legend = Below(), Legend()
        self.ceilings.hide()
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.ceilings)
        self.body.addWidget(self.legend)
        self._is_narrow = self._has_grid = False
        self._is_seen = True
        self._drawn: tuple[object, ...] = ()
        self.table.results.dataChanged.connect(self._on_changed)

    def show_run(self, run: RunState, remark: str = "") -> None:
        """Show a run from its first row on."""
        self.table.show_run(run)
        self._has_grid = has_grid(run)
        self.show_choice(self._is_seen)
        self._show_view()
        self.show_progress(run, remark)

    def show_as(self, other: "ResultsPanel") -> None:
        """Show what another panel does, for a picture; a list that would be too long as a grid."""
        long = self._has_grid and len(self.table.results.run.shown) > LONGEST_LIST
        self.view.set_value("map" if long and other.view.value() == "list" else other.view.value())
        self._show_view()
        if self.shows_grid:
            self.sweep.show_as(other.sweep)
        self.view.hide()

    @property
    def sweep(self) -> "SweepView":
        """The grid, made when it is first wanted."""
        if self._sweep is None:
            from llmscope.gui.sweep_view import SweepView  # not before the window's first paint

            self._sweep = view = SweepView()
            view.hide()
            view.opened.connect(self._on_opened)
            self.body.insertWidget(self.body.indexOf(self.table) + 1, view, 1)
        return self._sweep

    @property
    def shows_grid(self) -> bool:
        """Whether the results stand as a grid or as curves."""
        return self._has_grid and self.view.value() != "list"

    def show_choice(self, shown: bool) -> None:
        """Offer the grid beside the list, where there is one and the results are seen."""
        self._is_seen = shown
        self.view.setVisible(self._has_grid and (shown or not self._is_narrow))

    def copy_shown(self) -> None:
        """Copy the rows or the grid as Markdown."""
        (self.sweep.copy if self.shows_grid else self.table.copy_all)()

    def _show_view(self) -> None:
        grid = self.shows_grid
        self.table.setVisible(not grid)
        if self._sweep is not None:
            self._sweep.setVisible(grid)
        if grid:
            self.sweep.show()
            self._drawn = ()
            self.sweep.choose("curves" if self.view.value() == "curves" else "map")
            self._on_changed()
        self._place_legend()

    def _on_changed(self) -> None:
        """Draw the grid anew where a test has begun or ended."""
        run = self.table.results.run
        now = (run.current, *(id(state.row) for state in run.cells if state.row is not None))
        if self.shows_grid and now != self._drawn:
            self._drawn = now
            self.sweep.show_run(run)

    def _on_opened(self, number: int) -> None:
        """Show the row of a cell of the grid."""
        self.view.set_value("list")
        self._show_view()
        self.table.setCurrentIndex(self.table.results.index(number, 0))
        self.table.setFocus()

    def show_progress(self, run: RunState, remark: str = "") -> None:
        """Say how many tests are done."""
        count = len(run.rows) if run.is_open else len(run.counted)
        done = self.tr("{0} of {1} done").format(count, tests(len(run.shown)))
        self.remark.set_text(remark or done)
        self._place_legend()

    def show_ceilings(self, title: str, text: str) -> None:
        """Show below the rows what this machine was measured to do at most; an empty title shows nothing."""
        self.ceilings.show_texts(title, text)
        self._place_legend()

    def show_example(self, run: RunState) -> None:
        """Show before the first run how the rows of another one read."""
        self.legend.show_example(run)
        self._place_legend()

    def set_narrow(self, narrow: bool) -> None:
        """Take the one-line rows of a small window, where the tab is the title."""
        self._is_narrow = narrow
        self.head_widget.setHidden(narrow)
        self.setProperty("kind", "" if narrow else "panel")
        self.style().polish(self)
        self.table.set_narrow(narrow)
        if not narrow:
            self.head.insertWidget(2, self.view)
        self.show_choice(self._is_seen)
        self._place_legend()

    def rows_height(self) -> int:
        """Return the height in px that the table needs to show all rows."""
        if self.shows_grid:
            return self.sweep.least_height()
        table = self.table
        rows = sum(table.rowHeight(table.model().index(row, 0)) for row in table.results.run.shown)
        return rows + (0 if table.header().isHidden() else theme().px("height", "table_header"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_legend()

    def _place_legend(self) -> None:
        head = 0 if self._is_narrow else theme().px("height", "area_header")
        room = self.height() - head - self.rows_height() - 4
        ceilings = not self._is_narrow and not self.shows_grid and bool(self.ceilings.title.text())
        self.ceilings.setVisible(ceilings)
        room -= self.ceilings.heightForWidth(self.width()) if ceilings else 0
        legend = not self._is_narrow and not self.shows_grid
        room -= self.legend.heightForWidth(self.width())
        self.legend.setVisible(legend and room >= 0)
        self.legend.show_rows(room if self.table.results.run.status == "idle" else 0)
