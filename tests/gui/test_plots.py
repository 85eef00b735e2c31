"""The live plots: what they show in each state, driven by a made-up run."""

import itertools
from collections.abc import Callable, Iterable

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QRegion
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from llmscope.core import events as ev
from llmscope.gui.live_feed import LiveFeed
from llmscope.gui.main_window import MainWindow
from llmscope.gui.pace import CALM, pace_of
from llmscope.gui.plots.live_plots import LivePlots
from llmscope.gui.plots.numbers import NumbersDialog
from llmscope.gui.plots.ruler import Mark, Ruler
from llmscope.gui.plots.time_scale import TimeScale
from llmscope.gui.theme import theme
from tests.gui.stream import IDLE_S, START_NS, stream

PLAN = [("load", 0.8), ("warm-up", 1.2), ("generate", 9.0), ("load", 2.4), ("warm-up", 1.2), ("prefill", 5.0),
        ("warm-up", 1.2), ("decode", 6.0), ("load", 0.8), ("warm-up", 1.2), ("train", 10.0)]

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


def shown(qtbot: QtBot, *, plan: list[tuple[str, float]] = PLAN, **run: object) -> tuple[LiveFeed, LivePlots]:
    feed = LiveFeed()
    plots = LivePlots(feed)
    qtbot.addWidget(plots)
    plots.resize(658, 476)
    plots.show()
    plots.set_plan(plan)
    for event in stream(**run):  # type: ignore[arg-type]
        feed.push(event)
    feed.drain()
    plots.refresh()
    QApplication.processEvents()
    return feed, plots


def go_on(feed: LiveFeed, until_s: float, **run: object) -> None:
    """Let the feed take the events after its present, up to a time of the run."""
    present_ns = START_NS + round((IDLE_S + feed.now_s) * 1e9)
    for event in stream(until_s=until_s, **run):  # type: ignore[arg-type]
        if event.t_ns > present_ns:
            feed.push(event)
    feed.drain()


def telemetry(at_s: float) -> ev.Telemetry:
    return ev.Telemetry(t_ns=START_NS + round((IDLE_S + at_s) * 1e9), cpu_percent=50.0 + at_s % 7, others_percent=1.0,
                        memory_used_bytes=4, memory_total_bytes=16)


def colours(plots: LivePlots, x: int) -> set[str]:
    """Return the colours in a column of the drawing area."""
    image = plots._canvas.grab().toImage()
    return {image.pixelColor(x, y).name() for y in range(int(plots._canvas.bottom))}


def test_readouts_say_values_with_units_and_memory_in_gib(qtbot: QtBot) -> None:
    _, plots = shown(qtbot, gpu=True, until_s=24.0)
    texts = {id_: [v.text.replace("\u00a0", " ") for v in r.values] for id_, r in plots._readouts.items()}
    assert texts["memory"][0].endswith(" of 8.0 GiB") and texts["memory"][1].endswith(" of 16 GiB")
    assert texts["power"][0].endswith(" W") and texts["temperature"][1].endswith(" °C")
    assert plots._readouts["tokens"].below == "decode, log scale"
    assert 500 < float(plots._readouts["tokens"].figure) < 600


def test_axis_runs_to_the_expected_end_and_holds_still(qtbot: QtBot) -> None:
    feed, plots = shown(qtbot, until_s=5.0)
    before = plots._canvas.backdrop.scale
    assert before.start_s == 0 and sum(s for _, s in PLAN) <= before.end_s <= sum(s for _, s in PLAN) + 6
    go_on(feed, 9.0)
    plots.refresh()
    assert plots._canvas.backdrop.scale == before


def test_refresh_paints_only_what_is_new(qtbot: QtBot) -> None:
    feed, plots = shown(qtbot, until_s=19.8)
    painted = []
    for until_s in (20.0, 20.2, 20.4, 20.6):
        go_on(feed, until_s)
        plots.refresh()
        QApplication.processEvents()
        painted.append(plots._panes["utilization"].points)
    assert feed.series["utilization", "cpu"].count > 90
    assert 0 < painted[-2] < 20 and 0 < painted[-1] < 20


