"""A sweep in the window: asked for in the rail, seen as a grid and as curves while it fills, and in its picture."""

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from llmscope import paths
from llmscope.core import events as ev
from llmscope.core.spec import Cell
from llmscope.core.units import NBSP, plus_minus
from llmscope.gui.choices import Choices
from llmscope.gui.looks import _figures
from llmscope.gui.main_window import MainWindow
from llmscope.gui.replay import replay
from llmscope.gui.results_model import ResultsModel
from llmscope.gui.run_state import CellState, RunState
from llmscope.gui.sweep_choice import numbers, with_sweep
from llmscope.gui.sweep_dialog import SweepDialog
from llmscope.gui.sweep_scale import Scale, ink, scale_of, shade, ticks
from llmscope.runs.exchange.importing import import_path
from llmscope.runs.sweep import swept
from tests.gui.stream import stream
from tests.gui.sweeps import FAILED, sweep
from tests.unit.runs.exchange.files import LLAMA_BENCH, as_json

Play = Callable[[Iterable[ev.Event]], None]
PP = Choices(preset=None, ticked=("pp",))


def ready(window: MainWindow, play: Play, chosen: Choices = PP) -> None:
    play([e for e in stream(until_s=0.0) if isinstance(e, ev.Hello | ev.Devices | ev.Telemetry)])
    window.page.rail.take(chosen)


def dialog(window: MainWindow) -> SweepDialog:
    window.page.rail.sweep.ask.click()
    found = window.page.rail.findChild(SweepDialog)
    assert isinstance(found, SweepDialog)
    return found


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_a_sweep_asked_for_in_the_rail_is_what_runs(window: MainWindow, play: Play) -> None:
    ready(window, play)
    asked = dialog(window)
    asked.lists["batch"].setText("1, 4,16")
    asked.lists["seq"].setText("64,128, 256,512")
    assert asked._verdict.text().startswith("12 tests, about ")
    asked.boxes["dtype"]["bfloat16"].setChecked(True)
    assert asked._verdict.text().startswith("24 tests, about ")
    asked.accept_button.click()
    rail, spec = window.page.rail, window.page.spec()
    assert spec is not None and len(spec.cells) == 24 and {cell.batch for cell in spec.cells} == {1, 4, 16}
    assert {cell.dtype for cell in spec.cells} == {"float32", "bfloat16"}
    assert rail.sweep._count.text().startswith("24 tests, about ") and "batch size 1, 4, 16" in rail.sweep._words.text()
    assert not rail.batch.isEnabled() and rail.batch.text() == "1, 4, 16" and rail.seq.text() == "4 values"
    assert rail.dtype.currentText() == "f32, bf16" and rail.new.isEnabled()
    rail.sweep.clear.click()
    spec = window.page.spec()
    assert spec is not None and len(spec.cells) == 1 and rail.batch.isEnabled() and rail.batch.text() == "1"


@pytest.mark.qt_log_ignore("propagateSizeHints")
@pytest.mark.parametrize(("axis", "said"), [("batch", "Free 512+128"), ("seq", "Free, lengths swept"),
                                            ("new", "Free, lengths swept")])
def test_a_free_request_tells_no_length_that_the_sweep_replaces(window: MainWindow, play: Play, axis: str,
                                                                said: str) -> None:
    taken = with_sweep(Choices(preset=None, ticked=("gen",)), {axis: (16, 32)})
    assert isinstance(taken, Choices)
    ready(window, play, taken)
    assert window.page.rail.gen.scenario.currentText() == said


def test_tests_with_one_id_and_several_lengths_tell_them(qapp: QApplication) -> None:
    cells = (*(Cell("bundled", "gen", "cpu", "float32", new=4, seq=seq) for seq in (16, 32)),
             *(Cell("bundled", "tg", "cpu", dtype, new=4, seq=seq)
               for dtype, seq in (("float32", 16), ("float16", 32))))
    model, run = ResultsModel(), RunState(cells=[CellState(cell) for cell in cells])
    model.show_run(run)
    assert [model.parts(row)[0].partition(":")[0] for row in (0, 1)] == [
        "sequence 16", "sequence 32"]
    assert not any("sequence" in part for row in (2, 3) for part in model.parts(row))
    assert [line[0] for line in model.table((0, 1, 2))][1:] == ["gen4 · sequence 16", "gen4 · sequence 32", "tg4 · f32"]
    model.show_run(RunState(cells=run.cells[:1]))
    assert "sequence" not in model.parts(0)[0]


