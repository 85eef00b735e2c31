"""When each token of a request came: one bar for each, as high as the wait for it."""

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from llmscope.core.statistics import PERCENTILE_MINIMUM
from llmscope.core.units import NBSP, significant
from llmscope.gui.plots import style
from llmscope.gui.plots.waits import EMPTY, WaitPool, Waits, nice
from llmscope.gui.theme import theme

LEFT_PX, RIGHT_PX, HEAD_PX, MARKS_PX, AXIS_PX = 56, 16, 26, 18, 22
#: A wait of more than so many medians is cut off and only its value is said.
CUT_MEDIANS = 3.0
#: Upper end of the axis before there are bars.
EMPTY_TOP_MS = 10.0
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TokenTimeline(QWidget):
    """Paints `Waits`; the figures above hold for the request, the 99th percentile for the test's requests before it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waits = EMPTY
        self._pool = WaitPool()
        self._end_ms, self.top_ms = 0.0, EMPTY_TOP_MS
        self._is_fixed, self._scale = False, 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(260, 130)
        self.setAccessibleName(self.tr("Token timeline, no tokens yet"))

    def sizeHint(self) -> QSize:
        return QSize(560, 200)

    def fix_axes(self, end_ms: float, top_ms: float) -> None:
        """Keep both axes from now on, so that requests beside each other can be compared by eye."""
        self._end_ms, self.top_ms, self._is_fixed = end_ms, top_ms, True
        self.update()

    def set_scale(self, scale: float) -> None:
        """Paint everything so many times as large, for a room."""
        self._scale = scale
        self.update()

    @property
    def _wide(self) -> float:
        return self.width() / self._scale

    @property
    def _high(self) -> float:
        return self.height() / self._scale

    def show_waits(self, waits: Waits, pool: WaitPool) -> None:
        """Show a request; `pool` holds the waits of this test's requests before it."""
        is_new = waits.total != self._waits.total or len(waits.token_ms) < len(self._waits.token_ms)
        self._waits, self._pool = waits, pool
        if not self._is_fixed:
            self._fit_axes(waits, is_new)
        self.setAccessibleName(" ".join(f"{name} {value}." for name, value in self.figures()))
        self.update()

    def _fit_axes(self, waits: Waits, is_new: bool) -> None:
        if is_new or not 0.8 * self._end_ms <= waits.end_ms <= self._end_ms:
            self._end_ms = 1.03 * waits.end_ms
        if waits.median_ms is not None:
            self.top_ms = nice(1.02 * min(float(waits.gaps_ms.max()), CUT_MEDIANS * waits.median_ms))

    def figures(self) -> list[tuple[str, str]]:
        """Return what stands above the bars: name and value."""
        names = (self.tr("First token"), self.tr("Between tokens, median"), self.tr("99th percentile"))
        return list(zip(names, self._values(), strict=True))

    def _values(self) -> tuple[str, str, str]:
        needed = PERCENTILE_MINIMUM[99.0]
        too_few = 0 < self._pool.count < needed
        last = self.tr("needs {} gaps").format(needed) if too_few else _ms(self._pool.p99_ms)
        return _ms(self._waits.first_ms), _ms(self._waits.median_ms), last

    def x_of(self, ms: float) -> float:
        """Return where a time since the request lies, in px."""
        return LEFT_PX + ms / max(self._end_ms, 1e-9) * (self._wide - LEFT_PX - RIGHT_PX)

    def bars(self) -> list[QRectF]:
        """Return the bars in px, one for each wait, or the highest of each px where they are too narrow."""
        gaps, times = self._waits.gaps_ms, self._waits.token_ms[1:]
        if not len(gaps):
            return []
        width = self._bar_px()
        lefts = self.x_of(0.0) + times * (self.x_of(1.0) - self.x_of(0.0)) - width
        if width <= 1:
            lefts = np.floor(lefts)
        starts = np.flatnonzero(np.append(True, lefts[1:] != lefts[:-1]))
        bottom, per_ms = self._bottom(), (self._bottom() - self._top()) / self.top_ms
        heights = np.minimum(np.maximum.reduceat(gaps, starts), self.top_ms) * per_ms
        return [QRectF(x, bottom - h, width, h) for x, h in zip(lefts[starts].tolist(), heights.tolist(), strict=True)]

    def _bar_px(self) -> float:
        """Return the width of a bar: the px between two tokens, less a slit."""
        median = self._waits.median_ms or 0.0
        return min(8.0, max(1.0, self.x_of(median) - self.x_of(0.0) - 1.5))

    def _top(self) -> float:
        return HEAD_PX + MARKS_PX

    def _bottom(self) -> float:
        return float(self._high - AXIS_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.scale(self._scale, self._scale)
        self._paint_figures(painter)
        self._paint_axes(painter)
        if self._waits.first_ms is None:
            painter.setPen(style.pen("text_3"))
            painter.setFont(style.font("small"))
            room = QRectF(LEFT_PX, HEAD_PX, self._wide - LEFT_PX - RIGHT_PX, self._high - HEAD_PX)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter,
                             self.tr("One bar for each token: how long it took to come"))
        else:
            self._paint_bars(painter)
            first_end = self._paint_first(painter, self._waits.first_ms)
            self._paint_slowest(painter)
            self._paint_progress(painter, first_end)

    def _paint_figures(self, painter: QPainter) -> None:
        figures = self.figures()
        plain, strong = (QFontMetricsF(style.font("small", weight)) for weight in (400, 600))
        widths = [plain.horizontalAdvance(name) + strong.horizontalAdvance(value) + 20 for name, value in figures]
        if sum(widths) > self._wide - 12:
            short = (self.tr("First"), self.tr("median"), self.tr("99th"))
            figures = [(name, value) for name, (_, value) in zip(short, figures, strict=False)]
            widths = [plain.horizontalAdvance(name) + strong.horizontalAdvance(value) + 20 for name, value in figures]
            if sum(widths) > self._wide + 4:  # the last one needs no space after it
                figures = figures[:2]
        at = QPointF(12, 18)
        for name, value in figures:
            for text, weight, role in ((name, 400, "text_2"), (value, 600, "text")):
                painter.setFont(style.font("small", weight))
                painter.setPen(style.pen(role))
                painter.drawText(at, text)
                metrics = plain if weight == 400 else strong
                at.setX(at.x() + metrics.horizontalAdvance(text) + (4 if weight == 400 else 16))

    def _paint_axes(self, painter: QPainter) -> None:
        painter.setFont(style.font("caption"))
        right, bottom = self._wide - RIGHT_PX, self._bottom()
        for value, suffix in ((0.0, ""), (self.top_ms / 2, ""), (self.top_ms, f"{NBSP}ms")):
            y = round(bottom - value / self.top_ms * (bottom - self._top()))
            painter.setPen(style.pen("grid" if value else "axis"))
            painter.drawLine(QLineF(LEFT_PX, y, right, y))
            painter.setPen(style.pen("text_2"))
            painter.drawText(QRectF(0, y - 8, LEFT_PX - 7, 16), _RIGHT, f"{value:,g}{suffix}")
        if self._end_ms:
            self._paint_time_axis(painter, bottom)

    def _paint_time_axis(self, painter: QPainter, bottom: float) -> None:
        step = nice(self._end_ms / max(2.0, (self._wide - LEFT_PX - RIGHT_PX) / 75))
        ticks = [n * step for n in range(int(self._end_ms / step) + 1)]
        for ms in ticks:
            label = f"{ms:,.10g}{NBSP}ms" if ms == ticks[-1] and ms else f"{ms:,.10g}"
            width = QFontMetricsF(painter.font()).horizontalAdvance(label) + 2
            left = min(self.x_of(ms) - width / 2, self._wide - width)
            painter.drawText(QRectF(left, bottom + 4, width, 14), Qt.AlignmentFlag.AlignCenter, label)

    def _paint_bars(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_mixed("phase_decode", 0.8))
        painter.drawRects(self.bars())
        self._paint_expected(painter)

    def _paint_expected(self, painter: QPainter) -> None:
        """Paint a short dash for each token to come, at most one each 3 px."""
        count, step_ms = self._waits.total - len(self._waits.token_ms), self._waits.median_ms
        if count <= 0 or step_ms is None:
            return
        step_px = max(3.0, self.x_of(step_ms) - self.x_of(0.0))
        dashes = QPen(theme().colour("control_line"), 4)
        dashes.setCapStyle(Qt.PenCapStyle.FlatCap)
        dashes.setDashPattern([0.25, step_px / 4 - 0.25])
        painter.setPen(dashes)
        y = self._bottom() - 2
        last_px = self.x_of(float(self._waits.token_ms[-1]))
        painter.drawLine(QLineF(last_px + step_px, y, min(self.x_of(self._waits.end_ms) + 1, self._wide - RIGHT_PX), y))

    def _paint_first(self, painter: QPainter, first_ms: float) -> float:
        """Paint the wait for the first token; return where its words end."""
        x = round(self.x_of(first_ms))
        block = QRectF(LEFT_PX, self._top(), x - LEFT_PX, self._bottom() - self._top())
        painter.fillRect(block, _mixed("phase_prefill", 0.35))
        words = self.tr("first token {}").format(_ms(first_ms))
        return self._paint_mark(painter, x, words, 600, "text")

    def _paint_progress(self, painter: QPainter, first_end: float) -> None:
        count, total = len(self._waits.token_ms), self._waits.total
        x = round(self.x_of(float(self._waits.token_ms[-1])))
        words = self.tr("token {} of {}").format(count, total)
        if count < total and self._left_of(x, words, 400) > first_end:
            self._paint_mark(painter, x, words, 400, "text_2")

    def _paint_mark(self, painter: QPainter, x: float, words: str, weight: int, role: str) -> float:
        """Draw a line over the whole height with words at its upper end; return where the words end."""
        painter.setPen(style.pen(role))
        painter.drawLine(QLineF(x, HEAD_PX + 4, x, self._bottom()))
        painter.setFont(style.font("caption", weight))
        painter.setPen(style.pen("text"))
        left = self._left_of(x, words, weight)
        painter.drawText(QPointF(left, HEAD_PX + 13), words)
        return left + QFontMetricsF(painter.font()).horizontalAdvance(words)

    def _left_of(self, x: float, words: str, weight: int) -> float:
        """Return where the words of a mark begin: at its right, or where there is no room at its left."""
        width = QFontMetricsF(style.font("caption", weight)).horizontalAdvance(words)
        return x + 5 if x + 5 + width < self._wide else x - 5 - width

    def _paint_slowest(self, painter: QPainter) -> None:
        gaps, median = self._waits.gaps_ms, self._waits.median_ms
        if median is None or len(gaps) < 3:
            return
        slowest = int(gaps.argmax())
        value = float(gaps[slowest])
        if value < 1.15 * median:
            return
        x = self.x_of(float(self._waits.token_ms[slowest + 1]))
        height = min(1.0, value / self.top_ms) * (self._bottom() - self._top())
        y, width = self._bottom() - height, self._bar_px()
        painter.fillRect(QRectF(x - width, y, width, height), theme().colour("phase_decode"))
        painter.setFont(style.font("caption"))
        painter.setPen(style.pen("text"))
        words = self.tr("slowest {}").format(_short(value))
        width = QFontMetricsF(painter.font()).horizontalAdvance(words)
        after_first = self.x_of(float(self._waits.token_ms[0])) + 4
        left = min(max(after_first, x - width / 2), self._wide - RIGHT_PX - width)
        if y - 16 < self._top():
            left = min(x + 4, self._wide - RIGHT_PX - width)
            painter.fillRect(QRectF(left - 2, y + 2, width + 4, 14), theme().colour("panel"))
            painter.drawText(QPointF(left, y + 13), words)
        else:
            painter.drawText(QPointF(left, y - 4), words)


def _mixed(role: str, share: float) -> QColor:
    return style.mixed(theme().colour(role), theme().colour("panel"), share)


def _short(ms: float) -> str:
    return significant(ms, 2 if ms < 10 else 3)


def _ms(ms: float | None) -> str:
    return "—" if ms is None else f"{significant(ms)}{NBSP}ms"
