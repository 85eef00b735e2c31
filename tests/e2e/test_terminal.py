"""The command line as a person uses it, with the real worker."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

#: Runs first in every process: the window's library looks as if it were not installed, and tests are short.
FIRST = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("PySide6", "pyqtgraph"):
            raise ImportError(f"{name} is blocked")
sys.meta_path.insert(0, Blocked())
from llmscope.core import spec, stopping
spec.QUICK_LIMIT_S, stopping.MACHINE_LIMIT_S, stopping.T_MIN_MACHINE_S = 1.0, 0.05, 0.02
for name in spec.MACHINE_SIZES:
    spec.MACHINE_SIZES[name] = (64,) if name in ("gemm", "dense") else (2**20, 2**21)
"""


@pytest.fixture(autouse=True)
def short_and_without_qt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no Qt, each test of the quick preset end after a second, narrow or not, and the machine's at once."""
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "sitecustomize.py").write_text(FIRST)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "first"), prepend=os.pathsep)


def llmscope(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "llmscope", *arguments], capture_output=True, text=True, timeout=100,
                          check=False, **settings)  # type: ignore[call-overload,no-any-return]


SMALL = ("--preset", "quick", "--batch", "1,2", "--seq", "32", "--new", "8", "--dtype", "float32")


def test_bench_prints_json_rows_and_keeps_the_run(tiny: Path, own_data_folder: Path) -> None:
    done = llmscope("bench", "--model", str(tiny), *SMALL, "-o", "json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    rows = document["rows"]
    assert [row["test"] for row in rows if row["model"] != "machine"] == ["gen8", "gen8 b2"]
    assert {row["verdict"] for row in rows} <= {"valid", "warn", "not_converged"}
    assert "membw-copy 2MiB" in [row["test"] for row in rows] and (own_data_folder / "ceilings.json").is_file()
    assert "limit" in rows[0]["extra"] or "size" in rows[0]["extra"]["not_checked"]
    row = rows[0]
    assert row["n"] == len(row["samples"]) and row["low"] <= row["median"] <= row["high"]
    assert (own_data_folder / "runs" / document["run"] / "result.json").is_file()


@pytest.mark.parametrize(("arguments", "said"), [
    (["bench", "--model", "nowhere"], "There is no model 'nowhere'"),
    (["bench", "--workload", "load-warm", "--model", "arch:gpt2"], "nothing to load"),
    (["bench", "--batch", "one"], "whole numbers"),
])
def test_bad_input_is_one_line_and_code_2(arguments: list[str], said: str) -> None:
    done = llmscope(*arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert said in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_ctrl_c_keeps_finished_rows_and_ends_with_130(tiny: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "llmscope", "bench", "--model", str(tiny), *SMALL, "-o", "json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while not process.stderr.readline().startswith("gen8"):
        assert process.poll() is None
    time.sleep(0.2)
    asked = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 130 and time.monotonic() - asked < 10
    first, second = json.loads(out)["rows"][:2]
    assert first["verdict"] in ("valid", "warn", "not_converged") and second["verdict"] == "cancelled"


def test_all_this_works_without_the_window_s_library(tmp_path: Path) -> None:
    refused = llmscope("shot", str(tmp_path / "window.png"))
    assert refused.returncode != 0 and "PySide6" in refused.stderr and "blocked" in refused.stderr


def test_devices_models_and_version_answer() -> None:
    listed = json.loads(llmscope("devices", "--json").stdout)
    assert listed[0]["id"] == "cpu" and {p["dtype"] for p in listed[0]["dtypes"]} >= {"float32"}
    assert {"bundled", "arch:gpt2", "arch:smollm2-135m"} <= {
        m["model"] for m in json.loads(llmscope("models", "--json").stdout)}
    assert llmscope("--version").stdout.startswith("llmscope ")