def test_repaint_at_the_end_of_eight_hours_draws_no_more_points_than_early(qtbot: QtBot) -> None:
    feed, plots = shown(qtbot, plan=[("train", 28_800.0)], until_s=1.0)
    points = []
    for until_s in (600, 28_700):
        while feed.now_s < until_s:
            feed.push(telemetry(feed.now_s + 0.4))
            feed.drain()
        plots.refresh()
        plots.grab()
        points.append(plots._panes["utilization"].points)
    assert points[1] <= 2 * 2 * plots._canvas.width()
    go_on_s = feed.now_s
    for _ in range(3):
        go_on_s += 0.4
        feed.push(telemetry(go_on_s))
        feed.drain()
        plots.refresh()
        QApplication.processEvents()
    assert 0 < plots._panes["utilization"].points < 40


def test_nothing_is_done_while_hidden(qtbot: QtBot) -> None:
    feed, plots = shown(qtbot, until_s=5.0)
    before = plots._readouts["utilization"].values
    plots.hide()
    go_on(feed, 12.0)
    plots.refresh()
    assert plots._readouts["utilization"].values == before
    plots.show()
    assert plots._readouts["utilization"].values != before


def test_pane_without_a_source_folds_to_a_line_with_the_reason(qtbot: QtBot) -> None:
    _, plots = shown(qtbot, until_s=5.0)
    heights = plots._panes["tokens"].height
    plots.set_unavailable({"power": "no power counter", "temperature": "no sensor"})
    assert [p.kind.id for p in plots._canvas.panes] == ["tokens", "utilization", "memory"]
    assert plots._folded["power"].text() == "Power: no power counter"
    assert plots._readouts["power"].isHidden()
    assert plots._panes["tokens"].height > heights


def test_folded_pane_opens_when_a_source_appears(qtbot: QtBot) -> None:
    feed, plots = shown(qtbot, until_s=-1.0)
    plots.set_unavailable({"power": "no power counter"})
    for event in stream(gpu=True, until_s=2.0):
        feed.push(event)
    feed.drain()
    plots.refresh()
    assert "power" in [p.kind.id for p in plots._canvas.panes]
    assert not plots._folded


def test_theme_switch_restyles_everything(qtbot: QtBot) -> None:
    _, plots = shown(qtbot, gpu=True, until_s=24.0)
    dark = plots.grab().toImage()
    theme().set_mode("light")
    light = plots.grab().toImage()
    well = theme().colour("well")
    theme().set_mode("dark")
    assert light.pixelColor(400, 200) == well
    assert dark.pixelColor(400, 200) != light.pixelColor(400, 200)
    below_the_button = [(x, y) for x in range(8, 650, 7) for y in range(46, 470, 7)]
    assert not [at for at in below_the_button if dark.pixelColor(*at) == light.pixelColor(*at)]


def test_now_line_is_drawn_only_during_a_run(qtbot: QtBot) -> None:
    feed, plots = shown(qtbot, until_s=10.0)
    x = round(plots._canvas.backdrop.scale.x(feed.now_s))
    assert theme().colour("text").name() in colours(plots, x)
    assert theme().colour("text").name() not in colours(plots, x + 20)
    go_on(feed, 100.0)
    plots.set_end("done", feed.now_s)
    assert not plots._canvas._now.isVisible()


@pytest.mark.parametrize(("kind", "role", "words"),
                         [("failed", "bad", "failed 0:24"), ("stopped", "text_3", "stopped 0:24")])
def test_end_of_a_broken_run_is_a_line_with_its_time(qtbot: QtBot, kind: str, role: str, words: str) -> None:
    feed, plots = shown(qtbot, outcome="stopped")
    plots.set_end(kind, 24.5, "needed 0.62 GiB")
    x = round(plots._canvas.backdrop.scale.x(24.5))
    assert theme().colour(role).name() in colours(plots, x)
    assert plots._ruler._end == (role, 24.5, words)
    assert plots._ruler._marks[len(feed.phases) - 1].state == "now"


