"""Words in the rooflines' plots: none lies on a dot, on other words, or on a line that leads to others."""

from collections.abc import Iterator
from itertools import combinations

import msgspec
import pytest
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import QApplication

from llmscope.analysis.ceilings import Ceiling, Ceilings
from llmscope.analysis.roofline import Point, point
from llmscope.gui import compare_roofline
from llmscope.gui.plots.roofline_drawing import AXIS_PX, TITLE_PX, Drawing, Scene, decade
from llmscope.gui.plots.roofline_labels import Labels
from llmscope.gui.plots.roofline_scale import free_place
from llmscope.gui.plots.style import font

#: Of a machine on which a prompt is read faster than a product in f32 was measured.
CEILINGS = Ceilings("cpu", "", "r", {}, {
    "bfloat16": Ceiling("gemm1024-bf16", 0.436, "TFLOPS"), "float32": Ceiling("gemm1024-f32", 0.201, "TFLOPS"),
    "float16": Ceiling("gemm1024-f16", 0.0422, "TFLOPS")},
    {13 * 2**20: Ceiling("membw-read 13MiB", 183.0, "GB/s"), 2**30: Ceiling("membw-read", 57.2, "GB/s")})


def found(test: str, dtype: str, intensity: float, tflops: float, size: int) -> Point:
    work = {"flops": 1e12 * tflops, "bytes_moved": 1e12 * tflops / intensity, "working_set_bytes": size}
    at = point(test, "cpu", dtype, work, 1.0, CEILINGS)
    assert at is not None
    return at


POINTS = {0: ("gen128 · Bundled model", found("gen128", "float32", 4.56, 0.0077, 13 * 2**20)),
          1: ("pp512 · SmolLM2-135M", found("pp512", "bfloat16", 419.0, 0.232, 2**30)),
          2: ("tg32 · SmolLM2-135M", found("tg32", "bfloat16", 1.0, 0.00735, 2**30))}


def overlaps(taken: list[QRectF]) -> list[tuple[QRectF, QRectF]]:
    """Return the dots and words that meet; a name along a sloped roof is several equal squares."""
    return [(a, b) for a, b in combinations(taken, 2)
            if a.intersects(b) and not a.size() == b.size() == QSizeF(18, 18)]


@pytest.fixture
def painter(qapp: QApplication) -> Iterator[QPainter]:
    """A painter on a picture."""
    image = QImage(620, 360, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    yield painter
    painter.end()


@pytest.mark.parametrize("chosen", [-1, 0, 1, 2])
@pytest.mark.parametrize("size", [(520, 300), (620, 360)])
def test_no_roofs_name_and_no_tests_name_lies_on_a_dot_or_on_another(painter: QPainter, chosen: int,
                                                                     size: tuple[int, int]) -> None:
    drawing = Drawing(Scene(POINTS, {"cpu": CEILINGS}, chosen), *size)
    drawing.paint(painter)
    first = drawing.labels.taken
    assert len(first) > 2 * len(POINTS) and not overlaps(first)
    drawing.paint(painter)  # for a screen with other px, words stand where they stood
    assert drawing.labels.taken == first


@pytest.mark.parametrize("shown", [(), (0,), (0, 1), (0, 1, 2)])
@pytest.mark.parametrize("size", [(380, 260), (620, 360)])
def test_a_note_covers_no_test(painter: QPainter, shown: tuple[int, ...], size: tuple[int, int]) -> None:
    note = "The roofs are drawn when the ceilings are measured."
    drawing = Drawing(Scene({n: POINTS[n] for n in shown}, {}, 0, note), *size)
    drawing.paint(painter)
    place = drawing.labels.taken[-1]
    assert not overlaps(drawing.labels.taken) and place.width() > 200
    assert QRectF(0, 0, *size).contains(place) and bool(shown) is (place.center().y() > 0.6 * size[1])


def test_the_title_of_the_axis_keeps_clear_of_its_numbers(qapp: QApplication) -> None:
    widest = max(QFontMetrics(font("caption")).horizontalAdvance(decade(n)) for n in range(-12, 5))
    assert AXIS_PX - 6 - widest >= TITLE_PX + 4


def test_nor_does_one_in_compare(painter: QPainter) -> None:
    other = msgspec.structs.replace(POINTS[1][1], peak=Ceiling("gemm1024-bf16", 0.232, "TFLOPS"))
    points = [("pp512", 0, POINTS[1][1]), ("pp512", 1, other), ("tg32", 0, POINTS[2][1])]
    drawing = compare_roofline.Drawing(points, compare_roofline.roofs(points, 2), 620, 360)
    drawing.paint(painter)
    dots, words = drawing.labels.taken[:3], drawing.labels.taken[3:]
    assert words and not any(word.intersects(dot) for word in words for dot in dots)
    assert not overlaps(words)


def test_a_flat_roofs_name_gives_way_to_a_dot(painter: QPainter) -> None:
    line, area = (QPointF(100, 50), QPointF(400, 50)), QRectF(0, 0, 400, 300)
    free = Labels(area, [])
    free.name_flat(painter, line, "f32 0.201 TFLOPS")
    usual = free.taken[0]
    met = Labels(area, [usual.adjusted(20, 2, -20, -2)])
    met.name_flat(painter, line, "f32 0.201 TFLOPS")
    assert usual.bottom() < 50 < met.taken[1].top() and not overlaps(met.taken)


def test_a_line_to_a_name_goes_through_no_other_dot() -> None:
    at, size, area = QPointF(200, 150), QSizeF(80, 14), QRectF(0, 0, 400, 300)
    beside = [QRectF(0, 120, 190, 80), QRectF(210, 120, 190, 80)]
    below, is_far = free_place(at, size, area, beside, [])
    above, _ = free_place(at, size, area, [*beside, QRectF(194, 170, 13, 13)], [])
    assert is_far and above.bottom() < at.y() < below.top()
