"""The table of all hardware with what a model would come to on each."""

from llmscope.gui.hardware_table import HardwareTable
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
from llmscope.gui.whatif_rows import RowDelegate, ScaleHeader

#: Widths in px; the bar takes what is left.
WIDTHS = {HARDWARE: 304, MEMORY: 90, FIT: 110, SPARE: 98, WRITING: 102, READING: 126, BASIS: 290, PRICE: 80}
NARROW_WIDTHS = {HARDWARE: 224, MEMORY: 80, FIT: 102, SPARE: 96, WRITING: 92, READING: 112, BASIS: 0, PRICE: 78}
#: Rows in view before it scrolls: the controls above stay in sight.
ROWS = 14


class WhatIfTable(HardwareTable):
    """All hardware, in the order of what fits and how fast it writes."""

    def __init__(self) -> None:
        self.rows = WhatIfModel()
        super().__init__(self.rows, WIDTHS, NARROW_WIDTHS, BAR)
        self.setItemDelegate(RowDelegate(self, self.rows))
        self.take_header(ScaleHeader(self, self.rows))
        self.setAccessibleName(self.tr("The model on other hardware"))
        self.size_rows(ROWS)