def test_idle_shows_the_plan_right_of_the_last_minute(qtbot: QtBot) -> None:
    _, plots = shown(qtbot, until_s=-0.5)
    scale = plots._canvas.backdrop.scale
    assert scale.start_s < 0 < scale.end_s
    assert [m.name for m in plots._canvas.backdrop.tints] == [name for name, _ in PLAN]
    assert plots._readouts["tokens"].figure == "—"


def test_arrow_keys_move_a_cursor_that_the_readouts_follow(qtbot: QtBot) -> None:
    feed, plots = shown(qtbot, until_s=24.0)
    live = plots._readouts["utilization"].values[0].text
    plots.setFocus()
    for _ in range(60):
        qtbot.keyClick(plots, Qt.Key.Key_Left)
    assert plots._cursor_s is not None and plots._cursor_s < feed.now_s - 10
    expected = feed.series["utilization", "cpu"].at(plots._cursor_s, 1.0)
    assert expected is not None and plots._readouts["utilization"].values[0].text == f"{expected:.0f}\u00a0%"
    assert plots._readouts["tokens"].below.startswith("at 0:")
    qtbot.keyClick(plots, Qt.Key.Key_End)
    assert plots._readouts["utilization"].values[0].text == live


def test_plus_minus_and_zero_zoom_around_the_cursor(qtbot: QtBot) -> None:
    _, plots = shown(qtbot, until_s=24.0)
    whole = plots._canvas.backdrop.scale
    plots._set_cursor(12.0)
    for key in "++":
        qtbot.keyClicks(plots, key)
    part = plots._canvas.backdrop.scale
    assert part.end_s - part.start_s == pytest.approx((whole.end_s - whole.start_s) / 4)
    assert part.start_s < 12 < part.end_s
    assert plots._panes["power"].box.viewRange()[0] == pytest.approx([part.start_s, part.end_s])
    qtbot.keyClicks(plots, "0")
    assert plots._canvas.backdrop.scale == whole


def test_a_new_run_begins_without_the_lines_of_the_one_before(qtbot: QtBot) -> None:
    feed, plots = shown(qtbot)
    line = plots._panes["tokens"].lines["work"]
    old = feed.series["tokens", "work"]
    assert line._series is old
    events = list(stream(until_s=5.0))
    started = next(i for i, event in enumerate(events) if isinstance(event, ev.RunStarted))
    first = next(i for i, event in enumerate(events) if isinstance(event, ev.Progress) and event.tokens_per_s)
    for part in (events[started:first], events[first:]):
        for event in part:
            feed.push(event)
        feed.drain()
        plots.refresh()
        QApplication.processEvents()
        assert line._series is feed.series.get(("tokens", "work")) and line._series is not old
    assert line._series is not None


def test_pointer_moves_the_cursor_and_leaving_ends_it(qtbot: QtBot) -> None:
    _, plots = shown(qtbot, until_s=24.0)

    places = itertools.cycle((100, 150))

    def moved() -> None:
        x = next(places)
        qtbot.mouseMove(plots._canvas.viewport(), QPoint(x, 100))
        assert plots._cursor_s == pytest.approx(plots._canvas.backdrop.scale.seconds(x))

    qtbot.waitUntil(moved)  # pyqtgraph drops moves that follow one another within 10 ms
    QApplication.sendEvent(plots, QEvent(QEvent.Type.Leave))
    assert plots._cursor_s is None


def test_accessible_names_are_sentences_with_now_and_mean(qtbot: QtBot) -> None:
    _, plots = shown(qtbot, gpu=True, until_s=24.0)
    sentence = plots._readouts["utilization"].accessibleName()
    assert sentence.startswith("GPU utilization, now 9") and "in decode" in sentence and "mean 9" in sentence
    assert "VRAM memory" in plots.accessibleDescription()


def test_narrow_plots_keep_all_panes_inside(qtbot: QtBot) -> None:
    _, plots = shown(qtbot, gpu=True, until_s=24.0)
    plots.resize(756, 290)
    plots.set_narrow(True)
    assert len(plots._canvas.panes) == 5
    assert plots._canvas.geometry().bottom() <= plots.height()
    readouts = [plots._readouts[p.kind.id].geometry() for p in plots._canvas.panes]
    assert all(a.bottom() < b.top() for a, b in itertools.pairwise(readouts))


