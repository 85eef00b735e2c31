"""A whole run with the real worker: rows, streams, files."""

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from llmscope.core import events
from llmscope.core.definitions import DEFINITIONS
from llmscope.core.results import COUNTED, Row
from llmscope.core.spec import MACHINE, OF_MODEL
from llmscope.runs.store import RESULT, read_events, read_run
from tests.e2e.conftest import Session, cell

MIB = 1024**2
OF_THE_MACHINE = {"gemm": 64, "dense": 64, "membw-read": MIB, "membw-copy": 2 * MIB, "disk-read": 4 * MIB}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the run is kept."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def whole(tiny_source: Path, runs: Path) -> Iterator[Session]:
    """A session whose run had every workload once; the model's path has spaces and letters of all alphabets."""
    model = Path(shutil.copytree(tiny_source, runs.parent / f"модель ü 模型 ({runs.name})"))
    session = Session(runs)
    session.start(*(cell(model, workload) for workload in OF_MODEL), cell(model, "pp", batch=3),
                  *(cell(MACHINE, workload, size=size) for workload, size in OF_THE_MACHINE.items()))
    session.end()
    yield session
    session.close()


@pytest.fixture(scope="module")
def rows(whole: Session) -> list[Row]:
    """The rows of that run."""
    return whole.rows()


def test_every_workload_gives_a_row_with_a_value_that_fits_its_samples(rows: list[Row]) -> None:
    assert [row.test for row in rows] == [
        "load-cold", "load-warm", "tok", "prep32", "pp32", "tg8", "ttft32", "gen8", "fwd32", "bwd32", "opt", "train32",
        "val32", "pp32 b3", "gemm64-f32", "dense64-f32", "membw-read 1MiB", "membw-copy 2MiB", "disk-read 4MiB"]
    for row in rows:
        assert row.verdict in COUNTED, (row.test, row.reason)
        assert row.median is not None and math.isfinite(row.median) and row.median > 0
        assert len(row.samples) == row.n >= 1
        assert row.low is None or min(row.samples) <= row.low <= row.median <= (row.high or 0) <= max(row.samples)
        if "model" in DEFINITIONS[row.definition.partition("/")[0]].needs:
            assert row.extra["numerics"]["weights_by_dtype"].keys() == {"float32"}
    by_test = {row.test: row for row in rows}
    train = by_test["train32"].extra
    assert sum(train["phases_s"].values()) == pytest.approx(32 / by_test["train32"].median, rel=0.1)
    gen = by_test["gen8"].extra
    assert gen["ttft_ms"] + 7 * gen["tpot_ms"] == pytest.approx(gen["e2e_s"] * 1e3, rel=0.2)
    assert by_test["load-warm"].extra["read_share"] <= 0.05
    assert by_test["pp32"].extra["flops"] * 3 == by_test["pp32 b3"].extra["flops"]


def test_only_gen_streams_text_and_the_live_rate_is_that_of_the_samples(whole: Session, rows: list[Row]) -> None:
    tests = [row.test for row in rows]
    texts = [e for e in whole.heard if isinstance(e, events.Text)]
    assert {e.cell for e in texts} == {tests.index("gen8")}
    assert all(later >= earlier for e in texts for earlier, later in zip(e.token_ns, e.token_ns[1:], strict=False))
    rates = sorted(e.tokens_per_s for e in whole.heard
                   if isinstance(e, events.Progress) and e.cell == tests.index("tg8") and e.tokens_per_s)
    samples = rows[tests.index("tg8")].samples
    assert min(samples) / 1.5 < rates[len(rates) // 2] < max(samples) * 1.5


def test_the_stored_run_is_what_was_heard(whole: Session, rows: list[Row], runs: Path, tmp_path: Path) -> None:
    stored = read_run(runs / rows[0].run)
    assert list(stored.rows) == rows and stored.status == "done" and stored.warnings == ()
    kept = [e for e in read_events(stored.folder, []) if isinstance(e, events.Sample)]
    assert kept == [e for e in whole.heard if isinstance(e, events.Sample)]

    cut_off = Path(shutil.copytree(stored.folder, tmp_path / "run"))
    (cut_off / "result.json").unlink()
    assert read_run(cut_off).status == "interrupted" and list(read_run(cut_off).rows) == rows


def test_a_run_that_others_changed_is_read_with_warnings(rows: list[Row], runs: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(runs / rows[0].run, tmp_path / "run"))
    result = (folder / RESULT).read_bytes()
    (folder / RESULT).write_bytes(result.replace(b'"n": ', b'"n": -', 1))
    run = read_run(folder)
    assert run.rows[0].n == rows[0].n and run.warnings == ("result.json holds impossible figures and was left out",)
