"""A supervisor with children that speak the protocol and do nothing else."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llmscope import paths
from llmscope.core import events
from llmscope.core.results import Row
from llmscope.core.spec import Cell, RunSpec
from llmscope.runs import active, supervisor
from llmscope.runs.child import Child
from llmscope.runs.index import Index
from llmscope.runs.supervisor import Supervisor

FAKES = {"llmscope.engine": "fake_worker", "llmscope.hardware": "fake_sampler"}


class NotAwake:
    """Stands in for what keeps the computer awake."""

    def release(self) -> bool:
        return False


@pytest.fixture(autouse=True)
def nothing_is_kept_awake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no helper programs of the system."""
    monkeypatch.setattr(active, "Awake", NotAwake)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder for runs, which does not exist yet."""
    return tmp_path / "data" / "runs"


@pytest.fixture
def opened(runs: Path) -> Iterator[list[Index]]:
    """Indexes that are closed after the test."""
    made: list[Index] = []
    yield made
    for one in made:
        one.close()


class Session:
    """A supervisor stepped by the test; everything it says is in `heard`."""

    def __init__(self, starts: Path) -> None:
        self._starts = starts
        self.heard: list[events.Event] = []
        self.children: list[Child] = []
        self.supervisor = Supervisor(self.heard.append, paths.runs_folder())

    def run(self, tests: int = 3, **settings: Any) -> list[Row]:
        """Run so many tests to the end and return their rows."""
        self.submit(tests, **settings)
        self.until(events.RunEnded)
        return self.rows()

    def submit(self, tests: int = 3, **settings: Any) -> None:
        """Open the supervisor and give it a run."""
        self.supervisor.open()
        cell = Cell("arch:gpt2", "pp", dtype="float32", **settings)
        self.supervisor.submit(RunSpec(cells=(cell,) * tests))

    def until(self, kind: type[Any], where: Callable[[Any], bool] = lambda _: True, seconds: float = 30) -> Any:
        """Step until an event of a kind was heard, and return the first that fits."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for event in self.heard:
                if isinstance(event, kind) and where(event):
                    return event
            self.supervisor.step()
        raise AssertionError(f"waited in vain for {kind}; last heard: {self.heard[-3:]}")

    def of(self, kind: type[Any]) -> list[Any]:
        """Return what was heard of a kind."""
        return [event for event in self.heard if isinstance(event, kind)]

    def rows(self) -> list[Row]:
        """Return the rows in the plan's order; each test has at most one."""
        ended = self.of(events.CellEnded)
        assert len({e.cell for e in ended}) == len(ended)
        return [e.row for e in sorted(ended, key=lambda e: e.cell)]

    @property
    def starts(self) -> int:
        """How many workers were started."""
        return self._starts.stat().st_size if self._starts.exists() else 0


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Session]]:
    """Return a function that makes a session whose workers behave in a way; its processes end with the test."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv("FAKE_STARTS", str(tmp_path / "starts"))
    made: list[Session] = []

    def make(behaviour: str) -> Session:
        monkeypatch.setenv("FAKE_WORKER", behaviour)
        session = Session(tmp_path / "starts")

        def child(module: str, inbox: Any) -> Child:
            session.children.append(Child(FAKES[module], inbox))
            return session.children[-1]

        monkeypatch.setattr(supervisor, "Child", child)
        made.append(session)
        return session

    yield make
    for session in made:
        session.supervisor.close()
        session.supervisor.step_until_closed()
