"""The short list of hardware for a wish: verdict, speed, price, and the reasons."""

from PySide6.QtCore import QModelIndex, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter

from llmscope.analysis.projection import Projection
from llmscope.analysis.shortlist import Verdict
from llmscope.gui.hardware_table import HardwareTable
from llmscope.gui.models.choice_model import ALL, EACH, HARDWARE, PRICE, REASONS, VERDICT, WEIGHTS, ChoiceModel
from llmscope.gui.rows_table import PlainHeader
from llmscope.gui.whatif_rows import EDGE, GAP, HardwareDelegate, paint_text
from llmscope.gui.widgets.badge import paint_badge

#: Widths in px; the reasons take what is left.
WIDTHS = {HARDWARE: 304, VERDICT: 128, WEIGHTS: 64, EACH: 122, ALL: 104, PRICE: 86}
NARROW_WIDTHS = {HARDWARE: 224, VERDICT: 128, WEIGHTS: 60, EACH: 116, ALL: 0, PRICE: 78}
#: Rows in view before it scrolls: the plot above stays in sight.
ROWS = 9
_LOOKS: dict[Verdict, str] = {"meets": "fits", "may meet": "none", "does not meet": "does not fit"}


class ChoiceTable(HardwareTable):
    """`moved` carries the id of the hardware that the keyboard or a click is at."""

    moved = Signal(str)

    def __init__(self) -> None:
        self.rows = ChoiceModel()
        super().__init__(self.rows, WIDTHS, NARROW_WIDTHS, REASONS)
        self.setItemDelegate(_Delegate(self, self.rows))
        self.take_header(PlainHeader(self, self.rows, _room))
        self.setAccessibleName(self.tr("Hardware to choose from"))
        self.size_rows(ROWS)
        self.selectionModel().currentRowChanged.connect(self._on_moved)

    def _on_moved(self, now: QModelIndex) -> None:
        self.moved.emit(self.rows.id_at(now.row()))


class _Delegate(HardwareDelegate):
    """Draws the verdict as a badge and the rest as text."""

    _rows: ChoiceModel

    def paint_cell(self, painter: QPainter, rect: QRect, column: int, text: str, one: Projection) -> None:
        if column == VERDICT:
            paint_badge(painter, QRectF(rect), text, _LOOKS[self._rows.verdict(one)], at_left=True)
            return
        cut = Qt.TextElideMode.ElideRight if column == REASONS else Qt.TextElideMode.ElideMiddle
        paint_text(painter, _room(rect, column), text, self._rows.how(column), column in (WEIGHTS, REASONS),
                   column == EACH, cut)


def _room(rect: QRect, column: int) -> QRect:
    left = {HARDWARE: EDGE, REASONS: 2 * GAP}.get(column, 0)
    return rect.adjusted(left, 0, -{HARDWARE: 8, REASONS: EDGE}.get(column, 0), 0)
