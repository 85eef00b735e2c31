"""Changes of a test that can be tried on the Hardware page: the button, the run that it starts, and the outcome."""

from collections.abc import Callable, Iterable

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from llmscope.analysis.bottleneck import Finding
from llmscope.analysis.remedies import Remedy
from llmscope.core.events import Devices, Event, PhaseStarted, RunEnded, WorkerEnded
from llmscope.core.spec import RunSpec
from llmscope.core.units import NBSP
from llmscope.gui.dialogs.ask import Question
from llmscope.gui.main_window import MainWindow
from llmscope.gui.pages.hardware_page import HardwarePage
from llmscope.gui.trials import Turns, trials
from llmscope.gui.widgets.basic import Button
from tests.gui.fakes import FakeRunner
from tests.gui.stream import CELLS, stream
from tests.gui.turns import SAME, SLOWER, turns

Play = Callable[[Iterable[Event]], None]


@pytest.fixture
def page(window: MainWindow, play: Play) -> HardwarePage:
    """The page after a run, with the prompt test in view."""
    play(stream())
    window.show_page("hardware")
    found = window.hardware.page
    assert found is not None
    found.choose([test.row.test for test in found.look.tests].index("pp512"))
    return found


def button(page: HardwarePage, words: str) -> Button:
    return next(b for b in page.card.trials.buttons if words in b.accessibleName())


def lines(page: HardwarePage) -> dict[str, tuple[str, str]]:
    """Return prediction and outcome of the changes in view, by their words."""
    return {line.words.text(): (line.predicted.text(), line.outcome.text().replace(NBSP, " "))
            for line in page.card.trials.lines if line.trial is not None}


def asked(window: MainWindow) -> RunSpec:
    assert isinstance(window.runner, FakeRunner)
    return window.runner.specs[-1]


def test_a_change_of_the_program_has_a_button_and_one_of_the_machine_has_none(page: HardwarePage) -> None:
    assert set(lines(page)) == {"bfloat16 weights, half the bytes", "torch.compile", "8-bit weights",
                                "8 times the batch, in tokens/s of all together"}
    assert lines(page)["torch.compile"] == ("—", "") and lines(page)["bfloat16 weights, half the bytes"][0] == "×0.12"
    assert "arithmetic" in page.card.help.text() and "bfloat16" not in page.card.no_help.text()
    assert button(page, "compile").accessibleName() == "Measure torch.compile against this setting"


def test_measure_compares_the_test_with_the_change_and_the_card_tells_the_outcome(
        page: HardwarePage, window: MainWindow, play: Play, qtbot: QtBot) -> None:
    before = [test.name for test in page.look.tests]
    qtbot.keyClick(button(page, "bfloat16"), Qt.Key.Key_Space)
    spec = asked(window)
    assert spec.in_turns and spec.preset is None and window.pages.name == "hardware"
    assert spec.cells == (CELLS[1], structs.replace(CELLS[1], dtype="bfloat16"))
    assert button(page, "bfloat16").text() == "Stop" and button(page, "bfloat16").isEnabled()
    assert not button(page, "compile").isEnabled()
    play(turns(spec.cells, SLOWER))
    window.hardware.refresh()
    assert [test.name for test in page.look.tests] == before  # the tests of the run before stay in view
    assert lines(page)["bfloat16 weights, half the bytes"] == (
        "×0.12", "0.211× as fast (0.202 to 0.230), 16 rounds in turns")
    assert button(page, "bfloat16").text() == "Measure" and button(page, "compile").isEnabled()
    model = window.page.body.results.table.results
    assert "second against first: 0.211× as fast (0.202 to 0.230)" in model.texts(1)[5]


def test_outcomes_stay_beside_each_other_until_another_run(page: HardwarePage, window: MainWindow, play: Play) -> None:
    for words, compared in (("bfloat16", SLOWER), ("compile", SAME)):
        button(page, words).click()
        play(turns(asked(window).cells, compared))
        window.hardware.refresh()
    assert lines(page)["torch.compile"] == ("—", "no difference resolved (±2.1 %), 16 rounds in turns")
    assert lines(page)["bfloat16 weights, half the bytes"][1].startswith("0.211×")
    play(stream())
    window.hardware.refresh()
    assert not any(outcome for _, outcome in lines(page).values())


def test_a_comparison_that_failed_says_why_and_a_stopped_one_nothing(page: HardwarePage, window: MainWindow,
                                                                   play: Play) -> None:
    button(page, "compile").click()
    play(turns(asked(window).cells, None, "failed", "torch.compile needs a C++ compiler"))
    window.hardware.refresh()
    assert lines(page)["torch.compile"][1] == "could not be measured: torch.compile needs a C++ compiler"
    button(page, "bfloat16").click()
    button(page, "bfloat16").click()
    assert isinstance(window.runner, FakeRunner) and window.runner.orders[-1] == "cancel"
    play(turns(asked(window).cells, None, "cancelled", "stopped"))
    window.hardware.refresh()
    assert lines(page)["bfloat16 weights, half the bytes"][1] == ""


