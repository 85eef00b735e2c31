"""What if: whether a model fits on other hardware and how fast it would be, what to choose, and how sure that is."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from llmscope import paths
from llmscope.analysis.demand import Demand, demands
from llmscope.analysis.projection import Projection
from llmscope.core.errors import BadInput
from llmscope.core.units import NBSP, gib, significant
from llmscope.gui.choice_view import ChoiceView
from llmscope.gui.held_view import HeldView
from llmscope.gui.latest_look import LatestLook
from llmscope.gui.whatif_filters import FilterBar
from llmscope.gui.whatif_table import WhatIfTable
from llmscope.gui.whatif_wish import Wish, WishBar
from llmscope.gui.widgets.basic import Panel
from llmscope.gui.widgets.segments import Segments
from llmscope.hardware.catalogue import PRICES, own_prices
from llmscope.runs.here import Here
from llmscope.runs.prices import keep_price
from llmscope.runs.whatif import projections

MODE_PX = 300


class WhatIfPanel(Panel):
    """Three views, one at a time: all hardware, hardware to choose from, and predicted against measured."""

    def __init__(self) -> None:
        super().__init__("")
        self.title.setText(self.tr("What if"))
        self.remark.set_text(self.tr("predicted for other hardware"))
        self.mode = Segments({"all": self.tr("All hardware"), "choose": self.tr("Choose"), "held": self.tr("Measured")},
                             self.tr("What to show"))
        self.mode.setFixedWidth(MODE_PX)
        self.wish, self.filters = WishBar(), FilterBar()
        self.table, self.choice, self.held = WhatIfTable(), ChoiceView(), HeldView()
        self._here: Sequence[Here] = ()
        self._foretold = LatestLook(self)
        self.head.addWidget(self.mode)
        for part in (self.wish, self.filters, self.table, self.choice, self.held):
            self.body.addWidget(part)
        self._connect()
        self._on_mode()

    def show_here(self, here: Sequence[Here]) -> None:
        """Show this machine's devices, as far as they are measured, among the others."""
        if here != self._here:
            self._here = here
            self.refresh()

    def set_narrow(self, narrow: bool) -> None:
        """Take less room."""
        for view in (self.table, self.choice, self.held.table):
            view.set_narrow(narrow)

    def close_threads(self) -> None:
        """End what still reads; returns when it is over."""
        self._foretold.close()
        self.held.close_threads()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self.fill)  # the page above is drawn first

    def fill(self) -> None:
        """Offer the models, and show what the chosen one comes to."""
        self.wish.fill()
        self.refresh()

    def refresh(self) -> None:
        """Show what is asked for with the prices and the runs as they are now."""
        wish = self.wish.wish()
        if self.mode.value() == "held":
            self.filters.say(self.tr("your runs on hardware of the list, then what others published"))
            self.held.read()
        elif wish is not None:
            self.filters.say(self.tr("prices at launch, US$, or yours: double-click one, or F2"))
            show = self.choice.show_wish if self.mode.value() == "choose" else self._show_all
            show(wish, self._prices())
        self._show_count()

    def _show_all(self, wish: Wish, prices: Mapping[str, float]) -> None:
        wanted = demands(wish.model, wish.context, wish.users)
        look = partial(projections, wish.model.ref, wanted, wish.format, prices, self._here)
        if any(known.learnt is not None for known in self._here):
            self._foretold.ask(look)  # what the stored runs tell takes 40 ms, and more beside a run
        else:
            self._foretold.drop()
            self._show_found(look())

    def _show_found(self, found: Sequence[Projection]) -> None:
        self.wish.needs.set_text(self._needs(found[0].demand))  # of what the table shows: it may lag behind the wish
        if found != self.table.rows.found:  # else the place in the table would be lost for nothing
            at = self.table.rows.id_at(self.table.currentIndex().row())
            self.table.rows.show_found(found)
            self.table.go_to(at)
        self._show_count()

    def _prices(self) -> Mapping[str, float]:
        """Return a person's own prices; where they cannot be used a line says why."""
        try:
            return own_prices(paths.data_folder() / PRICES)
        except BadInput as error:
            self._refuse(str(error))
            return {}

    def _needs(self, demand: Demand) -> str:
        least = "" if demand.is_whole else self.tr("at least ")
        each = self.tr("token") if demand.batch == 1 else self.tr("step")
        return self.tr("needs {0}{1} and reads {2} GB per {3}").format(
            least, gib(demand.memory_bytes), significant(demand.step_bytes / 1e9), each).replace(" GB", f"{NBSP}GB")

    def _refuse(self, reason: str) -> None:
        self.filters.say(reason, is_bad=True)

    def _on_not_held(self, reason: str) -> None:
        """Say why measured speeds cannot be read, unless something else is looked at by now."""
        if self.mode.value() == "held":
            self._refuse(reason)

    def _on_priced(self, hardware: str, typed: str) -> None:
        """Keep a price that was typed into a table."""
        try:
            keep_price(paths.data_folder() / PRICES, hardware, typed)
        except BadInput as error:
            self._refuse(str(error))
            return
        self.refresh()

    def _on_mode(self) -> None:
        mode = self.mode.value()
        self.wish.setVisible(mode != "held")
        self.wish.set_choosing(mode == "choose")
        self.filters.show_controls(mode != "held")
        views: dict[str, QWidget] = {"all": self.table, "choose": self.choice, "held": self.held}
        for name, view in views.items():
            view.setVisible(name == mode)
        self.refresh()

    def _on_filter(self) -> None:
        wanted = self.filters.kind.taken(), self.filters.search.text()
        self.table.rows.filter(*wanted)
        self.choice.filter(*wanted)
        self._show_count()

    def _copy(self) -> None:
        tables = {"all": self.table, "choose": self.choice.table, "held": self.held.table}
        tables[self.mode.value()].copy_all()

    def _show_count(self) -> None:
        self.filters.count.setText(self.held.count() if self.mode.value() == "held" else self._count())
        self.table.horizontalHeader().viewport().update()

    def _count(self) -> str:
        rows = self.choice.table.rows if self.mode.value() == "choose" else self.table.rows
        if rows.shown:
            return self.tr("{0} of {1}").format(len(rows.shown), len(rows.found))
        if rows is self.table.rows and not rows.found:
            return self.tr("working it out…")
        return self.tr("Nothing here matches: choose all kinds or clear the search.")

    def _connect(self) -> None:
        self.mode.chosen.connect(self._on_mode)
        self.wish.changed.connect(self.refresh)
        self.filters.changed.connect(self._on_filter)
        self.filters.copy_asked.connect(self._copy)
        self._foretold.found.connect(self._show_found)
        self.held.found.connect(self._show_count)
        self.wish.refused.connect(self._refuse)
        self.held.refused.connect(self._on_not_held)
        for rows in (self.table.rows, self.choice.table.rows):
            # Only when the editor is closed: showing other rows would take it away while it still works.
            rows.priced.connect(self._on_priced, Qt.ConnectionType.QueuedConnection)