def test_the_headline_tells_the_lengths_of_tests_with_one_id(window: MainWindow, play: Play) -> None:
    play(stream(tuple(Cell("bundled", "gen", "cpu", "float32", new=4, seq=seq) for seq in (16, 32))))
    figures = _figures(window.page.run)
    assert [named for _, _, named in figures] == ["gen4 · sequence 16, Bundled model", "gen4 · sequence 32"]
    row = window.page.run.rows[0]
    assert figures[0][1].replace(NBSP, " ") == f"tok/s  {plus_minus(row.half_width)}".replace(NBSP, " ")
    assert ". gen4 · sequence 16 limited by" in window.page.body.strip.words()


#: A field of the dialog, what is typed, and the line that it gets.
NONSENSE = [
    ("batch", "1, many", "Batch size takes whole numbers with commas between, such as 1, 4, 16."),
    ("batch", "0,1", "Batch size goes from 1 to 65,536."),
    ("seq", "9999999", "Sequence length goes from 1 to 1,048,576."),
    ("threads", "1,,2", "CPU threads takes whole numbers with commas between, such as 1, 4, 16."),
    ("seq", ",".join(map(str, range(1, 5_002))), "10,002 tests are too many: 10,000 at most. Leave out some values."),
]


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_nonsense_gets_one_line_and_cannot_be_taken(window: MainWindow, play: Play) -> None:
    ready(window, play)
    asked = dialog(window)
    for name, text, said in NONSENSE:
        before = asked.lists[name].text()
        asked.boxes["dtype"]["bfloat16"].setChecked(len(text) > 100)
        asked.lists[name].setText(text)
        assert asked._verdict.text() == said and not asked.accept_button.isEnabled()
        asked.lists[name].setText(before)
    asked.reject()
    assert window.page.rail.choices == PP


def test_a_preset_ends_a_sweep_and_a_run_locks_it(window: MainWindow, play: Play) -> None:
    ready(window, play)
    taken = with_sweep(PP, {"batch": (1, 2)})
    assert isinstance(taken, Choices)
    rail = window.page.rail
    rail.take(taken)
    rail.run_button.click()
    assert rail.sweep._words.isVisible() and not rail.sweep.ask.isVisible() and not rail.sweep.clear.isVisible()
    play(sweep())
    assert rail.sweep.ask.isVisible() and not rail.batch.isEnabled() and rail.seq.isEnabled()
    rail.presets["training"].click()
    assert rail.choices.sweep == () and not rail.sweep._words.isVisible() and rail.batch.isEnabled()


def test_a_setting_with_one_value_is_no_sweep_and_each_test_runs_once() -> None:
    assert with_sweep(PP, {"batch": (4,)}) == Choices(preset=None, ticked=("pp",), batch=4)
    assert numbers("batch", "4,4, 1") == (4, 1)
    cells = (Cell("bundled", "pp"), Cell("bundled", "tg"), Cell("machine", "membw-read", size=1024**2))
    made = swept(cells, {"seq": (64, 128), "batch": (1, 2)})
    assert [cell.test for cell in made] == ["pp64", "tg128", "membw-read 1MiB", "pp64 b2", "tg128 b2", "pp128",
                                            "pp128 b2"]


def test_what_cannot_work_in_a_sweep_fails_there_and_holds_nothing_back(window: MainWindow, play: Play) -> None:
    ready(window, play)
    for seqs, can_run in (((64, 1_000_000), True), ((1_000_000,), False)):
        taken = with_sweep(PP, {"seq": seqs, "batch": (1, 2)})
        assert isinstance(taken, Choices)
        window.page.rail.take(taken)
        assert window.page.control.setup.can_run == can_run
        assert "seq" in window.page.control.setup.warnings | window.page.control.setup.problems


def test_the_grid_fills_while_the_sweep_runs(window: MainWindow, play: Play) -> None:
    play(sweep(until_s=45.0))
    results = window.page.body.results
    assert results.view.isVisible() and results.table.isVisible()
    results.view._choose("map")
    look = results.sweep.look
    assert look is not None and results.sweep.isVisible() and not results.table.isVisible()
    states = [look.state(spot) for spot in look.grid.spots]
    assert states == [*["value"] * 6, "best", "running", *["queued"] * 4]
    assert look.grid.xs == ("64", "128", "256", "512")
    play(e for e in sweep() if isinstance(e, ev.CellEnded) and e.cell >= 7)
    look = results.sweep.look
    assert look is not None and [look.state(spot) for spot in look.grid.spots][-2:] == ["best", "failed"]


