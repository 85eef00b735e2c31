"""The results with their title line, and below them how to read a row."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from llmscope.core.units import NBSP
from llmscope.gui.looks import tests
from llmscope.gui.results_table import ResultsTable
from llmscope.gui.run_state import RunState
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Button, Label, Line, Panel


class ResultsPanel(Panel):
    """Title, Copy and table; the legend shows where the rows leave room for it."""

    def __init__(self) -> None:
        super().__init__("")
        self.title.setText(self.tr("Results"))
        self.table = ResultsTable()
        self.copy = Button(self.tr("Copy"), "copy", "quiet", "text_2")
        self.copy.setToolTip(self.tr("Copy all rows as a Markdown table"))
        self.copy.setAccessibleName(self.tr("Copy results"))
        self.copy.clicked.connect(self.table.copy_all)
        self.head.addWidget(self.copy)
        self.ceilings, self.legend = _Below(), _Legend()
        self.ceilings.hide()
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.ceilings)
        self.body.addWidget(self.legend)
        self._is_narrow = False

    def show_run(self, run: RunState, remark: str = "") -> None:
        """Show a run from its first row on."""
        self.table.show_run(run)
        self.show_progress(run, remark)

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

    def set_narrow(self, narrow: bool) -> None:
        """Take the one-line rows of a small window, where the tab is the title."""
        self._is_narrow = narrow
        self.head_widget.setHidden(narrow)
        self.setProperty("kind", "" if narrow else "panel")
        self.style().polish(self)
        self.table.set_narrow(narrow)
        self._place_legend()

    def rows_height(self) -> int:
        """Return the height in px that the table needs to show all rows."""
        table = self.table
        rows = sum(table.rowHeight(table.model().index(row, 0)) for row in table.results.run.shown)
        return rows + (0 if table.header().isHidden() else theme().px("height", "table_header"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_legend()

    def _place_legend(self) -> None:
        head = 0 if self._is_narrow else theme().px("height", "area_header")
        room = self.height() - head - self.rows_height() - 4
        ceilings = not self._is_narrow and bool(self.ceilings.title.text())
        self.ceilings.setVisible(ceilings)
        room -= self.ceilings.heightForWidth(self.width()) if ceilings else 0
        self.legend.setVisible(not self._is_narrow and room >= self.legend.heightForWidth(self.width()))


class _Below(QWidget):
    """A title and a paragraph below the rows."""

    def __init__(self) -> None:
        super().__init__()
        self.title = Label("", "small", 600)
        self._text = Label("", "small", role="text_2")
        self._text.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(Line())
        inner = QVBoxLayout()
        inner.setContentsMargins(12, 10, 12, 12)
        inner.setSpacing(3)
        inner.addWidget(self.title)
        inner.addWidget(self._text)
        layout.addLayout(inner)

    def show_texts(self, title: str, text: str) -> None:
        """Show them."""
        self.title.setText(title)
        self._text.setText(text)

    def heightForWidth(self, width: int) -> int:
        return self._text.heightForWidth(width - 24) + 46


class _Legend(_Below):
    def __init__(self) -> None:
        super().__init__()
        self._text.setTextFormat(Qt.TextFormat.RichText)
        lines = (
            ("±", self.tr("the median is within this range, {0} sure.").format(f"95{NBSP}%")),
            ("n", self.tr("samples. The small line shows them in order.")),
            (self.tr("steady"), self.tr("the range reached the accuracy you chose;")),
            (self.tr("noisy"), self.tr("it did not in the time allowed.")),
        )
        self.show_texts(self.tr("How to read a result"), " ".join(
            f"<span style='font-weight:600'>{word}</span> {text}" for word, text in lines))
