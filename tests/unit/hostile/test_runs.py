"""Stored runs that others made or damaged: read with warnings or refused in one line, in bounded memory."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from llmscope.core import events
from llmscope.core.errors import BadInput
from llmscope.core.rows import make_row
from llmscope.core.spec import Cell, RunSpec
from llmscope.runs import store, untrusted
from llmscope.runs.export import export
from tests.unit.hostile import makers

CELL = Cell("bundled", "pp", device="cpu", dtype="float32")
STARTED = events.RunStarted(t_ns=5, run="r1", utc="2026-01-01T00:00:00+00:00", spec=RunSpec((CELL,)), machine={},
                            versions={"torch": "2"})
ROW = make_row("r1", CELL, STARTED.spec.sampling, [0.1] * 8, "valid")
MANIFEST = msgspec.to_builtins(store.Manifest(store.SCHEMA, "llmscope", STARTED))
RESULT = msgspec.to_builtins(store.Result(
    store.SCHEMA, events.RunEnded(t_ns=10, status="done", seconds=1.0), (ROW,)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    writer = store.RunWriter(tmp_path / "r1", store.Manifest(store.SCHEMA, "llmscope", STARTED))
    writer.write(events.CellEnded(t_ns=9, cell=0, row=ROW))
    writer.close()
    return tmp_path / "r1"


def started(**change: Any) -> bytes:
    return json.dumps({**MANIFEST, "started": {**MANIFEST["started"], **change}}).encode()


def row(**change: Any) -> bytes:
    return json.dumps({**RESULT, "rows": [{**RESULT["rows"][0], **change}]}).encode()


BAD_MANIFESTS = {
    "empty": b"", "not JSON": b"{", "a list": b"[]", "NaN": started(t_ns=float("nan")),
    "not UTF-8": b'{"schema": "\xff"}',
    "10^6 deep": b"[" * 10**6, "10^6 objects deep": b'{"a":' * 10**6, "schema a text": b'{"schema": "x"}',
    "run up": started(run="../../evil"), "run absolute": started(run="/etc/evil"), "run a drive": started(run="C:\\x"),
    "run empty": started(run=""), "run two lines": started(run="a\nb"), "no cells": started(spec={"cells": []}),
    "batch negative": started(spec={"cells": [{"model": "bundled", "workload": "pp", "batch": -1}]}),
    "unknown test": started(spec={"cells": [{"model": "bundled", "workload": "rm -rf"}]}),
    "time a text": started(t_ns="now"), "pickle": b"cos\nsystem\n(S'touch canary'\ntR.",
}
BAD_RESULTS = {
    "empty": b"", "NaN": row(median=float("nan")), "infinite": row(median=float("inf")),
    "1e999": json.dumps(RESULT).replace("5120.0", "1e999").encode(), "n negative": row(n=-1), "n a text": row(n="8"),
    "seconds negative": row(timed_s=-1.0), "interval turned round": row(low=9.0, high=1.0),
    "samples a text": row(samples="evil"), "verdict unknown": row(verdict="best"), "not UTF-8": b'{"schema": "\xff"}',
    **{f"{name} {value}": row(extra={name: value}) for name, value in (
        ("seconds", "x"), ("seconds", 0.0), ("flops", []), ("host", 3), ("host", {"share": "x", "operations": 1}),
        ("limit", {"share": 0.5}), ("phases", {"decode": 1}), ("cpu", {"waited": "x"}), ("others_percent", "x"),
        ("sequences", 0), ("threads", 0), ("throttled", {"share": 0.5}), ("energy", 1), ("parameters", -1))},
    "10^6 deep": b"[" * 10**6, "a list": b"[]", "status unknown": json.dumps({**RESULT, "ended": {}}).encode(),
}
BAD_LINES = {
    "zeros": bytes(1000), "10^6 deep": b"[" * 10**6, "not UTF-8": b'{"event":"note","t_ns":1,"text":"\xff"}',
    "NaN": b'{"event":"sample","t_ns":1,"cell":0,"index":0,"seconds":NaN}', "unknown event": b'{"event":"evil"}',
    "17 MB": b"x" * 17_000_000, "a result that cannot be": events.encode(events.CellEnded(
        t_ns=9, cell=0, row=msgspec.structs.replace(ROW, n=-8))).strip(),
}


@pytest.mark.parametrize("content", BAD_MANIFESTS.values(), ids=BAD_MANIFESTS)
def test_a_folder_with_a_bad_plan_is_refused_in_one_line(folder: Path, content: bytes) -> None:
    (folder / store.MANIFEST).write_bytes(content)
    with pytest.raises(BadInput) as caught:
        store.read_run(folder)
    assert str(caught.value).isprintable() and "r1" in str(caught.value) and len(str(caught.value)) < 700


@pytest.mark.parametrize("content", BAD_RESULTS.values(), ids=BAD_RESULTS)
def test_a_bad_result_is_left_out_with_a_warning(folder: Path, content: bytes) -> None:
    (folder / store.RESULT).write_bytes(content)
    run = store.read_run(folder)
    assert run.rows == (ROW,) and len(run.warnings) == 1
    assert run.warnings[0].isprintable() and run.warnings[0].startswith("result.json")


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_loses_only_itself(folder: Path, line: bytes) -> None:
    whole = (folder / store.EVENTS).read_bytes()
    (folder / store.EVENTS).write_bytes(line + b"\n" + whole)
    run = store.read_run(folder)
    assert run.rows == (ROW,) and run.warnings == ("line 1 of events.jsonl is damaged",)


def test_a_million_bad_lines_give_a_few_warnings(folder: Path) -> None:
    (folder / store.EVENTS).write_bytes(b"x\n" * 10**5)
    run = store.read_run(folder)
    assert len(run.warnings) == untrusted.WARNINGS_LIMIT + 1 and run.warnings[-1].startswith("99,980 more lines")


def test_texts_of_others_do_nothing_where_they_are_shown(folder: Path) -> None:
    evil = "\x1b]0;evil\x07\u202e<img src=x onerror=alert(1)>\n=cmd|' /C calc'!A0"
    (folder / store.RESULT).write_bytes(row(reason=evil, model="=HYPERLINK(\"x\")"))
    (folder / store.MANIFEST).write_bytes(started(machine={"label": evil}))
    run = store.read_run(folder)
    shown = json.dumps(msgspec.to_builtins((run.rows, run.manifest)), ensure_ascii=False)
    assert not set("\x1b\x07\u202e") & set(shown)
    for form in ("md", "csv"):
        text = export(run.rows, run.manifest.started, form)  # type: ignore[arg-type]
        assert "\x1b" not in text and "\n=" not in text and ",=" not in text


def test_a_run_of_a_newer_program_is_read_only(folder: Path) -> None:
    (folder / store.MANIFEST).write_bytes(json.dumps({**MANIFEST, "schema": 10**6, "new": {"field": 1}}).encode())
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert store.read_run(folder).read_only
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


_MEASURE = """
import resource, sys
from pathlib import Path
from llmscope.core.errors import BadInput
from llmscope.models.safety import check_folder
from llmscope.runs.store import read_run
import llmscope.models.tokenizer_check
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    run = {"model": check_folder, "run": read_run}[sys.argv[1]](Path(sys.argv[2]))
    print(getattr(run, "warnings", None) or run.notes)
