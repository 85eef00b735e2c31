"""The picture of a comparison: cards, bars, rooflines and settings, with what one must know to read them."""

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from llmscope import __version__
from llmscope.analysis.compare_words import headline
from llmscope.gui import compare_look as look
from llmscope.gui.cards.compare_content import compare_content, default_labels
from llmscope.gui.cards.content import Content
from llmscope.gui.compare_body import CompareBody
from llmscope.gui.picture import Picture
from llmscope.gui.words import tr
from llmscope.runs.compare import Compared

MARGIN = 12


class ComparePicture(Picture):
    """What the Compare page shows, without its controls; it carries the runs."""

    stem, width = "llmscope-compare", 1360

    def __init__(self, compared: Compared) -> None:
        self._compared = compared
        self.runs = tuple(side.run for side in compared.comparison.sides)

    def facts(self) -> dict[str, str]:
        found = self._compared.comparison
        software = (f"llmscope {__version__}", *look.same(found), tr("± is half of the 95 % interval"))
        return {"Title": headline(found), "Machine": "", "Settings": look.subtitle(found), "Date": "",
                "Software": " · ".join(dict.fromkeys(software)), "Results": look.as_tsv(look.table(found))}

    def labels(self) -> list[str]:
        return default_labels(self._compared)

    def card(self, labels: Sequence[str]) -> Content | None:
        return compare_content(self._compared, labels)

    def body(self) -> QWidget:
        sheet, body = QWidget(), CompareBody()
        layout = QVBoxLayout(sheet)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.addWidget(body)
        body.show_runs(self._compared)
        body.set_whole(True, False)
        return sheet