def test_numbers_are_a_table_with_a_row_a_second(qtbot: QtBot) -> None:
    feed, plots = shown(qtbot, until_s=24.0)
    dialog = NumbersDialog(feed, plots)
    model = dialog.table.model()
    heads = [model.headerData(c, Qt.Orientation.Horizontal) for c in range(model.columnCount())]
    assert heads == ["Time", "Tokens per second", "CPU %", "RAM %"]
    assert 24 <= model.rowCount() <= 26
    texts = [[model.data(model.index(r, c)) for c in range(4)] for r in range(model.rowCount())]
    assert texts[10][0] == "0:10" and float(texts[10][2]) > 80
    assert texts[12][1] == ""  # nothing is generated while the second model loads


def test_numbers_button_opens_the_table(qtbot: QtBot) -> None:
    _, plots = shown(qtbot, until_s=5.0)
    plots.numbers.click()
    dialogs = plots.findChildren(NumbersDialog)
    assert len(dialogs) == 1 and dialogs[0].isVisible()
    dialogs[0].close()


def test_expected_memory_stays_until_the_run_is_over(qtbot: QtBot) -> None:
    feed, plots = shown(qtbot, until_s=24.0)
    plots.set_expected_memory("cpu", 80.0, "12.8 GiB")
    assert plots._canvas._level is not None and plots._canvas._level.words == "expected 12.8 GiB"
    go_on(feed, 100.0)
    plots.refresh()
    assert plots._canvas._level is None


@pytest.mark.parametrize("last_s", [41.0, 44.9, 46.0])
def test_the_ruler_paints_again_only_what_moved_and_looks_as_if_all_were_painted(qtbot: QtBot, last_s: float) -> None:
    def at(now_s: float) -> list[Mark]:
        rest = [Mark("decode", now_s, 45, "rest")] if now_s < 45 else []
        return [Mark("load", 0, 7, "over"), Mark("decode", 7, now_s, "now"), *rest,
                *(Mark("warm-up", max(45, now_s) + 5 * n, max(45, now_s) + 5 * n + 5, "planned") for n in range(9))]

    def ruler(marks: list[Mark]) -> Ruler:
        made = Ruler()
        qtbot.addWidget(made)
        made.resize(400, 48)
        made.show_marks(marks, TimeScale(0, 100, 10, 380), None)
        return made

    seen = ruler(at(40))
    picture = seen.grab()
    parts: list[QRect] = []
    seen.update = parts.append  # type: ignore[method-assign, assignment]
    seen.show_marks(at(last_s), TimeScale(0, 100, 10, 380), None)
    seen.render(picture, parts[0].topLeft(), QRegion(parts[0]))
    assert picture.toImage() == ruler(at(last_s)).grab().toImage()
    assert (parts[0].width() < 40) == (last_s < 45)


def test_a_strip_of_the_lines_is_painted_without_the_axis_below(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    _, plots = shown(qtbot, until_s=24.0)
    canvas, labels = plots._canvas, []
    whole = canvas.viewport().grab().toImage()
    monkeypatch.setattr(canvas, "_paint_time_axis", lambda painter, seen: labels.append(seen))
    canvas.viewport().grab(QRect(100, 0, 10, int(canvas.bottom)))
    assert not labels
    monkeypatch.undo()
    scale = canvas.backdrop.scale
    axis = QRect(round(scale.x(scale.ticks()[1][0])) + 2, int(canvas.bottom) + 1, 120, 15)
    assert canvas.viewport().grab(axis).toImage() == whole.copy(axis)


def test_what_was_sampled_is_shown_as_seldom_as_texts(window: MainWindow, play: Callable[[Iterable[ev.Event]], None],
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    play(stream(until_s=24.0))
    assert pace_of(window.page.run) == CALM
    shown: list[ev.Telemetry] = []
    monkeypatch.setattr(window.status, "show_telemetry", shown.append)
    sampled = [telemetry(24.0 + 0.2 * n) for n in range(2 * CALM.text_every)]
    for event in sampled:
        window.feed.push(event)
        window.tick()
    assert len(shown) == 2 and set(shown) < set(sampled)
