"""The table of other hardware: its columns and their widths."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent

from llmscope.gui.models.whatif_model import (
    BAR,
    BASIS,
    FIT,
    HARDWARE,
    MEMORY,
    PRICE,
    READING,
    SPARE,
    WRITING,
    WhatIfModel,
)
from llmscope.gui.theme import theme
from llmscope.gui.whatif_rows import RowDelegate, ScaleHeader
from llmscope.gui.widgets.table import Table

#: Widths in px; the bar takes what is left.
WIDTHS = {HARDWARE: 304, MEMORY: 90, FIT: 110, SPARE: 98, WRITING: 102, READING: 126, BASIS: 290, PRICE: 80}
NARROW_WIDTHS = {HARDWARE: 224, MEMORY: 80, FIT: 102, SPARE: 96, WRITING: 92, READING: 112, BASIS: 0, PRICE: 78}
#: Rows in view before it scrolls: the controls above stay in sight.
ROWS = 14


class WhatIfTable(Table):
    """A device a row; the bar of the writing speed takes what width is left."""

    def __init__(self) -> None:
        rows = WhatIfModel()
        super().__init__(rows)
        self.rows, self._narrow = rows, False
        self.setAccessibleName(self.tr("The model on other hardware"))
        self.setItemDelegate(RowDelegate(self, self.rows))
        self.take_header(ScaleHeader(self, self.rows))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFixedHeight(theme().px("height", "table_header") + ROWS * theme().px("height", "row") + 2)

    def set_narrow(self, narrow: bool) -> None:
        """Take less room for each column, and hide where the figures are from: the tooltip tells it."""
        self._narrow = narrow
        self.setColumnHidden(BASIS, narrow)
        self._share_width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        widths = NARROW_WIDTHS if self._narrow else WIDTHS
        for column, width in widths.items():
            if width:
                self.setColumnWidth(column, width)
        self.setColumnWidth(BAR, max(80, self.viewport().width() - sum(widths.values())))
