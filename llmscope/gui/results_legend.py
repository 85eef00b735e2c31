"""What stands below the results: the ceilings, and how to read a row."""

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QVBoxLayout, QWidget

from llmscope.core.units import NBSP
from llmscope.gui.results_table import ResultsTable
from llmscope.gui.run_state import RunState
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Label, Line

#: px around the example that its frame and the gap below it take.
AROUND_EXAMPLE = 14


class Below(QWidget):
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
        inner = self.inner = QVBoxLayout()
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


class Legend(Below):
    """How to read a row, with rows of another run as the example."""

    def __init__(self) -> None:
        super().__init__()
        self.example: _Example | None = None
        self._text.setTextFormat(Qt.TextFormat.RichText)
        lines = (
            ("±", self.tr("the median is within this range, {0} sure.").format(f"95{NBSP}%")),
            ("n", self.tr("samples. The small line shows them in order, the bar how near its ceiling a test came.")),
            (self.tr("steady"), self.tr("the range reached the accuracy you chose;")),
            (self.tr("noisy"), self.tr("it did not in the time allowed.")),
        )
        self.show_texts(self.tr("How to read a result"), " ".join(
            f"<span style='font-weight:600'>{word}</span> {text}" for word, text in lines))

    def show_example(self, run: RunState) -> None:
        """Take the rows of a run that is over."""
        if self.example is None:
            self.example = _Example()
            self.example.hide()
            self.inner.insertWidget(1, self.example)
            self.inner.setSpacing(5)
        self.example.table.show_run(run)

    def show_rows(self, room_px: int) -> None:
        """Show as many rows of the example as there is room for."""
        if self.example is not None:
            self.example.show_rows((room_px - AROUND_EXAMPLE) // theme().px("height", "row_two_line"))


class _Example(QFrame):
    """A few rows in a dashed frame, to be looked at and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "example")
        self.table = table = ResultsTable()
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setAccessibleName(self.tr("Example of results"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(table)

    def show_rows(self, most: int) -> None:
        count = max(0, min(most, len(self.table.results.run.cells)))
        self.table.header().hide()
        for row in range(len(self.table.results.run.cells)):
            self.table.setRowHidden(row, QModelIndex(), row >= count)
        self.table.setFixedHeight(count * theme().px("height", "row_two_line"))
        self.setVisible(count > 0)
