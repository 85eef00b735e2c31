"""The picture of a comparison: the Compare page at twice its size, with what one must know to read it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from llmscope import __version__
from llmscope.analysis.compare_words import headline
from llmscope.gui import compare_look as look
from llmscope.gui.cards.compare_content import compare_content, default_labels
from llmscope.gui.cards.content import Content
from llmscope.gui.compare_body import CompareBody
from llmscope.gui.picture import Picture, hide_controls
from llmscope.gui.top_bar import Logo
from llmscope.gui.widgets.basic import ElidedLabel, Label
from llmscope.runs.compare import Compared

WIDTH, MARGIN, GAP = 1360, 16, 10


class ComparePicture(Picture):
    """Shows a comparison under its headline."""

    stem = "llmscope-compare"

    def __init__(self, compared: Compared) -> None:
        self._compared = compared
        self.runs = tuple(side.run for side in compared.comparison.sides)

    def facts(self) -> dict[str, str]:
        found = self._compared.comparison
        return {"Title": headline(found), "Results": look.as_tsv(look.table(found))}

    def labels(self) -> list[str]:
        return default_labels(self._compared)

    def card(self, labels: Sequence[str]) -> Content | None:
        return compare_content(self._compared, labels)

    def sheet(self) -> QWidget:
        return _Sheet(self._compared)


class _Sheet(QWidget):
    """Headline, runs, and what holds for all of them; never on the screen."""

    def __init__(self, compared: Compared) -> None:
        super().__init__()
        found, body = compared.comparison, CompareBody()
        title = Label(headline(found), "title", 600)
        title.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(Logo(), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(title, 1)
        foot = QHBoxLayout()
        foot.addWidget(ElidedLabel(look.same(found), "caption", role="text_2"), 1)
        foot.addWidget(Label(self.tr("± is half of the 95 % interval · llmscope {0}").format(__version__), "caption",
                             role="text_2"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        layout.addLayout(head)
        layout.addWidget(ElidedLabel(look.subtitle(found), "body", role="text_2"))
        layout.addWidget(body, 1)
        layout.addLayout(foot)
        body.show_runs(compared)
        body.set_whole(True, False)
        hide_controls(self)
        self.setFixedWidth(WIDTH)
        self.ensurePolished()
        self.setFixedHeight(max(layout.totalHeightForWidth(WIDTH), layout.totalMinimumSize().height()))
