"""One command for people who work on llmscope: makes .venv, installs what the job needs, does the job.

    python3 packaging/dev.py run [arguments]     start the program
    python3 packaging/dev.py test [arguments]    lint, types, import contracts, all tests
    python3 packaging/dev.py bench [arguments]   measure the program's own speed
    python3 packaging/dev.py prove [arguments]   long proofs: injected limits, predictions, comparisons

Arguments go on to the program, to pytest, to the benchmarks, or to the proofs. A second call starts at once.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "llmscope-installed.json"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"

#: System libraries that Qt loads and that its wheels do not bring.
QT_LIBRARIES = (
    "libegl1", "libgl1", "libglib2.0-0", "libdbus-1-3", "libfontconfig1", "libxkbcommon-x11-0", "libxcb-cursor0",
    "libxcb-icccm4", "libxcb-image0", "libxcb-keysyms1", "libxcb-randr0", "libxcb-render-util0", "libxcb-shape0",
)

#: The checks of `test` in their order: a name, and what Python is given.
CHECKS = {
    "ruff": ["-m", "ruff", "check", "."],
    "mypy": ["-m", "mypy"],
    "lint-imports": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    # A crashed test process is not replaced: pytest-xdist 3.8 then waits for ever where tests go file by file.
    "pytest": ["-m", "pytest", "-n", "auto", "--maxprocesses", "4", "--dist", "loadfile",
               "--no-loadscope-reorder", "--max-worker-restart", "0"],
}


#: Seconds after which a check is given up: one that waits for ever is a failure too.
CHECK_LIMIT_S = 1800


class Failure(Exception):
    """What went wrong in one line, or with the last lines of the program that failed."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def main(arguments: list[str]) -> int:
    """Do one job and return its exit code."""
    jobs = {"run": run, "test": test, "bench": bench, "prove": prove}
    if not arguments or arguments[0] not in jobs:
        print((__doc__ or "").strip())
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    if sys.version_info < (3, 11):  # noqa: UP036  an older Python can read this file, and is to be told
        found = ".".join(map(str, sys.version_info[:2]))
        print(f"llmscope needs Python 3.11 or newer; this is {found}. Start it with a newer one.", file=sys.stderr)
        return 2
    try:
        return jobs[arguments[0]](arguments[1:])
    except Failure as failure:
        print(failure, file=sys.stderr)
        return failure.code
    except KeyboardInterrupt:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return 130


def run(arguments: list[str]) -> int:
    """Start the program; without a display and without arguments, save a picture of its window instead."""
    python = prepare()
    if not arguments and not has_display():
        print("There is no display, so the window is not shown: a run is made and its picture saved.", flush=True)
        arguments = ["shot", "llmscope.png"]
    return become([python, "-m", "llmscope", *arguments])


def test(arguments: list[str]) -> int:
    """Run all checks in order, up to the first that fails; the arguments are pytest's."""
    python = prepare("test")
    for name, command in CHECKS.items():
        extra = arguments if name == "pytest" else []
        print(f"== {name}", flush=True)
        started = time.monotonic()
        try:
            end = "failed" if subprocess.call([str(python), *command, *extra], cwd=ROOT, timeout=CHECK_LIMIT_S) else ""
        except subprocess.TimeoutExpired:
            end = "did not end: stopped"
        print(f"== {name}: {end or 'passed'} in {time.monotonic() - started:.1f} s", flush=True)
        if end:
            return 1
    return 0


def bench(arguments: list[str]) -> int:
    """Measure the program's own speed."""
    python = prepare("test")
    os.chdir(ROOT)
    return become([python, "-m", "tests.benchmarks", *arguments])


def prove(arguments: list[str]) -> int:
    """Make the long proofs, or those named."""
    python = prepare("test")
    os.chdir(ROOT)
    return become([python, "-m", "tests.proofs", *arguments])


