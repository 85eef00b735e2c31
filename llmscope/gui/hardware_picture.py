"""The picture of the Hardware page: ceilings, roofline, what limits a test and why, and the numbers."""

from dataclasses import replace

from llmscope.core.results import VERDICT_WORDS, Row
from llmscope.core.units import NBSP, measured, plus_minus
from llmscope.gui import looks, words
from llmscope.gui.hardware_body import HardwareBody
from llmscope.gui.hardware_look import HardwareLook
from llmscope.gui.picture import Picture
from llmscope.gui.theme import theme
from llmscope.gui.widgets.basic import Label, Panel


class HardwarePicture(Picture):
    """Shows what was measured, with one test chosen; what is predicted of other hardware is no result."""

    width = 1280

    def __init__(self, look: HardwareLook, number: int) -> None:
        self.stem = f"llmscope-{look.run_id or 'ceilings'}-limits"
        self.runs = (look.run_id,) if look.run_id else ()
        self._look, self._number = look, number

    def facts(self) -> dict[str, str]:
        return dict(self._look.facts)

    def body(self) -> HardwareBody:
        look, body = self._look, HardwareBody()
        # A run of another machine is held against that one's ceilings; which run it is, the head tells.
        shown = look.roofs if look.tests else look.ceilings
        body.show_look(replace(look, ceilings=shown, run=""))
        body.choose(self._number)
        margin = theme().px("layout", "margin")
        body.setContentsMargins(margin, margin, margin, margin)
        if look.tests:
            body.card.show_name(look.tests[self._number].name)
            body.add_panel(self._results())
        if shown:
            body.ceilings.remark.set_text(looks.when(max(found.utc for found in shown.values())))
        return body

    def _results(self) -> Panel:
        """Return the values of all tests: the page leaves them to the Run page, a picture stands alone."""
        panel = Panel(words.tr("Results"), words.tr("median, 95 % interval and number of samples"))
        line = Label(" · ".join(f"{test.name}:{NBSP}{_value(test.row)}" for test in self._look.tests))
        line.setWordWrap(True)
        line.setContentsMargins(12, 8, 12, 10)
        panel.body.addWidget(line)
        return panel


def _value(row: Row) -> str:
    """Return `61.48 tok/s ±0.5 %, n 12, steady`."""
    verdict = VERDICT_WORDS[row.verdict]
    if row.median is None:
        return verdict
    value = f"{measured(row.median, row.half_width)}{NBSP}{row.unit}"
    width = "" if row.half_width is None else f"{NBSP}{plus_minus(row.half_width)}"
    return f"{value}{width}, n{NBSP}{row.n}, {verdict}"
