"""The tests on a card: names at the left or above, bars or gauges, values, and how many times as fast."""

from dataclasses import replace

from PySide6.QtCore import QRectF

from llmscope.analysis.compare_words import NO_DIFFERENCE
from llmscope.core.units import NBSP
from llmscope.gui.cards.canvas import Canvas, wrapped
from llmscope.gui.cards.content import Content, Test, Value
from llmscope.gui.cards.layout import Layout
from llmscope.gui.words import tr

#: Tests of one run and of several; more would be too small to read.
MOST_OF_ONE, MOST_OF_SEVERAL = 5, 4
GAP = 18
#: So much higher than usual are tests at most where few of them share the room.
GROWN = 1.5
#: What limits a test may be told in so much more than the length of its gauge.
WIDER_PX = 110


def paint_tests(canvas: Canvas, at: Layout, content: Content, top: float, bottom: float) -> None:
    """Paint as many tests as have room between two dividers."""
    runs, count = len(content.machines), count_of(at, content, bottom - top)
    usual = at.most_px if runs < 3 else 2 * at.most_px
    each = min((bottom - top) / count, GROWN * usual)
    at = replace(at, bar_pitch=round(at.bar_pitch * max(1.0, each / usual)))  # few tests have thicker bars
    for number, test in enumerate(content.tests[:count]):
        y = top + number * each
        if number:
            canvas.line(at.margin, y, at.room)
        paint = _paint_one if runs == 1 else _paint_several
        paint(canvas, at, test, y, each)


