from collections.abc import Callable, Iterable

import pytest
from pytestqt.qtbot import QtBot

from llmscope.core import events as ev
from llmscope.core.spec import Cell
from llmscope.core.units import GIB, NBSP
from llmscope.gui import setup
from llmscope.gui.ledger import Ledger, LedgerFacts, parts
from llmscope.gui.main_window import MainWindow
from llmscope.gui.theme import theme
from llmscope.models.memory import Memory
from tests.gui.stream import stream
from tests.gui.test_run_words import row

NEED = Memory(3 * GIB, 0, GIB, 0, 0, 0)
MIB = 1024**2
HOLDERS = {"weights": 400 * MIB, "gradients": 0, "optimizer": 0, "kv_cache": 50 * MIB, "activations": 40 * MIB,
           "peak": 500 * MIB}


def said(ledger: Ledger, facts: LedgerFacts) -> str:
    ledger.show_facts(facts)
    return ledger.accessibleName().replace(NBSP, " ")


@pytest.fixture
def ledger(qtbot: QtBot) -> Ledger:
    ledger = Ledger()
    qtbot.addWidget(ledger)
    return ledger


def test_the_ledger_says_what_fits_holds_now_and_was_measured(ledger: Ledger) -> None:
    assert "fits up to batch 12, or sequence 4,096" in said(
        ledger, LedgerFacts(NEED, GIB, 16 * GIB, batch=12, seq=4096))
    assert "holds 1.50 GiB now, expected 4.00 GiB" in said(
        ledger, LedgerFacts(NEED, GIB, 16 * GIB, batch=12, now=3 * GIB // 2))
    assert "expected 3.50 GiB, measured 4.00 GiB" in said(
        ledger, LedgerFacts(NEED, GIB, 16 * GIB, expected=7 * GIB // 2))


def test_where_a_part_is_not_known_the_peak_is_at_least_the_rest(ledger: Ledger) -> None:
    assert "peak at least 4.0 of 16.0 GiB" in said(ledger, LedgerFacts(Memory(3 * GIB), GIB, 16 * GIB))
    assert "peak 5.0 of 16.0 GiB" in said(ledger, LedgerFacts(NEED, GIB, 16 * GIB))


@pytest.mark.parametrize("need", [NEED, Memory(3 * GIB), Memory(70 * GIB, 0, GIB, 0, 0, 0), Memory(70 * GIB)])
@pytest.mark.parametrize("is_gpu", [True, False])
@pytest.mark.parametrize("total", [8, 80, 128])
def test_the_head_is_as_wide_as_the_rail_of_a_small_window(ledger: Ledger, need: Memory, is_gpu: bool,
                                                           total: int) -> None:
    ledger.set_narrow(True)
    ledger.show_facts(LedgerFacts(need, GIB, total * GIB, is_gpu=is_gpu))
    assert ledger.minimumSizeHint().width() <= theme().px("layout", "rail_narrow")


@pytest.mark.parametrize(("total", "says", "name", "value"), [
    (16, "Fits in memory", "Free", "11.0 GiB"), (5, "Tight in memory", "Free", "0 GiB"),
    (4, "Does not fit now", "Short by", "1.00 GiB")])
def test_what_is_missing_is_said_as_short_by_and_never_as_free(
        ledger: Ledger, total: int, says: str, name: str, value: str) -> None:
    assert says in said(ledger, LedgerFacts(NEED, GIB, total * GIB))
    assert [label.text().replace(NBSP, " ") for label in ledger._legend["free"]] == [name, value]


def test_what_was_measured_is_that_of_the_test_that_needed_most_in_parts_that_add_up() -> None:
    cells = [Cell("arch:gpt2", "pp", "cpu", "float32"), Cell("arch:gpt2", "tg", "cpu", "float32")]
    rows = [row(extra={"peak_by_holder": HOLDERS | {"peak": 100 * MIB}}), row(extra={"peak_by_holder": HOLDERS})]
    found = setup.measured(rows, cells, setup.Models())
    assert found is not None
    need, expected = found
    predicted = setup.peak_of(cells[1:], setup.Models())
    assert need.total_bytes == 500 * MIB and need.kv_cache == 50 * MIB
    assert predicted is not None and expected == predicted[1].total_bytes
    assert setup.measured([row()], cells[:1], setup.Models()) is None


def test_the_parts_are_the_whole_where_gradients_lie_where_activations_were() -> None:
    need = Memory(100, 0, 300, 50, 100, 200, reused=100)
    assert sum(size or 0 for name, size in parts(need, None) if name != "mem_other") == need.total_bytes == 650


def test_the_ledger_follows_a_run_and_then_shows_its_peak_until_a_setting_changes(
        window: MainWindow, play: Callable[[Iterable[ev.Event]], None]) -> None:
    events = list(stream())
    shown = window.page.rail.ledger
    play([event for event in events if event.t_ns <= 14e9 + events[0].t_ns])
    before = shown.facts.now
    assert before is not None
    held = next(e for e in events if isinstance(e, ev.Telemetry)).worker_rss_bytes or 0
    for more, second in ((GIB, 15), (GIB + MIB, 16)):  # a MiB is no pixel of the bar
        window.page.handle(ev.Telemetry(t_ns=second * 10**9 + events[0].t_ns, cpu_percent=1.0, others_percent=1.0,
                                        memory_used_bytes=8 * GIB, memory_total_bytes=16 * GIB,
                                        worker_rss_bytes=held + more))
    assert shown.facts.now == GIB
    window.page.control.set_open(False)
    window.page.control.show_measured([row(extra={"peak_by_holder": HOLDERS})],
                                      [Cell("bundled", "pp", "cpu", "float32")])
    assert shown.facts.need is not None and shown.facts.need.total_bytes == 500 * MIB
    assert shown.facts.expected is not None and shown.facts.now is None
    window.page.control.resolve()
    assert shown.facts.expected is not None
    window.page.rail.changed.emit()
    assert shown.facts.expected is None