def test_places_that_are_not_told_from_the_best_are_counted_and_say_so(window: MainWindow, play: Play) -> None:
    events = [e for e in sweep() if not isinstance(e, ev.RunEnded)]
    last = max(e.cell for e in events if isinstance(e, ev.CellEnded) and e.row.verdict == "valid")
    wide = [msgspec.structs.replace(e, row=msgspec.structs.replace(e.row, low=0.5 * (e.row.low or 0.0)))
            if isinstance(e, ev.CellEnded) and e.cell == last else e for e in events]
    play(wide)
    view = window.page.body.results
    view.view._choose("map")
    look = view.sweep.look
    assert look is not None and look.grid.as_good and look.state(look.grid.as_good[0]) == "value"
    assert look.sentence(look.grid.as_good[0]).endswith(", not told from the best")
    assert view.sweep._key.words().endswith(f" · ★ not told from {len(look.grid.as_good)} more")


def test_curves_without_a_point_say_whether_one_comes_or_how_to_go_on(window: MainWindow, play: Play) -> None:
    play(e for e in sweep(until_s=0.5) if not isinstance(e, ev.CellEnded))
    view = window.page.body.results
    view.view._choose("curves")
    assert view.sweep.empty.isVisible() and "No test is done yet" in view.sweep.empty.accessibleName()
    play([ev.RunEnded(t_ns=10**12, status="stopped", seconds=2.0)])
    assert view.sweep.empty.isVisible() and not view.sweep.curves.isVisible()
    assert view.sweep.empty.accessibleName() == (
        "Stopped before a test was finished. Press “Go on with this run” to measure its 12 tests.")
    assert window.page.body.strip.go_on.isVisible()
    view.view._choose("map")
    assert view.sweep.map.isVisible() and not view.sweep.empty.isVisible()


def test_curves_come_with_the_first_value(window: MainWindow, play: Play) -> None:
    window.page.body.results.view.set_value("curves")
    play(sweep())
    assert window.page.body.results.sweep.curves.isVisible()


def test_a_run_without_a_sweep_has_no_grid(window: MainWindow, play: Play) -> None:
    play(stream())
    results = window.page.body.results
    assert not results.view.isVisible() and results.table.isVisible()


def test_a_small_window_has_the_grid_in_its_tab(window: MainWindow, play: Play) -> None:
    window.resize(QSize(1024, 640))
    play(e for e in sweep() if not (isinstance(e, ev.CellEnded) and e.cell == FAILED))
    results, tabs = window.page.body.results, window.page.body.tabs
    assert results.view.isVisible()
    tabs.choose(1)
    assert not results.view.isVisible()
    tabs.choose(0)
    results.view._choose("curves")
    assert results.sweep.curves.isVisible()
    window.resize(QSize(1440, 900))
    QApplication.processEvents()
    assert results.view.isVisible() and results.sweep.isVisible()


def test_colours_leave_words_readable_and_scales_are_as_they_say() -> None:
    for share in range(101):
        ground = shade(share / 100)
        light = _luminance(ground.getRgbF()[:3])
        over = _luminance(ink(ground).getRgbF()[:3])
        assert (max(light, over) + 0.05) / (min(light, over) + 0.05) >= 4.5
    assert scale_of([1.0, 11.0]) == Scale(1.0, 11.0, True) and scale_of([1.0, 9.0]) == Scale(1.0, 9.0)
    assert scale_of([1.0, 9.0], from_zero=True) == Scale(0.0, 9.0) and scale_of([]) is None
    assert Scale(1.0, 100.0, True).share(10.0) == pytest.approx(0.5) and Scale(3.0, 3.0).share(3.0) == 0.5
    assert list(ticks(Scale(0.0, 9.0))) == [0, 5] and list(ticks(Scale(1.0, 100.0, True))) == [1, 2, 5, 10, 20, 50, 100]


def _luminance(colour: Iterable[float]) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_an_option_of_another_program_can_be_chosen_and_shows_each_of_its_values(window: MainWindow,
                                                                                 tmp_path: Path) -> None:
    told = [LLAMA_BENCH | {"n_threads": threads, "flash_attn": fa, "avg_ts": 10.0 * threads + fa, "samples_ts": []}
            for threads in (2, 4) for fa in (False, True)]
    (tmp_path / "lb.json").write_bytes(as_json([*told, *({**one, "n_prompt": 1024} for one in told)]))
    imported, = import_path(tmp_path / "lb.json", paths.runs_folder())
    window.show_stored(replay(paths.runs_folder() / imported.run))
    window.page.body.results.view._choose("map")
    view = window.page.body.results.sweep
    assert view.look is not None and view.look.axes == ("seq", "threads", "flash_attn")
    held = view.held["flash_attn"]
    assert [held.picker.itemText(place) for place in range(held.picker.count())] == ["off", "on"]
    held.picker.setCurrentIndex(1)
    held.picker.activated.emit(1)
    assert {spot.value for spot in view.look.grid.spots} == {21.0, 41.0}
    assert view.look.sentence(view.look.grid.spots[0]).startswith("threads 2, sequence 512: 21.0")
