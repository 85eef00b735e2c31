"""The picture of a run: graphs, results and text of the Run page."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llmscope import paths
from llmscope.gui import after_run
from llmscope.gui.live_feed import LiveFeed
from llmscope.gui.picture import Picture
from llmscope.gui.picture_facts import of_run
from llmscope.gui.run_body import RunBody
from llmscope.gui.theme import theme
from llmscope.runs import references
from llmscope.runs.folders import GoneRun
from llmscope.runs.marks import read_marks

if TYPE_CHECKING:
    from llmscope.gui.cards.content import Content
    from llmscope.gui.pages.run_page import RunPage

UPPER_HEIGHT, LOWER_HEIGHT = 476, 236


class RunPicture(Picture):
    """Shows the run of a page in a body of its own."""

    def __init__(self, page: "RunPage", feed: LiveFeed) -> None:
        self.stem = f"llmscope-{page.run.run or 'run'}"
        self.runs = (page.run.run,)
        self._page, self._feed = page, feed

    def facts(self) -> dict[str, str]:
        control = self._page.control
        return of_run(self._page.run, control.titles(), control.device_names(), control.machine)

    def labels(self) -> list[str]:
        return [self.facts()["Machine"]]

    def card(self, labels: Sequence[str]) -> "Content | None":
        from llmscope.gui.cards.run_content import run_content  # not before the window's first paint

        if not self._page.run.rows:
            return None
        return run_content(self._page.run, labels[0] if labels else self.facts()["Machine"], self._name())

    def _name(self) -> str:
        """Return what the run was called in History, nothing where it has no name or is not stored."""
        try:
            return read_marks(references.find(paths.runs_folder(), self._page.run.run))[0].name
        except GoneRun:
            return ""

    def body(self) -> RunBody:
        page, run = self._page, self._page.run
        self._body = body = RunBody(self._feed)
        body.show_welcome(False)
        body.below.setVisible(bool(run.spoken))
        page.show_in(body)
        for event in after_run.replay(page.run):
            body.generation.on_event(event)
        body.generation.show_stored(run.spec)
        self._show_whole(body)
        body.setFixedHeight(self._height(body))
        return body

    def settle(self) -> None:
        self._body.plots.refresh()
        self._body.generation.refresh()

    def _show_whole(self, body: RunBody) -> None:
        """Cut nothing of what limits each test: the page has tooltips for that, its picture has not."""
        px = theme().px
        body.strip.show_whole(self.width - 2 * px("layout", "margin"))
        body.results.setFixedWidth(px("layout", "results"))
        body.results.table.show_whole(px("layout", "results") - 4)  # within the edges of panel and table

    def _height(self, body: RunBody) -> int:
        px = theme().px
        results, ceilings = body.results, body.results.ceilings
        below = ceilings.heightForWidth(px("layout", "results_least")) if ceilings.title.text() else 0
        below += 0 if results.shows_grid else results.legend.heightForWidth(px("layout", "results"))
        upper = max(UPPER_HEIGHT, results.rows_height() + below + px("height", "area_header") + 4)
        lower = LOWER_HEIGHT + px("layout", "gap") if self._page.run.spoken else 0
        return upper + lower + body.strip.minimumHeight() + 2 * px("layout", "margin") + px("layout", "gap")
