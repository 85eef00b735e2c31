"""The lines of a run's tests in History's details, and the test whose figures the list shows."""

import pytest
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from llmscope.core.spec import MACHINE
from llmscope.core.units import NBSP
from llmscope.gui.history_test_lines import FIGURE_AT, GAP, MeasuredLines, texts
from llmscope.gui.models.history_model import HistoryModel
from llmscope.gui.theme import theme
from llmscope.runs.entry import Brief, Entry

DETAILS_PX = 294  # what a scroll bar leaves of them


def brief(model: str, test: str, unit: str, median: float | None = 159.0) -> Brief:
    return Brief(test=test, model=model, unit=unit, median=median, half_width=0.02, n=9, verdict="valid",
                 reason="", same="")


TESTS = (brief("bundled", "gen128", "tok/s"), brief("bundled", "load-warm", "s", 1.25),
         brief(MACHINE, "gemm1024-bf16", "TFLOPS", 0.01219), brief(MACHINE, "membw-read 1024MiB", "GB/s"),
         brief(MACHINE, "membw-copy 64MiB", "GB/s"), brief(MACHINE, "h2d 256MiB", "GB/s"))


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.test)
def test_the_name_of_a_test_keeps_clear_of_its_figure(qtbot: QtBot, test: Brief) -> None:
    name, figure = texts(test, DETAILS_PX)
    took = QFontMetrics(theme().font("body", 600)).horizontalAdvance(name)
    took += QFontMetrics(theme().font()).horizontalAdvance(figure)
    assert took + FIGURE_AT + GAP <= DETAILS_PX
    assert "…" not in name and test.test.endswith(name)


def test_a_very_long_name_is_shortened_in_the_middle(qtbot: QtBot) -> None:
    name, _ = texts(brief("org/model", "gen128 @ d4096 b128 checkpointing", "tok/s"), DETAILS_PX)
    assert name.startswith("gen") and "…" in name and name.endswith("ing")


def test_tests_of_the_machine_stand_under_what_they_share(qtbot: QtBot) -> None:
    lines = MeasuredLines()
    qtbot.addWidget(lines)
    lines.show_tests(Entry("a", 0.0, "done", models=("bundled", MACHINE), tests=TESTS))
    assert [line for line in lines._lines if isinstance(line, str)] == [
        "Bundled model", "This machine, gemm, TFLOPS", "This machine, membw-read, GB/s",
        "This machine, membw-copy, GB/s", "This machine, h2d, GB/s"]
    assert [texts(test, DETAILS_PX) for test in TESTS] == [
        ("gen128", f"159{NBSP}tok/s"), ("load-warm", f"1.25{NBSP}s"), ("1024-bf16", "0.0122"),
        ("1024MiB", "159"), ("64MiB", "159"), ("256MiB", "159")]
    lines.show_tests(Entry("a", 0.0, "done", models=(MACHINE,), tests=TESTS[2:]))
    assert [line for line in lines._lines if isinstance(line, str)] == [
        "gemm, TFLOPS", "membw-read, GB/s", "membw-copy, GB/s", "h2d, GB/s"]
    lines.show_tests(Entry("a", 0.0, "done", models=("bundled",), tests=TESTS[:2]))
    assert not any(isinstance(line, str) for line in lines._lines)


def test_the_list_shows_a_test_that_was_finished_before_one_that_was_often_stopped(qtbot: QtBot) -> None:
    model = HistoryModel()
    model.show_entries([*(Entry(f"s{n}", 9.0 - n, "stopped", planned=("gen16",)) for n in range(5)),
                        Entry("d", 0.0, "done", planned=("tg16",))])
    assert model.key == "tg16" and model.tests == ["tg16", "gen16"]
