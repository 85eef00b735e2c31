"""Keeping the computer awake: held while it is wanted, told when it was not, nothing left running."""

import sys

import pytest

from llmscope.runs import awake

SLEEPER = (sys.executable, "-c", "import sys; sys.stdin.read()")


@pytest.mark.parametrize(("command", "held"), [(SLEEPER, True), (("no-such-program-anywhere",), False)])
def test_the_holder_lives_until_it_is_released(
        monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], held: bool) -> None:
    monkeypatch.setattr(awake, "_HOLDERS", {sys.platform: command})
    assert awake.Awake().release() is held


def test_a_holder_that_gave_up_early_kept_nothing_awake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awake, "_HOLDERS", {sys.platform: (sys.executable, "-c", "")})
    holder = awake.Awake()
    assert holder._holder is not None
    holder._holder.wait()
    assert holder.release() is False


def test_a_system_without_a_way_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awake, "_HOLDERS", {})
    assert awake.Awake().release() is False
