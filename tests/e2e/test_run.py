"""A whole run with the real worker: rows, streams, files."""

import math
from pathlib import Path

import pytest

from llmscope import paths
from llmscope.core import events
from llmscope.core.spec import WORKLOADS
from llmscope.runs.store import read_events, read_run
from tests.e2e.conftest import Session, cell


def test_every_workload_gives_a_row_with_a_value_that_fits_its_samples(session: Session, tiny: Path) -> None:
    session.start(*(cell(tiny, workload) for workload in WORKLOADS), cell(tiny, "pp", batch=3))
    rows = session.end()

    assert [row.test for row in rows] == ["load-warm", "pp32", "tg8", "gen8", "train32", "pp32 b3"]
    for row in rows:
        assert row.verdict in ("valid", "warn", "not_converged"), (row.test, row.reason)
        assert row.median is not None and math.isfinite(row.median) and row.median > 0
        assert len(row.samples) == row.n >= 6
        assert row.low is None or min(row.samples) <= row.low <= row.median <= (row.high or 0) <= max(row.samples)
        assert row.extra["numerics"]["weights_by_dtype"].keys() == {"float32"} if row.test != "load-warm" else True
    by_test = {row.test: row for row in rows}
    train = by_test["train32"].extra
    assert sum(train["phases_s"].values()) == pytest.approx(32 / by_test["train32"].median, rel=0.1)
    gen = by_test["gen8"].extra
    assert gen["ttft_ms"] + 7 * gen["tpot_ms"] == pytest.approx(gen["e2e_s"] * 1e3, rel=0.2)
    assert by_test["load-warm"].extra["read_share"] <= 0.05
    assert by_test["pp32"].extra["flops"] * 3 == by_test["pp32 b3"].extra["flops"]


def test_only_gen_streams_text_and_the_live_rate_is_that_of_the_samples(session: Session, tiny: Path) -> None:
    session.start(cell(tiny, "tg"), cell(tiny, "gen"))
    rows = session.end()

    texts = [e for e in session.heard if isinstance(e, events.Text)]
    assert {e.cell for e in texts} == {1}
    assert all(later >= earlier for e in texts for earlier, later in zip(e.token_ns, e.token_ns[1:], strict=False))
    rates = sorted(e.tokens_per_s for e in session.heard
                   if isinstance(e, events.Progress) and e.cell == 0 and e.tokens_per_s)
    assert rates[len(rates) // 2] == pytest.approx(rows[0].median, rel=0.5)


def test_the_stored_run_is_what_was_heard(session: Session, tiny: Path) -> None:
    session.start(cell(tiny, "pp"), cell(tiny, "gen"))
    rows = session.end()

    folder = paths.runs_folder() / rows[0].run
    stored = read_run(folder)
    assert list(stored.rows) == rows and stored.status == "done" and stored.warnings == ()
    kept = [e for e in read_events(folder, []) if isinstance(e, events.Sample)]
    assert kept == [e for e in session.heard if isinstance(e, events.Sample)]

    (folder / "result.json").unlink()
    cut_off = read_run(folder)
    assert cut_off.status == "interrupted" and list(cut_off.rows) == rows


def test_a_second_run_needs_no_second_start(session: Session, tiny: Path) -> None:
    session.ready()
    first = session.worker_pid()
    session.start(cell(tiny, "pp"))
    session.end()
    session.ready()
    assert session.worker_pid() != first

    session.start(cell(tiny, "pp"))
    assert [row.verdict for row in session.end()][-1] in ("valid", "warn", "not_converged")


def test_paths_with_spaces_and_other_alphabets_work(session: Session, tiny: Path) -> None:
    folder = tiny.rename(tiny.parent / "модель ü 模型 (1)")
    session.start(cell(folder, "pp"), cell(folder, "load-warm"))
    assert [row.verdict in ("valid", "warn", "not_converged") for row in session.end()] == [True, True]
