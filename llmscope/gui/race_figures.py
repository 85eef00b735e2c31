"""The figures of one entrant, painted in fixed places: tokens/s, time, tokens, and the way to the finish."""

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from llmscope.core.units import significant
from llmscope.gui import race_words
from llmscope.gui.compare_marks import ROLES
from llmscope.gui.race import Entrant
from llmscope.gui.theme import scaled, theme

EDGE_PX = 14
#: Where the figures begin, as shares of the width.
PLACES = (0.0, 0.40, 0.68)
FIGURE_PX, CAPTION_PX, BAR_PX, HEIGHT_PX = 38, 56, 10, 84
#: Narrower than this they are smaller.
FITTING_PX = 440


class RaceFigures(QWidget):
    """Repaints only when a figure differs."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place, self._scale = place, 1.0
        self._figures: tuple[tuple[str, str], ...] = ()
        self._share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_scale(1.0)

    def set_scale(self, scale: float) -> None:
        """Paint everything so many times as large."""
        self._scale = scale
        self.setFixedHeight(round(HEIGHT_PX * scale))
        self.update()

    def show_at(self, entrant: Entrant, at_ns: int, end_ns: int) -> None:
        """Show the figures of a moment in a race that ends at `end_ns`."""
        track = entrant.track
        count, of, rate = track.tokens_at(at_ns), len(track.token_ns), entrant.rate_at(at_ns)
        gone = (race_words.moment(at_ns, end_ns), self.tr("since the request"))
        if at_ns >= track.end_ns:
            gone = (race_words.seconds(track.end_ns), self.tr("at the finish"))
        figures = (("—" if rate is None else significant(rate), self.tr("tokens/s")),
                   gone, (f"{count:,}", self.tr("of {0} tokens").format(f"{of:,}")))
        if figures != self._figures:
            self._figures, self._share = figures, count / of
            self.setAccessibleName(", ".join(f"{value} {caption}" for value, caption in figures))
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        scale = min(self._scale, self.width() / FITTING_PX)
        wide = self.width() - 2 * EDGE_PX
        sizes = ("figure_xl", "figure", "figure")
        for share, size, (value, caption) in zip(PLACES, sizes, self._figures, strict=False):
            left = EDGE_PX + share * wide
            painter.setFont(scaled(size, 600, scale))
            painter.setPen(theme().colour("text"))
            painter.drawText(QPointF(left, FIGURE_PX * scale), value)
            painter.setFont(scaled("small", 400, scale))
            painter.setPen(theme().colour("text_2"))
            painter.drawText(QPointF(left, CAPTION_PX * scale), caption)
        self._paint_way(painter, wide)

    def _paint_way(self, painter: QPainter, wide: float) -> None:
        """Paint the way to the finish, which is the tick at the right."""
        height = BAR_PX * self._scale
        top = self.height() - height - 8
        painter.fillRect(QRectF(EDGE_PX, top, wide, height), theme().colour("hover"))
        painter.fillRect(QRectF(EDGE_PX, top, self._share * wide, height), theme().colour(ROLES[self._place]))
        painter.fillRect(QRectF(EDGE_PX + wide - 2, top - 4, 2, height + 8), theme().colour("text"))