def prepare(*extras: str) -> Path:
    """Return the Python of an environment in which the project and these extras are installed."""
    install_system_packages()
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not works(python):
        make_venv()
    wanted, stamp = set(extras), read_stamp()
    if stamp.get("inputs") != fingerprint() or not wanted <= set(stamp.get("extras", ())):
        install(python, sorted(wanted.union(stamp.get("extras", ()))))
    return python


def works(python: Path) -> bool:
    """Return whether this interpreter starts and is new enough."""
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([str(python), "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_venv() -> None:
    """Make the environment anew."""
    if importlib.util.find_spec("ensurepip") is None:
        raise Failure("Python cannot make virtual environments here; on Debian and Ubuntu: apt install python3-venv", 2)
    step("Making .venv")
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    shutil.rmtree(VENV, ignore_errors=True)
    must([sys.executable, "-m", "venv", str(VENV)], "Could not make .venv.")


def install(python: Path, extras: list[str]) -> None:
    """Install the project and the extras in the versions tested together, then leave the stamp."""
    STAMP.unlink(missing_ok=True)
    pip = [str(python), "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
    pip += ["-c", str(CONSTRAINTS)]
    project = str(ROOT) + (f"[{','.join(extras)}]" if extras else "")
    failed = "Could not install; with a working network, the same command goes on from here."
    step("Installing the build tools")
    must([*pip, "hatchling", "editables"], failed)
    step("Installing torch, PySide6, transformers and the rest; the first time takes some minutes")
    must([*pip, "--no-build-isolation", "-e", project], failed)
    unfinished = STAMP.with_suffix(".new")
    unfinished.write_text(json.dumps({"inputs": fingerprint(), "extras": extras}), encoding="utf-8")
    unfinished.replace(STAMP)


def fingerprint() -> str:
    """Return a hash of all that decides what is installed; the folder counts, as the install points to it."""
    parts = [(ROOT / "pyproject.toml").read_bytes(), CONSTRAINTS.read_bytes(), str(ROOT).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def read_stamp() -> dict[str, Any]:
    """Return what the last finished install left, or nothing."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def install_system_packages() -> None:
    """Install what Debian or Ubuntu lacks when root; otherwise say the one command to type."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-query") is None:
        return
    missing = missing_packages()
    if not missing:
        return
    if os.geteuid() != 0:
        command = f"sudo apt-get install -y {' '.join(missing)}"
        raise Failure(f"Some system libraries are missing. Type this once, then try again:\n  {command}", 2)
    step(f"Installing system libraries: {' '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    failed = "Could not install them; going on, as what is there may do."
    try:
        must(["apt-get", "update", "-q"], failed, environment)
        must(["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing], failed, environment)
    except Failure as failure:
        print(failure, file=sys.stderr)


def missing_packages() -> list[str]:
    """Return the names of packages that are not installed; newer releases add `t64` to some."""
    names = [name + ending for name in QT_LIBRARIES for ending in ("", "t64")]
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Abbrev}\n", *names]
    lines = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
    installed = {line.split()[0].removesuffix("t64") for line in lines if line.split()[1:] == ["ii"]}
    missing = [name for name in QT_LIBRARIES if name not in installed]
    if importlib.util.find_spec("ensurepip") is None and not VENV.exists():
        missing.append("python3-venv")
    return missing


def has_display() -> bool:
    """Return whether a window can be shown."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def become(command: list[str | Path]) -> int:
    """Hand over to a program, so that signals reach it; where that cannot be done, wait for it."""
    words = [str(word) for word in command]
    sys.stdout.flush()
    if os.name == "posix":
        os.execv(words[0], words)
    with subprocess.Popen(words) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the program got it too, and ends in its own time
                continue


def must(command: list[str], failed: str, environment: dict[str, str] | None = None) -> None:
    """Run a command in silence; if it fails, show the last of what it said."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          env=environment, check=False)
    if done.returncode:
        last = "\n".join("  " + line for line in done.stdout.strip().splitlines()[-12:])
        raise Failure(f"{failed} It said:\n{last}")


def step(text: str) -> None:
    """Say what is being done, one line a step."""
    print(f"{text} …", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
