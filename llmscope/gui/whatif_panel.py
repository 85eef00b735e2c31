"""What if: whether a model fits on other hardware, how fast it would be there, and which hardware to choose for it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from llmscope import paths
from llmscope.analysis.demand import Demand, demands
from llmscope.analysis.shortlist import shortlist
from llmscope.core.errors import BadInput
from llmscope.core.units import NBSP, gib, significant
from llmscope.gui.choice_table import ChoiceTable
from llmscope.gui.hardware_table import HardwareTable
from llmscope.gui.plots.price_speed import PriceSpeedPlot
from llmscope.gui.theme import theme
from llmscope.gui.whatif_table import WhatIfTable
from llmscope.gui.whatif_wish import Wish, WishBar
from llmscope.gui.widgets.basic import Button, ElidedLabel, Label, Panel
from llmscope.gui.widgets.field import Picker
from llmscope.gui.widgets.segments import Segments
from llmscope.hardware.catalogue import PRICES, own_prices
from llmscope.runs.here import Here
from llmscope.runs.prices import keep_price
from llmscope.runs.whatif import projections

KIND_PX, SEARCH_PX, MODE_PX = 148, 220, 220
PLOT_PX, NARROW_PLOT_PX, LEFT_OUT_PX = 300, 240, 26


class WhatIfPanel(Panel):
    """A model on all hardware known here, or the hardware to choose for it as a plot and a short list."""

    def __init__(self) -> None:
        super().__init__("")
        self.title.setText(self.tr("What if"))
        self.remark.set_text(self.tr("predicted for other hardware"))
        self.mode = Segments({"all": self.tr("All hardware"), "choose": self.tr("Choose")}, self.tr("What to show"))
        self.wish, self.kind, self.search = WishBar(), Picker(), QLineEdit()
        self.table, self.choices, self.plot = WhatIfTable(), ChoiceTable(), PriceSpeedPlot()
        self.count = Label("", "small", role="text_2")
        self.about = ElidedLabel("", "small", role="text_2")
        self.left_out = ElidedLabel("", "small", role="text_2")
        self._here: Sequence[Here] = ()
        self._lay_out()
        self._connect()
        self._on_mode()

    @property
    def is_choosing(self) -> bool:
        """Whether hardware is chosen."""
        return self.mode.value() == "choose"

    def show_here(self, here: Sequence[Here]) -> None:
        """Show this machine's devices, as far as they are measured, among the others."""
        if here != self._here:
            self._here = here
            self.refresh()

    def set_narrow(self, narrow: bool) -> None:
        """Take less room."""
        self.table.set_narrow(narrow)
        self.choices.set_narrow(narrow)
        self.plot.setFixedHeight(NARROW_PLOT_PX if narrow else PLOT_PX)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self.fill)  # the page above is drawn first

    def fill(self) -> None:
        """Offer the models once, and show what the chosen one comes to."""
        if not self.wish.is_filled:
            self.wish.fill()
        self.refresh()

    def refresh(self) -> None:
        """Predict again with what is asked for and with the prices as they are now."""
        wish = self.wish.wish()
        if wish is None:
            return
        self._say_prices()
        try:
            prices = own_prices(paths.data_folder() / PRICES)
        except BadInput as error:
            self._say_bad(str(error))
            prices = {}
        self._show_choices(wish, prices) if self.is_choosing else self._show_all(wish, prices)

    def _show_all(self, wish: Wish, prices: dict[str, float]) -> None:
        wanted = demands(wish.model, wish.context, wish.users)
        self.wish.needs.set_text(self._needs(wanted[wish.format]))
        found = projections(wanted, wish.format, prices, self._here)
        if found != self.table.rows.found:  # else the place in the table would be lost for nothing
            at = self.table.rows.id_at(self.table.currentIndex().row())
            self.table.rows.show_found(found)
            self.table.go_to(at)
        self._show_count()

    def _show_choices(self, wish: Wish, prices: dict[str, float]) -> None:
        at = self.choices.rows.id_at(self.choices.currentIndex().row())
        self.choices.rows.show_choices(shortlist(
            wish.model, wish.context, wish.users, wish.speed_tok_s, wish.budget_usd, prices))
        self.choices.go_to(at)
        self._show_plot(wish)
        self._show_count()

    def _show_plot(self, wish: Wish) -> None:
        choices = self.choices.rows.choices()
        self.plot.show_choices(choices, wish.speed_tok_s, wish.budget_usd)
        unpriced = sum(choice.projection.target.price_usd is None for choice in choices)
        rest = len(choices) - unpriced - len(self.plot.spots)
        said = ((self.tr("{0} have no price"), unpriced), (self.tr("{0} do not fit or have no known speed"), rest))
        self.left_out.set_text(self.tr("In the plot: {0} of {1}").format(len(self.plot.spots), len(choices)) + "".join(
            f" · {words.format(count)}" for words, count in said if count))

    def _needs(self, demand: Demand) -> str:
        least = "" if demand.is_whole else self.tr("at least ")
        each = self.tr("token") if demand.batch == 1 else self.tr("step")
        return self.tr("needs {0}{1} and reads {2} GB per {3}").format(
            least, gib(demand.memory_bytes), significant(demand.step_bytes / 1e9), each).replace(" GB", f"{NBSP}GB")

    def _say_prices(self) -> None:
        self.about.set_text(self.tr("prices at launch, US$, or yours: double-click one, or F2"))
        self.about.set_role("text_2")

    def _say_bad(self, reason: str) -> None:
        self.about.set_text(reason)
        self.about.set_role("bad")

    def _on_priced(self, hardware: str, typed: str) -> None:
        """Keep a price that was typed into a table."""
        try:
            keep_price(paths.data_folder() / PRICES, hardware, typed)
        except BadInput as error:
            self._say_bad(str(error))
            return
        self.refresh()

    def _on_mode(self) -> None:
        choosing = self.is_choosing
        self.wish.set_choosing(choosing)
        self.table.setVisible(not choosing)
        for part in (self.plot, self.left_out, self.choices):
            part.setVisible(choosing)
        self.refresh()

    def _on_filter(self) -> None:
        for table in (self.table, self.choices):
            table.rows.filter(self.kind.taken(), self.search.text())
        wish = self.wish.wish()
        if self.is_choosing and wish is not None:
            self._show_plot(wish)
        self._show_count()

    def _table(self) -> HardwareTable:
        return self.choices if self.is_choosing else self.table

    def _show_count(self) -> None:
        rows = self.choices.rows if self.is_choosing else self.table.rows
        self.count.setText(self.tr("{0} of {1}").format(len(rows.shown), len(rows.found)) if rows.shown else
                           self.tr("Nothing here matches: choose all kinds or clear the search."))
        self.table.horizontalHeader().viewport().update()

    def _connect(self) -> None:
        self.mode.chosen.connect(self._on_mode)
        self.wish.changed.connect(self.refresh)
        self.wish.refused.connect(self._say_bad)
        self.kind.activated.connect(self._on_filter)
        self.search.textChanged.connect(self._on_filter)
        self.choices.moved.connect(self.plot.show_framed)
        self.plot.chosen.connect(self.choices.go_to)
        for rows in (self.table.rows, self.choices.rows):
            # Only when the editor is closed: showing other rows would take it away while it still works.
            rows.priced.connect(self._on_priced, Qt.ConnectionType.QueuedConnection)

    def _lay_out(self) -> None:
        self.mode.setFixedWidth(MODE_PX)
        self.head.addWidget(self.mode)
        self.kind.offer({"": self.tr("All kinds"), "gpu": self.tr("GPU"), "cpu": self.tr("CPU"),
                         "apu": self.tr("Unified memory"), "tpu": self.tr("TPU"), "npu": self.tr("NPU")}, "")
        self.kind.setFixedWidth(KIND_PX)
        self.search.setFixedWidth(SEARCH_PX)
        for control, name in ((self.kind, self.tr("Kind of hardware")), (self.search, self.tr("Search the hardware"))):
            control.setAccessibleName(name)
            control.setFont(theme().font())
        self.search.setPlaceholderText(self.tr("Search hardware…"))
        self.search.setMaxLength(200)
        self.search.setClearButtonEnabled(True)
        self.left_out.setContentsMargins(12, 0, 12, 0)
        self.left_out.setFixedHeight(LEFT_OUT_PX)
        self.body.addWidget(self.wish)
        self.body.addLayout(self._filters())
        for part in (self.table, self.plot, self.left_out, self.choices):
            self.body.addWidget(part)

    def _filters(self) -> QHBoxLayout:
        filters = QHBoxLayout()
        filters.setContentsMargins(12, 6, 12, 6)
        filters.setSpacing(10)
        copy = Button(self.tr("Copy"), "copy", "quiet", "text_2")
        copy.setAccessibleName(self.tr("Copy the table of other hardware"))
        copy.clicked.connect(lambda: self._table().copy_all())
        for part in (self.kind, self.search, self.count):
            filters.addWidget(part)
        filters.addWidget(self.about, 1)
        filters.addWidget(copy)
        return filters
