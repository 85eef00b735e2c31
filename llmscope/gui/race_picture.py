"""The picture of a race: both runs at a moment, with what one must know to read it."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QWidget

from llmscope import __version__
from llmscope.analysis.compare import compare
from llmscope.gui import compare_look as look
from llmscope.gui import race_words
from llmscope.gui.cards.content import Content
from llmscope.gui.cards.race_content import default_labels, race_content, results
from llmscope.gui.picture import Picture
from llmscope.gui.race import Race
from llmscope.gui.race_side import RaceSide
from llmscope.gui.theme import theme
from llmscope.gui.words import tr

HEIGHT = 700


class RacePicture(Picture):
    """What the Race page shows at a moment, without its controls; it carries both runs. Its card is of the end."""

    stem, width = "llmscope-race", 1360

    def __init__(self, race: Race, at_ns: int) -> None:
        self._race, self._at_ns = race, at_ns
        self.runs = tuple(dict.fromkeys(entrant.entry.id for entrant in race.entrants))

    def facts(self) -> dict[str, str]:
        race, at_ns = self._race, self._at_ns
        same = look.same(compare([entrant.side for entrant in race.entrants]))
        at = tr("at {0} of {1}").format(*(race_words.moment(ns, race.end_ns) for ns in (at_ns, race.end_ns)))
        return {"Title": race_words.standing(race, at_ns), "Machine": "", "Accuracy": at, "Date": "",
                "Settings": race_words.not_the_same(race) or race_words.about(race, at_ns),
                "Software": " · ".join(dict.fromkeys((f"llmscope {__version__}", *same))), "Results": results(race)}

    def labels(self) -> list[str]:
        return default_labels(self._race)

    def card(self, labels: Sequence[str]) -> Content | None:
        return race_content(self._race, labels)

    def body(self) -> QWidget:
        body, margin = QWidget(), theme().px("layout", "margin")
        body.setFixedHeight(HEIGHT)
        layout = QHBoxLayout(body)
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.setSpacing(theme().px("layout", "gap"))
        self._sides = (RaceSide(0), RaceSide(1))
        for side, entrant in zip(self._sides, self._race.entrants, strict=True):
            side.show_entrant(entrant, self._race)
            layout.addWidget(side, 1)
        return body

    def settle(self) -> None:
        for side in self._sides:
            side.show_at(self._at_ns)
