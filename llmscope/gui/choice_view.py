"""Hardware to choose from: price against speed as a plot, and the short list whose numbers it shows."""

from collections.abc import Mapping

from PySide6.QtWidgets import QVBoxLayout, QWidget

from llmscope.analysis.shortlist import shortlist
from llmscope.gui.choice_table import ChoiceTable
from llmscope.gui.plots.price_speed import PriceSpeedPlot
from llmscope.gui.whatif_wish import Wish
from llmscope.gui.widgets.basic import ElidedLabel

PLOT_PX, NARROW_PLOT_PX, LEFT_OUT_PX = 300, 240, 26


class ChoiceView(QWidget):
    """What is clicked in the plot is selected in the table; what is selected there is framed in the plot."""

    def __init__(self) -> None:
        super().__init__()
        self.plot, self.table = PriceSpeedPlot(), ChoiceTable()
        self.left_out = ElidedLabel("", "small", role="text_2")
        self.left_out.setContentsMargins(12, 0, 12, 0)
        self.left_out.setFixedHeight(LEFT_OUT_PX)
        self._wish: Wish | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for part in (self.plot, self.left_out, self.table):
            layout.addWidget(part)
        self.table.moved.connect(self.plot.show_framed)
        self.plot.chosen.connect(self.table.go_to)
        self.set_narrow(False)

    def show_wish(self, wish: Wish, prices: Mapping[str, float]) -> None:
        """Show what there is for a wish."""
        self._wish = wish
        at = self.table.rows.id_at(self.table.currentIndex().row())
        self.table.rows.show_choices(shortlist(
            wish.model, wish.context, wish.users, wish.speed_tok_s, wish.budget_usd, prices))
        self.table.go_to(at)
        self._show_plot(wish)

    def filter(self, kind: str, search: str) -> None:
        """Show only a kind of hardware, and what holds all words of the search."""
        self.table.rows.filter(kind, search)
        if self._wish is not None:
            self._show_plot(self._wish)

    def set_narrow(self, narrow: bool) -> None:
        """Take less room."""
        self.table.set_narrow(narrow)
        self.plot.setFixedHeight(NARROW_PLOT_PX if narrow else PLOT_PX)

    def _show_plot(self, wish: Wish) -> None:
        choices = self.table.rows.choices()
        self.plot.show_choices(choices, wish.speed_tok_s, wish.budget_usd)
        shown = len(self.plot.spots)
        unpriced = sum(choice.projection.target.price_usd is None for choice in choices)
        said = ((self.tr("{0} have no price"), unpriced),
                (self.tr("{0} do not fit or have no known speed"), len(choices) - unpriced - shown))
        self.left_out.set_text(" · ".join((
            self.tr("In the plot: {0} of {1}").format(shown, len(choices)),
            *(text.format(count) for text, count in said if count))))
