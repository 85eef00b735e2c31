"""The pages of the window: how a tab names one, what the window asks of each, and the one that is shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from PySide6.QtWidgets import QStackedWidget, QWidget

from llmscope.gui.drops import FilesGoOn
from llmscope.gui.words import tr

if TYPE_CHECKING:
    from llmscope.gui.picture import Picture

#: The classes of window sizes that a page is laid out for.
Room = Literal["narrow", "normal", "wide"]


class Page(QWidget):
    """What the window asks of a page; one that has nothing to do with a matter leaves it as it is here."""

    def set_room(self, room: Room) -> None:
        """Lay out for a window of another class of sizes."""

    def set_run_goes_on(self, goes_on: bool) -> None:
        """Take that a run goes on, or that none does."""

    def status(self) -> tuple[str, str]:
        """Return the words for the status bar: in bold, and after them."""
        return "", ""

    def focus_search(self) -> None:
        """Put the cursor into the search box, where there is one."""

    def picture(self) -> "Picture | None":
        """Return what a picture of the page shows, None while there is nothing worth one."""
        return None

    def why_no_picture(self) -> str:
        """Return why there is none."""
        return tr("There is no picture of this page yet.")

    def close_threads(self) -> None:
        """End what the page reads in threads of its own; returns when it is over."""


@dataclass(frozen=True)
class Tab:
    """A page as its tab names it; `make` is called when it is first shown."""

    name: str
    title: str
    icon: str
    keys: str
    make: Callable[[], Page]


class PageStack(QStackedWidget):
    """Makes each page when it is first shown, and tells all that there are what they have to know."""

    def __init__(self, tabs: Sequence[Tab]) -> None:
        super().__init__()
        self._tabs = {tab.name: tab for tab in tabs}
        self._made: dict[str, Page] = {}
        self._room: Room = "normal"
        self._goes_on = False
        self.name = tabs[0].name

    def show_page(self, name: str) -> None:
        """Show the page of that name."""
        page = self._made.get(name)
        if page is None:
            page = self._made[name] = self._tabs[name].make()
            self.addWidget(page)
            FilesGoOn(page)
            page.set_room(self._room)
            page.set_run_goes_on(self._goes_on)
        self.name = name
        self.setCurrentWidget(page)

    def page(self) -> Page:
        """Return the page that is shown."""
        return cast(Page, self.currentWidget())

    def set_room(self, room: Room) -> None:
        """Lay out for a window of another class of sizes."""
        if room != self._room:
            self._room = room
            for page in self._made.values():
                page.set_room(room)

    def set_run_goes_on(self, goes_on: bool) -> None:
        """Say whether a run goes on."""
        self._goes_on = goes_on
        for page in self._made.values():
            page.set_run_goes_on(goes_on)

    def close_threads(self) -> None:
        """End what the pages read; returns when it is over."""
        for page in self._made.values():
            page.close_threads()
