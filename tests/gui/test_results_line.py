from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from llmscope.gui.results_table import whole_parts
from llmscope.gui.theme import theme

PARTS = ["compute: 60 % of 0.420 TFLOPS", "SmolLM2-135M", "919 to 941 in 5.5 s timed"]


def test_a_second_line_leaves_whole_parts_out_and_never_cuts_a_number(qtbot: QtBot) -> None:
    font = theme().font("small")

    def room(text: str) -> int:
        return QFontMetrics(font).horizontalAdvance(text)

    whole = " · ".join(PARTS)
    assert whole_parts(PARTS, font, room(whole)) == whole
    assert whole_parts(PARTS, font, room(whole) - 1) == f"{PARTS[0]} · {PARTS[1]} · …"
    assert whole_parts(PARTS, font, room(PARTS[0] + " · …")) == f"{PARTS[0]} · …"
    short = whole_parts(PARTS, font, room(PARTS[0]) - 10)
    assert short.endswith("…") and room(short) <= room(PARTS[0]) - 10