def count_of(at: Layout, content: Content, height: float) -> int:
    """Return how many tests have room in so many px."""
    runs = len(content.machines)
    least, most = (at.least_px, MOST_OF_ONE) if runs == 1 else (_height(at, runs), MOST_OF_SEVERAL)
    return max(1, min(len(content.tests), most, int(height // least)))


def _height(at: Layout, runs: int) -> float:
    """Return how high a test with so many bars is at least."""
    return runs * at.bar_pitch + GAP + (0 if at.name_room else at.name_px + 14)


def _paint_name(canvas: Canvas, at: Layout, test: Test, y: float, each: float) -> float:
    """Paint what a test does and its id; returns the middle of the room for what stands beside or below."""
    if at.name_room:
        middle, room = y + each / 2, at.name_room - 14
        canvas.text(at.margin, middle - 4, test.title, at.name_px, weight=600, room=room)
        canvas.text(at.margin, middle + at.small_px + 2, test.name, at.small_px, "text_2", room=room)
        return middle
    line = y + (each - _height_of_inside(at, test)) / 2 + at.name_px
    wide = canvas.text(at.margin, line, test.title, at.name_px, weight=600, room=at.bars_room / 2)
    canvas.text(at.margin + wide + 12, line, test.name, at.small_px, "text_2", room=at.bars_room - wide - 12)
    return line + 12 + (_height_of_inside(at, test) - at.name_px - 12) / 2


def _height_of_inside(at: Layout, test: Test) -> float:
    return at.name_px + 12 + max(1.6, len(test.values)) * at.bar_pitch


def _paint_several(canvas: Canvas, at: Layout, test: Test, y: float, each: float) -> None:
    """Paint a bar for each run; of two runs the ratio stands large."""
    middle, count = _paint_name(canvas, at, test, y, each), len(test.values)
    for value in test.values:
        line = middle + (value.place - (count - 1) / 2) * at.bar_pitch
        _paint_bar(canvas, at, test, value, line)
        if count > 2:
            _paint_times(canvas, at, value, line)
    if count == 2:
        _paint_ratio(canvas, at, next((value for value in test.values if value.times not in ("", "1×", "—")),
                                      None), middle)


def _paint_bar(canvas: Canvas, at: Layout, test: Test, value: Value, middle: float) -> None:
    height, base = at.bar_pitch - 5, middle + 0.35 * at.value_px
    if len(test.values) > 2:
        canvas.mark(at.bars_left + 9, middle, value.place, 14)
    left = at.bars_left + (26 if len(test.values) > 2 else 0)
    room = at.margin + at.name_room + at.bars_room - left
    if value.median is None or test.most <= 0:
        role = "bad" if value.is_bad else "text_2"
        canvas.text(left, middle + 0.35 * at.small_px, value.why, at.small_px, role, room=room)
        canvas.text(at.value_right, base, "—", at.value_px, "text_2", room=40, right=True)
        return
    canvas.bar(QRectF(left, middle - height / 2, room, height), value.place, value.median, value.ends, test.most)
    wide = canvas.text(at.value_right, base, value.text, at.value_px, weight=600,
                       room=at.value_right - left - room - 6, right=True)
    unit = canvas.text(at.value_right + 8, base, value.unit, at.small_px, "text_2", room=64)
    if value.is_warned and wide:
        px = at.small_px
        canvas.icon("warning", QRectF(at.value_right + unit + 16, middle - px / 2, px, px), "warn")


def _paint_times(canvas: Canvas, at: Layout, value: Value, middle: float) -> None:
    """Paint the ratio of one of several runs in the line of its bar."""
    base = middle + 0.35 * at.name_px
    plus_room = 5.2 * at.small_px
    canvas.text(at.right, base, value.times_plus, at.small_px, "text_2", room=plus_room, right=True)
    role, weight = ("text", 600) if value.is_resolved else ("text_2", 400)
    px = at.name_px if "×" in value.times or value.times == "—" else at.small_px
    room = at.right - plus_room - 6 - (at.value_right + 96)
    canvas.text(at.right - plus_room - 6, base, value.times if value.median is not None else "", px, role, weight,
                room=room, right=True)


def _paint_ratio(canvas: Canvas, at: Layout, value: Value | None, middle: float) -> None:
    """Paint how many times as fast the second of two runs is, or that no difference was resolved."""
    room = at.right - at.value_right - 104
    if value is None:
        canvas.text(at.right, middle + 6, "—", at.name_px, "text_2", room=room, right=True)
    elif "×" in value.times:
        base = middle + 0.1 * at.times_px
        canvas.text(at.right, base, value.times, at.times_px, weight=600, room=room, right=True)
        canvas.text(at.right, base + 1.5 * at.small_px, value.times_plus, at.small_px, "text_2", room=room, right=True)
    else:
        told = [value.times, tr("resolved")] if value.times == NO_DIFFERENCE else [value.times]
        plus = ", ".join(part.replace(" ", NBSP) for part in f"({value.times_plus})".split(", "))
        lines = [*((text, at.name_px, "text", 500) for text in told),
                 *((text, at.small_px, "text_2", 400) for text in wrapped(plus, at.small_px, room))]
        for number, (text, px, role, weight) in enumerate(lines):
            base = middle + (number + 0.9 - len(lines) / 2) * 1.2 * at.name_px
            canvas.text(at.right, base, text, px, role, weight, room=room, right=True)


def _paint_one(canvas: Canvas, at: Layout, test: Test, y: float, each: float) -> None:
    """Paint a gauge toward what limits the test, and its value with what stands behind it."""
    value, middle = test.values[0], _paint_name(canvas, at, test, y, each)
    if value.median is None:
        room = at.right - at.bars_left - 60
        canvas.text(at.bars_left, middle + 0.35 * at.small_px, value.why, at.small_px,
                    "bad" if value.is_bad else "text_2", room=room)
        canvas.text(at.right, middle + 0.35 * at.value_px, "—", at.value_px, "text_2", room=40, right=True)
        return
    gauge_room, behind_room = at.bars_room, at.right - at.bars_left - at.bars_room - WIDER_PX - 10
    below = middle + 0.35 * at.small_px
    if value.share is not None:
        canvas.gauge(QRectF(at.bars_left, middle - 16, gauge_room - 14, 12), value.share)
        below = middle + at.small_px + 4
    canvas.text(at.bars_left, below, value.below, at.small_px, "text_2", room=gauge_room + WIDER_PX)
    unit = canvas.text(at.right, middle - 1, value.unit, at.small_px, "text_2", room=90, right=True)
    canvas.text(at.right - unit - 8, middle - 1, value.text, round(1.25 * at.value_px), weight=600,
                room=at.right - unit - 8 - at.bars_left - gauge_room - 10, right=True)
    role = "warn" if value.is_warned else "text_2"
    canvas.text(at.right, middle + at.small_px + 6, value.behind, at.small_px, role, room=behind_room, right=True)
