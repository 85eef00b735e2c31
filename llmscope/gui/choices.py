"""What the person chose in the rail, as plain data: which cells it means, and how it is remembered."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

from llmscope.core.definitions import DEFINITIONS
from llmscope.core.scenarios import Scenario
from llmscope.core.spec import (
    OF_MACHINE,
    OF_MODEL,
    WORKLOADS,
    Accuracy,
    Cell,
    Dtype,
    Optimizer,
    Preset,
    Workload,
    machine_cells,
    preset_cells,
)
from llmscope.gui.settings import Settings
from llmscope.runs.sweep import swept

#: Settings of a sweep, each with its values.
Swept = tuple[tuple[str, tuple[Any, ...]], ...]
Source = Literal["bundled", "architecture", "disk", "hub"]

MOST_BATCH, MOST_TOKENS = 65_536, 1_048_576
#: Settings that only some tests have, and a preset fixes.
OPTIONS = ("optimizer", "checkpointing", "scenario")
FIRST_ARCHITECTURE = "arch:smollm2-135m"


@dataclass(frozen=True)
class Choices:
    """The rail's state. `preset` None means that the tests were ticked one by one.

    Optimizer, checkpointing, scenario and sweep hold for ticked tests: a preset has its own. A sweep is not
    remembered: what runs for hours is asked for anew.
    """

    source: Source = "bundled"
    architecture: str = FIRST_ARCHITECTURE
    folder: str = ""
    cached: str = ""
    device: str = "auto"
    dtype: Dtype = "auto"
    batch: int = 1
    seq: int = 512
    new: int = 128
    preset: Preset | None = "quick"
    ticked: tuple[Workload, ...] = ("gen",)
    accuracy: Accuracy = "quick"
    optimizer: Optimizer = "adamw"
    checkpointing: bool = False
    scenario: Scenario | None = None
    sweep: Swept = ()

    @property
    def model(self) -> str:
        """How the chosen model is written in a cell; empty while no folder is chosen."""
        return {"bundled": "bundled", "architecture": self.architecture, "disk": self.folder,
                "hub": self.cached}[self.source]

    def cells(self) -> tuple[Cell, ...]:
        """Return the tests in the order they will run, without a model none."""
        return swept(self._of_one(), dict(self.sweep)) if self.sweep else self._of_one()

    def _of_one(self) -> tuple[Cell, ...]:
        """Return the tests with one value of each setting."""
        if not self.model:
            return ()
        if self.preset is not None:
            return preset_cells(self.preset, self.model, device=self.device, dtype=self.dtype, batch=self.batch,
                                seq=self.seq, new=self.new)
        of_model = (Cell(self.model, workload, device=self.device, dtype=self.dtype, batch=self.batch, seq=self.seq,
                         new=self.new, **self._options(workload)) for workload in self.ticked if workload in OF_MODEL)
        return (*of_model, *machine_cells(self.device, tuple(w for w in self.ticked if w in OF_MACHINE)))

    def _options(self, workload: Workload) -> dict[str, Any]:
        """Return the settings that only some tests have, as far as this one has them."""
        return {name: getattr(self, name) for name in OPTIONS if name in DEFINITIONS[workload].uses}

    @property
    def workloads(self) -> set[Workload]:
        """The kinds of tests that are chosen, also while no model is."""
        chosen = self if self.model else replace(self, source="bundled")
        return {cell.workload for cell in chosen._of_one()}

    @property
    def used(self) -> frozenset[str]:
        """Names of the settings that the chosen tests use."""
        return frozenset().union(*(DEFINITIONS[workload].uses for workload in self.workloads))

    def tick(self, workloads: Iterable[Workload], ticked: bool) -> "Choices":
        """Return the choices with tests ticked or not; this leaves the preset."""
        before = self.workloads if self.preset is not None else set(self.ticked)
        now = before | set(workloads) if ticked else before - set(workloads)
        return replace(self, preset=None, ticked=tuple(w for w in WORKLOADS if w in now))

    def with_options(self, **options: Any) -> "Choices":
        """Return the choices with another optimizer, checkpointing or scenario; this leaves the preset."""
        return replace(self.tick((), True), **options)

    def with_preset(self, preset: Preset) -> "Choices":
        """Return the choices with a preset taken and its settings; the quick one also asks for quick accuracy."""
        first = Choices()
        return replace(self, preset=preset, accuracy="quick" if preset == "quick" else self.accuracy, sweep=(),
                       **{name: getattr(first, name) for name in OPTIONS})


def remembered(settings: Settings) -> Choices:
    """Return the choices of the last start, or those for a first one."""
    first = Choices()
    preset = settings.text("run/preset", "quick", (*get_args(Preset), "none"))
    ticked = tuple(word for word in settings.words("run/ticked", first.ticked) if word in WORKLOADS)
    scenario = settings.text("run/scenario", "free", (*get_args(Scenario), "free"))
    return Choices(
        source=cast(Source, settings.text("run/source", first.source, get_args(Source))),
        architecture=settings.text("run/architecture", first.architecture),
        folder=settings.text("run/folder", ""),
        cached=settings.text("run/cached", ""),
        device=settings.text("run/device", first.device),
        dtype=cast(Dtype, settings.text("run/dtype", first.dtype, get_args(Dtype))),
        batch=round(settings.number("run/batch", first.batch, 1, MOST_BATCH)),
        seq=round(settings.number("run/seq", first.seq, 1, MOST_TOKENS)),
        new=round(settings.number("run/new", first.new, 1, MOST_TOKENS)),
        preset=None if preset == "none" else cast(Preset, preset),
        ticked=ticked,
        accuracy=cast(Accuracy, settings.text("run/accuracy", first.accuracy, get_args(Accuracy))),
        optimizer=cast(Optimizer, settings.text("run/optimizer", first.optimizer, get_args(Optimizer))),
        checkpointing=settings.text("run/checkpointing", "False") == "True",
        scenario=None if scenario == "free" else cast(Scenario, scenario),
    )


def keep(settings: Settings, choices: Choices) -> None:
    """Remember the choices."""
    for key in ("source", "architecture", "folder", "cached", "device", "dtype", "batch", "seq", "new", "ticked",
                "accuracy", "optimizer", "checkpointing"):
        settings.keep(f"run/{key}", getattr(choices, key))
    settings.keep("run/preset", choices.preset or "none")
    settings.keep("run/scenario", choices.scenario or "free")


def lowered(choices: Choices, cell: Cell, changes: dict[str, Any]) -> Choices:
    """Return the choices for one test alone, with the settings of an advice taken over."""
    source: Source = ("bundled" if cell.model == "bundled" else
                      "architecture" if cell.model.startswith("arch:") else
                      "disk" if Path(cell.model).is_absolute() else "hub")
    of_model = {"architecture": {"architecture": cell.model}, "disk": {"folder": cell.model},
                "hub": {"cached": cell.model}}.get(source, {})
    own: dict[str, Any] = {name: getattr(cell, name) for name in ("batch", *OPTIONS)}
    if cell.scenario is None:
        own |= {"seq": cell.seq, "new": cell.new}
    elif "seq" in changes:
        own["scenario"] = None
    if cell.dtype == "amp" or "dtype" in dict(choices.sweep):
        own["dtype"] = cell.dtype
    # What the rail has no control for is a sweep over one value.
    of_sweep = {"threads": cell.threads, "backend": cell.backend if cell.backend != "eager" else None}
    sweep = cast(Swept, tuple((name, (value,)) for name, value in of_sweep.items() if value is not None))
    return replace(choices, source=source, preset=None, ticked=(cell.workload,), sweep=sweep,
                   **(of_model | own | changes))
