"""The tests of a run as a Qt table: planned, running and finished."""

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from llmscope.analysis import row_names
from llmscope.core.units import NBSP
from llmscope.gui import row_words, words
from llmscope.gui.run_state import RunState

Index = QModelIndex | QPersistentModelIndex
TEST, RESULT, INTERVAL, COUNT, VERDICT, DETAIL = range(6)
#: Between the parts of a second line.
DOT = " · "
#: Role under which a row hands out its `CellState`.
STATE_ROLE = Qt.ItemDataRole.UserRole + 1


class ResultsModel(QAbstractTableModel):
    """Rows follow the plan; `show_run` takes a new plan, `refresh` what changed in it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.run = RunState()
        self._apart: list[str] = []

    def show_run(self, run: RunState) -> None:
        """Show another run."""
        self.beginResetModel()
        self.run = run
        cells = [state.cell for state in run.cells]
        self._apart = row_names.apart(cells)
        self.endResetModel()

    def refresh(self, row: int) -> None:
        """Say that a row has changed."""
        if 0 <= row < len(self.run.cells):
            self.dataChanged.emit(self.index(row, 0), self.index(row, DETAIL))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.run.cells)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 6

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Test"), self.tr("Result"), f"95{NBSP}% CI", "n", self.tr("Verdict"),
                    self.tr("What is behind it"))[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.run.cells):
            return None
        state = self.run.cells[index.row()]
        if role == STATE_ROLE:
            return state
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.texts(index.row())[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            test = " ".join(part for part in words.test_parts(state) if part)
            return "\n".join((test, f"{words.model_name(state.cell.model)}: {words.plain(state.cell)}",
                              DOT.join(row_words.detail(state)), *words.why_limited(state.row),
                              *row_words.expected_before(state)))
        return None

    def badge(self, row: int) -> str:
        """Return the word of a row's badge."""
        return words.badge_word(self.run.cells[row], row == self.run.current, self.run.is_open)

    def texts(self, row: int) -> tuple[str, str, str, str, str, str]:
        """Return the six texts of a row."""
        state = self.run.cells[row]
        number, unit, interval, count = row_words.value(state)
        shown = f"{number}{NBSP}{unit}" if unit else number
        return state.test, shown, interval, count, self.badge(row), self.detail(row)

    def detail(self, row: int) -> str:
        """Return the second line; it names the model where that is not the run's first.

        Of tests with the same id it names first what tells them apart.
        """
        return DOT.join(self.parts(row))

    def parts(self, row: int, short: bool = False) -> list[str]:
        """Return the second line by its parts, what matters most first."""
        state = self.run.cells[row]
        cell = state.cell
        model = words.model_name(cell.model) if cell.model != self.run.cells[0].cell.model else ""
        said = row_words.detail(state, model, short)
        if self._apart[row]:  # in one part with what follows, which is cut and not left out
            said[:1] = [": ".join((self._apart[row], *said[:1]))]
        return said

    def table(self, rows: Iterable[int]) -> list[tuple[str, ...]]:
        """Return header and rows as texts, for the clipboard."""
        head = ("test", "model", "device", "dtype", "value", "unit", "95 % CI", "n", "verdict", "detail")
        return [head, *(self._line(row) for row in rows)]

    def _line(self, row: int) -> tuple[str, ...]:
        state, badge = self.run.cells[row], self.badge(row)
        number, unit, interval, count = row_words.value(state)
        name = DOT.join(filter(None, (state.test, self._apart[row])))
        cell, dtype = state.cell, state.cell.dtype if state.row is None else state.row.dtype
        return (name, words.model_name(cell.model), cell.device, dtype, number, unit, interval, count, badge,
                DOT.join(row_words.detail(state)))
