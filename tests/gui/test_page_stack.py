from pytestqt.qtbot import QtBot

from llmscope.gui.page_stack import Page, PageStack, Room, Tab


class Noting(Page):
    """A page that remembers what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[object] = []

    def set_room(self, room: Room) -> None:
        self.told.append(room)

    def set_run_goes_on(self, goes_on: bool) -> None:
        self.told.append(goes_on)

    def close_threads(self) -> None:
        self.told.append("closed")


def test_a_page_is_made_once_when_it_is_first_shown_and_told_what_holds_by_then(qtbot: QtBot) -> None:
    first, made = Noting(), []

    def make() -> Page:
        made.append(Noting())
        return made[-1]

    stack = PageStack((Tab("a", "A", "gauge", "Ctrl+1", lambda: first), Tab("b", "B", "gauge", "Ctrl+2", make)))
    qtbot.addWidget(stack)
    stack.show_page("a")
    stack.set_room("narrow")
    stack.set_room("narrow")
    stack.set_run_goes_on(True)
    assert not made and first.told == ["normal", False, "narrow", True]
    for name in ("b", "a", "b"):
        stack.show_page(name)
    stack.close_threads()
    assert len(made) == 1 and stack.page() is made[0] and stack.name == "b"
    assert made[0].told == ["narrow", True, "closed"] and first.told[-1] == "closed"
