"""What a worker sees, or in one line why nobody can tell."""

import errno

import pytest

from llmscope.core.errors import BadInput
from llmscope.runs import probe


class Silent:
    """A worker that never says a word."""

    def __init__(self, *_: object) -> None:
        pass

    def dismiss(self) -> None:
        pass

    def gone(self, timeout_s: float) -> bool:
        return True


def test_a_worker_that_never_answers_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "Child", Silent)
    monkeypatch.setattr(probe, "START_S", 0.05)
    with pytest.raises(BadInput, match="the worker did not answer within 0 s"):
        probe.probe_devices()


def test_a_worker_that_the_system_cannot_start_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(probe, "Child", refuse)
    with pytest.raises(BadInput, match=r"cannot start \(Cannot allocate memory\)"):
        probe.probe_devices()
