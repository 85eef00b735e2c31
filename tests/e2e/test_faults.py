"""What can go wrong with processes: crashes, kills, memory, hangs, junk, stops. Always rows, never an orphan."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from llmscope import paths
from llmscope.core import events
from llmscope.core.results import COUNTED
from llmscope.runs.store import read_run
from tests.e2e.conftest import Session, cell, phase

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

#: What a person waits at most from Stop to the end of the run.
STOP_S = 5.0


def test_a_worker_that_crashes_fails_its_test_and_the_others_go_on(session: Session, tiny: Path) -> None:
    session.start(cell(tiny, "pp"), cell(tiny, "tg"), cell(tiny, "pp", batch=2))
    session.until(lambda e: isinstance(e, events.CellStarted) and e.cell == 1)
    session.until(phase("decode"))
    os.kill(session.worker_pid(), signal.SIGSEGV)
    first, crashed, last = session.end()

    assert first.verdict in COUNTED and last.verdict in COUNTED
    assert crashed.verdict == "failed" and crashed.median is None and "SIGSEGV" in (crashed.reason or "")
    assert "Segmentation fault" in crashed.extra["worker_log"]


@linux_only
def test_host_memory_that_runs_out_is_a_row_that_says_what_was_needed(session: Session, tiny: Path) -> None:
    pid = session.ready().pid
    spare = psutil.Process(pid).memory_info().vms + 256 * 1024**2
    psutil.Process(pid).rlimit(psutil.RLIMIT_AS, (spare, spare))
    session.start(cell(tiny, "pp", batch=40_000, seq=256), cell(tiny, "pp"))
    big, small = session.end()

    assert big.verdict == "failed" and "out of memory" in (big.reason or "")
    assert "lower the batch size" in (big.reason or "")
    memory = big.extra["memory"]
    assert memory["wanted_bytes"] > 0 and memory["total_bytes"] == psutil.virtual_memory().total
    assert small.verdict in COUNTED  # in a fresh worker, which has no such limit


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
        session.until(lambda e: isinstance(e, events.CellStarted) and e.cell == 1)
        session.until(phase("warm-up"))
        pid = session.worker_pid()
        time.sleep(0.5)
        asked = time.monotonic()
        session.supervisor.cancel()
        session.until(lambda e: isinstance(e, events.Stopping), 1)
        first, *stopped = session.end(STOP_S)
        assert time.monotonic() - asked < STOP_S
        assert [row.verdict for row in stopped] == ["cancelled", "cancelled"] and not psutil.pid_exists(pid)
        ends = [e for e in session.heard if isinstance(e, events.RunEnded)]
        assert first.verdict in COUNTED and len(ends) == 1 and ends[0].seconds > 1
    finally:
        session.close()


def test_stop_keeps_what_was_finished_and_marks_the_rest(session: Session, tiny: Path) -> None:
    # Another phase is stopped in the window; in one process, the worker's own tests stop them all.
    workers = []
    for where, workload in (("load", "pp"), ("train", "train")):
        session.start(cell(tiny, "pp", batch=2), cell(tiny, workload), cell(tiny, "tg", new=16))
        session.until(lambda e: isinstance(e, events.CellStarted) and e.cell == 1)
        session.until(phase(where))
        workers.append(session.worker_pid())
        asked = time.monotonic()
        session.supervisor.cancel()
        first, open_one, last = session.end(STOP_S)

        assert time.monotonic() - asked < STOP_S, where
        assert first.verdict in COUNTED and first.median is not None
        assert open_one.verdict == "cancelled" and (open_one.median is None) == (open_one.n == 0), where
        assert last.verdict == "cancelled" and last.reason == "not started" and last.median is None
        stored = read_run(paths.runs_folder() / first.run)
        assert stored.status == "stopped" and len(stored.rows) == 3
    assert workers == [e.pid for e in session.heard if isinstance(e, events.Hello)][:2]  # each run has one of its own


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
