"""A text of several parts, `32 layers · 14 GiB`, over as many lines as it needs."""

from PySide6.QtGui import QFontMetrics, QResizeEvent

from llmscope.gui.widgets.basic import Label

BETWEEN = "·"


class PartsLabel(Label):
    """Breaks its lines itself, as none is to end in the sign that stands between two parts."""

    def __init__(self, size: str = "body", role: str = "text") -> None:
        super().__init__("", size, role=role)
        self.setWordWrap(True)
        self._whole = ""

    def set_parts(self, text: str) -> None:
        """Show a text; it breaks at its spaces, not at non-breaking ones."""
        self._whole = text
        self.setAccessibleName(text)
        self._break()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._break()

    def _break(self) -> None:
        metrics, width = self.fontMetrics(), self.contentsRect().width()
        self.setText("\n".join(line for text in self._whole.splitlines() for line in lines(text, metrics, width)))


def lines(text: str, metrics: QFontMetrics, width: int) -> list[str]:
    """Return a text in lines of at most a width in px, as far as its words are no longer."""
    found, between = [""], ""
    for word in text.split(" "):
        if word == BETWEEN:
            between = f" {BETWEEN} "
            continue
        longer = found[-1] + (between or " ") + word if found[-1] else word
        if found[-1] and metrics.horizontalAdvance(longer) > width:
            found.append(word)
        else:
            found[-1] = longer
        between = ""
    return found
