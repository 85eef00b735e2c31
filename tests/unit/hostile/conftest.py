"""No bad file may run anything: each test ends by looking for the canary."""

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in a folder of the test's own, in which no file `canary` may appear."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.rglob("canary")), "a bad file was executed"
