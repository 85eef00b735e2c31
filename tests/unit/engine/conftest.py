"""One thread for the engine's tests, a small real model, and a way to run the passes of a workload on it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from llmscope.core import events
from llmscope.core.spec import Cell, RunSpec, Sampling
from llmscope.engine.backends import eager
from llmscope.engine.meter import Meter
from llmscope.engine.timers import Block, Stopwatch
from llmscope.engine.workloads import make
from llmscope.models.catalog import resolve
from tests.llama import CONFIG, save_llama

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small models need no more, and a busy machine cannot hold up another."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def no_wait_for_the_disk() -> None:
    """Here pages must reach the disk before they can be evicted."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two layers with random weights and the bundled tokenizer, as a Hugging Face folder."""
    return save_llama(tmp_path_factory.mktemp("small"), CONFIG)


class Passes:
    """A workload made for one cell, and what its passes gave."""

    def __init__(self, folder: Path, workload: str, sampling: Sampling, prompt: str, **settings: Any) -> None:
        self.cell = Cell(str(folder), workload, "cpu", **({"dtype": "float32", "seq": 24, "new": 9} | settings))  # type: ignore[arg-type]
        spec = RunSpec((self.cell,), sampling=sampling, prompt=prompt)
        self.source = resolve(str(folder))
        self.loaded = eager.load(self.source, CPU, "float32")
        self.heard: list[events.Event] = []
        self.meter = Meter(self.heard.append)
        self.made: Any = make(self.cell, 0, spec, self.source, self.loaded, CPU, self.meter)
        self.watch = Stopwatch(CPU)
        self.blocks: list[Block] = []
        self.parts: list[dict[str, Any]] = []

    def run(self, n: int) -> None:
        """Run so many passes, each checked."""
        for _ in range(n):
            self.made.prepare()
            self.blocks.append(self.made.run(self.watch))
            self.parts.append(self.made.finish())


@pytest.fixture
def passes(folder: Path) -> Callable[..., Passes]:
    """Return a function that makes a workload on the small model and runs passes of it."""
    def run(workload: str, n: int = 3, *, sampling: Sampling = Sampling(), prompt: str = "",  # noqa: B008
            **settings: Any) -> Passes:
        passes = Passes(folder, workload, sampling, prompt, **settings)
        passes.run(n)
        return passes

    return run
