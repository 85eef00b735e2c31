"""Predicted against measured: how far the predictions of What if are to be trusted."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QRect, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from llmscope.analysis.figures import Range
from llmscope.analysis.references import Compared
from llmscope.core.units import significant
from llmscope.gui import words
from llmscope.gui.models.text_rows import Index, TextRows
from llmscope.gui.plots.style import pen
from llmscope.gui.rows_table import PlainHeader, RowsTable
from llmscope.gui.theme import theme
from llmscope.gui.whatif_rows import EDGE, GAP, paint_text
from llmscope.gui.widgets.badge import paint_badge

HARDWARE, MODEL, WEIGHTS, TOKENS, WHAT, MEASURED, PREDICTED, PLACE, SOURCE = range(9)
#: Widths in px; who measured takes what is left.
WIDTHS = {HARDWARE: 304, MODEL: 190, WEIGHTS: 64, TOKENS: 76, WHAT: 90, MEASURED: 122, PREDICTED: 136, PLACE: 100}
NARROW_WIDTHS = {HARDWARE: 224, MODEL: 130, WEIGHTS: 50, TOKENS: 60, WHAT: 76, MEASURED: 108, PREDICTED: 124, PLACE: 92}
#: Rows in view before it scrolls.
ROWS = 14
#: A measured speed beyond the range is a failure of the prediction, whichever side it is on.
_LOOKS = {"inside": "fits", "slower": "warned", "faster": "warned"}


class HeldModel(TextRows):
    """A row a speed that was measured."""

    at_left = (HARDWARE, MODEL, WEIGHTS, WHAT, PLACE, SOURCE)

    def __init__(self) -> None:
        super().__init__()
        self.held: Sequence[Compared] = ()

    def show_held(self, held: Sequence[Compared]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.held = held
        self.endResetModel()

    def titles(self) -> tuple[str, ...]:
        """Return the columns' titles, with their units."""
        return (self.tr("Hardware"), self.tr("Model"), self.tr("Weights"), self.tr("Tokens"), self.tr("Test"),
                self.tr("Measured, tok/s"), self.tr("Predicted, tok/s"), self.tr("Measured is"), self.tr("Measured by"))

    def texts(self, row: int) -> tuple[str, ...]:
        """Return the texts of a row."""
        one = self.held[row]
        places = {"inside": self.tr("inside"), "slower": self.tr("slower"), "faster": self.tr("faster"),
                  None: self.tr("unknown")}
        kinds = {"writing": self.tr("writing"), "reading": self.tr("reading")}
        sequences = f" × {one.batch:,}" if one.batch > 1 else ""
        return (one.hardware, one.model, words.short_dtype(one.format), f"{one.context:,}{sequences}", kinds[one.what],
                significant(one.measured_tok_s), self._range(one.predicted_tok_s), places[one.place], one.source)

    def tip(self, row: int) -> str:
        """Return what a row says in a sentence."""
        return ", ".join(self.texts(row))

    def _range(self, expected: Range | None) -> str:
        if expected is None:
            return self.tr("unknown")
        return self.tr("{0} to {1}").format(significant(expected.low, 2), significant(expected.high, 2))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.held)


class HeldTable(RowsTable):
    """This program's own runs first, then what others published."""

    def __init__(self) -> None:
        self.rows = HeldModel()
        super().__init__(self.rows, WIDTHS, NARROW_WIDTHS, SOURCE)
        self.setItemDelegate(_Delegate(self, self.rows))
        self.take_header(PlainHeader(self, self.rows, _room))
        self.setAccessibleName(self.tr("Predicted against measured"))
        self.size_rows(ROWS)


class _Delegate(QStyledItemDelegate):
    """Draws where the measured speed lies as a badge, and the rest as text."""

    def __init__(self, table: HeldTable, rows: HeldModel) -> None:
        super().__init__(table)
        self._table, self._rows = table, rows

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect, column, text = option.rect, index.column(), str(index.data())
        if self._table.selectionModel().isRowSelected(index.row(), QModelIndex()):
            painter.fillRect(rect, theme().colour("selection"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme().colour("divider"))
        if column == PLACE:
            look = _LOOKS.get(self._rows.held[index.row()].place or "", "none")
            paint_badge(painter, QRectF(_room(rect, column)), text, look, at_left=True)
        else:
            quiet = column in (WEIGHTS, TOKENS, WHAT, SOURCE)
            paint_text(painter, _room(rect, column), text, self._rows.how(column), quiet, column == MEASURED)
        if option.state & QStyle.StateFlag.State_HasFocus and self._table.hasFocus():
            painter.setPen(pen("focus", 2.0))
            painter.drawRect(rect.adjusted(1, 1, -1, -2))


def _room(rect: QRect, column: int) -> QRect:
    left = {HARDWARE: EDGE, WHAT: GAP, PLACE: GAP, SOURCE: GAP}.get(column, 0)
    return rect.adjusted(left, 0, -{HARDWARE: 8, MODEL: 8, SOURCE: EDGE}.get(column, 0), 0)
