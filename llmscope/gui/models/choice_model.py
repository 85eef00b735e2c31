"""The rows of the short list: whether hardware meets a wish, in which format, how fast, for how much, and why."""

from collections.abc import Sequence

from llmscope.analysis.projection import Projection
from llmscope.analysis.shortlist import Choice, Verdict
from llmscope.gui import words
from llmscope.gui.models.hardware_rows import HardwareRows

HARDWARE, VERDICT, WEIGHTS, EACH, ALL, PRICE, REASONS = range(7)


class ChoiceModel(HardwareRows):
    """Hardware in the order in which it is to be chosen."""

    price_column = PRICE
    at_left = (HARDWARE, VERDICT, WEIGHTS, REASONS)

    def __init__(self) -> None:
        super().__init__()
        self._choices: dict[str, Choice] = {}

    def show_choices(self, choices: Sequence[Choice]) -> None:
        """Show other choices, filtered as before."""
        self._choices = {choice.projection.target.id: choice for choice in choices}
        self.show_found([choice.projection for choice in choices])

    def choices(self) -> list[Choice]:
        """Return those in view."""
        return [self._choices[one.target.id] for one in self.shown]

    def verdict(self, one: Projection) -> Verdict:
        """Return whether a row meets the wish."""
        return self._choices[one.target.id].verdict

    def titles(self) -> tuple[str, ...]:
        """Return the columns' titles, with their units."""
        return (self.tr("Hardware"), self.tr("Verdict"), self.tr("Weights"), self.tr("Each user, tok/s"),
                self.tr("All, tok/s"), self.tr("Price"), self.tr("Reasons"))

    def tips(self) -> dict[int, str]:
        """Return what is to be known of columns."""
        return {WEIGHTS: self.tr("The format with the most bits that serves best"),
                EACH: self.tr("New tokens of each user while all write at once, between what and what"),
                ALL: self.tr("New tokens of all users together, between what and what"),
                PRICE: self.tr("Double-click or F2: a price of your own")}

    def texts(self, row: int) -> tuple[str, ...]:
        """Return the texts of a row."""
        one = self.shown[row]
        choice = self._choices[one.target.id]
        return (one.target.name, verdicts()[choice.verdict], words.short_dtype(one.demand.format),
                self.speed(one, one.decode_tok_s, one.demand.batch), self.speed(one, one.decode_tok_s),
                self.price(one), "; ".join(choice.reasons))

    def sources(self, one: Projection) -> str:
        """Return the reasons, and where the figures of a row are from."""
        price = one.target.price_usd
        return "\n".join(filter(None, (
            one.target.name, *self._choices[one.target.id].reasons,
            self.tr("predicted: {0}").format(one.target.source), self.energy(one),
            self.tr("price: {0}").format(price.source) if price else "", *one.target.caveats)))


def verdicts() -> dict[Verdict, str]:
    """Return the verdicts in words."""
    return {"meets": words.tr("meets"), "may meet": words.tr("may meet"), "does not meet": words.tr("does not meet")}
