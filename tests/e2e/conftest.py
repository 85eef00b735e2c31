"""Small real models, and a supervisor with the real worker, for whole runs."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from llmscope import paths
from llmscope.core import events
from llmscope.core.results import Row
from llmscope.core.spec import Cell, RunSpec
from llmscope.runs.supervisor import Supervisor
from tests.conftest import leaving_nothing, point_into
from tests.llama import CONFIG, save_llama

TINY = CONFIG | {"tie_word_embeddings": True, "hidden_act": "silu", "rms_norm_eps": 1e-5}


@pytest.fixture(scope="module", autouse=True)
def own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder for the tests of a file, as they may share a session; a worker takes seconds to start."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield point_into(tmp_path_factory.mktemp("home"), monkeypatch)


@pytest.fixture(scope="module", autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Look for what was left behind after the last test of a file: between them, a worker stands by."""
    with leaving_nothing():
        yield


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two layers with random weights and the bundled tokenizer, as a Hugging Face folder."""
    folder = save_llama(tmp_path_factory.mktemp("tiny"), TINY)
    (folder / "config.json").write_text(json.dumps(TINY))
    return folder


@pytest.fixture
def tiny(tiny_source: Path, tmp_path: Path) -> Path:
    """A copy of the small model that a test may damage."""
    return Path(shutil.copytree(tiny_source, tmp_path / "model"))


class Session:
    """A supervisor with its real children, stepped by the test; everything it says is in `heard`."""

    def __init__(self, runs: Path | None = None) -> None:
        self.heard: list[events.Event] = []
        self.supervisor = Supervisor(self.heard.append, runs or paths.runs_folder())
        self.supervisor.open()

    def close(self) -> None:
        """End everything."""
        self.supervisor.close()
        self.supervisor.step_until_closed()

    def until(self, condition: Callable[[events.Event], bool], seconds: float = 60) -> events.Event:
        """Step until an event not yet looked at fulfils the condition, and return it."""
        deadline = time.monotonic() + seconds
        seen = len(self.heard)
        while time.monotonic() < deadline:
            self.supervisor.step()
            for event in self.heard[seen:]:
                if condition(event):
                    return event
            seen = len(self.heard)
        raise AssertionError(f"waited {seconds} s in vain; last heard: {self.heard[-3:]}")

    def ready(self) -> events.Hello:
        """Wait for the standby worker and return its greeting."""
        hello = self.until(lambda e: isinstance(e, events.Hello))
        self.until(lambda e: isinstance(e, events.Devices))
        assert isinstance(hello, events.Hello)
        return hello

    def start(self, *cells: Cell, accuracy: str = "quick", time_limit_s: float = 0.7) -> None:
        """Submit a run."""
        self.supervisor.submit(RunSpec(cells=cells, accuracy=accuracy, time_limit_s=time_limit_s))  # type: ignore[arg-type]

    def end(self, seconds: float = 90) -> list[Row]:
        """Wait for the end of the run and return its rows in the plan's order."""
        self.until(lambda e: isinstance(e, events.RunEnded), seconds)
        return self.rows()

    def rows(self) -> list[Row]:
        """Return the rows heard so far, in the plan's order."""
        start = max((i for i, e in enumerate(self.heard) if isinstance(e, events.RunStarted)), default=0)
        rows = {e.cell: e.row for e in self.heard[start:] if isinstance(e, events.CellEnded | events.Judged)}
        return [rows[cell] for cell in sorted(rows)]

    def worker_pid(self) -> int:
        """Return the id of the youngest worker that said hello."""
        return next(e.pid for e in reversed(self.heard) if isinstance(e, events.Hello))


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A supervisor whose processes are gone when the file's tests are over."""
    session = Session()
    yield session
    session.close()


def cell(model: Path | str, workload: str, **settings: object) -> Cell:
    """Return a small cell on the CPU in float32."""
    defaults: dict[str, object] = {"device": "cpu", "dtype": "float32", "seq": 32, "new": 8}
    return Cell(str(model), workload, **(defaults | settings))  # type: ignore[arg-type]


def phase(name: str) -> Callable[[events.Event], bool]:
    """Return a condition for the start of a phase."""
    return lambda e: isinstance(e, events.PhaseStarted) and e.phase == name