def test_what_cannot_be_measured_in_turns_says_so(page: HardwarePage) -> None:
    training = next(test for test in page.look.tests if test.row.test == "train128")
    larger = Remedy("batch", "a larger batch", 2.0, {"batch": 8})
    found = Finding("compute", "", True, None, would_help=(larger,))
    assert ["pp, tg" in trial.why_not for trial in trials(training.row, found, Turns())] == [True]


def test_during_another_run_nothing_can_be_tried(page: HardwarePage, window: MainWindow, play: Play) -> None:
    page.measure.click()
    window.hardware.refresh()
    assert not any(b.isEnabled() for b in page.card.trials.buttons if b.isVisible())
    assert len(window.runner.specs) == 1  # type: ignore[attr-defined]


def test_on_another_machine_nothing_can_be_tried(window: MainWindow, play: Play) -> None:
    play(stream())
    window.page.run.is_stored, window.page.run.machine = True, {"cpu": "another"}
    window.show_page("hardware")
    page = window.hardware.page
    assert page is not None and page.card.help.text() and not lines(page)


def test_tab_leads_from_the_picker_over_the_buttons_to_the_plot(page: HardwarePage) -> None:
    chain, at = [], page.card.picker.nextInFocusChain()
    while at is not page.plot and len(chain) < 200:
        chain.append(at)
        at = at.nextInFocusChain()
    assert [b for b in chain if b in page.card.trials.buttons] == page.card.trials.buttons


def test_a_comparison_from_history_shows_both_tests_by_name_and_the_outcome(window: MainWindow, play: Play) -> None:
    play(turns((CELLS[1], structs.replace(CELLS[1], dtype="bfloat16")), SLOWER))
    window.show_page("hardware")
    assert window.hardware.page is not None
    assert [test.name for test in window.hardware.page.look.tests] == [f"pp512{NBSP}· f32", f"pp512{NBSP}· bf16"]


def test_a_comparison_that_does_not_fit_is_asked_about_as_a_run_is(page: HardwarePage, window: MainWindow,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    questions: list[tuple[str, str]] = []
    answers = iter((False, True))

    def ask(parent: QWidget, title: str, text: str, yes: str, no: str) -> bool:
        questions.append((title, text))
        return next(answers)

    monkeypatch.setattr(Question, "ask", ask)
    now = window.page.control.telemetry
    assert now is not None
    full = structs.replace(now, memory_used_bytes=now.memory_total_bytes, worker_rss_bytes=0)
    window.page.control.telemetry = full
    button(page, "batch").click()
    assert questions[0][0] == "This is expected to fail. Measure anyway?" and questions[0][1].startswith("Needs about ")
    assert len(window.runner.specs) == 0 and not window.page.run.is_open  # type: ignore[attr-defined]
    button(page, "batch").click()
    assert len(questions) == 2 and asked(window).in_turns


def test_the_line_of_a_comparison_says_how_far_it_is(page: HardwarePage, window: MainWindow, play: Play) -> None:
    def said() -> str:
        window.hardware.refresh()
        return lines(page)["bfloat16 weights, half the bytes"][1]

    button(page, "bfloat16").click()
    events = list(turns(asked(window).cells, SLOWER))
    assert said() == "starting a worker"
    play([Devices(t_ns=0, devices=(), complete=True)])
    play(events[:3])
    play([PhaseStarted(t_ns=events[2].t_ns, cell=1, phase="load")])
    assert said() == "loading"
    play(events[3:10])
    assert said() == "3 rounds in turns so far"
    button(page, "bfloat16").click()
    assert said() == "stopping"
    play(events[10:])
    assert said().startswith("0.211×")


def test_a_run_ordered_before_a_worker_stands_by_says_what_it_waits_for(page: HardwarePage, window: MainWindow,
                                                                       play: Play) -> None:
    window.page.ask_run()
    window.tick()
    window._show_state()
    assert window.status._state.text() == "Starting" and "worker" in window.status._remark.full_text
    assert "starting a worker" in window.page.body.strip.words()
    play(stream())
    play([Devices(t_ns=0, devices=window.page.control.devices, complete=True)])
    window.page.ask_run()
    window._show_state()
    assert window.status._remark.full_text == "" and "worker" not in window.page.body.strip.words()
    play([RunEnded(t_ns=0, status="stopped", seconds=0.0), Devices(t_ns=0, devices=(), complete=True),
          WorkerEnded(t_ns=0, pid=1, words="killed")])
    window.page.ask_run()
    window._show_state()
    assert "worker" in window.status._remark.full_text
