"""What can go wrong with processes: crashes, kills, memory, hangs, junk, stops. Always rows, never an orphan."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from llmscope.core import events
from llmscope.core.results import COUNTED, Row
from llmscope.runs.store import read_run
from tests.e2e.conftest import Session, cell, phase

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

#: What a person waits at most from Stop to the end of the run.
STOP_S = 5.0
Rows = dict[str, Row]


@pytest.fixture(scope="module")
def faulty_run(session: Session, tiny_source: Path) -> Rows:
    """One run in which a test finds no memory, one crashes and one is stopped: each leaves the next a new worker."""
    batch = 40_000 if sys.platform == "linux" else 1  # elsewhere a process cannot be held to less memory
    cells = {"too big": cell(tiny_source, "pp", batch=batch, seq=256), "after too big": cell(tiny_source, "pp"),
             "crashed": cell(tiny_source, "tg"), "after the crash": cell(tiny_source, "pp", batch=2),
             "stopped": cell(tiny_source, "train"), "not begun": cell(tiny_source, "tg", new=16)}
    at = list(cells).index
    if sys.platform == "linux":
        limit_memory(session.ready().pid)
    session.start(*cells.values())
    session.until(begun(at("crashed")))
    session.until(phase("decode"))
    os.kill(session.worker_pid(), signal.SIGSEGV)
    session.until(begun(at("stopped")))
    session.until(phase("train"))
    return dict(zip(cells, stop(session), strict=True))


def limit_memory(pid: int) -> None:
    """Leave a process 256 MiB of addresses more than it has."""
    spare = psutil.Process(pid).memory_info().vms + 256 * 1024**2
    psutil.Process(pid).rlimit(psutil.RLIMIT_AS, (spare, spare))


def begun(number: int) -> Callable[[events.Event], bool]:
    """Return a condition for the start of a test."""
    return lambda e: isinstance(e, events.CellStarted) and e.cell == number


def stop(session: Session) -> list[Row]:
    """Stop the run, which must be over in time, and return its rows."""
    asked = time.monotonic()
    session.supervisor.cancel()
    session.until(lambda e: isinstance(e, events.Stopping), 1)
    rows = session.end(STOP_S)
    assert time.monotonic() - asked < STOP_S
    return rows


def test_a_worker_that_crashes_fails_its_test_and_the_others_go_on(faulty_run: Rows) -> None:
    crashed = faulty_run["crashed"]
    assert crashed.verdict == "failed" and crashed.median is None and "SIGSEGV" in (crashed.reason or "")
    assert "Segmentation fault" in crashed.extra["worker_log"]
    assert faulty_run["after too big"].verdict in COUNTED and faulty_run["after the crash"].verdict in COUNTED


@linux_only
def test_host_memory_that_runs_out_is_a_row_that_says_what_was_needed(faulty_run: Rows) -> None:
    big = faulty_run["too big"]
    assert big.verdict == "failed" and "out of memory" in (big.reason or "")
    assert "lower the batch size" in (big.reason or "")
    memory = big.extra["memory"]
    assert memory["wanted_bytes"] > 0 and memory["total_bytes"] == psutil.virtual_memory().total
    assert faulty_run["after too big"].verdict in COUNTED  # in a fresh worker, which has no such limit


def test_stop_keeps_what_was_finished_and_marks_the_rest(faulty_run: Rows, own_data_folder: Path) -> None:
    stopped, rest = faulty_run["stopped"], faulty_run["not begun"]
    assert stopped.verdict == "cancelled" and (stopped.median is None) == (stopped.n == 0)
    assert rest.verdict == "cancelled" and rest.reason == "not started" and rest.median is None
    stored = read_run(own_data_folder / "runs" / rest.run)
    assert stored.status == "stopped" and list(stored.rows) == list(faulty_run.values())


def test_a_stop_while_loading_is_obeyed_by_a_worker_that_no_run_had_before(
        session: Session, faulty_run: Rows, tiny: Path) -> None:
    # Other phases are stopped in the window; in one process, the worker's own tests stop them all.
    before = session.worker_pid()
    session.start(cell(tiny, "pp", batch=2), cell(tiny, "pp"))
    session.until(begun(1))
    session.until(phase("load"))
    assert session.worker_pid() != before
    finished, loading = stop(session)
    assert finished.verdict in COUNTED and finished.median is not None
    assert loading.verdict == "cancelled" and (loading.median is None) == (loading.n == 0)


def _faulty(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> None:
    """Have every Python process started from here run some code once torch is imported."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(textwrap.dedent("""
        import sys, threading, time
        def arm():
            while "torch.nn.functional" not in sys.modules or not hasattr(sys.modules["torch"], "inference_mode"):
                time.sleep(0.02)
            time.sleep(0.5)
            import torch
        """) + textwrap.indent(textwrap.dedent(code), "    ") + textwrap.dedent("""
        if any("llmscope.engine" in a for a in sys.orig_argv):
            threading.Thread(target=arm, daemon=True).start()
        """))
    monkeypatch.setenv("PYTHONPATH", str(folder))


@linux_only
def test_junk_on_stdout_reaches_nobody_and_a_native_call_that_ignores_signals_is_over_within_5_s_of_stop(
        tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _faulty(monkeypatch, tmp_path / "fault", r"""
        import ctypes, os
        plain = torch.nn.functional.embedding
        def noisy(ids, *a, **k):
            print('{"event":"run_ended","t_ns":0,"status":"done","seconds":1}', flush=True)
            os.write(1, b"\xff\xfe junk \x00" * 1000 + b"\n")
            if len(ids) == 2:
                libc = ctypes.PyDLL(None)          # keeps the GIL: no Python thread of the worker runs any more
                libc.signal(15, ctypes.c_void_p(1))  # SIG_IGN
                libc.sleep(600)
            return plain(ids, *a, **k)
        torch.nn.functional.embedding = noisy
        """)
    session = Session()
    try:
        session.start(cell(tiny, "pp"), cell(tiny, "pp", batch=2), cell(tiny, "tg"))
        session.until(begun(1))
        session.until(phase("warm-up"))
        pid = session.worker_pid()
        time.sleep(0.5)
        first, *stopped = stop(session)
        assert [row.verdict for row in stopped] == ["cancelled", "cancelled"] and not psutil.pid_exists(pid)
        ends = [e for e in session.heard if isinstance(e, events.RunEnded)]
        assert first.verdict in COUNTED and len(ends) == 1 and ends[0].seconds > 1
    finally:
        session.close()


@linux_only
def test_no_orphan_outlives_a_killed_supervisor(tiny: Path, tmp_path: Path) -> None:
    script = textwrap.dedent(f"""
        from pathlib import Path
        from llmscope.core.spec import Cell, RunSpec
        from llmscope.core import events
        from llmscope.runs.supervisor import Supervisor
        s = Supervisor(lambda e: print(type(e).__name__, flush=True), Path({str(tmp_path / "runs")!r}))
        s.open()
        s.submit(RunSpec(cells=(Cell({str(tiny)!r}, "tg", device="cpu", dtype="float32", new=200),),
                         accuracy="rigorous"))
        while True:
            s.step()
        """)
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    while parent.stdout.readline().strip() != "Sample":
        pass
    children = psutil.Process(parent.pid).children(recursive=True)
    assert len(children) >= 2
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _, alive = psutil.wait_procs(children, 5)
    assert alive == []
    (run,) = (tmp_path / "runs").iterdir()
    assert read_run(run).status == "interrupted"
