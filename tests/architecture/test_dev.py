"""packaging/dev.py: one command from a bare checkout, and a second one that starts at once."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

SOURCE = Path(__file__).parent.parent.parent / "packaging" / "dev.py"


class Started(Exception):
    """The program was handed over to."""


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def commands() -> list[list[str]]:
    return []


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commands: list[list[str]]) -> ModuleType:
    """The module over an empty checkout, on a system that lacks nothing; commands are noted, not run."""
    module = _load()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "stamp.json")
    monkeypatch.setattr(module, "CONSTRAINTS", tmp_path / "constraints.txt")
    monkeypatch.setattr(module, "missing_packages", list)
    monkeypatch.setattr(module, "works", Path.exists)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "constraints.txt").write_text("torch==1\n")

    def run(command: list[str], *_: object, **__: object) -> None:
        commands.append(command)
        if "venv" in command:
            python = tmp_path / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
            python.parent.mkdir(parents=True)
            python.touch()

    def become(command: list[object]) -> None:
        commands.append([str(word) for word in command])
        raise Started

    monkeypatch.setattr(module, "must", run)
    monkeypatch.setattr(module, "become", become)
    monkeypatch.setenv("DISPLAY", ":0")
    return module


def _run(dev: ModuleType, *arguments: str) -> None:
    with pytest.raises(Started):
        dev.main(["run", *arguments])


def _installs(commands: list[list[str]]) -> list[str]:
    return [command[-1] for command in commands if "-e" in command]


def test_the_first_run_makes_the_environment_installs_and_starts(
    dev: ModuleType, commands: list[list[str]], tmp_path: Path
) -> None:
    _run(dev, "--version")
    assert commands[0][1:3] == ["-m", "venv"]
    assert _installs(commands) == [str(tmp_path)]
    assert commands[-1][1:] == ["-m", "llmscope", "--version"]


def test_the_second_run_starts_at_once(dev: ModuleType, commands: list[list[str]]) -> None:
    _run(dev)
    commands.clear()
    _run(dev)
    assert len(commands) == 1


def test_more_is_installed_for_a_job_that_needs_more_and_kept(
    dev: ModuleType, commands: list[list[str]], tmp_path: Path
) -> None:
    dev.prepare()
    dev.prepare("test")
    dev.prepare()
    assert _installs(commands) == [str(tmp_path), f"{tmp_path}[test]"]


@pytest.mark.parametrize("file", ["pyproject.toml", "constraints.txt"])
def test_changed_requirements_are_installed_again(
    dev: ModuleType, commands: list[list[str]], tmp_path: Path, file: str
) -> None:
    dev.prepare("test")
    (tmp_path / file).write_text("changed")
    dev.prepare()
    assert _installs(commands) == [f"{tmp_path}[test]"] * 2


def test_an_interrupted_install_is_taken_up_again(
    dev: ModuleType, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    dev.prepare()
    dev.CONSTRAINTS.write_text("changed")
    with monkeypatch.context() as patch:
        patch.setattr(dev, "must", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert dev.main(["run"]) == 130
    commands.clear()
    _run(dev)
    assert len(_installs(commands)) == 1


def test_an_environment_whose_python_is_gone_is_made_anew(
    dev: ModuleType, commands: list[list[str]], tmp_path: Path
) -> None:
    dev.prepare()
    for python in (tmp_path / ".venv").glob("*/python*"):
        python.unlink()
    commands.clear()
    dev.prepare()
    assert "venv" in commands[0]
    assert len(_installs(commands)) == 1


def test_without_a_display_a_picture_is_saved_instead(
    dev: ModuleType, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(dev.sys, "platform", "linux")
    _run(dev)
    assert commands[-1][2:] == ["llmscope", "shot", "llmscope.png"]
    assert "no display" in capsys.readouterr().out
    _run(dev, "bench", "-o", "json")
    assert commands[-1][2:] == ["llmscope", "bench", "-o", "json"]


@pytest.mark.skipif(os.name == "nt", reason="apt-get")
def test_missing_system_libraries_are_named_in_one_command_for_a_user(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(dev, "missing_packages", lambda: ["libegl1", "libgl1"])
    monkeypatch.setattr(dev.os, "geteuid", lambda: 1000)
    assert dev.main(["run"]) == 2
    assert "sudo apt-get install -y libegl1 libgl1" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="apt-get")
def test_missing_system_libraries_are_installed_by_root(
    dev: ModuleType, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(dev, "missing_packages", lambda: ["libegl1"])
    monkeypatch.setattr(dev.os, "geteuid", lambda: 0)
    _run(dev)
    assert [command[:2] for command in commands[:2]] == [["apt-get", "update"], ["apt-get", "install"]]
    assert commands[1][-1] == "libegl1"


@pytest.mark.skipif(os.name == "nt", reason="apt-get")
def test_system_libraries_that_cannot_be_installed_are_told_and_tried_without(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(dev, "missing_packages", lambda: ["libegl1"])
    monkeypatch.setattr(dev.os, "geteuid", lambda: 0)
    working = dev.must

    def must(command: list[str], failed: str, *rest: object) -> None:
        if command[0] == "apt-get":
            raise dev.Failure(f"{failed} It said:\n  no network")
        working(command, failed, *rest)

    monkeypatch.setattr(dev, "must", must)
    _run(dev)
    assert "no network" in capsys.readouterr().err


def test_a_library_under_its_newer_name_is_not_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = _load()
    monkeypatch.setattr(module, "QT_LIBRARIES", ("libglib2.0-0", "libegl1", "libgl1"))
    monkeypatch.setattr(module, "VENV", tmp_path)
    answer = "libglib2.0-0t64 ii \nlibegl1 rc \nlibgl1 ii \n"
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=answer))
    assert module.missing_packages() == ["libegl1"]


def test_checks_stop_at_the_first_that_fails_and_pytest_gets_the_arguments(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[list[str]] = []
    failing = "mypy"

    def call(command: list[str], cwd: Path, timeout: float) -> int:
        called.append(command[1:])
        return int(failing in command)

    monkeypatch.setattr(dev.subprocess, "call", call)
    assert dev.main(["test", "-k", "one"]) == 1
    assert [command[1] for command in called] == ["ruff", "mypy"]
    called.clear()
    failing = "none of them"
    assert dev.main(["test", "-k", "one"]) == 0
    assert called[-1][:2] == ["-m", "pytest"] and called[-1][-2:] == ["-k", "one"]
    assert not any("one" in command for command in called[:-1])


def test_a_check_that_does_not_end_has_failed(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(command: list[str], cwd: Path, timeout: float) -> int:
        raise dev.subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(dev.subprocess, "call", call)
    assert dev.main(["test"]) == 1
    assert "== ruff: did not end: stopped" in capsys.readouterr().out


def test_a_python_that_is_too_old_is_told(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev.sys, "version_info", (3, 9, 1))
    assert dev.main(["run"]) == 2
    assert capsys.readouterr().err == "llmscope needs Python 3.11 or newer; this is 3.9. Start it with a newer one.\n"


def test_a_python_without_ensurepip_is_told_and_keeps_what_is_there(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(dev.importlib.util, "find_spec", lambda name: None)
    assert dev.main(["run"]) == 2
    assert "apt install python3-venv" in capsys.readouterr().err
    assert (tmp_path / ".venv").is_dir()


def test_a_command_that_fails_shows_its_last_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    module = _load()
    lines = "; ".join(f"print({n})" for n in range(40))
    with pytest.raises(module.Failure) as failure:
        module.must([sys.executable, "-c", f"{lines}; raise SystemExit(1)"], "Could not install.")
    assert str(failure.value).splitlines()[:2] == ["Could not install. It said:", "  28"]


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["fly"], 2), (["--help"], 0)])
def test_an_unknown_job_shows_what_there_is(
    dev: ModuleType, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    assert dev.main(arguments) == code
    assert "packaging/dev.py run" in capsys.readouterr().out
