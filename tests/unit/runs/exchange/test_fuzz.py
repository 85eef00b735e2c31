"""Any value of any file put in any place: an import is a run that can be read, or one line, never anything else."""

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmscope.core.errors import BadInput
from llmscope.runs import store
from llmscope.runs.entry import read_entry
from llmscope.runs.exchange import bundle, llama_bench_export
from llmscope.runs.exchange.importing import import_path
from llmscope.runs.export import export
from tests.unit.runs.exchange.files import LLAMA_BENCH, OPTIMUM_CONFIG, OPTIMUM_REPORT, VLLM, as_json
from tests.unit.runs.stored import write_run

ODD = [None, True, False, 0, -1, 1, 0.5, 1e308, 5e-324, 2**63, 10**30, "", "x", "../../evil", "nan", "\ud800", "\0\x1b",
       [], {}, [[1]], {"a": [{}]}, [None, "x", -1, 1e-308], "2026-01-01T00:00:00Z", "9" * 400]
TRIES = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def places(found: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value within a value."""
    items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    return [path for key, value in items for path in ((*here, key), *places(value, (*here, key)))]


def put(found: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a copy with another value in a place."""
    changed = inner = copy.deepcopy(found)
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    run = write_run(tmp_path_factory.mktemp("runs"))
    stored = store.read_run(run)
    return {"llama-bench": [LLAMA_BENCH], "vllm": VLLM, "bundle": json.loads(bundle.encode(bundle.pack([run]))),
            "optimum": {"config": OPTIMUM_CONFIG, "report": OPTIMUM_REPORT},
            "document": json.loads(export(stored.rows, stored.manifest.started, "json"))}


def tried(tmp_path: Path, content: bytes) -> None:
    """Import; whatever came is a run that every reader takes."""
    shutil.rmtree(tmp_path / "runs", ignore_errors=True)
    (tmp_path / "odd").write_bytes(content)
    try:
        arrived = import_path(tmp_path / "odd", tmp_path / "runs")
    except BadInput as refused:
        assert str(refused).isprintable() and not list((tmp_path / "runs").glob("*"))
        return
    for one in arrived:
        run = store.read_run(tmp_path / "runs" / one.run)
        assert run.rows and not run.warnings and read_entry(tmp_path / "runs", one.run).can_open
        assert export(run.rows, run.manifest.started, "md")
        told, _ = llama_bench_export.tests([run])
        for form in ("llama-bench-json", "llama-bench-csv", "llama-bench-md"):
            assert not told or llama_bench_export.text(told, form)  # type: ignore[arg-type]
        assert not import_path(tmp_path / "odd", tmp_path / "runs")[0].is_new


@pytest.mark.parametrize("kind", ["llama-bench", "vllm", "optimum", "document", "bundle"])
def test_an_odd_value_anywhere_is_taken_or_refused(tmp_path: Path, samples: dict[str, Any], kind: str) -> None:
    @TRIES
    @given(st.data())
    def attempt(data: st.DataObject) -> None:
        found = samples[kind]
        for _ in range(data.draw(st.integers(1, 3))):
            found = put(found, data.draw(st.sampled_from(places(found))), data.draw(st.sampled_from(ODD)))
        tried(tmp_path, as_json(found))

    attempt()


STARTS = [b"", b"{", b"[", b"\x89PNG\r\n\x1a\n", b"n_prompt,n_gen,avg_ts\n", b"{}\n"]


@TRIES
@given(st.binary(max_size=200), st.sampled_from(STARTS))
def test_random_bytes_are_refused(tmp_path: Path, data: bytes, start: bytes) -> None:
    tried(tmp_path, start + data)