except BadInput as refused:
    print(refused)
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
"""


def _sparse(path: Path, size: int, start: bytes = b"") -> None:
    with path.open("wb") as file:
        file.write(start)
        file.truncate(size)


BOMBS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "config of 10 GB": ("model", lambda f: _sparse(f / "config.json", 10**10)),
    "config of 1 GB that begins well": ("model", lambda f: _sparse(f / "config.json", 10**9, b'{"a":"')),
    "tokenizer of 10 GB": ("model", lambda f: _sparse(f / "tokenizer.json", 10**10)),
    "tokenizer settings of 10 GB": ("model", lambda f: _sparse(f / "tokenizer_config.json", 10**10)),
    "template of 10 GB": ("model", lambda f: _sparse(f / "chat_template.jinja", 10**10)),
    "generation settings of 10 GB": ("model", lambda f: _sparse(f / "generation_config.json", 10**10)),
    "weights of 1 TB": ("model", lambda f: _sparse(f / "model.safetensors", 10**12)),
    "plan of 10 GB": ("run", lambda f: _sparse(f / "manifest.json", 10**10, b"{")),
    "result of 10 GB": ("run", lambda f: _sparse(f / "result.json", 10**10, b"{")),
    "event of 100 MB": ("run", lambda f: _sparse(f / "events.jsonl", 10**8, b'{"event":"note","text":"')),
}


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux counts it")
@pytest.mark.parametrize(("kind", "make"), BOMBS.values(), ids=BOMBS)
def test_a_huge_file_costs_no_memory(folder: Path, tmp_path: Path, kind: str, make: Callable[[Path], None]) -> None:
    at = makers.hostile_folder(tmp_path / "model") if kind == "model" else folder
    make(at)
    done = subprocess.run([sys.executable, "-c", _MEASURE, kind, str(at)], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1 and done.stdout != "()\n"
